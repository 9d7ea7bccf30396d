package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// randoms returns n standard normal numbers, at an address that is not aligned to a vector register.
func randoms(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n+3)[3:]
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

func randomMatrix(rng *rand.Rand, rows, cols int) Matrix {
	stride := cols + rng.IntN(3)
	return Matrix{Data: randoms(rng, max(0, rows*stride)), Rows: rows, Cols: cols, Stride: stride}
}

// reference is op(A)·op(B) in float64, plus the sum of magnitudes that bounds its rounding error.
func reference(a, b operand, i, j, depth int) (value, magnitude float64) {
	for k := range depth {
		v := float64(a.data[i*a.rowStride+k*a.colStride]) * float64(b.data[k*b.rowStride+j*b.colStride])
		value += v
		magnitude += math.Abs(v)
	}
	return value, magnitude
}

var shapes = [][3]int{
	{0, 3, 2}, {3, 0, 2}, {3, 2, 0}, {1, 1, 1}, {2, 5, 3}, {4, 33, 7}, {5, 31, 64}, {12, 32, 256}, {13, 33, 257},
	{24, 64, 16}, {11, 544, 19}, {37, 1100, 70}, {700, 20, 40}, {25, 65, 600}, {90, 7, 513},
}

func TestProducts(t *testing.T) {
	atEveryLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, s := range shapes {
			m, n, k := s[0], s[1], s[2]
			for _, form := range []string{"NT", "NN", "TN", "packed"} {
				for _, add := range []bool{false, true} {
					checkProduct(t, rng, form, [3]int{m, n, k}, add)
				}
			}
		}
	})
}

func checkProduct(t *testing.T, rng *rand.Rand, form string, shape [3]int, add bool) {
	t.Helper()
	m, n, k := shape[0], shape[1], shape[2]
	a, b := randomMatrix(rng, m, k), randomMatrix(rng, n, k)
	opA, opB := plain(a), transposed(b)
	run := func(c Matrix, workers int) { MulNT(c, a, b, add, workers) }
	switch form {
	case "NN":
		b = randomMatrix(rng, k, n)
		opB = plain(b)
		run = func(c Matrix, workers int) { MulNN(c, a, b, add, workers) }
	case "TN":
		a, b = randomMatrix(rng, k, m), randomMatrix(rng, k, n)
		opA, opB = transposed(a), plain(b)
		run = func(c Matrix, workers int) { MulTN(c, a, b, add, workers) }
	case "packed":
		run = func(c Matrix, workers int) { MulPacked(c, a, Pack(b, workers), add, workers) }
	}
	c := randomMatrix(rng, m, n)
	before := append([]float32(nil), c.Data...)
	other := Matrix{Data: append([]float32(nil), c.Data...), Rows: m, Cols: n, Stride: c.Stride}
	run(c, 1)
	run(other, 3)
	for i := range m {
		for j := range n {
			at := i*c.Stride + j
			want, size := reference(opA, opB, i, j, k)
			if add {
				want += float64(before[at])
			}
			if got := float64(c.Data[at]); math.Abs(got-want) > 1e-6*(size+1) {
				t.Fatalf("%s %v add=%v: C[%d,%d] = %g, want %g", form, shape, add, i, j, got, want)
			}
			before[at] = c.Data[at]
		}
	}
	for i, v := range c.Data {
		if v != before[i] {
			t.Fatalf("%s %v add=%v: wrote outside of C at %d", form, shape, add, i)
		}
		if v != other.Data[i] {
			t.Fatalf("%s %v add=%v: element %d depends on the number of workers: %g, %g", form, shape, add, i, v, other.Data[i])
		}
	}
}

func TestProductPanicsOnShapes(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic for shapes that do not fit")
		}
	}()
	MulNT(MatrixOf(make([]float32, 6), 2, 3), MatrixOf(make([]float32, 4), 2, 2), MatrixOf(make([]float32, 9), 3, 3), false, 1)
}

// shapesMeasured are the products of 1-vs-all training and of batched prediction on FB15k-237 at rank 100.
var shapesMeasured = [][3]int{{256, 14541, 200}, {256, 200, 14541}, {14541, 200, 256}}

func BenchmarkProduct(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	atEveryLevelB(b, func(b *testing.B) {
		for f, form := range []string{"NT", "NN", "TN"} {
			m, n, k := shapesMeasured[f][0], shapesMeasured[f][1], shapesMeasured[f][2]
			b.Run(fmt.Sprintf("%s/%dx%dx%d", form, m, n, k), func(b *testing.B) {
				c := MatrixOf(make([]float32, m*n), m, n)
				x, y := randoms(rng, m*k), randoms(rng, n*k)
				for b.Loop() {
					switch form {
					case "NT":
						MulNT(c, MatrixOf(x, m, k), MatrixOf(y, n, k), false, 1)
					case "NN":
						MulNN(c, MatrixOf(x, m, k), MatrixOf(y, k, n), false, 1)
					case "TN":
						MulTN(c, MatrixOf(x, k, m), MatrixOf(y, k, n), false, 1)
					}
				}
				b.ReportMetric(2*float64(m*n*k)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	})
}
