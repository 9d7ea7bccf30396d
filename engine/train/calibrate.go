package train

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
)

// calibrationTriples is how many held-out triples a calibration is fitted on at most: the two parameters are then
// known to about a percent, and scoring their queries takes under a second at 14,541 entities.
const calibrationTriples = 2000

// calibrationLeast is how many triples a calibration is fitted on at least; training triples make up what is
// missing, since two parameters from a handful of held-out ones are noise.
const calibrationLeast = 50

// hardCandidates is how deep among a query's best unknown answers a hard negative is drawn.
const hardCandidates = 50

// Scope is what a threshold is for.
type Scope string

// The scopes.
const (
	GlobalThreshold   Scope = "global"   // one for all relations
	RelationThreshold Scope = "relation" // relations have their own where the sample says so (eval.RelationThresholds)
)

// Curve is how scores become probabilities.
type Curve string

// The curves.
const (
	PlattCurve    Curve = "platt"    // a logistic curve: two parameters, right even on a small sample
	IsotonicCurve Curve = "isotonic" // any rising curve; it needs some thousand samples. Zadrozny, Elkan 2002
)

// CalibrationOptions say how an embedding's scores become probabilities, and from which probability on a triple is a
// fact. The zero value is Platt's curve and one threshold, best by F1.
type CalibrationOptions struct {
	Calibration Curve          `json:"calibration,omitempty"`
	Threshold   Scope          `json:"threshold,omitempty"`
	Objective   eval.Objective `json:"objective,omitempty"` // that thresholds are best by
}

// Defaults returns the options with zero ones filled in.
func (o CalibrationOptions) Defaults() CalibrationOptions {
	setDefault(&o.Calibration, PlattCurve)
	setDefault(&o.Threshold, GlobalThreshold)
	setDefault(&o.Objective, eval.ByF1)
	return o
}

// Check returns ErrOptions for a word that is none of its list.
func (o CalibrationOptions) Check() error {
	o = o.Defaults()
	if o.Calibration != PlattCurve && o.Calibration != IsotonicCurve {
		return fmt.Errorf("train: %w: calibration %q (there are %s, %s)", ErrOptions, o.Calibration, PlattCurve, IsotonicCurve)
	}
	if o.Threshold != GlobalThreshold && o.Threshold != RelationThreshold {
		return fmt.Errorf("train: %w: threshold %q (there are %s, %s)", ErrOptions, o.Threshold, GlobalThreshold, RelationThreshold)
	}
	if err := o.Objective.Check(); err != nil {
		return fmt.Errorf("train: %w: %w", ErrOptions, err)
	}
	return nil
}

// Settings adds what is not the default to a model's settings.
func (o CalibrationOptions) Settings(s map[string]string) {
	o = o.Defaults()
	for name, pair := range map[string][2]string{
		"calibration": {string(o.Calibration), string(PlattCurve)}, "threshold": {string(o.Threshold), string(GlobalThreshold)},
		"objective": {string(o.Objective), string(eval.ByF1)},
	} {
		if pair[0] != pair[1] {
			s[name] = pair[0]
		}
	}
}

// Calibrate fits the probability of an embedding on held-out triples d.Valid (where there are fewer than 50, with
// training triples beside them, which flatters) against three corruptions of each end, none of them a known triple:
// one entity drawn uniformly, one drawn from those that stand at that end of the relation elsewhere, and one
// drawn from the model's own best 50 answers to the query. True triples are thus one in seven: probabilities are right
// for questions with that share of truth among candidates of these kinds, too high for arbitrary pairs and a guess
// for anything else. Unknown is taken as false, so true triples that the graph lacks pull probabilities down.
func (o CalibrationOptions) Calibrate(ctx context.Context, e *model.Embedding, d Data, seed uint64, workers int) (model.Calibration, error) {
	random := rand.New(rand.NewPCG(seed, 5))
	held := Sample(d.Valid, calibrationTriples, random)
	if missing := calibrationLeast - len(held); missing > 0 {
		held = append(slices.Clone(held), Sample(d.Train, missing, random)...)
	}
	c := corruptor{e: e, known: eval.NewKnown(d.Train, d.Valid, d.Test), ends: endsOf(d.Train), random: random, workers: max(1, workers)}
	var samples []eval.Sample
	step := max(1, min(corruptedAtOnce, calibrationScores/(2*e.Vocabulary.Entities())))
	for from := 0; from < len(held); from += step {
		if err := ctx.Err(); err != nil {
			return model.Calibration{}, fmt.Errorf("train: calibrate: %w", err)
		}
		samples = c.samples(held[from:min(from+step, len(held))], samples)
	}
	return o.Fit(samples), nil
}

// corruptedAtOnce is how many triples' queries are scored by one product, and calibrationScores how many scores
// that may make: 16 Mi floats, 64 MB.
const (
	corruptedAtOnce   = 64
	calibrationScores = 16 << 20
)

