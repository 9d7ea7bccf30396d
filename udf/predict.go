package udf

import (
	"cmp"
	"context"
	"slices"

	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store"
)

// chunkScores bounds the scores held at once: 4 Mi floats, 16 MiB.
const chunkScores = 4 << 20

// Ask is a triple with one end missing: (Node, Relation, ?) or, with Heads set, (?, Relation, Node).
type Ask struct {
	Node, Relation store.TermID
	Heads          bool
}

// Wanted says which candidates an Ask is answered with.
type Wanted struct {
	K       int     // at most so many
	MinProb float64 // with at least this probability; negative: the threshold of the relation
	Stated  bool    // keep those that the graph states
	// Exact and Approximated are as in Host.
	Exact        bool
	Approximated func(m *Model, recall float64)
}

// Predict calls answer once for each ask, in order, with its best candidates, best first; a Node or Relation that
// the model does not know has none. The slice is reused. A few asks are searched one by one where the model can;
// many are scored by one matrix product per chunk.
func Predict(ctx context.Context, g Graph, m *Model, asks []Ask, w Wanted, answer func(ask int, found []Item) error) error {
	p := predictor{graph: g, model: m, wanted: w}
	places := make([]int, 0, len(asks))
	for i, a := range asks {
		node, okNode := m.Vocabulary.Entity(a.Node)
		relation, okRelation := m.Vocabulary.Relation(a.Relation)
		if okNode && okRelation {
			p.asks = append(p.asks, a)
			p.questions = append(p.questions, Question{Entity: node, Relation: relation, Heads: a.Heads})
			places = append(places, i)
		}
	}
	next := 0 // the next ask to answer
	err := p.rank(ctx, func(i int) error {
		for ; next < places[i]; next++ {
			if err := answer(next, nil); err != nil {
				return err
			}
		}
		next++
		return answer(places[i], p.judge(p.questions[i]))
	})
	for ; err == nil && next < len(asks); next++ {
		err = answer(next, nil)
	}
	return err
}

// predictor picks the candidates of asks that the model knows; its buffers serve one ask after another.
type predictor struct {
	graph     Graph
	model     *Model
	wanted    Wanted
	asks      []Ask
	questions []Question   // of the asks
	stated    rowSet       // rows that are no candidates
	top       []vec.Ranked // of the ask at hand
	rows      []Rows
	scores    []float32
	items     []Item
}

// manyQuestions is from how many questions on a matrix product takes less time than as many searches: at 14,541 rows of
// 200 on one core, a question's share of a product of 32 took as long as its bounds, of 128 three quarters of it.
// From manyEntities on, scores of all entities no longer fit a cache, and searches need none.
const (
	manyQuestions = 32
	manyEntities  = 200_000
)

