package train

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/inklingdb/inkling/internal/vec"
)

// sampledSoftmax is the cross-entropy of a softmax over each target and a set of entities drawn uniformly for the
// whole batch. Their exponentials are weighted by entities/sampled, so that their sum estimates the full one's; sampled
// entities among the row's own targets do not count.
type sampledSoftmax struct {
	queryStep
	random     *rand.Rand
	candidates []uint32
	rowsOf     vec.Matrix // [negatives × width] the candidates' rows
	gradOf     vec.Matrix // their gradients
	scores     vec.Matrix // [batch × negatives]
	scaled     vec.Matrix // q, each row times its weight in the gradient of the scored rows
	shift      float32    // log(entities/negatives)
	pull       [][]float32
}

func newSampledSoftmax(p *parameters, o Options, random *rand.Rand) *sampledSoftmax {
	k, w := o.Negatives, p.entityWidth
	return &sampledSoftmax{
		queryStep:  newQueryStep(p, o),
		random:     random,
		candidates: make([]uint32, k),
		rowsOf:     vec.MatrixOf(make([]float32, k*w), k, w),
		gradOf:     vec.MatrixOf(make([]float32, k*w), k, w),
		scaled:     vec.MatrixOf(make([]float32, o.Batch*w), o.Batch, w),
		scores:     vec.MatrixOf(make([]float32, o.Batch*k), o.Batch, k),
		shift:      float32(math.Log(float64(p.Vocabulary.Entities()) / float64(k))),
		pull:       make([][]float32, o.Batch),
	}
}

func (s *sampledSoftmax) step(groups []group, rate float32) float64 {
	s.begin(groups, rate)
	s.sample()
	return s.finish(groups)
}

// finish takes the step of a batch whose candidates are set.
func (s *sampledSoftmax) finish(groups []group) float64 {
	scores := s.rows(s.scores)
	vec.MulNT(scores, s.rows(s.q), s.rowsOf, false, s.workers)
	weights := make([]float32, len(groups))
	s.inRows(func(i int) { weights[i] = s.exponentials(i) })
	vec.MulNN(s.rows(s.dq), scores, s.rowsOf, false, s.workers)
	s.inRows(func(i int) { s.queryGradient(i, weights[i]) })
	vec.MulTN(s.gradOf, scores, s.rows(s.scaled), false, s.workers)
	for i, g := range groups {
		for j, t := range g.targets {
			s.parts = append(s.parts, part{entity: t, row: uint32(i), source: fromQuery, scale: -s.pull[i][j], count: 1})
		}
	}
	for j, e := range s.candidates {
		s.parts = append(s.parts, part{entity: e, row: uint32(j), source: fromCandidate, scale: 1})
	}
	s.sortParts()
	s.stepRelations()
	s.stepParts(s.gradOf)
	return s.total()
}

func (s *sampledSoftmax) sample() {
	n := s.p.Vocabulary.Entities()
	for j := range s.candidates {
		s.candidates[j] = uint32(s.random.IntN(n))
		copy(s.rowsOf.Row(j), s.p.Entity(s.candidates[j]))
	}
}

// exponentials replaces a row of candidate scores by weighted exponentials, notes its loss and how hard each
// target is pulled (1 − its probability), and returns the row's weight, Σ over targets of 1/normaliser.
func (s *sampledSoftmax) exponentials(i int) float32 {
	row, g := s.scores.Row(i), s.groups[i]
	for j, e := range s.candidates {
		if _, answers := slices.BinarySearch(g.targets, e); answers {
			row[j] = float32(math.Inf(-1))
		}
	}
	s.pull[i] = s.pull[i][:0]
	top := vec.Max(row) + s.shift
	for _, t := range g.targets {
		score := vec.Dot(s.q.Row(i), s.p.Entity(t))
		s.pull[i] = append(s.pull[i], score)
		top = max(top, score)
	}
	others := vec.ExpSum(row, top-s.shift, row)
	var weight float32
	s.loss[i] = 0
	for j, score := range s.pull[i] {
		own := float32(math.Exp(float64(score - top)))
		s.loss[i] += math.Log(float64(own+others)) - float64(score-top)
		s.pull[i][j] = others / (own + others)
		weight += 1 / (own + others)
	}
	return weight
}

// queryGradient finishes row i of dq and goes back through the query.
func (s *sampledSoftmax) queryGradient(i int, weight float32) {
	dq, scaled := s.dq.Row(i), s.scaled.Row(i)
	vec.Scale(weight, dq)
	for j, t := range s.groups[i].targets {
		vec.Axpy(-s.pull[i][j], s.p.Entity(t), dq)
	}
	copy(scaled, s.q.Row(i))
	vec.Scale(weight, scaled)
	s.backward(i)
}
