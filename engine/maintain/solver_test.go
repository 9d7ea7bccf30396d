package maintain

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/inklingdb/inkling/engine/factor"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store"
)

// learnerOf returns a follower's learner and the graph as it is.
func learnerOf(t *testing.T, w *world, f *Follower) (*learner, *history) {
	t.Helper()
	h, _, err := f.past(context.Background(), f.version)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.snapshot.Close)
	return f.learner, h
}

// statedSlice returns X_r as a dense matrix.
func statedSlice(t *testing.T, l *learner, h *history, r uint32) *mat.Dense {
	t.Helper()
	n := l.tables.Vocabulary.Entities()
	x := mat.NewDense(n, n, nil)
	err := l.scan(context.Background(), h, store.Pattern{P: l.tables.Vocabulary.RelationID(r)}, math.MaxInt, func(triples []model.Triple) {
		for _, t := range triples {
			x.Set(int(t.H), int(t.T), 1)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestRowSolveIsLeastSquares compares a row with the dense least squares over all cells of its rows and columns, the
// others held: ½Σ‖x − M·a‖² + ½λ‖a‖², where M has a row R_k·a_t for each cell (i, k, t) and R_kᵀ·a_h for each (h, k, i).
func TestRowSolveIsLeastSquares(t *testing.T) {
	for _, method := range []string{"rescal-als", "quadratic-reg", "linear-reg"} {
		t.Run(method, func(t *testing.T) {
			w := familyWorld(t, method)
			l, h := learnerOf(t, w, w.follow(Options{}))
			s := l.solver
			s.lambdaE = 0 // so that A1's row and A2's are problems of their own
			l.solver.renew(&l.tables)
			for _, e := range []uint32{3, 50, people + 1} {
				others := copyTables(&l.tables, nil)
				if err := l.solveRow(e, h); err != nil {
					t.Fatal(err)
				}
				head, tail := s.parts(l.tables.Entity(e))
				checkLeast(t, "as head", head, denseRow(t, l, h, &others, e, true, !s.linear), s.lambdaA)
				if s.linear {
					checkLeast(t, "as tail", tail, denseRow(t, l, h, &others, e, false, true), s.lambdaA)
				}
			}
		})
	}
}

// cells is a dense least-squares problem.
type cells struct{ m, x []float64 }

// denseRow returns the cells of an entity's row, its column, or both.
func denseRow(t *testing.T, l *learner, h *history, others *model.Tables, e uint32, asHead, asTail bool) cells {
	t.Helper()
	var c cells
	s := l.solver
	for r := range uint32(others.Vocabulary.Relations()) {
		x, relation := statedSlice(t, l, h, r), dense(s.matrixOf(others.Relation(r)))
		for o := range uint32(others.Vocabulary.Entities()) {
			head, tail := s.parts(others.Entity(o))
			for _, side := range []struct {
				wanted bool
				m      mat.Matrix
				row    []float32
				x      float64
			}{{asHead, relation, tail, x.At(int(e), int(o))}, {asTail, relation.T(), head, x.At(int(o), int(e))}} {
				if !side.wanted {
					continue
				}
				u := mat.NewVecDense(s.p, nil)
				for i, v := range side.row {
					u.SetVec(i, float64(v))
				}
				var product mat.VecDense
				product.MulVec(side.m, u)
				c.m, c.x = append(c.m, product.RawVector().Data...), append(c.x, side.x)
			}
		}
	}
	return c
}

// checkLeast checks a row against the normal equations solved densely.
func checkLeast(t *testing.T, what string, row []float32, c cells, ridge float64) {
	t.Helper()
	p := len(row)
	m, x := mat.NewDense(len(c.x), p, c.m), mat.NewVecDense(len(c.x), c.x)
	var normal, right, want mat.Dense
	normal.Mul(m.T(), m)
	for i := range p {
		normal.Set(i, i, normal.At(i, i)+ridge)
	}
	right.Mul(m.T(), x)
	if err := want.Solve(&normal, &right); err != nil {
		t.Log(err)
	}
	for i, v := range row {
		if d := math.Abs(float64(v) - want.At(i, 0)); d > 2e-3*(1+math.Abs(want.At(i, 0))) {
			t.Errorf("%s: number %d is %g, the dense least squares have %g", what, i, v, want.At(i, 0))
		}
	}
}

// TestSumsFollowCommits makes a thousand commits and compares what is kept with what the tables give anew.
func TestSumsFollowCommits(t *testing.T) {
	for _, method := range []string{"quadratic-reg", "linear-reg", "nn-rescal"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			w := familyWorld(t, method)
			f := w.follow(Options{Unsynced: true})
			for range 10 {
				w.edits(100, w.nextSeed())
				if err := f.catchUp(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
			l, _ := learnerOf(t, w, f)
			kept := l.solver
			anew, err := newSolver(f.Embedding())
			if err != nil {
				t.Fatal(err)
			}
			anew.renew(&l.tables)
			anew.settle()
			for i, h := range kept.halves() {
				near(t, "Gram matrix", h.gram, anew.halves()[i].gram)
				near(t, "normal matrix", h.normal, anew.halves()[i].normal)
				near(t, "factor", h.factor.RawU(), anew.halves()[i].factor.RawU())
			}
			if t.Failed() {
				t.Logf("after %d changes", f.Status().Changes)
			}
		})
	}
}

// near checks that two matrices differ little beside their size.
func near(t *testing.T, what string, got, want mat.Matrix) {
	t.Helper()
	var d mat.Dense
	d.Sub(got, want)
	if off := mat.Norm(&d, 2) / mat.Norm(want, 2); !(off < 1e-4) {
		t.Errorf("%s is off by %.2g of its size", what, off)
	}
}

// TestFewUpdatesChangeTheFactor changes a factor by few rows and compares it with one made anew.
func TestFewUpdatesChangeTheFactor(t *testing.T) {
	const p = 64
	random := rand.New(rand.NewPCG(1, 2))
	rows := func(n int) []float32 {
		x := make([]float32, n*p)
		for i := range x {
			x[i] = float32(random.NormFloat64())
		}
		return x
	}
	h := newHalf(p)
	addOuter(h.normal, matrixOf(rows(3*p), p), 1)
	h.factorize(0.5)
	updated := h.factor
	for range 50 {
		u := matrixOf(rows(2), p)
		h.change(u, 1)
		h.change(matrixOf(u.Row(0), p), -1)
	}
	if h.factor != updated {
		t.Fatal("the factor was dropped")
	}
	anew := &half{gram: h.gram, normal: h.normal}
	near(t, "factor", h.factor.RawU(), anew.factorize(0.5).RawU())
	if h.change(matrixOf(rows(p), p), 1); h.factor != nil {
		t.Error("many rows have changed the factor one by one")
	}
}

// TestLossStaysNearARefit lets a factorization follow commits and compares its loss with that of one fitted anew.
func TestLossStaysNearARefit(t *testing.T) {
	for _, method := range []string{"quadratic-reg", "linear-reg", "nn-rescal"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			w := familyWorld(t, method)
			f := w.follow(Options{Unsynced: true})
			for i := 0; i < len(w.data.Test); i += 2 {
				w.apply(f, w.write(nil, w.data.Test[i:min(i+2, len(w.data.Test))]))
			}
			d := w.data
			d.Train = append(append([]model.Triple(nil), d.Train...), d.Test...)
			refit, err := factor.Fit(context.Background(), d, factor.Options{Method: method, Rank: 24, Seed: 3})
			if err != nil {
				t.Fatal(err)
			}
			followed, anew := squaredLoss(f.Embedding(), d.Train), squaredLoss(refit, d.Train)
			t.Logf("squared error %.1f after %d changes, %.1f fitted anew", followed, f.Status().Changes, anew)
			if followed > 1.1*anew {
				t.Errorf("the loss is %.1f, a refit's %.1f", followed, anew)
			}
		})
	}
}

// squaredLoss returns the squared error over all cells.
func squaredLoss(e *model.Embedding, stated []model.Triple) (sum float64) {
	is := map[model.Triple]bool{}
	for _, t := range stated {
		is[t] = true
	}
	scores := make([]float32, e.Vocabulary.Entities())
	for r := range uint32(e.Vocabulary.Relations()) {
		for h := range uint32(len(scores)) {
			e.ScoreTails(h, r, scores)
			for t, s := range scores {
				x := 0.
				if is[model.Triple{H: h, R: r, T: uint32(t)}] {
					x = 1
				}
				sum += (float64(s) - x) * (float64(s) - x)
			}
		}
	}
	return sum
}

// matrixOf returns numbers as a matrix of p columns.
func matrixOf(x []float32, p int) vec.Matrix { return vec.MatrixOf(x, len(x)/p, p) }

// nextSeed returns another seed at each call.
func (w *world) nextSeed() uint64 {
	w.seeds++
	return w.seeds
}
