package factor

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/store"
)

// randomGraph returns triples drawn alike, some twice; the last relation has few.
func randomGraph(entities, relations, triples int, seed uint64) train.Data {
	random := rand.New(rand.NewPCG(seed, 9))
	ids := make([]store.TermID, entities+relations)
	for i := range ids {
		ids[i] = store.TermID(i + 1)
	}
	v, err := model.NewVocabulary(ids[:entities], ids[entities:])
	if err != nil {
		panic(err)
	}
	d := train.Data{Vocabulary: v}
	for range triples {
		d.Train = append(d.Train, model.Triple{
			H: uint32(random.IntN(entities)), R: uint32(random.IntN(relations) * random.IntN(4) % relations), T: uint32(random.IntN(1 + random.IntN(entities))),
		})
	}
	return d
}

// dense is the plain reference: every matrix in full.
type dense struct {
	x [][][]float64 // [relation][head][tail]
	w *mat.SymDense // weights of ½ΣW_kl‖R_k−R_l‖²; nil for none
	o Options
	m Method
}

func newDense(d train.Data, o Options) *dense {
	n := d.Vocabulary.Entities()
	f := &dense{o: o}
	f.m, _ = MethodByName(o.Method)
	for range d.Vocabulary.Relations() {
		x := make([][]float64, n)
		for i := range x {
			x[i] = make([]float64, n)
		}
		f.x = append(f.x, x)
	}
	for _, t := range d.Train {
		f.x[t.R][t.H][t.T] = 1
	}
	return f
}

// misfit returns ½Σ‖X_k − left·R_k·rightᵀ‖² and cells, the same for one triple at a time.
func (f *dense) misfit(left, right, r matrix[float64]) float64 {
	sum := 0.0
	p := left.cols
	for k, x := range f.x {
		for h := range x {
			for t := range x {
				score := 0.0
				for i, a := range left.row(h) {
					for j, b := range right.row(t) {
						score += a * r.row(k)[i*p+j] * b
					}
				}
				sum += (x[h][t] - score) * (x[h][t] - score) / 2
			}
		}
	}
	return sum
}

func squares(x []float64) (sum float64) {
	for _, v := range x {
		sum += v * v
	}
	return sum
}

// objective returns what the method minimises, the proximal and multiplier terms left out.
func (f *dense) objective(a1, a2, r matrix[float64]) float64 {
	sum := f.misfit(a1, a2, r) + weight(f.o.LambdaA)*squares(a1.data)/2 + weight(f.o.LambdaR)*squares(r.data)/2
	if f.m.linear {
		sum += weight(f.o.LambdaA)*squares(a2.data)/2 + weight(f.o.LambdaE)*gap(a1.data, a2.data)/2
	}
	return sum + f.coupled(r)
}

func (f *dense) coupled(r matrix[float64]) (sum float64) {
	if f.w == nil {
		return 0
	}
	for k := range r.rows {
		for l := range r.rows {
			sum += f.w.At(k, l) * gap(r.row(k), r.row(l)) / 2
		}
	}
	return sum
}

// steepest returns the largest derivative of f by the numbers of x, by central differences, and all of them.
func steepest(x []float64, f func() float64) (largest float64, all []float64) {
	const step = 1e-4
	for i, keep := range x {
		x[i] = keep + step
		up := f()
		x[i] = keep - step
		down := f()
		x[i] = keep
		g := (up - down) / (2 * step)
		all = append(all, g)
		largest = math.Max(largest, math.Abs(g))
	}
	return largest, all
}

// begun returns a problem in float64 after its start.
func begun(t *testing.T, d train.Data, o Options) *prepared[float64] {
	t.Helper()
	o.Precision = Float64
	if err := o.Check(d); err != nil {
		t.Fatal(err)
	}
	o = o.Defaults(d)
	m, _ := MethodByName(o.Method)
	similarity, err := similarityFor(m, o, d)
	if err != nil {
		t.Fatal(err)
	}
	s := newSolver(m, o, newTensor(d.Train, d.Vocabulary.Entities(), d.Vocabulary.Relations()), similarity).(*prepared[float64])
	if err := s.prepare(rand.New(rand.NewPCG(o.Seed, 1))); err != nil {
		t.Fatal(err)
	}
	return s
}

// weights returns λ_S·C, the multipliers, or nil, as the solver has them.
func (q *problem[T]) weights() *mat.SymDense {
	if q.method.constrained {
		w := mat.NewSymDense(q.m, nil)
		w.CopySym(q.mu)
		return w
	}
	if !q.method.similar {
		return nil
	}
	w := mat.NewSymDense(q.m, nil)
	w.ScaleSym(weight(q.o.LambdaS), q.similarity)
	return w
}

const exact = 1e-6

