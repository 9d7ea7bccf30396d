package vec

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestExpSum(t *testing.T) {
	atEveryLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(9, 10))
		for _, n := range lengths() {
			x, out := randoms(rng, n), make([]float32, n)
			for i := range x {
				x[i] *= 20
			}
			total := ExpSum(x, 3, out)
			var want float64
			for i, v := range x {
				e := math.Exp(float64(v - 3))
				want += e
				if !near(float64(out[i]), e, e, 3e-7) {
					t.Fatalf("exp(%g) is %g, want %g", v-3, out[i], e)
				}
			}
			if !near(float64(total), want, want, 2e-6) {
				t.Fatalf("sum of %d exponentials is %g, want %g", n, total, want)
			}
		}
	})
}

// TestExpRange walks the whole range of the exponential, and its edges.
func TestExpRange(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	atEveryLevel(t, func(t *testing.T) {
		var x []float32
		for v := -87.3; v < 88; v += 0.0037 {
			x = append(x, float32(v))
		}
		edges := []float64{-inf, -1e30, -200, -88, 89, 1e30, inf, nan, 0}
		want := []float64{0, 0, 0, 0, inf, inf, inf, nan, 1}
		for _, v := range edges {
			x = append(x, float32(v))
		}
		out := make([]float32, len(x))
		ExpSum(x, 0, out)
		body := len(x) - len(edges)
		for i, v := range x[:body] {
			if e := math.Exp(float64(v)); !near(float64(out[i]), e, e, 3e-7) {
				t.Fatalf("exp(%g) is %g, want %g: relative error %.2g", v, out[i], e, float64(out[i])/e-1)
			}
		}
		for i, w := range want {
			if !near(float64(out[body+i]), w, 0, 0) {
				t.Errorf("exp(%g) is %g, want %g", edges[i], out[body+i], w)
			}
		}
	})
}

func TestSoftmaxRow(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	atEveryLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(11, 12))
		for _, n := range lengths()[1:] {
			x := randoms(rng, n)
			masked := n / 2
			x[masked] = -inf
			x = append(x, 30)
			var total float64
			for _, v := range x {
				total += math.Exp(float64(v))
			}
			row := clone(x)
			if got, want := SoftmaxRow(row), math.Log(total); !near(float64(got), want, math.Abs(want), 1e-6) {
				t.Fatalf("log-sum-exp of %d is %g, want %g", n, got, want)
			}
			for i, v := range x {
				if want := math.Exp(float64(v)) / total; !near(float64(row[i]), want, want, 3e-6) {
					t.Fatalf("softmax of %d: element %d is %g, want %g", n, i, row[i], want)
				}
			}
			if row[masked] != 0 {
				t.Fatalf("a masked score got probability %g", row[masked])
			}
		}
		if got := SoftmaxRow(nil); got != -inf {
			t.Errorf("log-sum-exp of nothing is %g", got)
		}
		for _, bad := range [][]float32{{-inf, -inf}, {1, inf, 2}, {1, nan, 2}} {
			if got := SoftmaxRow(bad); got == got || bad[0] == bad[0] {
				t.Errorf("softmax without a finite maximum is %v, %g", bad, got)
			}
		}
	})
}
