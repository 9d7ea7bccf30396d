package factor

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// Fit factorizes the training triples and returns the model, calibrated on the validation triples, with the objective by
// iterations as its curve: of family rescal, or rescal-linear for the linear methods, and with the method among its
// settings. Zero options are defaulted. The same data, options and seed on the same kind of machine give the same model,
// whatever the number of workers. Name, Graph and DataVersion of the metadata are left to the caller. Cancelling ctx ends
// it within an iteration with ctx's error. Errors: ErrOptions, train.ErrNoData, train.ErrDiverged.
func Fit(ctx context.Context, d train.Data, o Options) (*model.Embedding, error) {
	if err := o.Check(d); err != nil {
		return nil, err
	}
	o = o.Defaults(d)
	f, err := newFitting(d, o)
	if err != nil {
		return nil, err
	}
	if err := f.run(ctx); err != nil {
		return nil, err
	}
	e := f.embedding()
	if e.Calibration, err = train.Calibrate(ctx, e, d, o.Seed, o.Workers); err != nil {
		return nil, err
	}
	e.Timing.Finished, e.Timing.Total = time.Now().UTC(), time.Since(f.started)
	return e, nil
}

// solver is one way to minimise, at one precision.
type solver interface {
	// prepare starts from random numbers or eigenvectors.
	prepare(random *rand.Rand) error
	// sweep is one iteration over all blocks of unknowns.
	sweep() error
	state() (loss, change float64)
	// copyTo writes the unknowns to an embedding's tables.
	copyTo(t *model.Tables)
	violation() Violation
}

// newSolver returns the solver that the options ask for; similarity is nil for methods without.
func newSolver(m Method, o Options, x *tensor, similarity *mat.SymDense) solver {
	if o.Precision == Float64 {
		return solverOf[float64](m, o, x, similarity)
	}
	return solverOf[float32](m, o, x, similarity)
}

// blocks is what differs between solvers.
type blocks[T number] interface {
	begin(a matrix[T]) error
	sweep() error
}

func solverOf[T number](m Method, o Options, x *tensor, similarity *mat.SymDense) solver {
	q := newProblem[T](m, o, x, similarity)
	switch {
	case o.Solver == Adam:
		return &prepared[T]{q, &gradient[T]{problem: q}}
	case m.nonNegative:
		return &prepared[T]{q, &nonNegative[T]{problem: q}}
	case m.linear:
		return &prepared[T]{q, &linear[T]{problem: q}}
	}
	return &prepared[T]{q, &quadratic[T]{problem: q}}
}

// prepared joins a problem with its solver.
type prepared[T number] struct {
	*problem[T]
	blocks blocks[T]
}

func (s *prepared[T]) prepare(random *rand.Rand) error {
	if s.method.similar && weight(s.o.LambdaS) > 0 {
		w := mat.NewSymDense(s.m, nil)
		w.ScaleSym(weight(s.o.LambdaS), s.similarity)
		if err := s.couple(w); err != nil {
			return err
		}
	}
	a, err := s.start(random)
	if err != nil {
		return err
	}
	return s.blocks.begin(a)
}

func (s *prepared[T]) sweep() error { return s.blocks.sweep() }

func (s *prepared[T]) state() (loss, change float64) { return s.loss, s.change }

func (s *prepared[T]) copyTo(t *model.Tables) {
	width, _ := t.Widths()
	for i := range s.n {
		row := t.Entities[i*width : (i+1)*width]
		toFloat32(row[:s.p], s.a1.row(i))
		toFloat32(row[s.p:], s.a2.row(i)[:len(row)-s.p])
	}
	toFloat32(t.Relations, s.r.data)
}

func toFloat32[T number](dst []float32, src []T) {
	for i, v := range src {
		dst[i] = float32(v)
	}
}

// fitting is one factorization under way.
type fitting struct {
	data    train.Data
	o       Options
	method  Method
	family  model.Family
	solver  solver
	known   *eval.Known // nil without validation
	valid   []model.Triple
	ones    float64
	started time.Time

	curve     []model.CurvePoint
	times     []time.Duration
	best      *model.Tables
	bestEpoch int
	bestMRR   float64
	stale     int
	converged bool
}

func newFitting(d train.Data, o Options) (*fitting, error) {
	f := &fitting{data: d, o: o, started: time.Now()}
	f.method, _ = MethodByName(o.Method)
	var err error
	if f.family, err = familyOf(f.method); err != nil {
		return nil, fmt.Errorf("factor: %w", err)
	}
	similarity, err := similarityFor(f.method, o, d)
	if err != nil {
		return nil, err
	}
	x := newTensor(d.Train, d.Vocabulary.Entities(), d.Vocabulary.Relations())
	f.ones = float64(x.ones)
	f.solver = newSolver(f.method, o, x, similarity)
	if o.ValidEvery > 0 && len(d.Valid) > 0 {
		f.known = eval.NewKnown(d.Train, d.Valid, d.Test)
		f.valid = train.Sample(d.Valid, o.ValidSample, rand.New(rand.NewPCG(o.Seed, 3)))
	}
	return f, nil
}