func TestQuadraticBlocksHaveNoGradient(t *testing.T) {
	d := randomGraph(11, 5, 60, 1)
	for _, o := range []Options{
		{Method: "rescal-als", Rank: 3, Settings: Settings{LambdaA: 0.3, LambdaR: 0.2}},
		{Method: "quadratic-reg", Rank: 4, Settings: Settings{LambdaA: 0.1, LambdaR: 0.1, LambdaS: 0.7, Similarity: "agency"}},
		{Method: "quadratic-con", Rank: 3, Settings: Settings{LambdaA: 0.1, LambdaR: 0.1, StepMu: 0.5}},
	} {
		s := begun(t, d, o)
		f := newDense(d, s.o)
		q := s.blocks.(*quadratic[float64])
		for range 3 {
			old, r := s.a1.clone(), s.r.clone()
			if err := q.solveEntities(); err != nil {
				t.Fatal(err)
			}
			// With A as it stood on the other side of R_k: ½Σ‖X_k − A·R_k·Aᵗᵀ‖² + ½Σ‖X_k − Aᵗ·R_k·Aᵀ‖² + ½λ_A‖A‖².
			if g, _ := steepest(s.a1.data, func() float64 {
				return f.misfit(s.a1, old, r) + f.misfit(old, s.a1, r) + s.o.LambdaA*squares(s.a1.data)/2
			}); g > exact {
				t.Errorf("%s: gradient %g by A", o.Method, g)
			}
			f.w = s.weights()
			if err := q.solveRelations(); err != nil {
				t.Fatal(err)
			}
			if g, _ := steepest(s.r.data, func() float64 { return f.objective(s.a1, s.a2, s.r) }); g > exact {
				t.Errorf("%s: gradient %g by R", o.Method, g)
			}
			want := f.objective(s.a1, s.a2, s.r)
			if s.method.constrained {
				want -= f.coupled(s.r)
			}
			if math.Abs(want-s.loss) > exact {
				t.Errorf("%s: loss %g by traces, %g in full", o.Method, s.loss, want)
			}
		}
	}
}

func TestLinearBlocksHaveNoGradient(t *testing.T) {
	d := randomGraph(10, 4, 60, 2)
	for _, o := range []Options{
		{Method: "linear-reg", Rank: 3, Settings: Settings{LambdaA: 0.2, LambdaR: 0.1, LambdaE: 0.5, LambdaS: 0.4, Rho: 2}},
		{Method: "linear-reg", Rank: 3, Settings: Settings{LambdaA: 0.2, LambdaR: 0.1, LambdaE: 2, LambdaS: 0.4, Rho: -1}},
		{Method: "linear-con", Rank: 4, Settings: Settings{LambdaA: 0.2, LambdaR: 0.1, LambdaE: 1, StepMu: 0.3}},
	} {
		s := begun(t, d, o)
		f := newDense(d, s.o)
		q := s.blocks.(*linear[float64])
		near := s.o.nearness()
		for range 3 {
			before := math.Inf(1)
			for _, block := range []struct {
				name  string
				data  *matrix[float64]
				solve func() error
			}{
				{"A1", &s.a1, func() error { return q.solveEntities(true) }},
				{"A2", &s.a2, func() error { return q.solveEntities(false) }},
				{"R", &s.r, func() error { return q.solveRelations(near) }},
			} {
				f.w = s.weights()
				old := block.data.clone()
				if err := block.solve(); err != nil {
					t.Fatal(err)
				}
				whole := func() float64 {
					return f.objective(s.a1, s.a2, s.r) + near*gap(block.data.data, old.data)/2
				}
				if g, _ := steepest(block.data.data, whole); g > exact {
					t.Errorf("%s, rho %g: gradient %g by %s", o.Method, o.Rho, g, block.name)
				}
				after := f.objective(s.a1, s.a2, s.r)
				if after >= before {
					t.Errorf("%s, rho %g: the objective rose from %g to %g by %s", o.Method, o.Rho, before, after, block.name)
				}
				before = after
			}
			want := before
			if s.method.constrained {
				want -= f.coupled(s.r)
			}
			if math.Abs(want-s.loss) > exact {
				t.Errorf("%s: loss %g by traces, %g in full", o.Method, s.loss, want)
			}
		}
	}
}

func TestNonNegativeStaysSoAndFalls(t *testing.T) {
	d := randomGraph(12, 4, 80, 3)
	s := begun(t, d, Options{Method: "nn-rescal", Rank: 4, Settings: Settings{LambdaA: 0.1, LambdaR: 0.2}})
	f := newDense(d, s.o)
	before := f.objective(s.a1, s.a2, s.r)
	first := before
	for i := range 60 {
		if err := s.sweep(); err != nil {
			t.Fatal(err)
		}
		after := f.objective(s.a1, s.a2, s.r)
		if math.Abs(after-s.loss) > exact {
			t.Fatalf("loss %g by traces, %g in full", s.loss, after)
		}
		s.blocks.(*nonNegative[float64]).updateRelations()
		if r := f.objective(s.a1, s.a2, s.r); r > after+1e-9 {
			t.Errorf("sweep %d: updating R raised the objective from %g to %g", i, after, r)
		}
		before = after
	}
	if before > 0.6*first || slices.Min(s.a1.data) < 0 || slices.Min(s.r.data) < 0 {
		t.Errorf("objective %g after %g, least numbers %g and %g", before, first, slices.Min(s.a1.data), slices.Min(s.r.data))
	}
}

