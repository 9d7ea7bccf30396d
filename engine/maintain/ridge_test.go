package maintain

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/inklingdb/inkling/internal/vec"
)

func TestSolveRidge(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 3, 20, 60} {
		const width = 40
		w, start := make([]float32, width), make([]float32, width)
		for i := range w {
			w[i] = float32(random.NormFloat64())
		}
		copy(start, w)
		equations := make([][]float32, n)
		for i := range equations {
			equations[i] = make([]float32, width)
			for j := range equations[i] {
				equations[i][j] = float32(random.NormFloat64())
			}
		}
		if n > 1 {
			copy(equations[1], equations[0]) // a triple told twice must not break it
		}
		var before, after float64
		for _, e := range equations {
			before += math.Pow(float64(vec.Dot(e, w)-5), 2)
		}
		solveRidge(equations, 5, 0, w)
		for _, e := range equations {
			after += math.Pow(float64(vec.Dot(e, w)-5), 2)
		}
		if n == 0 && vec.Dot(w, w) != vec.Dot(start, start) {
			t.Error("moved without an equation")
		}
		if math.IsNaN(after) || n > 0 && after > before/4 {
			t.Errorf("%d equations: squared error %.3f after %.3f", n, after, before)
		}
	}
}
