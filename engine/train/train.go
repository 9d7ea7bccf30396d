package train

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
)

// Train fits a model and returns it calibrated, with its training curve: the tables of the epoch with the best
// validation MRR, or of the last epoch when there is nothing to validate on. Zero options are defaulted. The same
// data, options and seed on the same kind of machine give the same model, whatever the number of workers, unless
// Budget cuts it. Name, Graph and DataVersion of the metadata are left to the caller. Cancelling ctx ends it
// within a batch with ctx's error.
func Train(ctx context.Context, d Data, o Options) (*model.Embedding, error) {
	o = o.Defaults(d)
	if err := o.check(d); err != nil {
		return nil, err
	}
	family, err := model.FamilyByName(o.Family)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	if err := o.checkLoss(family); err != nil {
		return nil, err
	}
	t := newTrainer(d, o, family)
	if err := t.run(ctx); err != nil {
		return nil, err
	}
	e := t.embedding()
	e.Calibration, err = o.Calibrate(ctx, e, d, o.Seed, o.Workers)
	if err != nil {
		return nil, err
	}
	e.Timing.Finished, e.Timing.Total = time.Now().UTC(), time.Since(t.started)
	return e, nil
}

// trainer is the state of one training.
type trainer struct {
	data      Data
	options   Options
	params    *parameters
	objective objective
	groups    []group
	crowds    crowds // for Bernoulli sampling
	reverse   uint32 // how many rows further on a relation's reverse is; 0 without reciprocal relations
	random    *rand.Rand
	known     *eval.Known    // nil without validation
	valid     []model.Triple // the sample validated on

	started   time.Time
	reported  time.Time
	progress  Progress
	curve     []model.CurvePoint
	times     []time.Duration
	best      model.Tables
	bestEpoch int
	stale     int // validations since the best
	halvings  int // validations without progress, for Plateau
}

func newTrainer(d Data, o Options, family model.Family) *trainer {
	t := beginTrainer(d, o, family)
	t.params.initialise(o.InitScale, t.random)
	if o.Start != nil {
		t.params.goOn(o.Start)
	}
	t.prepare(func(limit int) []group { return questions(d.Train, t.reverse, limit) })
	if len(d.Valid) > 0 {
		t.known = eval.NewKnown(d.Train, d.Valid, d.Test)
		t.valid = Sample(d.Valid, o.ValidSample, rand.New(rand.NewPCG(o.Seed, 3)))
	}
	return t
}

// beginTrainer returns a trainer whose tables are empty and that has no questions.
func beginTrainer(d Data, o Options, family model.Family) *trainer {
	t := &trainer{data: d, options: o, random: rand.New(rand.NewPCG(o.Seed, 1)), started: time.Now()}
	t.params = newParameters(family, o, d.Vocabulary)
	if !o.NoReciprocal {
		t.reverse = uint32(d.Vocabulary.Relations())
	}
	return t
}

// prepare makes the objective and takes the questions, of which pose returns each with at most limit answers.
func (t *trainer) prepare(pose func(limit int) []group) {
	o := t.options
	random := rand.New(rand.NewPCG(o.Seed, 2))
	switch kind, _ := o.Loss.kind(); kind {
	case dense:
		t.groups = pose(o.QueryTargets)
		t.objective = newDense(t.params, o)
	case shared:
		t.groups = pose(o.QueryTargets)
		t.objective = newSampledSoftmax(t.params, o, random)
	case paired:
		t.groups = pose(1)
		whole := pose(allTargets)
		if o.Sampling == Bernoulli {
			t.crowds = crowdsOf(whole, t.reverse)
		}
		_, projects := t.params.querier.(model.Projector)
		switch {
		case projects:
			t.objective = newProjected(t.params, o, whole, random)
		case o.Shared:
			t.objective = newSharedPairs(t.params, o, whole, random)
		default:
			t.objective = newPairs(t.params, o, whole, random)
		}
	}
	t.progress.Epochs = o.Epochs
	t.progress.Batches = (len(t.groups) + o.Batch - 1) / o.Batch
}

// Sample returns n of the triples drawn without replacement, all of them when n is negative or enough.
func Sample(triples []model.Triple, n int, random *rand.Rand) []model.Triple {
	if n < 0 || n >= len(triples) {
		return triples
	}
	sample := make([]model.Triple, n)
	for i, at := range random.Perm(len(triples))[:n] {
		sample[i] = triples[at]
	}
	return sample
}