func TestAdamFollowsTheGradient(t *testing.T) {
	d := randomGraph(9, 4, 50, 4)
	for _, method := range []string{"quadratic-con", "linear-con"} {
		s := begun(t, d, Options{Method: method, Rank: 3, Settings: Settings{Solver: Adam, LambdaA: 0.3, LambdaR: 0.2}})
		f := newDense(d, s.o)
		q := s.blocks.(*gradient[float64])
		for range 3 {
			if err := q.sweep(); err != nil {
				t.Fatal(err)
			}
		}
		f.w = mat.NewSymDense(s.m, nil)
		f.w.ScaleSym(-1, s.mu) // Σ_{k<l} −μ‖R_k−R_l‖²
		q.steps++
		first := s.a1.clone()
		other := &s.a1
		if s.method.linear {
			other = &s.a2
		}
		_, want := steepest(s.a1.data, func() float64 { return f.objective(s.a1, *other, s.r) })
		q.stepEntities(&s.a1, other, q.first, true)
		near(t, method+" by A", s.spare.data, want)
		if slices.Equal(first.data, s.a1.data) {
			t.Error("A did not move")
		}
		q.regram()
		_, want = steepest(s.r.data, func() float64 { return f.objective(s.a1, s.a2, s.r) })
		q.stepRelations()
		near(t, method+" by R", s.work.data, want)
	}
}

func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	for i := range want {
		if math.Abs(got[i]-want[i]) > exact*(1+math.Abs(want[i])) {
			t.Errorf("%s, number %d: %g, differences give %g", what, i, got[i], want[i])
			return
		}
	}
}

// TestProductsEqualDenseOnes compares the sparse products with sums over all pairs, cut in parts of several sizes.
func TestProductsEqualDenseOnes(t *testing.T) {
	for seed := range uint64(6) {
		d := randomGraph(8+int(seed)*9, 1+int(seed), 40+int(seed)*120, seed)
		n, m, p := d.Vocabulary.Entities(), d.Vocabulary.Relations(), 1+int(seed)
		random := rand.New(rand.NewPCG(seed, 3))
		left, right := randomRows[float64](n, p, 1, false, random), randomRows[float64](n, p, 1, false, random)
		r := randomRows[float64](m, p*p, 1, false, random)
		f := newDense(d, Options{})
		wantRows, wantCores := newMatrix[float64](n, p), newMatrix[float64](m, p*p)
		for k, x := range f.x {
			for h := range n {
				for to := range n {
					for i := range p {
						for j := range p {
							wantRows.row(h)[i] += x[h][to] * r.row(k)[i*p+j] * right.row(to)[j]
							wantRows.row(to)[j] += x[h][to] * left.row(h)[i] * r.row(k)[i*p+j]
							wantCores.row(k)[i*p+j] += x[h][to] * left.row(h)[i] * right.row(to)[j]
						}
					}
				}
			}
		}
		for _, cut := range [][2]int{{1024, 1 << 20}, {3, 40}, {1, 1}, {7, 1000}} {
			s := productsOf[float64](newTensor(d.Train, n, m), p, 2, cut[0], cut[1])
			rows, cores := newMatrix[float64](n, p), newMatrix[float64](m, p*p)
			s.rows(rows, &left, &right, r)
			s.cores(cores, left, right)
			near(t, "rows", rows.data, wantRows.data)
			near(t, "cores", cores.data, wantCores.data)
		}
	}
}

func TestFitIsTheSameWithAnyWorkers(t *testing.T) {
	d := randomGraph(60, 7, 500, 5)
	d.Valid = d.Train[:20]
	for _, m := range Methods {
		for _, solver := range []Solver{ALS, Adam} {
			if solver == Adam && !m.constrained {
				continue
			}
			var first *model.Embedding
			for workers := 1; workers <= 3; workers++ {
				e, err := Fit(context.Background(), d, Options{Method: m.Name, Rank: 6, Seed: 3, Workers: workers, Settings: Settings{Solver: solver, Iterations: 5}})
				if err != nil {
					t.Fatal(m.Name, err)
				}
				if err := e.Check(); err != nil || e.Family.Name != m.Family() || e.Metadata.Settings["method"] != m.Name || len(e.Metadata.Curve) == 0 {
					t.Fatalf("%s: %v, %+v", m.Name, err, e.Metadata)
				}
				if first == nil {
					first = e
				}
				if !slices.Equal(first.Entities, e.Entities) || !slices.Equal(first.Relations, e.Relations) || first.Calibration != e.Calibration {
					t.Errorf("%s by %s: the model depends on the number of workers", m.Name, solver)
				}
			}
		}
	}
}

func triple(h, r, t uint32) model.Triple { return model.Triple{H: h, R: r, T: t} }