// rank calls ranked for each question, in order, with its best candidates in p.top.
func (p *predictor) rank(ctx context.Context, ranked func(i int) error) error {
	finder, ok := p.model.Scorer.(Finder)
	if !ok || len(p.questions) >= manyQuestions && len(p.model.Vocabulary.EntityIDs()) < manyEntities {
		return p.score(ctx, 0, len(p.questions), ranked)
	}
	for i, q := range p.questions {
		if err := ctx.Err(); err != nil {
			return err
		}
		skip, err := p.skip(p.asks[i])
		if err != nil {
			return err
		}
		found, ok := finder.Complete(q, Search{K: p.wanted.K, Skip: skip, Exact: p.wanted.Exact})
		if ok {
			p.top = append(p.top[:0], found.Best...)
			note(p.model, found, p.wanted.Approximated)
			err = ranked(i)
		} else {
			err = p.score(ctx, i, i+1, ranked)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// note tells of an approximate search.
func note(m *Model, found Found, approximated func(m *Model, recall float64)) {
	if found.Approximate && approximated != nil {
		approximated(m, found.Recall)
	}
}

// score ranks the questions from one to before another by scores of all entities.
func (p *predictor) score(ctx context.Context, from, to int, ranked func(i int) error) error {
	return scoreInChunks(ctx, p.model, p.questions[from:to], func(i int, scores []float32) error {
		skip, err := p.skip(p.asks[from+i])
		if err != nil {
			return err
		}
		p.top = vec.TopK(p.top[:0], scores, p.wanted.K, skip)
		return ranked(from + i)
	})
}

// judge returns the candidates of p.top as items. The scores they were found by only choose the K candidates: a model
// may rank the two ends of a relation by different parameters. What is returned, and its order, is the triple's own
// score and probability, the same that score and prob give.
func (p *predictor) judge(q Question) []Item {
	p.rows = p.rows[:0]
	for _, r := range p.top {
		t := Rows{H: q.Entity, R: q.Relation, T: uint32(r.Index)}
		if q.Heads {
			t.H, t.T = t.T, t.H
		}
		p.rows = append(p.rows, t)
	}
	p.scores = slices.Grow(p.scores[:0], len(p.rows))[:len(p.rows)]
	p.model.Scorer.ScoreTriples(p.rows, p.scores)
	p.items = p.items[:0]
	least := p.wanted.MinProb
	if least < 0 {
		least = p.model.ThresholdOf(q.Relation)
	}
	ids := p.model.Vocabulary.EntityIDs()
	for i, r := range p.top {
		if probability := p.model.Scorer.Prob(p.scores[i]); probability >= least {
			p.items = append(p.items, Item{Node: ids[r.Index], Prob: probability, Score: float64(p.scores[i])})
		}
	}
	slices.SortStableFunc(p.items, func(a, b Item) int { return cmp.Compare(b.Score, a.Score) })
	return p.items
}

// skip returns a filter of the rows that are no candidates: the asked node itself, unless the graph states that it
// stands in the relation to itself, and, unless they are wanted, those that the graph states.
func (p *predictor) skip(a Ask) (func(int) bool, error) {
	if p.wanted.Stated {
		own, _ := p.model.Vocabulary.Entity(a.Node)
		reflexive, err := p.graph.Has(p.model.Graph, store.Triple{S: a.Node, P: a.Relation, O: a.Node})
		return func(row int) bool { return uint32(row) == own && !reflexive }, err
	}
	p.stated.clear()
	return unstated(p.graph, p.model.Graph, p.model.Vocabulary, a, &p.stated)
}

// rowSet is a set of rows: a bit each, and a list of those that are in it, by which it is emptied.
type rowSet struct {
	bits []uint64
	rows []uint32
}

func (s *rowSet) add(row uint32) {
	if short := int(row/64) + 1 - len(s.bits); short > 0 {
		s.bits = append(s.bits, make([]uint64, short)...)
	}
	s.bits[row/64] |= 1 << (row % 64)
	s.rows = append(s.rows, row)
}

func (s *rowSet) has(row int) bool {
	return row/64 < len(s.bits) && s.bits[row/64]&(1<<(row%64)) != 0
}

func (s *rowSet) clear() {
	for _, row := range s.rows {
		s.bits[row/64] = 0
	}
	s.rows = s.rows[:0]
}

// Unstated returns a filter of the rows that are no candidates for an ask when stated ones are not wanted: those that a
// graph states, and the asked node itself.
func Unstated(g Graph, name store.TermID, v Vocabulary, a Ask) (skip func(row int) bool, err error) {
	var stated rowSet
	if _, err := unstated(g, name, v, a, &stated); err != nil {
		return nil, err
	}
	slices.Sort(stated.rows) // the bits would take an eighth of a byte for every row
	return func(row int) bool {
		_, found := slices.BinarySearch(stated.rows, uint32(row))
		return found
	}, nil
}

// unstated is Unstated with a set to use.
func unstated(g Graph, name store.TermID, v Vocabulary, a Ask, stated *rowSet) (func(row int) bool, error) {
	own, _ := v.Entity(a.Node)
	stated.add(own)
	pattern := store.Pattern{S: a.Node, P: a.Relation}
	if a.Heads {
		pattern = store.Pattern{P: a.Relation, O: a.Node}
	}
	err := g.Match(name, pattern, func(t store.Triple) bool {
		other := t.O
		if a.Heads {
			other = t.S
		}
		if row, ok := v.Entity(other); ok {
			stated.add(row)
		}
		return true
	})
	return stated.has, err
}

// scoreInChunks scores the questions a chunk at a time and hands on each question's scores of all entities.
func scoreInChunks(ctx context.Context, m *Model, questions []Question, each func(i int, scores []float32) error) error {
	entities := len(m.Vocabulary.EntityIDs())
	if entities == 0 || len(questions) == 0 {
		return nil
	}
	size := min(max(1, chunkScores/entities), len(questions))
	scores := make([]float32, size*entities)
	for start := 0; start < len(questions); start += size {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := questions[start:min(start+size, len(questions))]
		m.Scorer.ScoreEntities(part, scores[:len(part)*entities])
		for i := range part {
			if err := each(start+i, scores[i*entities:(i+1)*entities]); err != nil {
				return err
			}
		}
	}
	return nil
}

// predictRows answers a ranking function: node and relation are the call's parameters of those numbers.
func (c *Call) predictRows(ctx context.Context, node, relation int, heads bool) error {
	asks := make([]Ask, 0, c.Rows)
	rows := make([]int, 0, c.Rows)
	for row := range c.Rows {
		if c.Out.Errs[row] != nil {
			continue
		}
		a := Ask{Node: c.Nodes[node][row], Relation: c.Nodes[relation][row], Heads: heads}
		if _, err := c.entity(a.Node); err != nil {
			c.Fail(row, err)
			continue
		}
		if _, err := c.relation(a.Relation); err != nil {
			c.Fail(row, err)
			continue
		}
		asks, rows = append(asks, a), append(rows, row)
	}
	wanted := Wanted{K: c.K, Stated: c.Stated, Exact: c.Host.Exact, Approximated: c.Host.Approximated}
	return Predict(ctx, c.Host.Graph, c.Model, asks, wanted, func(i int, found []Item) error {
		c.Out.Lists[rows[i]] = append([]Item{}, found...)
		return nil
	})
}
