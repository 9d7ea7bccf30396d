package maintain

import (
	"cmp"
	"math"
	"slices"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
)

// work is what a problem computes in. Queries stand in the order of their views, and in a view those whose rows move
// before those that stand still: of the latter only the scores of moving candidates change.
type work struct {
	compare     comparison
	views       []view
	c, dc       vec.Matrix // rows of the pool; gradients of its moving ones
	q, dq       vec.Matrix // rows of the queries; gradients of those that move, which stand at the same place
	s, before   vec.Matrix // of queries that move: probabilities now and before the first step, by candidate
	near, stood vec.Matrix // of those that stand still: the same, of moving candidates alone
	still       []float64  // of those that stand still: log Σ exp(score) over the candidates that do too
}

// view is the queries that see the candidates alike: all of them, or those of one relation row where a family compares
// entities as the relation sees them.
type view struct {
	relation    uint32
	lo, mid, hi int  // of the queries: lo to mid move, mid to hi stand still
	from, at    int  // of lo among the queries that move, of mid among those that stand still
	projected   bool // seen is another matrix than the pool's rows
	turns       bool // the relation's row moves
	seen        vec.Matrix
	dseen       vec.Matrix // of the moving candidates; of all where the relation's row moves
}

// slab is memory that one problem after another uses. What it gives is not cleared.
type slab struct {
	all  []float32
	used int
}

// reset makes room for so many floats; matrices given before are void.
func (s *slab) reset(floats int) {
	if len(s.all) < floats {
		s.all = make([]float32, floats)
	}
	s.used = 0
}

func (s *slab) matrix(rows, cols int) vec.Matrix {
	from := s.used
	s.used += rows * cols
	return vec.MatrixOf(s.all[from:s.used], rows, cols)
}

// moves reports whether a query's row changes from step to step.
func (p *problem) moves(q *query) bool {
	return p.at[rowKey{row: q.fixed}] != nil || p.at[rowKey{true, p.l.relationRow(q.relation, q.heads)}] != nil
}

// arrange orders the queries by view and finds the views.
func (p *problem) arrange() {
	_, projects := p.l.tables.Family.Interaction.(model.Projector)
	key := func(q *query) uint32 {
		if projects {
			return p.l.relationRow(q.relation, q.heads)
		}
		return 0
	}
	type placed struct {
		query
		view  uint32
		still int
	}
	order := make([]placed, len(p.queries))
	for i := range p.queries {
		q := &p.queries[i]
		order[i] = placed{query: *q, view: key(q)}
		if !p.moves(q) {
			order[i].still = 1
		}
	}
	slices.SortStableFunc(order, func(a, b placed) int { return cmp.Or(cmp.Compare(a.view, b.view), a.still-b.still) })
	moving := 0
	for i, x := range order {
		p.queries[i] = x.query
		if i == 0 || x.view != order[i-1].view {
			p.views = append(p.views, view{relation: x.view, lo: i, mid: i, hi: i, from: moving, at: i - moving,
				projected: projects, turns: projects && p.at[rowKey{true, x.view}] != nil})
		}
		v := &p.views[len(p.views)-1]
		v.hi++
		if x.still == 0 {
			v.mid++
			moving++
		}
		v.at = v.mid - moving
	}
}

// prepare gathers the pool's rows and notes the answers of before.
func (p *problem) prepare() {
	w, _ := p.l.tables.Widths()
	p.compare = p.l.comparison()
	p.arrange()
	moving, n := 0, len(p.pool)
	floats := len(p.queries)*w + (n+p.moving)*w
	for _, v := range p.views {
		moving += v.mid - v.lo
		if v.projected {
			floats += 2 * n * w
		}
	}
	still := len(p.queries) - moving
	widest := 0
	for _, v := range p.views {
		widest = max(widest, v.hi-v.mid)
	}
	s := &p.l.slab
	s.reset(floats + moving*w + 2*moving*n + 2*still*p.moving + widest*n)
	p.s, p.before = s.matrix(moving, n), s.matrix(moving, n)
	p.near, p.stood, p.still = s.matrix(still, p.moving), s.matrix(still, p.moving), make([]float64, still)
	p.q, p.dq = s.matrix(len(p.queries), w), s.matrix(moving, w)
	p.c, p.dc = s.matrix(n, w), s.matrix(p.moving, w)
	for i, row := range p.pool {
		copy(p.c.Row(i), p.l.tables.Entity(row))
	}
	whole := s.matrix(widest, n)
	for i := range p.views {
		v := &p.views[i]
		v.seen = p.c
		if v.projected {
			v.seen, v.dseen = s.matrix(n, w), s.matrix(n, w)
			p.look(v, n)
		}
		p.pose(v.lo, v.hi)
		p.freeze(v, whole)
	}
	p.answer()
	copy(p.before.Data, p.s.Data)
	copy(p.stood.Data, p.near.Data)
}

