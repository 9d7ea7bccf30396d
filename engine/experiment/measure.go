package experiment

import (
	"context"
	"math"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/internal/generate"
	"github.com/inklingdb/inkling/internal/vec"
)

// Figures are what is measured of a family on a pattern. Those that a pattern does not ask for are NaN.
type Figures struct {
	Score       float64 // what the verdict looks at; see scoreOf
	MRR, Hits1  float64 // filtered, of the test triples, both ends asked for; ties at their mean place
	Direction   float64 // antisymmetric: share of training triples that score above their reverse, a tie counting half
	CalledFalse float64 // antisymmetric: share of those reverses that the model's threshold calls false
	Ranked      float64 // 1-to-N: share of a head's N tails among the N best answers, trained and test ones alike
	Apart       float64 // 1-to-N: filtered Hits@1 of what tells the tails of a head apart
	Within      float64 // 1-to-N: mean cosine of two tails of one head
	Between     float64 // 1-to-N: mean cosine of two tails of different heads
}

// measurer asks an embedding about a graph.
type measurer struct {
	graph     *generate.PatternGraph
	data      train.Data
	embedding *model.Embedding
	known     *eval.Known
}

func (m *measurer) figures(ctx context.Context) (Figures, error) {
	none := math.NaN()
	f := Figures{Direction: none, CalledFalse: none, Ranked: none, Apart: none, Within: none, Between: none}
	r, err := m.rank(ctx, m.data.Test)
	if err != nil {
		return f, err
	}
	f.MRR, f.Hits1, f.Score = r.MRR, r.Hits1, r.Hits1
	if len(m.graph.False) > 0 {
		f.Direction, f.CalledFalse = m.direction()
		f.Score = f.Direction
	}
	if len(m.graph.Apart) > 0 {
		apart, err := m.rank(ctx, triples(m.graph.Apart))
		if err != nil {
			return f, err
		}
		fans := m.fans()
		f.Apart, f.Ranked = apart.Hits1, m.ranked(fans)
		f.Within, f.Between = m.cosines(fans)
		f.Score = min(f.Ranked, f.Apart)
	}
	return f, nil
}

func (m *measurer) rank(ctx context.Context, test []model.Triple) (eval.Ranking, error) {
	r, err := eval.Rank(ctx, m.embedding, m.graph.Entities, test, m.known, eval.Options{})
	return r.Ranking, err
}

// direction compares the triples that the pattern rules out with what is stated instead.
func (m *measurer) direction() (above, calledFalse float64) {
	e := m.embedding
	for _, x := range m.graph.False {
		switch wrong, right := e.Score(x.H, x.R, x.T), e.Score(x.T, x.R, x.H); {
		case right > wrong:
			above++
		case right == wrong:
			above += 0.5
		}
		if !e.IsFact(x.H, x.R, x.T) {
			calledFalse++
		}
	}
	n := float64(len(m.graph.False))
	return above / n, calledFalse / n
}

// fan is a query with its true answers.
type fan struct {
	query model.Query
	many  []uint32
}

// fans gathers the answers of the relation whose triples were partly left out, by the end that has one node.
func (m *measurer) fans() []fan {
	var list []fan
	place := map[model.Query]int{}
	relation, heads := m.graph.Test[0].R, m.graph.Pattern == "N-to-1"
	for _, x := range m.graph.All() {
		if x.R != relation {
			continue
		}
		q, other := model.Query{Entity: x.H, Relation: x.R}, x.T
		if heads {
			q, other = model.Query{Entity: x.T, Relation: x.R, Heads: true}, x.H
		}
		at, ok := place[q]
		if !ok {
			at = len(list)
			place[q] = at
			list = append(list, fan{query: q})
		}
		list[at].many = append(list[at].many, other)
	}
	return list
}

// ranked returns the mean share of a fan's answers among as many best ones (R-precision).
func (m *measurer) ranked(fans []fan) float64 {
	scores := make([]float32, m.graph.Entities)
	var sum float64
	for _, f := range fans {
		m.embedding.ScoreQuery(f.query, scores)
		best := map[uint32]bool{}
		for _, r := range vec.TopK(nil, scores, len(f.many), nil) {
			best[uint32(r.Index)] = true
		}
		found := 0
		for _, x := range f.many {
			if best[x] {
				found++
			}
		}
		sum += float64(found) / float64(len(f.many))
	}
	return sum / float64(len(fans))
}

// cosines returns the mean cosine of two answers of one fan and of the first answers of two fans.
func (m *measurer) cosines(fans []fan) (within, between float64) {
	n, others := 0, 0
	for i, f := range fans {
		for j, x := range f.many {
			for _, y := range f.many[:j] {
				within += cosine(m.embedding.Entity(x), m.embedding.Entity(y))
				n++
			}
		}
		for _, other := range fans[:i] {
			between += cosine(m.embedding.Entity(f.many[0]), m.embedding.Entity(other.many[0]))
			others++
		}
	}
	return within / float64(n), between / float64(others)
}

func cosine(x, y []float32) float64 {
	norms := float64(vec.Dot(x, x)) * float64(vec.Dot(y, y))
	if norms == 0 {
		return 0
	}
	return float64(vec.Dot(x, y)) / math.Sqrt(norms)
}

// blind returns the score of a guess that knows everything but the pattern.
func (m *measurer) blind() float64 {
	switch {
	case len(m.graph.False) > 0:
		return 0.5 // which of two directions
	case len(m.graph.Apart) > 0:
		fans := m.fans()
		return 1 / float64(len(fans[0].many)) // which of the tails of one head
	case m.graph.Pattern == "symmetric":
		return 1 / float64(m.graph.Entities) // which of all entities
	}
	return m.joinedGuess()
}

// joinedGuess returns the Hits@1 of a guess among the entities that true triples, of any relation in any direction,
// join to the one asked about, other true answers left out as the filter does.
func (m *measurer) joinedGuess() float64 {
	joined := map[uint32]map[uint32]bool{}
	join := func(x, y uint32) {
		if joined[x] == nil {
			joined[x] = map[uint32]bool{}
		}
		joined[x][y] = true
	}
	for _, x := range m.graph.All() {
		join(x.H, x.T)
		join(x.T, x.H)
	}
	var sum float64
	var rows []uint32
	for _, x := range m.data.Test {
		for _, q := range []model.Query{{Entity: x.H, Relation: x.R}, {Entity: x.T, Relation: x.R, Heads: true}} {
			rows = m.known.Known(q, rows[:0])
			sum += 1 / float64(len(joined[q.Entity])-len(rows)+1)
		}
	}
	return sum / float64(2*len(m.data.Test))
}
