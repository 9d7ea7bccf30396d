package train

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
)

// objective takes one optimiser step on a batch and returns the batch's summed loss in nats, over all targets.
type objective interface {
	step(groups []group, rate float32) (loss float64)
}

// queryStep is what every objective shares: the rows of a batch's queries, the gradients that flow
// back through them, and the bookkeeping of which gradient belongs to which entity. Its buffers serve all batches.
type queryStep struct {
	p       *parameters
	o       Options
	workers int

	groups  []group
	q       vec.Matrix // [batch × width] query rows
	dq      vec.Matrix // ∂loss/∂q
	dh      vec.Matrix // ∂loss of each row's query entity
	answers vec.Matrix // ∂loss of each row's answer; empty where it is a multiple of the query row
	kept    vec.Matrix // factors by which dropout multiplied q; empty without dropout
	heads   vec.Matrix // rows of the queries' entities after entity dropout; empty without
	whole   vec.Matrix // factors by which entity dropout multiplied them
	loss    []float64  // by row
	parts   []part
	byRel   []int
}

// part is one contribution to the gradient of an entity's row: scale·source + self·its own row, and count times the
// penalties of a triple's end.
type part struct {
	entity uint32
	row    uint32
	source source
	scale  float32
	self   float32
	count  float32
}

// source says which matrix a part's row is in.
type source uint8

const (
	fromQuery     source = iota // the query row itself: the entity is a target
	fromHead                    // the entity is the query's
	fromCandidate               // the entity was sampled
	fromAnswer                  // the entity is a target
)

func newQueryStep(p *parameters, o Options) queryStep {
	matrix := func(cols int) vec.Matrix { return vec.MatrixOf(make([]float32, o.Batch*cols), o.Batch, cols) }
	s := queryStep{
		p: p, o: o, workers: o.Workers,
		q: matrix(p.entityWidth), dq: matrix(p.entityWidth), dh: matrix(p.entityWidth),
		loss: make([]float64, o.Batch),
	}
	if o.Dropout > 0 {
		s.kept = matrix(p.entityWidth)
	}
	if o.EntityDropout > 0 {
		s.heads, s.whole = matrix(p.entityWidth), matrix(p.entityWidth)
	}
	return s
}

// begin sets the query rows of a batch.
func (s *queryStep) begin(groups []group, rate float32) {
	s.groups = groups
	s.parts = s.parts[:0]
	s.p.beginStep(rate)
	s.inRows(func(i int) {
		g, q := s.groups[i], s.q.Row(i)
		if s.o.EntityDropout > 0 {
			factors := s.whole.Row(i)
			s.drop(i, 0x656e7469, s.o.EntityDropout, factors)
			vec.Mul(factors, s.p.Entity(g.entity), s.heads.Row(i))
		}
		if g.heads {
			s.p.querier.HeadQuery(s.p.Relation(g.relation), s.asked(i), q)
		} else {
			s.p.querier.TailQuery(s.asked(i), s.p.Relation(g.relation), q)
		}
		if s.o.Dropout > 0 {
			factors := s.kept.Row(i)
			s.drop(i, 0x6b65657073, s.o.Dropout, factors)
			vec.Mul(factors, q, q)
		}
	})
}

// asked returns the row of query i's entity as the query was made of it: what entity dropout left of it.
func (s *queryStep) asked(i int) []float32 {
	if s.o.EntityDropout > 0 {
		return s.heads.Row(i)
	}
	return s.p.Entity(s.groups[i].entity)
}

// drop sets factors that make a random share of row i 0 and scale the rest up. What is drawn depends on the seed, the
// stream, the step and the row, not on the worker.
func (s *queryStep) drop(i int, stream uint64, share float64, factors []float32) {
	random := rand.New(rand.NewPCG(s.o.Seed^stream, uint64(s.p.steps)<<20|uint64(i)))
	below, scale := uint32(share*(1<<16)), float32(1/(1-share))
	for at := 0; at < len(factors); at += 4 {
		bits := random.Uint64()
		for k := at; k < min(at+4, len(factors)); k++ {
			factors[k] = scale
			if uint32(bits&0xffff) < below {
				factors[k] = 0
			}
			bits >>= 16
		}
	}
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

// backward finishes row i of dq, the gradient of the loss by a query row with that many targets, and turns it into the
// gradient of the query's entity.
func (s *queryStep) backward(i int) {
	g, dq, dh := s.groups[i], s.dq.Row(i), s.dh.Row(i)
	if s.o.Dura > 0 {
		vec.Axpy(2*float32(s.o.Dura)*float32(len(g.targets)), s.q.Row(i), dq)
	}
	if s.o.Dropout > 0 {
		vec.Mul(s.kept.Row(i), dq, dq)
	}
	clear(dh)
	s.back(i, dh, nil)
	if s.o.EntityDropout > 0 {
		vec.Mul(s.whole.Row(i), dh, dh)
	}
}

// back adds what flows back through the query of row i to its entity's and its relation's gradient.
func (s *queryStep) back(i int, dEntity, dRelation []float32) {
	g, dq := s.groups[i], s.dq.Row(i)
	if g.heads {
		s.p.querier.HeadBackward(s.p.Relation(g.relation), s.asked(i), dq, dRelation, dEntity)
		return
	}
	s.p.querier.TailBackward(s.asked(i), s.p.Relation(g.relation), dq, dEntity, dRelation)
}

// sortParts lists the query entities' gradients beside those already in parts, in an order that does not depend
// on scheduling.
func (s *queryStep) sortParts() {
	for i, g := range s.groups {
		s.parts = append(s.parts, part{entity: g.entity, row: uint32(i), source: fromHead, scale: 1, count: float32(len(g.targets))})
	}
	slices.SortFunc(s.parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.entity, b.entity), cmp.Compare(a.source, b.source), cmp.Compare(a.row, b.row))
	})
}