// Fit returns the calibration of triples whose truth is known, given with their scores.
func (o CalibrationOptions) Fit(samples []eval.Sample) model.Calibration {
	o = o.Defaults()
	c := Platt(samples)
	if c.Slope <= 0 {
		c = monotone(c, samples)
	}
	if o.Calibration == IsotonicCurve {
		c.Knots = isotonic(samples)
	}
	probable := slices.Clone(samples)
	for i, s := range samples {
		probable[i].Score = c.Prob(float32(s.Score))
	}
	c.Threshold = eval.BestThreshold(probable, o.Objective)
	if o.Threshold == RelationThreshold {
		c.Thresholds = eval.RelationThresholds(probable, o.Objective, c.Threshold)
	}
	c.F1 = eval.Classify(probable, c.ThresholdOf).F1
	return c
}

// monotone replaces a slope that does not rise, as a handful of samples may give: probabilities must order triples
// as scores do, or the best candidates of a prediction would be the least probable. One standard deviation of the
// scores then counts as one unit of log-odds about the prior.
func monotone(c model.Calibration, samples []eval.Sample) model.Calibration {
	var mean, square float64
	for _, s := range samples {
		mean += s.Score / float64(len(samples))
		square += s.Score * s.Score / float64(len(samples))
	}
	c.Slope = 1
	if spread := math.Sqrt(math.Max(square-mean*mean, 0)); spread > 0 {
		c.Slope = 1 / spread
	}
	prior := math.Min(math.Max(c.Prior, 0.01), 0.99)
	c.Intercept = math.Log(prior/(1-prior)) - c.Slope*mean
	return c
}

// ends lists, for each relation and end, the distinct entities that stand there.
type ends struct{ heads, tails map[uint32][]uint32 }

func endsOf(triples []model.Triple) ends {
	x := ends{map[uint32][]uint32{}, map[uint32][]uint32{}}
	for _, t := range triples {
		x.heads[t.R] = append(x.heads[t.R], t.H)
		x.tails[t.R] = append(x.tails[t.R], t.T)
	}
	for _, side := range []map[uint32][]uint32{x.heads, x.tails} {
		for r, rows := range side {
			slices.Sort(rows)
			side[r] = slices.Compact(rows)
		}
	}
	return x
}

// corruptor draws false triples.
type corruptor struct {
	e       *model.Embedding
	known   *eval.Known
	ends    ends
	random  *rand.Rand
	workers int
	scores  []float32
}

// samples appends the scored triples and their corruptions to dst.
func (c *corruptor) samples(held []model.Triple, dst []eval.Sample) []eval.Sample {
	queries := make([]model.Query, 0, 2*len(held))
	for _, t := range held {
		queries = append(queries, model.Query{Entity: t.H, Relation: t.R}, model.Query{Entity: t.T, Relation: t.R, Heads: true})
	}
	n := c.e.Vocabulary.Entities()
	if len(c.scores) < len(queries)*n {
		c.scores = make([]float32, len(queries)*n)
	}
	scores := vec.MatrixOf(c.scores, len(queries), n)
	c.e.ScoreQueries(queries, scores, c.workers)
	for i, t := range held {
		dst = append(dst, eval.Sample{Score: float64(c.e.Score(t.H, t.R, t.T)), True: true, Relation: t.R})
		for _, tail := range c.corruptions(queries[2*i], c.ends.tails[t.R], scores.Row(2*i)) {
			dst = append(dst, eval.Sample{Score: float64(c.e.Score(t.H, t.R, tail)), Relation: t.R})
		}
		for _, head := range c.corruptions(queries[2*i+1], c.ends.heads[t.R], scores.Row(2*i+1)) {
			dst = append(dst, eval.Sample{Score: float64(c.e.Score(head, t.R, t.T)), Relation: t.R})
		}
	}
	return dst
}

// corruptions returns up to three false answers to a query: a random entity, one that fits the end, and one
// that the model likes. A query that every entity answers gets none.
func (c *corruptor) corruptions(q model.Query, fitting []uint32, scores []float32) []uint32 {
	var rows []uint32
	known := c.known.Known(q, nil)
	unknown := func(row uint32) bool {
		_, found := slices.BinarySearch(known, row)
		return !found
	}
	draws := []func() uint32{
		func() uint32 { return uint32(c.random.IntN(len(scores))) },
		func() uint32 { return fitting[c.random.IntN(len(fitting))] },
	}
	for i, draw := range draws {
		if i == 1 && len(fitting) == 0 {
			continue
		}
		for range 20 { // a crowded query may have no false answer
			if row := draw(); unknown(row) {
				rows = append(rows, row)
				break
			}
		}
	}
	best := vec.TopK(nil, scores, hardCandidates, func(i int) bool { return !unknown(uint32(i)) })
	if len(best) > 0 {
		rows = append(rows, uint32(best[c.random.IntN(len(best))].Index))
	}
	return rows
}
