package train

import (
	"math/rand/v2"

	"github.com/inklingdb/inkling/internal/vec"
)

// sharedPairs is a paired loss whose negatives are drawn once a batch, for all its answers: scores and gradients are
// then products of matrices, as over all entities, and a thousand negatives cost what a few of an answer's own do. A
// drawn entity that answers a query does not count for it.
//
// Distances are expanded from inner products, which bfloat16 rounds: small ones beside long rows are inexact.
type sharedPairs struct {
	pairStep
	multiply   products
	rowsOf     vec.Matrix // [negatives × width] the drawn entities' rows
	norms      []float32  // their squared norms
	matrix     vec.Matrix // [batch × negatives] scores, then derivatives
	distance   vec.Matrix // [batch × negatives] −D; empty for inner products
	weighted   vec.Matrix // [batch × width] query rows; for distances negative and with one more column, −1
	gradWider  vec.Matrix // [negatives × width of weighted]
	sums       []float32
	candidates []uint32
}

func newSharedPairs(p *parameters, o Options, whole []group, random *rand.Rand) *sharedPairs {
	k, w := o.Negatives, p.entityWidth
	s := &sharedPairs{pairStep: *newAnswers(p, o, whole, random), multiply: productsOf(o.Precision)}
	if s.distances() {
		s.distance = vec.MatrixOf(make([]float32, o.Batch*k), o.Batch, k)
		s.norms = make([]float32, k)
		w++
	}
	s.rowsOf = vec.MatrixOf(make([]float32, k*p.entityWidth), k, p.entityWidth)
	s.gradOf = vec.MatrixOf(make([]float32, k*p.entityWidth), k, p.entityWidth)
	s.matrix = vec.MatrixOf(make([]float32, o.Batch*k), o.Batch, k)
	s.weighted = vec.MatrixOf(make([]float32, o.Batch*w), o.Batch, w)
	s.gradWider = vec.MatrixOf(make([]float32, k*w), k, w)
	s.sums, s.candidates = make([]float32, o.Batch), make([]uint32, k)
	return s
}

func (s *sharedPairs) step(groups []group, rate float32) float64 {
	s.begin(groups, rate)
	random := rand.New(rand.NewPCG(s.random.Uint64(), 0))
	for i := range s.candidates {
		s.candidates[i] = s.sampler.one(random)
		copy(s.rowsOf.Row(i), s.p.Entity(s.candidates[i]))
	}
	if s.distances() {
		vec.SquaredNorms(s.rowsOf, s.norms)
	}
	scores := s.rows(s.matrix)
	s.multiply.nt(scores, s.rows(s.q), s.rowsOf, false, s.workers)
	s.scoreAnswers()
	s.inRows(s.differentiateRow)
	s.multiply.nn(s.rows(s.dq), scores, s.rowsOf, false, s.workers)
	s.inRows(s.finishQuery)
	s.multiply.tnWith(s.rows(s.weighted), s.workers)(s.gradWider, scores)
	inRanges(len(s.candidates), s.workers, s.finishCandidates)
	s.collectShared()
	s.stepRelations()
	s.stepParts(s.gradOf)
	return s.total()
}

// differentiateRow replaces a row of products by the weights of the drawn entities' rows in the gradient of the query.
func (s *sharedPairs) differentiateRow(i int) {
	row := s.matrix.Row(i)
	if s.distances() {
		q := s.q.Row(i)
		vec.ExpandDistances(row, vec.Dot(q, q), s.norms, row)
		copy(s.distance.Row(i), row)
	}
	if answers := s.sampler.answers[s.groups[i].question()]; answers != nil {
		for k, e := range s.candidates {
			if among(answers, e) {
				row[k] = lowest
			}
		}
	}
	s.derive(i, row)
	if s.distances() {
		s.sums[i] = vec.DivideWeights(row, s.distance.Row(i)) // by −D: the weights are negative now
	}
}

// finishQuery finishes row i of dq, which holds Σ weight·row, and goes back through the query.
func (s *sharedPairs) finishQuery(i int) {
	q, dq, weighted := s.q.Row(i), s.dq.Row(i), s.weighted.Row(i)
	copy(weighted, q)
	if s.distances() { // Σ weight·(row − q), the weights being the negative of what the row holds
		vec.Scale(-1, dq)
		vec.Axpy(s.sums[i], q, dq)
		vec.Scale(-1, weighted)
		weighted[len(q)] = -1
	}
	s.answerGradient(i)
	s.backward(i)
}

// finishCandidates finishes the gradients of some drawn entities: Σ weight·(q − row) for distances.
func (s *sharedPairs) finishCandidates(lo, hi int) {
	w := s.p.entityWidth
	for k := lo; k < hi; k++ {
		wide, grad := s.gradWider.Row(k), s.gradOf.Row(k)
		copy(grad, wide)
		if s.distances() {
			vec.Axpy(-wide[w], s.rowsOf.Row(k), grad)
		}
	}
}

func (s *sharedPairs) collectShared() {
	for i, g := range s.groups {
		s.parts = append(s.parts, part{entity: g.targets[0], row: uint32(i), source: fromAnswer, scale: 1, count: 1})
	}
	for k, e := range s.candidates {
		s.parts = append(s.parts, part{entity: e, row: uint32(k), source: fromCandidate, scale: 1})
	}
	s.sortParts()
}
