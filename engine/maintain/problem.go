package maintain

import (
	"math"
	"math/rand/v2"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
)

// query asks for the missing end of a triple: (fixed, relation, ?) or, with heads, (?, relation, fixed).
type query struct {
	fixed, relation uint32
	heads           bool
	answer          uint32
	weight          float32
	kept            bool // the aim is the model's answers of before, not the answer
}

// touched is a row that a problem may move.
type touched struct {
	key          rowKey
	w, grad, acc []float32
	anchor       []float32 // where it stood; nil for a row that is new
	rate         float32
}

// problem is what a group of triples asks of a few rows. Queries of new triples have the training loss, the softmax
// cross-entropy over a pool of candidates; queries of stated neighbours are to be answered as before the group:
// cross-entropy to the probabilities the model gave then ("learning without forgetting", Li and Hoiem 2016), so
// that a model stopped before its loss was least does not go on training in one corner. Removed triples add their
// excess over the threshold, and a weak pull holds rows to where they stood.
// Candidates drawn uniformly stand for all entities: their scores get log(entities/drawn) added.
type problem struct {
	l       *learner
	rows    []*touched
	at      map[rowKey]*touched
	queries []query
	removed []model.Triple

	pool       []uint32 // touched entities first
	column     map[uint32]int
	moving     int // how many of the pool are touched
	correction []float32
	masked     []cell
	losses     []float64 // of each query, by the last evaluate

	q, c, s, dq, dc vec.Matrix
	before          vec.Matrix // the probabilities before the first step
}

// cell is a stated answer in the score matrix that is not the one asked for.
type cell struct{ query, column int }

const (
	adagradEps = 1e-10
	// gradientFloor starts the accumulators: coordinates whose gradients stay far below it hardly move, so a row that
	// is at rest is not shaken by the noise of a sampled loss.
	gradientFloor = 0.05
	// relationRate is how much slower the rows of trained relations move than entities': each is part of many triples,
	// few of which are replayed. On CoDEx-S, 300 held-out triples, it gives the rest 0.406 where 1 gives 0.400.
	relationRate = 0.03
	// pull is the weight of the squared distance from where a trained row stood.
	pull = 0.02
	// hubDegree is the degree from which an entity moves more slowly: its replayed neighbours stand for many.
	hubDegree = 32
	// keptWeight is the weight of a query to be answered as before, against 1 of one to be learnt. Large weights and
	// large steps go together: on CoDEx-S, 300 held-out triples at MRR 0.412, the rest at 0.411 and trained triples at
	// 0.778 become 0.835, 0.400, 0.747 with weight 5 and rate 0.02, and 0.888, 0.409, 0.771 with 10 and 0.08.
	keptWeight = 10
	// crowdRelations and crowdTriples bound the queries that a touched entity could be a wrong answer to.
	crowdRelations, crowdTriples = 8, 4
	// stubborn and askedGrowth: a triple against all the model has learnt takes up to stubborn·Steps steps, until its
	// probability reaches the threshold, its weight growing at each.
	stubborn, askedGrowth = 3, 1.08
	// refreshSteps is how many steps the pass over a random sample takes.
	refreshSteps = 3
)

func newProblem(l *learner) *problem {
	return &problem{l: l, at: map[rowKey]*touched{}, column: map[uint32]int{}}
}

// move lets a row move; degree is how many stated triples it is part of.
func (p *problem) move(k rowKey, degree int) *touched {
	if t := p.at[k]; t != nil {
		return t
	}
	w := p.l.row(k)
	t := &touched{key: k, w: w, grad: make([]float32, len(w)), acc: make([]float32, len(w))}
	for i := range t.acc {
		t.acc[i] = gradientFloor * gradientFloor
	}
	t.rate = float32(p.l.options.Rate * math.Sqrt(hubDegree/float64(hubDegree+degree)))
	switch {
	case p.l.isNew[k]:
		t.rate = float32(p.l.options.Rate)
	case k.relation:
		t.rate *= relationRate
		fallthrough
	default:
		t.anchor = append([]float32(nil), w...)
	}
	p.at[k] = t
	p.rows = append(p.rows, t)
	p.l.touch(k)
	return t
}

// ask adds both queries of a triple, to be learnt.
func (p *problem) ask(t model.Triple) {
	p.queries = append(p.queries,
		query{fixed: t.H, relation: t.R, answer: t.T, weight: 1},
		query{fixed: t.T, relation: t.R, heads: true, answer: t.H, weight: 1})
}

// keep adds both queries of a triple, to be answered as before.
func (p *problem) keep(t model.Triple) {
	p.queries = append(p.queries,
		query{fixed: t.H, relation: t.R, answer: t.T, weight: keptWeight, kept: true},
		query{fixed: t.T, relation: t.R, heads: true, answer: t.H, weight: keptWeight, kept: true})
}

// candidate puts an entity into the pool.
func (p *problem) candidate(row uint32, correction float32) {
	if _, in := p.column[row]; !in {
		p.column[row] = len(p.pool)
		p.pool = append(p.pool, row)
		p.correction = append(p.correction, correction)
	}
}

