package vec

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestAdam(t *testing.T) {
	atEveryLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(41, 1))
		for _, n := range lengths() {
			w, m, v := randoms(rng, n), make([]float32, n), make([]float32, n)
			w64, m64, v64 := widen(w), make([]float64, n), make([]float64, n)
			for step := 1.0; step <= 3; step++ {
				g := randoms(rng, n)
				if n > 4 {
					g[4] = 0
				}
				c1, c2 := 1/(1-math.Pow(0.9, step)), 1/(1-math.Pow(0.999, step))
				Adam(w, g, m, v, AdamStep{0.01, 0.9, 0.999, 1e-8, float32(c1), float32(c2)})
				for i, d := range widen(g) {
					m64[i] = 0.9*m64[i] + 0.1*d
					v64[i] = 0.999*v64[i] + 0.001*d*d
					w64[i] -= 0.01 * c1 * m64[i] / (math.Sqrt(c2*v64[i]) + 1e-8)
				}
			}
			want := make([]float32, n)
			narrow(w64, want)
			checkRow(t, "Adam", w, want, 2e-6)
			narrow(m64, want)
			checkRow(t, "Adam's first moment", m, want, 1e-6)
			narrow(v64, want)
			checkRow(t, "Adam's second moment", v, want, 1e-6)
		}
	})
}

func TestAddCubeNorm(t *testing.T) {
	atEveryLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(42, 1))
		for _, n := range lengths() {
			for modulus := 1; modulus <= 2; modulus++ {
				n := n / modulus * modulus
				x, grad := randoms(rng, n), randoms(rng, n)
				if n > 2 {
					x[0], x[n/modulus%n] = 0, 0
				}
				want := clone(grad)
				for i, v := range x {
					size := math.Abs(float64(v))
					if modulus == 2 {
						size = math.Hypot(float64(v), float64(x[(i+n/2)%n]))
					}
					want[i] += float32(3 * 0.25 * size * float64(v))
				}
				AddCubeNorm(0.25, x, grad, modulus)
				checkRow(t, "AddCubeNorm", grad, want, 2e-6)
			}
		}
	})
}

func TestExpandDistances(t *testing.T) {
	atEveryLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(43, 1))
		const width = 6
		for _, n := range lengths() {
			a, x := randomMatrix(rng, n, width), randoms(rng, width)
			norms, dots := make([]float32, n), make([]float32, n)
			SquaredNorms(a, norms)
			for j := range n {
				dots[j] = Dot(x, a.Row(j))
			}
			if n > 1 { // rounding can make an expanded square negative
				dots[1] = norms[1] + 100
			}
			got := make([]float32, n)
			ExpandDistances(dots, Dot(x, x), norms, got)
			for j := range n {
				want := -math.Sqrt(distance64(SquaredL2, x, a.Row(j)))
				if j == 1 {
					want = 0
				}
				if !near(float64(got[j]), want, 1, 1e-4) || math.Signbit(float64(got[j])) != true {
					t.Fatalf("distance %d of %d is %g, want %g", j, n, got[j], want)
				}
			}
			ExpandDistances(dots, Dot(x, x), norms, dots)
			checkRow(t, "ExpandDistances in place", dots, got, 0)
		}
	})
}

func TestDivideWeights(t *testing.T) {
	atEveryLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(44, 1))
		for _, n := range lengths() {
			w, d := randoms(rng, n), randoms(rng, n)
			for j := 0; j < n; j += 3 {
				d[j] = 0
			}
			want := make([]float32, n)
			var total, size float64
			for j := range w {
				if d[j] != 0 {
					want[j] = w[j] / d[j]
				}
				total += float64(want[j])
				size += math.Abs(float64(want[j]))
			}
			got := DivideWeights(w, d)
			checkRow(t, "DivideWeights", w, want, 1e-6)
			if !near(float64(got), total, size+1e-6, 1e-6) {
				t.Fatalf("the sum of %d divided weights is %g, want %g", n, got, total)
			}
		}
	})
}