// addParts adds the contributions to one entity's gradient; candidates holds the rows of sampled entities.
func (s *queryStep) addParts(parts []part, candidates vec.Matrix, grad []float32) {
	var count, self float32
	for _, p := range parts {
		count += p.count
		self += p.self
		switch p.source {
		case fromQuery:
			vec.Axpy(p.scale, s.q.Row(int(p.row)), grad)
		case fromHead:
			vec.Axpy(p.scale, s.dh.Row(int(p.row)), grad)
		case fromAnswer:
			vec.Axpy(p.scale, s.answers.Row(int(p.row)), grad)
		case fromCandidate:
			vec.Axpy(p.scale, candidates.Row(int(p.row)), grad)
		}
	}
	row := s.p.Entity(parts[0].entity)
	if self += 2 * float32(s.o.L2+s.o.Dura) * count; self != 0 {
		vec.Axpy(self, row, grad)
	}
	if s.o.N3 > 0 && count > 0 {
		vec.AddCubeNorm(float32(s.o.N3)*count, row, grad, s.p.Family.Modulus)
	}
}

// partsByEntity returns where in the sorted parts each entity's begin, and their end.
func (s *queryStep) partsByEntity() []int {
	starts := []int{0}
	for i := 1; i < len(s.parts); i++ {
		if s.parts[i].entity != s.parts[i-1].entity {
			starts = append(starts, i)
		}
	}
	return append(starts, len(s.parts))
}

// stepParts takes the step of every entity that has a part in the batch; see addParts.
func (s *queryStep) stepParts(candidates vec.Matrix) {
	starts := s.partsByEntity()
	inRanges(len(starts)-1, s.workers, func(lo, hi int) {
		grad := make([]float32, s.p.entityWidth)
		for i := lo; i < hi; i++ {
			clear(grad)
			parts := s.parts[starts[i]:starts[i+1]]
			s.addParts(parts, candidates, grad)
			s.p.stepEntity(parts[0].entity, grad)
		}
	})
}

// stepRelations sums the gradients of each relation of the batch in row order and takes its step. It comes before the
// entities' steps, for a relation's gradient is made of their rows; theirs is all in q and dh by then.
func (s *queryStep) stepRelations() {
	s.byRel = s.byRel[:0]
	for i := range s.groups {
		s.byRel = append(s.byRel, i)
	}
	slices.SortFunc(s.byRel, func(a, b int) int {
		return cmp.Or(cmp.Compare(s.groups[a].relation, s.groups[b].relation), cmp.Compare(a, b))
	})
	var spans [][]int
	for from := 0; from < len(s.byRel); {
		to := from
		for to < len(s.byRel) && s.groups[s.byRel[to]].relation == s.groups[s.byRel[from]].relation {
			to++
		}
		spans = append(spans, s.byRel[from:to])
		from = to
	}
	inTurn(len(spans), s.workers, func() func(i int) {
		grad := make([]float32, s.p.relWidth)
		return func(i int) {
			clear(grad)
			s.stepRelation(spans[i], grad)
		}
	})
}

// stepRelation takes the step of the relation that all these rows of the batch share.
func (s *queryStep) stepRelation(rows []int, grad []float32) {
	relation, count := s.groups[rows[0]].relation, 0
	for _, i := range rows {
		s.back(i, nil, grad)
		count += len(s.groups[i].targets)
	}
	if !s.p.Family.Directions {
		s.penaliseRelation(s.p.Relation(relation), count, grad)
	}
	s.p.stepRelation(relation, grad)
}

// penaliseRelation adds the penalties of so many triples to a relation's gradient.
func (s *queryStep) penaliseRelation(row []float32, count int, grad []float32) {
	if s.o.L2 > 0 {
		vec.Axpy(2*float32(s.o.L2)*float32(count), row, grad)
	}
	if s.o.N3 > 0 {
		modulus := s.p.Family.Modulus
		if modulus == 2 && len(row) != 2*s.p.Dim {
			modulus = 1
		}
		vec.AddCubeNorm(float32(s.o.N3)*float32(count), row, grad, modulus)
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

// distances reports whether scores are Euclidean distances.
func (s *queryStep) distances() bool { return s.p.Family.Similarity == model.NegL2 }

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
