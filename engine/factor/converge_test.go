package factor

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/inklingdb/inkling/engine/train"
)

// TestLinearRegConverges is the source's figure 8: at several rho the largest relative change of the unknowns falls to
// 1e-4, and the objective with it.
func TestLinearRegConverges(t *testing.T) {
	d := randomGraph(40, 5, 300, 11)
	for _, rho := range []float64{0.01, 0.1, 1, 10, -1} {
		for _, start := range []Start{Eigen, Random} {
			told := 0
			c, err := Converge(context.Background(), d, Options{Rank: 5, Precision: Float64, Workers: 2, Settings: Settings{
				Rho: rho, LambdaA: 0.5, LambdaR: 0.5, LambdaE: 5, LambdaS: 0.1, Iterations: 4000, Tolerance: 1e-4, Start: start,
			}}, func(int, float64) { told++ })
			if err != nil {
				t.Fatal(err)
			}
			n := len(c.Changes)
			if c.Reached != n || told != n || c.Changes[n-1] > 1e-4 || c.Rho != rho {
				t.Errorf("rho %g from %s: %d iterations, %d told, change %g, reached %d", rho, start, n, told, c.Changes[n-1], c.Reached)
			}
			for i := 1; i < n; i++ {
				if !(c.Losses[i] < c.Losses[i-1]) {
					t.Errorf("rho %g from %s: the objective rose from %g to %g in iteration %d", rho, start, c.Losses[i-1], c.Losses[i], i+1)
					break
				}
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Converge(ctx, d, Options{Rank: 3}, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := Converge(context.Background(), train.Data{}, Options{}, nil); !errors.Is(err, train.ErrNoData) {
		t.Error(err)
	}
}

// TestStartSpansTheLeadingEigenvectors compares the subspace with a full decomposition's.
func TestStartSpansTheLeadingEigenvectors(t *testing.T) {
	// Blocks of several sizes give the spectrum gaps that twelve steps can tell apart.
	d := randomGraph(60, 2, 40, 3)
	for block, size := range []int{20, 14, 9} {
		for i := range size {
			for j := range size {
				at := uint32(block * 20)
				d.Train = append(d.Train, triple(at+uint32(i), 0, at+uint32(j)))
			}
		}
	}
	s := begun(t, d, Options{Method: "rescal-als", Rank: 3})
	a, err := s.leading(rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	sum := mat.NewSymDense(60, nil)
	f := newDense(d, Options{})
	for _, x := range f.x {
		for i := range x {
			for j := i; j < 60; j++ {
				sum.SetSym(i, j, sum.At(i, j)+x[i][j]+x[j][i])
			}
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(sum, true) {
		t.Fatal("no decomposition")
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	for j := 57; j < 60; j++ {
		kept := 0.0
		for c := range 3 {
			along := 0.0
			for i := range 60 {
				along += vectors.At(i, j) * a.row(i)[c]
			}
			kept += along * along
		}
		if math.Abs(kept-1) > 1e-3 {
			t.Errorf("of eigenvector %d only %g lies in the start's subspace", j, kept)
		}
	}
}

// TestFactorsFindAGraphOfTheirRank fits a graph that has an exact factorization: cliques of entities.
func TestFactorsFindAGraphOfTheirRank(t *testing.T) {
	d := randomGraph(24, 2, 1, 1)
	d.Train = nil
	for i := range uint32(24) {
		for j := range uint32(24) {
			if i/6 == j/6 {
				d.Train = append(d.Train, triple(i, 0, j))
			}
			if (i/6+1)%4 == j/6 {
				d.Train = append(d.Train, triple(i, 1, j))
			}
		}
	}
	for _, m := range Methods {
		o := Options{Method: m.Name, Rank: 4, Seed: 2, Settings: Settings{LambdaA: -1, LambdaR: 0.001, Iterations: 300}}
		if m.nonNegative {
			o.Rank = 8 // multiplicative updates stop at poor solutions of the rank itself
		}
		if m.similar {
			o.LambdaS = -1
		}
		if m.constrained {
			o.StepMu = 1e-6
		}
		e, err := Fit(context.Background(), d, o)
		if err != nil {
			t.Fatal(m.Name, err)
		}
		stated := map[[3]uint32]bool{}
		for _, x := range d.Train {
			stated[[3]uint32{x.H, x.R, x.T}] = true
		}
		wrong := 0
		for h := range uint32(24) {
			for r := range uint32(2) {
				for to := range uint32(24) {
					if (e.Score(h, r, to) > 0.5) != stated[[3]uint32{h, r, to}] {
						wrong++
					}
				}
			}
		}
		if wrong > 0 {
			t.Errorf("%s: %d of 1152 triples on the wrong side of ½", m.Name, wrong)
		}
	}
}
