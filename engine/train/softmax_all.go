package train

import (
	"math"
	"slices"

	"github.com/inklingdb/inkling/internal/vec"
)

// entityBlock is how many entities' gradients are computed and applied at a time: 512 rows of 200 floats are
// 400 KB, which stay in a core's second cache level between the product that makes them and the step that uses them.
const entityBlock = 512

// allEntities is the cross-entropy of the softmax over all entities. With m targets of a query in one row,
// loss = m·log Σₑ exp(sₑ) − Σ s_target, so ∂loss/∂s = m·softmax(s) − [targets]. The scores are left as
// exponentials; the factor m/Σ goes into the narrow matrices instead of over the wide one again.
type allEntities struct {
	queryStep
	scores vec.Matrix // [batch × entities]
}

func newAllEntities(p *parameters, o Options) *allEntities {
	n := p.Vocabulary.Entities()
	return &allEntities{queryStep: newQueryStep(p, o), scores: vec.MatrixOf(make([]float32, o.Batch*n), o.Batch, n)}
}

func (s *allEntities) step(groups []group, rate float32) float64 {
	s.begin(groups)
	entities, scores := s.p.EntityMatrix(), s.rows(s.scores)
	vec.MulNT(scores, s.rows(s.q), entities, false, s.workers)
	weights := make([]float32, len(groups))
	s.inRows(func(i int) { weights[i] = s.exponentials(i) })
	vec.MulNN(s.rows(s.dq), scores, entities, false, s.workers)
	s.inRows(func(i int) { s.queryGradient(i, weights[i]) })
	for i, g := range groups {
		for _, t := range g.targets {
			s.parts = append(s.parts, part{t, uint32(i), fromQuery, -1, 1})
		}
	}
	s.sortParts()
	s.stepEntities(rate)
	s.stepRelations(rate)
	return s.total()
}

// exponentials replaces a row of scores by exp(score − max), notes its loss and returns m/Σ.
func (s *allEntities) exponentials(i int) float32 {
	row, targets := s.scores.Row(i), s.groups[i].targets
	top := vec.Max(row)
	var stated float64
	for _, t := range targets {
		stated += float64(row[t] - top)
	}
	sum := vec.ExpSum(row, top, row)
	m := float32(len(targets))
	s.loss[i] = float64(m)*math.Log(float64(sum)) - stated
	return m / sum
}

// queryGradient finishes row i of dq, which holds Σₑ exp(sₑ)·entityₑ, and goes back through the query.
func (s *allEntities) queryGradient(i int, weight float32) {
	dq, scaled := s.dq.Row(i), s.scaled.Row(i)
	vec.Scale(weight, dq)
	for _, t := range s.groups[i].targets {
		vec.Axpy(-1, s.p.Entity(t), dq)
	}
	copy(scaled, s.q.Row(i))
	vec.Scale(weight, scaled)
	s.backward(i)
}

// stepEntities computes the gradient of every entity, a block at a time, and takes the step.
func (s *allEntities) stepEntities(rate float32) {
	n := s.scores.Cols
	blocks := (n + entityBlock - 1) / entityBlock
	scaled := s.rows(s.scaled)
	inRanges(blocks, s.workers, func(from, to int) {
		buffer := make([]float32, entityBlock*s.p.entityWidth)
		for b := from; b < to; b++ {
			lo, hi := b*entityBlock, min((b+1)*entityBlock, n)
			grad := vec.MatrixOf(buffer, hi-lo, s.p.entityWidth)
			columns := s.rows(s.scores)
			columns.Data, columns.Cols = columns.Data[lo:], hi-lo
			vec.MulTN(grad, columns, scaled, false, 1)
			s.stepBlock(uint32(lo), grad, rate)
		}
	})
}

// stepBlock adds the sparse contributions to the gradients of the entities from first on and takes their steps.
func (s *allEntities) stepBlock(first uint32, grad vec.Matrix, rate float32) {
	end := first + uint32(grad.Rows)
	at, _ := slices.BinarySearchFunc(s.parts, first, func(p part, e uint32) int { return int(p.entity) - int(e) })
	for at < len(s.parts) && s.parts[at].entity < end {
		to := at
		for to < len(s.parts) && s.parts[to].entity == s.parts[at].entity {
			to++
		}
		s.addParts(s.parts[at:to], vec.Matrix{}, grad.Row(int(s.parts[at].entity-first)))
		at = to
	}
	for i := range grad.Rows {
		s.p.stepEntity(first+uint32(i), grad.Row(i), rate)
	}
}