// similarityFor returns the similarity that a method is to use, of training triples alone; nil where it uses none.
func similarityFor(m Method, o Options, d train.Data) (*mat.SymDense, error) {
	if !m.UsesSimilarity() {
		return nil, nil
	}
	if o.Matrix != nil {
		return Symmetrised(o.Matrix), nil
	}
	s, err := SimilarityByName(o.Similarity)
	if err != nil {
		return nil, err
	}
	return Symmetrised(s.Of(EndsOfTriples(d.Train, d.Vocabulary.Relations()))), nil
}

func (f *fitting) run(ctx context.Context) error {
	if err := f.solver.prepare(rand.New(rand.NewPCG(f.o.Seed, 1))); err != nil {
		return f.diverged(0, err)
	}
	before, _ := f.solver.state()
	for i := 1; i <= f.o.Iterations; i++ {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("factor: iteration %d: %w", i, err)
		}
		if err := f.solver.sweep(); err != nil {
			return f.diverged(i, err)
		}
		loss, change := f.solver.state()
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return f.diverged(i, errNotFinite)
		}
		f.converged = f.stops(before, loss, change)
		before = loss
		f.curve = append(f.curve, model.CurvePoint{Epoch: i, Loss: loss / f.ones})
		f.times = append(f.times, time.Since(f.started))
		cut := f.o.Budget > 0 && time.Since(f.started) >= f.o.Budget
		last := f.converged || cut || i == f.o.Iterations
		if f.known != nil && (i%f.o.ValidEvery == 0 || last) {
			if err := f.validate(ctx, i); err != nil {
				return err
			}
		}
		f.report(i)
		if last || f.o.Patience > 0 && f.stale >= f.o.Patience {
			return nil
		}
	}
	return nil
}

// stops reports whether an iteration was the last that mattered.
func (f *fitting) stops(before, loss, change float64) bool {
	if f.method.proximal || f.o.Solver == Adam {
		return change <= f.o.Tolerance
	}
	return math.Abs(before-loss) <= f.o.Tolerance*math.Abs(before)
}

func (f *fitting) diverged(iteration int, err error) error {
	return fmt.Errorf("factor: %w in iteration %d: %w: steps may be too large, or weights too small", train.ErrDiverged, iteration, err)
}

// tables returns the unknowns as they are, in tables of their own.
func (f *fitting) tables() *model.Tables {
	t := &model.Tables{Family: f.family, Dim: f.o.Rank, Vocabulary: f.data.Vocabulary}
	entity, relation := t.Widths()
	t.Entities = make([]float32, entity*t.Vocabulary.Entities())
	t.Relations = make([]float32, relation*t.Vocabulary.Relations())
	f.solver.copyTo(t)
	return t
}

// validate ranks the validation sample and keeps the unknowns if they are the best so far.
func (f *fitting) validate(ctx context.Context, iteration int) error {
	t := f.tables()
	r, err := eval.Rank(ctx, &model.Embedding{Tables: *t}, t.Vocabulary.Entities(), f.valid, f.known, eval.Options{Workers: f.o.Workers})
	if err != nil {
		return fmt.Errorf("factor: iteration %d: %w", iteration, err)
	}
	f.curve[len(f.curve)-1].ValidMRR = r.MRR
	f.stale++
	if r.MRR > f.bestMRR || f.best == nil {
		f.bestMRR, f.bestEpoch, f.best, f.stale = r.MRR, iteration, t, 0
	}
	return nil
}

func (f *fitting) report(iteration int) {
	if f.o.Progress == nil {
		return
	}
	point := f.curve[len(f.curve)-1]
	f.o.Progress(train.Progress{
		Epoch: iteration, Epochs: f.o.Iterations, Batch: 1, Batches: 1, Loss: point.Loss, ValidMRR: point.ValidMRR, BestMRR: f.bestMRR,
		Elapsed: time.Since(f.started),
	})
}

// embedding returns the result without its calibration.
func (f *fitting) embedding() *model.Embedding {
	t := f.best
	if t == nil {
		t = f.tables()
	}
	e := &model.Embedding{Tables: *t}
	_, change := f.solver.state()
	figures := map[string]float64{"objective": f.curve[len(f.curve)-1].Loss * f.ones, "change": change}
	if f.converged {
		figures["converged"] = 1
	}
	if f.bestEpoch > 0 {
		figures["valid_mrr"] = f.bestMRR
	}
	if f.method.constrained {
		v := f.solver.violation()
		figures["violation_mean"], figures["violation_max"], figures["violation_excess"] = v.Mean, v.Max, v.Excess
	}
	e.Metadata = model.Metadata{
		Seed: f.o.Seed, Triples: len(f.data.Train), Epochs: len(f.curve), BestEpoch: f.bestEpoch,
		Settings: f.o.settings(f.method), Curve: f.curve, Metrics: figures,
	}
	e.Timing.Epochs = f.times
	return e
}