func (t *trainer) run(ctx context.Context) error {
	for epoch := 1; epoch <= t.options.Epochs; epoch++ {
		if err := t.epoch(ctx, epoch); err != nil {
			return err
		}
		due := epoch%t.options.ValidEvery == 0 || epoch == t.options.Epochs
		cut := t.options.Budget > 0 && time.Since(t.started) >= t.options.Budget // its last epoch must have a chance to be the best
		if due || cut {
			if err := t.validate(ctx, epoch); err != nil {
				return err
			}
		}
		t.report(true)
		if t.options.Patience > 0 && t.stale >= t.options.Patience {
			return nil
		}
		if cut {
			return nil
		}
	}
	return nil
}

// epoch passes once over the training triples.
func (t *trainer) epoch(ctx context.Context, epoch int) error {
	t.random.Shuffle(len(t.groups), func(i, j int) { t.groups[i], t.groups[j] = t.groups[j], t.groups[i] })
	asked := t.groups
	if kind, _ := t.options.Loss.kind(); kind == paired && t.options.Sampling == Bernoulli {
		asked = t.crowds.keepSides(t.groups, t.reverse, t.random)
	}
	t.progress.Epoch, t.progress.Batch = epoch, 0
	t.progress.Batches = (len(asked) + t.options.Batch - 1) / t.options.Batch
	var loss float64
	seen := 0
	for from := 0; from < len(asked); from += t.options.Batch {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("train: epoch %d: %w", epoch, err)
		}
		groups := asked[from:min(from+t.options.Batch, len(asked))]
		loss += t.objective.step(groups, t.rate(epoch))
		seen += triplesOf(groups)
		t.progress.Batch++
		t.progress.Loss = loss / float64(seen)
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return fmt.Errorf("train: %w in epoch %d, batch %d: the rate %g or initial scale %g may be too high",
				ErrDiverged, epoch, t.progress.Batch, t.options.LearningRate, t.options.InitScale)
		}
		t.report(false)
	}
	if !finite(t.params.Entities) || !finite(t.params.Relations) {
		return fmt.Errorf("train: %w in the last step of epoch %d: the rate %g or initial scale %g may be too high",
			ErrDiverged, epoch, t.options.LearningRate, t.options.InitScale)
	}
	t.curve = append(t.curve, model.CurvePoint{Epoch: epoch, Loss: t.progress.Loss})
	t.times = append(t.times, time.Since(t.started))
	return nil
}

// finite reports whether all numbers are: their sum of products with 0 is 0 then, and NaN otherwise.
func finite(x []float32) bool {
	var sum float32
	for _, v := range x {
		sum += v * 0
	}
	return sum == 0
}

// rate returns the learning rate after the batches done so far.
func (t *trainer) rate(epoch int) float32 {
	return t.options.rateAt(float64(epoch-1)+float64(t.progress.Batch)/float64(t.progress.Batches), t.halvings)
}

// validate ranks the validation sample and keeps the tables if they are the best so far.
func (t *trainer) validate(ctx context.Context, epoch int) error {
	if t.known == nil {
		return nil
	}
	e := &model.Embedding{Tables: t.params.Tables}
	r, err := eval.Rank(ctx, e, t.data.Vocabulary.Entities(), t.valid, t.known, eval.Options{Workers: t.options.Workers})
	if err != nil {
		return fmt.Errorf("train: epoch %d: %w", epoch, err)
	}
	t.progress.ValidMRR = r.MRR
	t.curve[len(t.curve)-1].ValidMRR = r.MRR
	t.stale++
	t.halvings++
	if r.MRR > t.progress.BestMRR || t.bestEpoch == 0 {
		t.progress.BestMRR, t.bestEpoch, t.stale = r.MRR, epoch, 0
		t.halvings--
		t.best = t.params.snapshot()
	}
	return nil
}

// report calls the progress function, no more than five times a second unless always is set.
func (t *trainer) report(always bool) {
	if t.options.Progress == nil || (!always && time.Since(t.reported) < 200*time.Millisecond) {
		return
	}
	t.reported = time.Now()
	t.progress.Elapsed = time.Since(t.started)
	t.options.Progress(t.progress)
}

// embedding returns the result without its calibration.
func (t *trainer) embedding() *model.Embedding {
	tables := t.best
	if t.bestEpoch == 0 {
		tables = t.params.Tables
	}
	e := &model.Embedding{Tables: tables}
	e.Metadata = model.Metadata{
		Seed: t.options.Seed, Triples: len(t.data.Train), Epochs: len(t.curve), BestEpoch: t.bestEpoch,
		Settings: t.options.settings(), Curve: t.curve,
	}
	if t.bestEpoch > 0 {
		e.Metadata.Metrics = map[string]float64{"valid_mrr": t.progress.BestMRR}
	}
	e.Timing.Epochs = t.times
	return e
}
