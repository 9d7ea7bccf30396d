package train

import (
	"cmp"
	"slices"
	"sync"

	"github.com/inklingdb/inkling/internal/vec"
)

// objective takes one optimiser step on a batch and returns the batch's summed loss in nats, over all targets.
type objective interface {
	step(groups []group, rate float32) (loss float64)
}

// queryStep is what every softmax objective shares: the rows of a batch's queries, the gradients that flow
// back through them, and the bookkeeping of which gradient belongs to which entity. Its buffers serve all batches.
type queryStep struct {
	p       *parameters
	n3      float32
	workers int

	groups  []group
	q       vec.Matrix // [batch × width] query rows
	dq      vec.Matrix // ∂loss/∂q
	scaled  vec.Matrix // q, each row times its weight in the gradient of the scored rows
	dh, dr  vec.Matrix // ∂loss of each row's query entity and relation
	loss    []float64  // by row
	parts   []part
	byRel   []int
	relGrad []float32
}

// part is one contribution to the gradient of an entity's row: scale·source, and count·the N3 gradient.
type part struct {
	entity uint32
	row    uint32
	source source
	scale  float32
	count  float32
}

// source says which matrix a part's row is in.
type source uint8

const (
	fromQuery     source = iota // the query row itself: the entity is a target
	fromHead                    // the entity is the query's
	fromCandidate               // the entity was sampled
)

func newQueryStep(p *parameters, o Options) queryStep {
	matrix := func(cols int) vec.Matrix { return vec.MatrixOf(make([]float32, o.Batch*cols), o.Batch, cols) }
	return queryStep{
		p: p, n3: float32(o.N3), workers: o.Workers,
		q: matrix(p.entityWidth), dq: matrix(p.entityWidth), scaled: matrix(p.entityWidth),
		dh: matrix(p.entityWidth), dr: matrix(p.relWidth),
		loss: make([]float64, o.Batch), relGrad: make([]float32, p.relWidth),
	}
}

// begin sets the query rows of a batch.
func (s *queryStep) begin(groups []group) {
	s.groups = groups
	s.parts = s.parts[:0]
	s.inRows(func(i int) {
		g := s.groups[i]
		s.p.bilinear.TailQuery(s.p.Entity(g.entity), s.p.Relation(g.relation), s.q.Row(i))
	})
}

// rows returns the used part of a batch matrix.
func (s *queryStep) rows(m vec.Matrix) vec.Matrix { return m.RowRange(0, len(s.groups)) }

// inRows calls do for every row of the batch, on all workers.
func (s *queryStep) inRows(do func(i int)) {
	inRanges(len(s.groups), s.workers, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			do(i)
		}
	})
}

// backward turns row i of dq into the gradients of the query's entity and relation.
func (s *queryStep) backward(i int) {
	g := s.groups[i]
	dh, dr := s.dh.Row(i), s.dr.Row(i)
	clear(dh)
	clear(dr)
	s.p.Family.Interaction.Grad(1, s.p.Entity(g.entity), s.p.Relation(g.relation), s.dq.Row(i), dh, dr, nil)
}

// sortParts lists the query entities' gradients beside those already in parts, in an order that does not depend
// on scheduling.
func (s *queryStep) sortParts() {
	for i, g := range s.groups {
		s.parts = append(s.parts, part{g.entity, uint32(i), fromHead, 1, float32(len(g.targets))})
	}
	slices.SortFunc(s.parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.entity, b.entity), cmp.Compare(a.source, b.source), cmp.Compare(a.row, b.row))
	})
}

// addParts adds the contributions to one entity's gradient; candidates holds the rows of sampled entities.
func (s *queryStep) addParts(parts []part, candidates vec.Matrix, grad []float32) {
	var count float32
	for _, p := range parts {
		count += p.count
		switch p.source {
		case fromQuery:
			vec.Axpy(p.scale, s.q.Row(int(p.row)), grad)
		case fromHead:
			vec.Axpy(p.scale, s.dh.Row(int(p.row)), grad)
		case fromCandidate:
			vec.Axpy(p.scale, candidates.Row(int(p.row)), grad)
		}
	}
	if s.n3 > 0 && count > 0 {
		addN3(s.n3*count, s.p.Entity(parts[0].entity), grad, s.p.Family.Modulus)
	}
}

// stepRelations sums the gradients of each relation of the batch in row order and takes its step.
func (s *queryStep) stepRelations(rate float32) {
	s.byRel = s.byRel[:0]
	for i := range s.groups {
		s.byRel = append(s.byRel, i)
	}
	slices.SortFunc(s.byRel, func(a, b int) int {
		return cmp.Or(cmp.Compare(s.groups[a].relation, s.groups[b].relation), cmp.Compare(a, b))
	})
	for from := 0; from < len(s.byRel); {
		relation := s.groups[s.byRel[from]].relation
		clear(s.relGrad)
		count, to := 0, from
		for ; to < len(s.byRel) && s.groups[s.byRel[to]].relation == relation; to++ {
			vec.Axpy(1, s.dr.Row(s.byRel[to]), s.relGrad)
			count += len(s.groups[s.byRel[to]].targets)
		}
		if s.n3 > 0 {
			addN3(s.n3*float32(count), s.p.Relation(relation), s.relGrad, s.p.Family.Modulus)
		}
		s.p.stepRelation(relation, s.relGrad, rate)
		from = to
	}
}

// total returns the summed loss of the batch, in row order.
func (s *queryStep) total() float64 {
	var sum float64
	for i := range s.groups {
		sum += s.loss[i]
	}
	return sum
}

// inRanges divides 0..n among workers and returns when all are done.
func inRanges(n, workers int, do func(lo, hi int)) {
	workers = min(max(workers, 1), n)
	if workers <= 1 {
		do(0, n)
		return
	}
	var wait sync.WaitGroup
	for w := 1; w < workers; w++ {
		wait.Go(func() { do(n*w/workers, n*(w+1)/workers) })
	}
	do(0, n/workers)
	wait.Wait()
}