// look sets the first n candidates as a view's relation sees them.
func (p *problem) look(v *view, n int) {
	m := p.l.tables.Family.Interaction.(model.Projector).Projection(p.l.tables.Relation(v.relation))
	if n > 0 {
		vec.MulNT(v.seen.RowRange(0, n), p.c.RowRange(0, n), m, false, 1)
	}
}

// pose sets the rows of the queries lo to hi.
func (p *problem) pose(lo, hi int) {
	querier := p.l.tables.Family.Interaction.(model.Querier)
	for i := lo; i < hi; i++ {
		q := &p.queries[i]
		fixed, relation := p.l.tables.Entity(q.fixed), p.l.tables.Relation(p.l.relationRow(q.relation, q.heads))
		if q.heads && !p.l.tables.Reciprocal {
			querier.HeadQuery(relation, fixed, p.q.Row(i))
		} else {
			querier.TailQuery(fixed, relation, p.q.Row(i))
		}
	}
}

// freeze sums up what the candidates that stand still are to the queries of a view that do, and notes those queries'
// losses.
func (p *problem) freeze(v *view, room vec.Matrix) {
	s := room.RowRange(0, v.hi-v.mid)
	p.compare.scores(s, p.q.RowRange(v.mid, v.hi), v.seen)
	for i := range s.Rows {
		q, row := &p.queries[v.mid+i], s.Row(i)
		vec.Axpy(1, p.correction, row)
		p.hide(*q, row)
		answer := float64(row[p.column[q.answer]])
		rest := logSum(row[p.moving:])
		p.still[v.at+i] = rest
		q.loss = logAdd(rest, logSum(row[:p.moving])) - answer
	}
}

// logSum returns log Σ exp(x), −Inf for nothing. It overwrites x.
func logSum(x []float32) float64 {
	if len(x) == 0 {
		return math.Inf(-1)
	}
	top := vec.Max(x)
	if math.IsInf(float64(top), -1) {
		return math.Inf(-1)
	}
	return float64(top) + math.Log(float64(vec.ExpSum(x, top, x)))
}

// logAdd returns log(exp(a) + exp(b)).
func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(b, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}

// answer sets s and near to the probability of each candidate for each query.
func (p *problem) answer() {
	for i, row := range p.pool[:p.moving] {
		copy(p.c.Row(i), p.l.tables.Entity(row))
	}
	for i := range p.views {
		v := &p.views[i]
		switch {
		case v.turns:
			p.look(v, len(p.pool))
		case v.projected:
			p.look(v, p.moving)
		}
		p.pose(v.lo, v.mid)
		p.answerMoving(v)
		p.answerStill(v)
	}
}

func (p *problem) answerMoving(v *view) {
	s := p.s.RowRange(v.from, v.from+v.mid-v.lo)
	p.compare.scores(s, p.q.RowRange(v.lo, v.mid), v.seen)
	for i := range s.Rows {
		q, row := &p.queries[v.lo+i], s.Row(i)
		vec.Axpy(1, p.correction, row)
		p.hide(*q, row)
		score := row[p.column[q.answer]]
		q.loss = float64(vec.SoftmaxRow(row) - score)
	}
}

func (p *problem) answerStill(v *view) {
	s := p.near.RowRange(v.at, v.at+v.hi-v.mid)
	if s.Rows == 0 || s.Cols == 0 {
		return
	}
	p.compare.scores(s, p.q.RowRange(v.mid, v.hi), v.seen.RowRange(0, p.moving))
	for i := range s.Rows {
		row := s.Row(i)
		p.hide(p.queries[v.mid+i], row)
		top := vec.Max(row)
		sum := logAdd(p.still[v.at+i], float64(top)+math.Log(float64(vec.ExpSum(row, top, row))))
		vec.Scale(float32(math.Exp(float64(top)-sum)), row)
	}
}

