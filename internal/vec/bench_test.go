package vec

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// rates runs do at every variant and reports its speed as GFLOP/s and GB/s, given both per call.
func rates(b *testing.B, flops, bytes float64, do func()) {
	atEveryLevelB(b, func(b *testing.B) {
		for b.Loop() {
			do()
		}
		seconds := b.Elapsed().Seconds() * 1e9 / float64(b.N)
		b.ReportMetric(bytes/seconds, "GB/s")
		if flops > 0 {
			b.ReportMetric(flops/seconds, "GFLOP/s")
		}
	})
}

// BenchmarkRow measures the row kernels at the widths of entity rows and of a row of scores.
func BenchmarkRow(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{200, 1000, 14541} {
		x, y, z, acc := randoms(rng, n), randoms(rng, n), randoms(rng, n), make([]float32, n)
		size := float64(n)
		run := func(name string, flops, bytes float64, do func()) {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) { rates(b, flops, bytes, do) })
		}
		run("Dot", 2*size, 8*size, func() { Dot(x, y) })
		run("Axpy", 2*size, 12*size, func() { Axpy(1e-9, x, y) })
		run("ComplexMul", 3*size, 12*size, func() { ComplexMul(x, y, z, n/2) })
		run("Adagrad", 6*size, 20*size, func() { Adagrad(z, x, acc, 0.1, 1e-10) })
		run("ExpSum", 0, 8*size, func() { ExpSum(x, 3, z) })
		run("CountGreater", 0, 4*size, func() { CountGreater(x, 1) })
	}
}

func BenchmarkGEMV(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	const rows, cols = 14541, 200
	a, x, out := slices.Clone(randoms(rng, rows*cols)), slices.Clone(randoms(rng, cols)), make([]float32, rows)
	rates(b, 2*rows*cols, 4*rows*cols, func() { GEMV(a, rows, cols, x, out) })
}

func BenchmarkTopK(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	scores := randoms(rng, 1_000_000)
	best := make([]Ranked, 0, 10)
	rates(b, 0, 4e6, func() { best = TopK(best[:0], scores, 10, nil) })
}

// BenchmarkPackedProduct is batched prediction: the entity matrix is packed once.
func BenchmarkPackedProduct(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	const m, n, k = 256, 14541, 200
	x, y, c := randoms(rng, m*k), randoms(rng, n*k), MatrixOf(make([]float32, m*n), m, n)
	atEveryLevelB(b, func(b *testing.B) {
		packed := Pack(MatrixOf(y, n, k), 1)
		for b.Loop() {
			MulPacked(c, MatrixOf(x, m, k), packed, false, 1)
		}
		b.ReportMetric(2*m*n*k*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
	})
}
