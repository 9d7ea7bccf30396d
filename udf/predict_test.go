package udf

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store"
)

func TestRowSet(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var s rowSet
	for range 20 {
		s.clear()
		want := map[uint32]bool{}
		for range rng.IntN(100) {
			row := uint32(rng.IntN(700))
			s.add(row)
			want[row] = true
		}
		for row := range 800 {
			if s.has(row) != want[uint32(row)] {
				t.Fatalf("row %d: %v", row, s.has(row))
			}
		}
	}
}

// listGraph is a graph of a few triples.
type listGraph []store.Triple

func (g listGraph) Has(_ store.TermID, t store.Triple) (found bool, err error) {
	err = g.Match(0, store.Pattern(t), func(store.Triple) bool { found = true; return false })
	return found, err
}

func (g listGraph) Match(_ store.TermID, p store.Pattern, visit func(store.Triple) bool) error {
	for _, t := range g {
		if (p.S == 0 || p.S == t.S) && (p.P == 0 || p.P == t.P) && (p.O == 0 || p.O == t.O) && !visit(t) {
			return nil
		}
	}
	return nil
}

func (g listGraph) Count(store.TermID, store.Pattern) (int64, bool) { return 0, false }

// numbers is a vocabulary in which term i+1 has row i.
type numbers int

func (n numbers) Entity(id store.TermID) (uint32, bool) {
	return uint32(id - 1), id >= 1 && int(id) <= int(n)
}
func (n numbers) Relation(id store.TermID) (uint32, bool) { return n.Entity(id) }
func (n numbers) EntityIDs() (ids []store.TermID) {
	for i := range n {
		ids = append(ids, store.TermID(i+1))
	}
	return ids
}
func (n numbers) RelationIDs() []store.TermID { return n.EntityIDs() }

// The exported filter, the predictor's own and the definition agree.
func TestUnstated(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var g listGraph
	for range 60 {
		g = append(g, store.Triple{S: store.TermID(1 + rng.IntN(12)), P: store.TermID(1 + rng.IntN(3)), O: store.TermID(1 + rng.IntN(14))})
	}
	p := predictor{graph: g, model: &Model{Vocabulary: numbers(12)}} // terms 13 and 14 are not the model's
	for range 100 {
		a := Ask{Node: store.TermID(1 + rng.IntN(12)), Relation: store.TermID(1 + rng.IntN(3)), Heads: rng.IntN(2) == 0}
		skip, err := Unstated(g, 0, numbers(12), a)
		own, ownErr := p.skip(a)
		if err != nil || ownErr != nil {
			t.Fatal(err, ownErr)
		}
		for row := range 12 {
			other := store.TermID(row + 1)
			triple := store.Triple{S: a.Node, P: a.Relation, O: other}
			if a.Heads {
				triple = store.Triple{S: other, P: a.Relation, O: a.Node}
			}
			stated, _ := g.Has(0, triple)
			if want := stated || other == a.Node; skip(row) != want || own(row) != want {
				t.Fatalf("%+v, row %d: %v and %v, want %v", a, row, skip(row), own(row), want)
			}
		}
	}
}

// searchedScorer answers a search with what TopK of its scores would be, and says that it is approximate; of the
// questions of entity 0 it knows nothing.
type searchedScorer struct{ searches *int }

func (s searchedScorer) ScoreTriples(triples []Rows, out []float32) {
	for i, t := range triples {
		out[i] = float32((t.H*7 + t.T*5) % 11)
	}
}
func (s searchedScorer) ScoreEntities(questions []Question, out []float32) {
	n := len(out) / len(questions)
	for i, q := range questions {
		for e := range n {
			out[i*n+e] = float32((q.Entity*7 + uint32(e)*5) % 11)
		}
	}
}
func (s searchedScorer) ScoreRelations(h, t uint32, out []float32)    {}
func (s searchedScorer) Similarities(entity uint32, out []float32)    {}
func (s searchedScorer) Prob(score float32) float64                   { return float64(score) }
func (s searchedScorer) Neighbours(uint32, Search) (f Found, ok bool) { return f, false }
func (s searchedScorer) Complete(q Question, w Search) (Found, bool) {
	if q.Entity == 0 {
		return Found{}, false
	}
	*s.searches++
	scores := make([]float32, 12)
	s.ScoreEntities([]Question{q}, scores)
	return Found{Best: vec.TopK(nil, scores, w.K, w.Skip), Approximate: !w.Exact, Recall: 0.97}, true
}

// plainScorer hides that a scorer can search.
type plainScorer struct{ Scorer }

// Searched and scored predictions are the same; approximate ones are told of, exact ones are not.
func TestPredictSearchesOrScores(t *testing.T) {
	var g listGraph
	for i := range store.TermID(12) {
		g = append(g, store.Triple{S: i + 1, P: 1, O: 12 - i})
	}
	searches, told := 0, 0
	searched := &Model{Vocabulary: numbers(12), Scorer: searchedScorer{&searches}}
	plain := &Model{Vocabulary: numbers(12), Scorer: plainScorer{searchedScorer{&searches}}}
	for _, count := range []int{1, 12, 2 * manyQuestions} {
		var asks []Ask
		for i := range count {
			asks = append(asks, Ask{Node: store.TermID(1 + i%13), Relation: 1}) // 13 is not known
		}
		for _, exact := range []bool{false, true} {
			searches, told = 0, 0
			w := Wanted{K: 4, Exact: exact, Approximated: func(*Model, float64) { told++ }}
			got, want := predicted(t, g, searched, asks, w), predicted(t, g, plain, asks, w)
			for i := range asks {
				if len(got[i]) != len(want[i]) {
					t.Fatalf("ask %d: %v, want %v", i, got[i], want[i])
				}
				for j := range want[i] {
					if got[i][j] != want[i][j] {
						t.Fatalf("ask %d: %v, want %v", i, got[i], want[i])
					}
				}
			}
			known := 0
			for _, a := range asks {
				if a.Node > 1 && a.Node < 13 {
					known++
				}
			}
			if count >= manyQuestions {
				known = 0 // one product
			}
			if searches != known || exact && told != 0 || !exact && told != known {
				t.Errorf("%d asks, exact %v: %d searches of %d, %d told", count, exact, searches, known, told)
			}
		}
	}
}

func predicted(t *testing.T, g Graph, m *Model, asks []Ask, w Wanted) (lists [][]Item) {
	t.Helper()
	err := Predict(context.Background(), g, m, asks, w, func(i int, found []Item) error {
		if i != len(lists) {
			t.Fatalf("answer %d after %d", i, len(lists))
		}
		lists = append(lists, append([]Item(nil), found...))
		return nil
	})
	if err != nil || len(lists) != len(asks) {
		t.Fatalf("%d answers: %v", len(lists), err)
	}
	return lists
}