// differentiate turns the probabilities into the gradient by score.
func (p *problem) differentiate() {
	for i := range p.views {
		v := &p.views[i]
		for k := v.lo; k < v.mid; k++ {
			q, row := &p.queries[k], p.s.Row(v.from+k-v.lo)
			if q.kept {
				vec.Axpy(-1, p.before.Row(v.from+k-v.lo), row)
			} else {
				row[p.column[q.answer]]--
			}
			vec.Scale(q.weight, row)
		}
		for k := v.mid; k < v.hi && p.moving > 0; k++ {
			row := p.near.Row(v.at + k - v.mid)
			vec.Axpy(-1, p.stood.Row(v.at+k-v.mid), row)
			vec.Scale(p.queries[k].weight, row)
		}
	}
}

// backward carries the gradient by score to the touched rows.
func (p *problem) backward() {
	clear(p.dq.Data)
	clear(p.dc.Data)
	for i := range p.views {
		v := &p.views[i]
		moving, still := v.mid-v.lo, v.hi-v.mid
		into := p.dc
		if v.projected {
			into = v.dseen.RowRange(0, p.moving)
			if v.turns {
				into = v.dseen
			}
			clear(v.dseen.Data)
		}
		p.compare.flow(p.s.RowRange(v.from, v.from+moving), p.q.RowRange(v.lo, v.mid), v.seen, p.dq.RowRange(v.from, v.from+moving), into)
		if p.moving > 0 {
			p.compare.flow(p.near.RowRange(v.at, v.at+still), p.q.RowRange(v.mid, v.hi), v.seen.RowRange(0, p.moving),
				vec.Matrix{}, into.RowRange(0, p.moving))
		}
		if v.projected {
			p.lookBack(v)
		}
		p.queriesBack(v)
	}
	for i, row := range p.pool[:p.moving] {
		vec.Axpy(1, p.dc.Row(i), p.at[rowKey{row: row}].grad)
	}
}

// lookBack carries gradients by what a relation sees to the candidates and to the relation's matrix.
func (p *problem) lookBack(v *view) {
	projector := p.l.tables.Family.Interaction.(model.Projector)
	if p.moving > 0 {
		vec.MulNN(p.dc, v.dseen.RowRange(0, p.moving), projector.Projection(p.l.tables.Relation(v.relation)), true, 1)
	}
	if v.turns {
		vec.MulTN(projector.Projection(p.gradOf(rowKey{true, v.relation})), v.dseen, p.c, true, 1)
	}
}

// queriesBack carries the gradients of a view's query rows to their entities and relations.
func (p *problem) queriesBack(v *view) {
	querier := p.l.tables.Family.Interaction.(model.Querier)
	for k := v.lo; k < v.mid; k++ {
		q := &p.queries[k]
		relation := p.l.relationRow(q.relation, q.heads)
		if !q.kept {
			p.shrink(rowKey{row: q.fixed})
			p.shrink(rowKey{true, relation})
			p.shrink(rowKey{row: q.answer})
		}
		dFixed, dRelation := p.gradOf(rowKey{row: q.fixed}), p.gradOf(rowKey{true, relation})
		fixed, r, dq := p.l.tables.Entity(q.fixed), p.l.tables.Relation(relation), p.dq.Row(v.from+k-v.lo)
		if q.heads && !p.l.tables.Reciprocal {
			querier.HeadBackward(r, fixed, dq, dRelation, dFixed)
		} else {
			querier.TailBackward(fixed, r, dq, dFixed, dRelation)
		}
	}
}

// gradOf returns where a row's gradient is added; nil for a row that does not move.
func (p *problem) gradOf(k rowKey) []float32 {
	if t := p.at[k]; t != nil {
		return t.grad
	}
	return nil
}

// shrink adds the gradient of the N3 penalty to a row that moves: n3·Σ|wᵢ|³ over its complex or real numbers.
func (p *problem) shrink(k rowKey) {
	if t := p.at[k]; t != nil && p.l.n3 > 0 && p.compare.similarity == model.Dot {
		vec.AddCubeNorm(p.l.n3, t.w, t.grad, p.l.tables.Family.Modulus)
	}
}

// step moves every touched row once; push is the weight of removed triples' scores.
func (p *problem) step(push float32) {
	if len(p.queries) > 0 {
		p.answer()
		p.differentiate()
		p.backward()
	}
	for _, t := range p.removed {
		p.pushDown(t, push)
	}
	hold := pull * p.l.stiffness()
	for _, t := range p.rows {
		for i, from := range t.anchor {
			t.grad[i] += hold * (t.w[i] - from)
		}
		vec.Adagrad(t.w, t.grad, t.acc, t.rate, adagradEps)
		clear(t.grad)
	}
}
