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

// Calibrate fits the probability of an embedding on held-out triples d.Valid (where there are fewer than 50, with
// training triples beside them, which flatters) against three corruptions of each end, none of them a known triple:
// one entity drawn uniformly, one drawn from those that stand at that end of the relation elsewhere, and one
// drawn from the model's own best 50 answers to the query. True triples are thus one in seven: probabilities are right
// for questions with that share of truth among candidates of these kinds, too high for arbitrary pairs and a guess
// for anything else. Unknown is taken as false, so true triples that the graph lacks pull probabilities down.
func Calibrate(ctx context.Context, e *model.Embedding, d Data, seed uint64, workers int) (model.Calibration, error) {
	random := rand.New(rand.NewPCG(seed, 5))
	held := Sample(d.Valid, calibrationTriples, random)
	if missing := calibrationLeast - len(held); missing > 0 {
		held = append(slices.Clone(held), Sample(d.Train, missing, random)...)
	}
	c := corruptor{e: e, known: eval.NewKnown(d.Train, d.Valid, d.Test), ends: endsOf(d.Train), random: random, workers: workers}
	var samples []eval.Sample
	step := max(1, min(corruptedAtOnce, calibrationScores/(2*e.Vocabulary.Entities())))
	for from := 0; from < len(held); from += step {
		if err := ctx.Err(); err != nil {
			return model.Calibration{}, fmt.Errorf("train: calibrate: %w", err)
		}
		samples = c.samples(held[from:min(from+step, len(held))], samples)
	}
	return fit(samples), nil
}

// corruptedAtOnce is how many triples' queries are scored by one product, and calibrationScores how many scores
// that may make: 16 Mi floats, 64 MB.
const (
	corruptedAtOnce   = 64
	calibrationScores = 16 << 20
)

// fit returns the calibration of scored samples.
func fit(samples []eval.Sample) model.Calibration {
	c := Platt(samples)
	if c.Slope <= 0 {
		c = monotone(c, samples)
	}
	for i, s := range samples {
		samples[i].Score = c.Prob(float32(s.Score))
	}
	c.Threshold = eval.BestThreshold(samples)
	c.F1 = eval.Classify(samples, c.Threshold).F1
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
		dst = append(dst, eval.Sample{Score: float64(c.e.Score(t.H, t.R, t.T)), True: true})
		for _, tail := range c.corruptions(queries[2*i], c.ends.tails[t.R], scores.Row(2*i)) {
			dst = append(dst, eval.Sample{Score: float64(c.e.Score(t.H, t.R, tail))})
		}
		for _, head := range c.corruptions(queries[2*i+1], c.ends.heads[t.R], scores.Row(2*i+1)) {
			dst = append(dst, eval.Sample{Score: float64(c.e.Score(head, t.R, t.T))})
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

// Platt fits σ(slope·score + intercept) to samples by Newton's method on the logistic loss, with Platt's smoothed targets,
// which keep the parameters finite when the classes separate. Platt: Probabilistic Outputs for Support Vector
// Machines, 1999; Lin, Lin, Weng 2007 for the targets. Threshold and F1 are left unset; without both kinds of
// sample the result is the prior for every score.
func Platt(samples []eval.Sample) model.Calibration {
	positives := 0
	var mean, square float64
	for _, s := range samples {
		if s.True {
			positives++
		}
		mean += s.Score
		square += s.Score * s.Score
	}
	n := float64(len(samples))
	c := model.Calibration{Samples: len(samples)}
	if n == 0 {
		return c
	}
	c.Prior = float64(positives) / n
	high := (float64(positives) + 1) / (float64(positives) + 2)
	low := 1 / (n - float64(positives) + 2)
	mean /= n
	spread := math.Sqrt(math.Max(square/n-mean*mean, 0))
	a, b := 0.0, math.Log((float64(positives)+1)/(n-float64(positives)+1))
	if spread > 0 && positives > 0 && positives < len(samples) {
		// On standardised scores, so that the Hessian is well conditioned whatever the scores' scale.
		a, b = newton(samples, logistic{mean: mean, spread: spread, high: high, low: low}, a, b)
		c.Slope, c.Intercept = a/spread, b-a*mean/spread
		return c
	}
	c.Intercept = b
	return c
}

// logistic is the loss that Platt minimises.
type logistic struct{ mean, spread, high, low float64 }

// at returns the loss at (a, b).
func (l logistic) at(samples []eval.Sample, a, b float64) float64 {
	var loss float64
	for _, s := range samples {
		z := a*(s.Score-l.mean)/l.spread + b
		loss += softplus(z) - l.target(s)*z
	}
	return loss
}

func (l logistic) target(s eval.Sample) float64 {
	if s.True {
		return l.high
	}
	return l.low
}

func softplus(z float64) float64 { return math.Max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))) }

// newton minimises the loss from (a, b) with halved steps where a full one does not descend.
func newton(samples []eval.Sample, l logistic, a, b float64) (float64, float64) {
	loss := l.at(samples, a, b)
	for range 100 {
		var ga, gb, haa, hab, hbb float64
		for _, s := range samples {
			x := (s.Score - l.mean) / l.spread
			p := 1 / (1 + math.Exp(-(a*x + b)))
			g, h := p-l.target(s), p*(1-p)+1e-12
			ga, gb = ga+g*x, gb+g
			haa, hab, hbb = haa+h*x*x, hab+h*x, hbb+h
		}
		det := haa*hbb - hab*hab
		if math.Abs(ga)+math.Abs(gb) < 1e-8*float64(len(samples)) || det <= 0 {
			break
		}
		da, db := (hbb*ga-hab*gb)/det, (haa*gb-hab*ga)/det
		step, next := 1.0, 0.0
		for ; step > 1e-8; step /= 2 {
			if next = l.at(samples, a-step*da, b-step*db); next < loss {
				break
			}
		}
		if next >= loss {
			break
		}
		a, b, loss = a-step*da, b-step*db, next
	}
	return a, b
}
