package maintain

import (
	"math"
	"math/rand/v2"

	"github.com/inklingdb/inkling/engine/model"
)

// query asks for the missing end of a triple: (fixed, relation, ?) or, with heads, (?, relation, fixed).
type query struct {
	fixed, relation uint32
	heads           bool
	answer          uint32
	weight          float32
	kept            bool    // the aim is the model's answers of before, not the answer
	triple          int     // which of those asked or kept it is of, by the order they came in
	loss            float64 // by the latest answers; of a kept query, by the first
}

// question is what a query asks, without its answer.
type question struct {
	fixed, relation uint32
	heads           bool
}

func (q query) question() question { return question{q.fixed, q.relation, q.heads} }

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
	triples int // that queries are of
	removed []model.Triple

	pool       []uint32 // touched entities first
	column     map[uint32]int
	moving     int // how many of the pool are touched
	correction []float32
	hidden     map[question][]uint32 // candidates that do not count as wrong, nor as answers

	work
}

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
	floor := gradientFloor * p.l.steepness()
	for i := range t.acc {
		t.acc[i] = floor * floor
	}
	rate := p.l.options.Rate * p.l.stride()
	t.rate = float32(rate * math.Sqrt(hubDegree/float64(hubDegree+degree)))
	switch {
	case p.l.isNew[k]:
		t.rate = float32(rate)
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
func (p *problem) ask(t model.Triple) { p.both(t, query{weight: 1}) }

// keep adds both queries of a triple, to be answered as before.
func (p *problem) keep(t model.Triple) { p.both(t, query{weight: keptWeight, kept: true}) }

func (p *problem) both(t model.Triple, q query) {
	q.relation, q.triple = t.R, p.triples
	p.triples++
	tails, heads := q, q
	tails.fixed, tails.answer = t.H, t.T
	heads.fixed, heads.answer, heads.heads = t.T, t.H, true
	p.queries = append(p.queries, tails, heads)
}

// candidate puts an entity into the pool.
func (p *problem) candidate(row uint32, correction float32) {
	if _, in := p.column[row]; !in {
		p.column[row] = len(p.pool)
		p.pool = append(p.pool, row)
		p.correction = append(p.correction, correction)
	}
}

// draw fills the pool: touched entities, answers, the hard candidates given, and so many uniform draws.
func (p *problem) draw(hard []uint32, negatives int, random *rand.Rand) {
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
	drawn := min(negatives, n)
	correction := float32(math.Log(float64(n) / float64(drawn)))
	for range drawn {
		p.candidate(uint32(random.IntN(n)), correction)
	}
}

// mask keeps stated answers, those just added among them, from counting as wrong to the triples asked for. Queries that are
// to be answered as before leave out what is being learnt or unlearnt with the same question.
func (p *problem) mask(h *history) error {
	p.hidden = map[question][]uint32{}
	for _, q := range p.queries {
		if q.kept || p.hidden[q.question()] != nil {
			continue
		}
		known, err := p.l.known(h, q)
		if err != nil {
			return err
		}
		p.hidden[q.question()] = append(known, q.answer)
	}
	for _, t := range p.removed {
		tails, heads := question{t.H, t.R, false}, question{t.T, t.R, true}
		p.hidden[tails], p.hidden[heads] = append(p.hidden[tails], t.T), append(p.hidden[heads], t.H)
	}
	return nil
}

// hide puts the scores of hidden candidates out of the softmax.
func (p *problem) hide(q query, scores []float32) {
	for _, row := range p.hidden[q.question()] {
		if column, in := p.column[row]; in && column < len(scores) && (row != q.answer || q.kept) {
			scores[column] = float32(math.Inf(-1))
		}
	}
}
