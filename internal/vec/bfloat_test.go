package vec

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// The products in tile registers against float64 sums of the unrounded numbers, for every form and ragged shapes.
func TestBfloatProducts(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, s := range append(shapes, [3]int{64, 64, 64}, [3]int{33, 513, 200}, [3]int{600, 40, 513}, [3]int{130, 31, 1030}, [3]int{40, 1040, 30}, [3]int{530, 460, 2310}) {
		for _, form := range []string{"NT", "NN", "TN"} {
			checkBfloat(t, rng, form, s, false)
			if form != "TN" {
				checkBfloat(t, rng, form, s, true)
			}
		}
	}
}

func checkBfloat(t *testing.T, rng *rand.Rand, form string, s [3]int, add bool) {
	t.Helper()
	m, n, k := s[0], s[1], s[2]
	a, b := randomMatrix(rng, m, k), randomMatrix(rng, n, k)
	opA, opB := plain(a), transposed(b)
	multiply := func(c Matrix, workers int) { BfloatNT(c, a, b, add, workers) }
	switch form {
	case "NN":
		b = randomMatrix(rng, k, n)
		opB = plain(b)
		multiply = func(c Matrix, workers int) { BfloatNN(c, a, b, add, workers) }
	case "TN":
		a, b = randomMatrix(rng, k, m), randomMatrix(rng, k, n)
		opA, opB = transposed(a), plain(b)
		multiply = func(c Matrix, workers int) { BfloatTNWith(b, workers)(c, a) }
	}
	c := randomMatrix(rng, m, n)
	start := append([]float32(nil), c.Data...)
	multiply(c, 1)
	sparse := 1 + m*n*k/4_000_000 // so many elements are one sum checked
	for i := range m {
		for j := i % sparse; j < n; j += sparse {
			want, size := reference(opA, opB, i, j, k)
			if add {
				want += float64(start[i*c.Stride+j])
			}
			if diff := float64(c.Row(i)[j]) - want; diff*diff > (size/128+1e-4)*(size/128+1e-4) {
				t.Fatalf("%s %v add=%v: element (%d, %d) is %g, want %g of magnitude %g", form, s, add, i, j, c.Row(i)[j], want, size)
			}
		}
	}
	again := c
	again.Data = start
	multiply(again, 3)
	for i := range m {
		for j := range n {
			if again.Row(i)[j] != c.Row(i)[j] {
				t.Fatalf("%s %v: element (%d, %d) depends on the number of workers", form, s, i, j)
			}
		}
	}
}

func BenchmarkBfloat(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, width := range []int{200, 400, 1000} {
		for _, workers := range []int{1, 2} {
			const m, n = 512, 14541
			q, e := MatrixOf(randoms(rng, m*width), m, width), MatrixOf(randoms(rng, n*width), n, width)
			s := MatrixOf(randoms(rng, m*n), m, n)
			for form, do := range map[string]func(){
				"NT": func() { BfloatNT(s, q, e, false, workers) },
				"NN": func() { BfloatNN(q, s, e, false, workers) },
				"TN": func() { BfloatTNWith(q, workers)(e, s) },
			} {
				b.Run(fmt.Sprintf("%s/%d/workers%d", form, width, workers), func(b *testing.B) {
					for b.Loop() {
						do()
					}
					b.ReportMetric(2*m*n*float64(width)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
				})
			}
		}
	}
}
