package vec

import (
	"math"
	"math/rand/v2"
	"testing"
)

// lengths cover every tail of the widest unrolled loop, and some whole rows.
func lengths() []int {
	var out []int
	for n := range 140 {
		out = append(out, n)
	}
	return append(out, 200, 255, 256, 257, 1000, 1031)
}

// near reports whether got is within tolerance of want, relative to size; NaN equals NaN and Inf itself.
func near(got, want, size, tolerance float64) bool {
	if math.IsNaN(want) || math.IsInf(want, 0) {
		return math.IsNaN(got) && math.IsNaN(want) || got == want
	}
	return math.Abs(got-want) <= tolerance*size
}

func checkRow(t *testing.T, name string, got, want []float32, tolerance float64) {
	t.Helper()
	for i := range want {
		if !near(float64(got[i]), float64(want[i]), math.Abs(float64(want[i]))+1, tolerance) {
			t.Fatalf("%s of %d: element %d is %g, the twin says %g", name, len(want), i, got[i], want[i])
		}
	}
}

func clone(x []float32) []float32 { return append(make([]float32, 1), x...)[1:] }

func magnitude(x []float32) float64 {
	var s float64
	for _, v := range x {
		s += math.Abs(float64(v))
	}
	return s
}

func TestReductions(t *testing.T) {
	atEveryLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		for _, n := range lengths() {
			x, y := randoms(rng, n), randoms(rng, n)
			products := make([]float32, n)
			mulGo(x, y, products)
			if got, want := Dot(x, y), sumGo(products); !near(float64(got), float64(want), magnitude(products)+1e-6, 1e-6) {
				t.Fatalf("Dot of %d is %g, the twin says %g", n, got, want)
			}
			if got, want := Sum(x), sumGo(x); !near(float64(got), float64(want), magnitude(x)+1e-6, 1e-6) {
				t.Fatalf("Sum of %d is %g, the twin says %g", n, got, want)
			}
			if got, want := Max(x), maximumGo(x); got != want {
				t.Fatalf("Max of %d is %g, the twin says %g", n, got, want)
			}
		}
	})
}

func TestElementwise(t *testing.T) {
	atEveryLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		for _, n := range lengths() {
			x, y := randoms(rng, n), randoms(rng, n)
			got, want := clone(y), clone(y)
			Axpy(1.5, x, got)
			for i, v := range x {
				want[i] = float32(1.5*float64(v) + float64(y[i]))
			}
			checkRow(t, "Axpy", got, want, 1e-6)
			got, want = clone(x), clone(x)
			Scale(-0.3, got)
			scaleGo(-0.3, want)
			checkRow(t, "Scale", got, want, 0)
			Mul(got, y, got)
			mulGo(want, y, want)
			checkRow(t, "Mul", got, want, 0)
			checkComplex(t, x, y)
			checkAdagrad(t, rng, x, y)
		}
	})
}

func checkComplex(t *testing.T, x, y []float32) {
	t.Helper()
	d := len(x) / 2
	got, want := clone(x), make([]float32, 2*d)
	ComplexMul(x, got, got, d)
	complexMulGo(x[:2*d], x[:2*d], want)
	checkRow(t, "ComplexMul in place", got[:2*d], want, 4e-6)
	ComplexMul(x, y, got, d)
	complexMulGo(x[:2*d], y[:2*d], want)
	checkRow(t, "ComplexMul", got[:2*d], want, 4e-6)
	ComplexMulConj(x, y, got, d)
	complexMulConjGo(x[:2*d], y[:2*d], want)
	checkRow(t, "ComplexMulConj", got[:2*d], want, 4e-6)
}

func checkAdagrad(t *testing.T, rng *rand.Rand, w, g []float32) {
	t.Helper()
	g = clone(g)
	acc := randoms(rng, len(w))
	for i := range acc {
		acc[i] *= acc[i]
		if i%5 == 0 {
			acc[i], g[i] = 0, 0
		}
	}
	gotW, wantW, wantAcc := clone(w), clone(w), clone(acc)
	adagradGo(wantW, g, wantAcc, 0.1, 1e-10)
	Adagrad(gotW, g, acc, 0.1, 1e-10)
	checkRow(t, "Adagrad accumulator", acc, wantAcc, 1e-6)
	checkRow(t, "Adagrad", gotW, wantW, 1e-6)
}

func TestGEMV(t *testing.T) {
	atEveryLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 8))
		for _, rows := range []int{0, 1, 2, 3, 4, 5, 8, 9, 31} {
			for _, cols := range []int{0, 1, 7, 16, 33, 64, 100, 200, 257} {
				a, x, out := randoms(rng, rows*cols), randoms(rng, cols), randoms(rng, rows)
				GEMV(a, rows, cols, x, out)
				for i := range rows {
					row := a[i*cols : (i+1)*cols]
					if want := dotGo(x, row); !near(float64(out[i]), float64(want), float64(cols)+1, 1e-6) {
						t.Fatalf("GEMV %dx%d: row %d is %g, the twin says %g", rows, cols, i, out[i], want)
					}
				}
				again := make([]float32, rows)
				half := rows / 2
				GEMV(a, half, cols, x, again)
				GEMV(a[half*cols:], rows-half, cols, x, again[half:])
				checkRow(t, "GEMV in two parts", again, out, 0)
			}
		}
	})
}

// TestNotANumber pins what the kernels do with values that are not numbers.
func TestNotANumber(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	atEveryLevel(t, func(t *testing.T) {
		for _, n := range []int{1, 5, 16, 17, 70, 130} {
			for at := range n {
				x, ones := make([]float32, n), make([]float32, n)
				for i := range ones {
					ones[i] = 1
				}
				x[at] = nan
				if Dot(x, ones) == Dot(x, ones) || Sum(x) == Sum(x) {
					t.Fatalf("a NaN at %d of %d got lost", at, n)
				}
				x[at] = -inf
				if Sum(x) != -inf || Max(x) != max(float32(math.Inf(-1)), maximumGo(x)) {
					t.Fatalf("−Inf at %d of %d: sum %g, max %g", at, n, Sum(x), Max(x))
				}
				x[at] = inf
				if Max(x) != inf {
					t.Fatalf("+Inf at %d of %d: max %g", at, n, Max(x))
				}
			}
		}
	})
}