// draw fills the pool: touched entities, answers, the hard candidates given, and uniform draws for the rest.
func (p *problem) draw(hard []uint32, random *rand.Rand) {
	for _, t := range p.rows {
		if !t.key.relation {
			p.candidate(t.key.row, 0)
		}
	}
	p.moving = len(p.pool)
	for _, q := range p.queries {
		p.candidate(q.answer, 0)
	}
	for _, row := range hard {
		p.candidate(row, 0)
	}
	n := p.l.tables.Vocabulary.Entities()
	drawn := min(p.l.options.Negatives, n)
	correction := float32(math.Log(float64(n) / float64(drawn)))
	for range drawn {
		p.candidate(uint32(random.IntN(n)), correction)
	}
}

// mask keeps stated answers, those just added among them, from counting as wrong.
func (p *problem) mask(h *history) error {
	for i, q := range p.queries {
		known, err := p.l.known(h, q)
		if err != nil {
			return err
		}
		for _, row := range known {
			if column, in := p.column[row]; in && row != q.answer {
				p.masked = append(p.masked, cell{i, column})
			}
		}
	}
	return nil
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

// prepare gathers the pool's rows and notes the answers of before.
func (p *problem) prepare() {
	w, _ := p.l.tables.Widths()
	m, n := len(p.queries), len(p.pool)
	p.l.slab.reset(2*m*n + 2*m*w + (n+p.moving)*w)
	p.s, p.before = p.l.slab.matrix(m, n), p.l.slab.matrix(m, n)
	p.q, p.dq = p.l.slab.matrix(m, w), p.l.slab.matrix(m, w)
	p.c, p.dc = p.l.slab.matrix(n, w), p.l.slab.matrix(p.moving, w)
	for i, row := range p.pool {
		copy(p.c.Row(i), p.l.tables.Entity(row))
	}
	if len(p.queries) > 0 {
		p.answer()
		copy(p.before.Data, p.s.Data)
	}
}

// answer sets s to the probability of each candidate for each query, and losses.
func (p *problem) answer() {
	querier := p.l.tables.Family.Interaction.(model.Querier)
	for i, row := range p.pool[:p.moving] {
		copy(p.c.Row(i), p.l.tables.Entity(row))
	}
	for i, q := range p.queries {
		fixed, relation := p.l.tables.Entity(q.fixed), p.l.tables.Relation(p.l.relationRow(q.relation, q.heads))
		if q.heads && !p.l.tables.Reciprocal {
			querier.HeadQuery(relation, fixed, p.q.Row(i))
		} else {
			querier.TailQuery(fixed, relation, p.q.Row(i))
		}
	}
	vec.MulNT(p.s, p.q, p.c, false, 1)
	hidden := float32(math.Inf(-1))
	for _, m := range p.masked {
		p.s.Row(m.query)[m.column] = hidden
	}
	p.losses = p.losses[:0]
	for i, q := range p.queries {
		row := p.s.Row(i)
		vec.Axpy(1, p.correction, row)
		score := row[p.column[q.answer]]
		p.losses = append(p.losses, float64(vec.SoftmaxRow(row)-score))
	}
}

// differentiate turns the probabilities in s into the gradient by score.
func (p *problem) differentiate() {
	for i, q := range p.queries {
		row := p.s.Row(i)
		if q.kept {
			vec.Axpy(-1, p.before.Row(i), row)
		} else {
			row[p.column[q.answer]]--
		}
		vec.Scale(q.weight, row)
	}
}

// shrink adds the gradient of the N3 penalty to a row that moves: n3·Σ|wᵢ|³ over its complex or real numbers.
func (p *problem) shrink(k rowKey) {
	t := p.at[k]
	if t == nil {
		return
	}
	factor := 3 * p.l.n3
	if p.l.tables.Family.Modulus != 2 {
		for i, v := range t.w {
			t.grad[i] += factor * float32(math.Abs(float64(v))) * v
		}
		return
	}
	d := len(t.w) / 2
	for i, re := range t.w[:d] {
		im := t.w[d+i]
		modulus := factor * float32(math.Sqrt(float64(re*re+im*im)))
		t.grad[i] += modulus * re
		t.grad[d+i] += modulus * im
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
	for _, t := range p.rows {
		for i, from := range t.anchor {
			t.grad[i] += pull * (t.w[i] - from)
		}
		vec.Adagrad(t.w, t.grad, t.acc, t.rate, adagradEps)
		clear(t.grad)
	}
}

// backward carries the gradient by score to the touched rows.
func (p *problem) backward() {
	vec.MulNN(p.dq, p.s, p.c, false, 1)
	moving := p.s
	moving.Cols = p.moving
	if p.moving > 0 {
		vec.MulTN(p.dc, moving, p.q, false, 1)
	}
	for i, row := range p.pool[:p.moving] {
		vec.Axpy(1, p.dc.Row(i), p.at[rowKey{row: row}].grad)
	}
	it := p.l.tables.Family.Interaction
	for i, q := range p.queries {
		relation := p.l.relationRow(q.relation, q.heads)
		if !q.kept {
			p.shrink(rowKey{row: q.fixed})
			p.shrink(rowKey{true, relation})
			p.shrink(rowKey{row: q.answer})
		}
		dFixed, dRelation := p.gradOf(rowKey{row: q.fixed}), p.gradOf(rowKey{true, relation})
		if dFixed == nil && dRelation == nil {
			continue
		}
		fixed, r, dq := p.l.tables.Entity(q.fixed), p.l.tables.Relation(relation), p.dq.Row(i)
		if q.heads && !p.l.tables.Reciprocal {
			it.Grad(1, dq, r, fixed, nil, dRelation, dFixed)
		} else {
			it.Grad(1, fixed, r, dq, dFixed, dRelation, nil)
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
