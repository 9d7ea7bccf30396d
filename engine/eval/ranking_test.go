package eval

import (
	"context"
	"errors"
	"math"
	"sort"
	"testing"

	"pgregory.net/rapid"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
)

// table scores by looking up: few distinct values, so that ties abound.
type table struct {
	entities int
	value    func(q model.Query, e uint32) float32
}

func (s table) ScoreQueries(queries []model.Query, out vec.Matrix, _ int) {
	for i, q := range queries {
		for e := range s.entities {
			out.Row(i)[e] = s.value(q, uint32(e))
		}
	}
}

// hashed returns a scorer of few distinct scores.
func hashed(entities int, levels uint64) table {
	return table{entities, func(q model.Query, e uint32) float32 {
		x := key(q)*0x9e3779b97f4a7c15 + uint64(e)*0xbf58476d1ce4e5b9
		x ^= x >> 31
		return float32(x * 0x94d049bb133111eb >> 40 % levels)
	}}
}

// plainRank is the definition: sort the candidates that are not known, and average the places of equals.
func plainRank(s table, q model.Query, target uint32, known []model.Triple) float64 {
	isKnown := func(e uint32) bool {
		for _, t := range known {
			if (!q.Heads && t == model.Triple{H: q.Entity, R: q.Relation, T: e}) ||
				(q.Heads && t == model.Triple{H: e, R: q.Relation, T: q.Entity}) {
				return true
			}
		}
		return false
	}
	var scores []float64
	for e := range uint32(s.entities) {
		if e == target || !isKnown(e) {
			scores = append(scores, float64(s.value(q, e)))
		}
	}
	sort.Sort(sort.Reverse(sort.Float64Slice(scores)))
	own := float64(s.value(q, target))
	first := sort.Search(len(scores), func(i int) bool { return scores[i] <= own })
	end := sort.Search(len(scores), func(i int) bool { return scores[i] < own })
	return float64(first+1+end) / 2
}

func triples(entities, relations, most int) *rapid.Generator[[]model.Triple] {
	row := func(n int) *rapid.Generator[uint32] { return rapid.Uint32Range(0, uint32(n-1)) }
	one := rapid.Custom(func(t *rapid.T) model.Triple {
		return model.Triple{H: row(entities).Draw(t, "h"), R: row(relations).Draw(t, "r"), T: row(entities).Draw(t, "t")}
	})
	return rapid.SliceOfN(one, 1, most)
}

func TestRankEqualsThePlainDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entities := rapid.IntRange(1, 40).Draw(t, "entities")
		relations := rapid.IntRange(1, 3).Draw(t, "relations")
		s := hashed(entities, rapid.Uint64Range(1, 9).Draw(t, "levels"))
		train := triples(entities, relations, 120).Draw(t, "train")
		test := triples(entities, relations, 40).Draw(t, "test")
		workers := rapid.IntRange(0, 3).Draw(t, "workers")
		got, err := Rank(context.Background(), s, entities, test, NewKnown(train, test), Options{Workers: workers, ByRelation: true})
		if err != nil {
			t.Fatal(err)
		}
		known := append(append([]model.Triple(nil), train...), test...)
		var both, tails, heads tally
		byRelation := map[uint32]*tally{}
		for _, x := range test {
			tail, head := plainRank(s, tailQuery(x), x.T, known), plainRank(s, headQuery(x), x.H, known)
			if byRelation[x.R] == nil {
				byRelation[x.R] = &tally{}
			}
			for _, sum := range []*tally{&both, byRelation[x.R]} {
				sum.add(tail)
				sum.add(head)
			}
			tails.add(tail)
			heads.add(head)
		}
		if got.Ranking != both.ranking() || got.Tails != tails.ranking() || got.Heads != heads.ranking() {
			t.Fatalf("got %+v\nwant %+v, %+v, %+v", got, both.ranking(), tails.ranking(), heads.ranking())
		}
		for _, r := range got.ByRelation {
			if r.Ranking != byRelation[r.Relation].ranking() {
				t.Fatalf("relation %d: %+v, want %+v", r.Relation, r.Ranking, byRelation[r.Relation].ranking())
			}
		}
		if len(got.ByRelation) != len(byRelation) {
			t.Fatalf("%d relations, want %d", len(got.ByRelation), len(byRelation))
		}
	})
}

// More distinct queries than one batch holds.
func TestRankCutsIntoBatches(t *testing.T) {
	const entities = 700
	s := hashed(entities, 1000)
	var test []model.Triple
	for e := range uint32(entities) {
		test = append(test, model.Triple{H: e, R: 0, T: (e * 7) % entities})
	}
	known := NewKnown(test)
	one, err := Rank(context.Background(), s, entities, test, known, Options{})
	if err != nil {
		t.Fatal(err)
	}
	last := 0
	many, err := Rank(context.Background(), s, entities, test, known, Options{Workers: 1, Progress: func(done, total int) {
		if last = done; total != 2*entities {
			t.Errorf("total %d", total)
		}
	}})
	if err != nil || one.Ranking != many.Ranking || last != 2*entities {
		t.Errorf("%+v and %+v, %d done, %v", one, many, last, err)
	}
	if want := plainRank(s, headQuery(test[3]), test[3].H, test); want < 1 || one.Queries != 2*entities {
		t.Errorf("rank %g, %d queries", want, one.Queries)
	}
}

func TestRankPutsNaNLastAndConstantsInTheMiddle(t *testing.T) {
	test := []model.Triple{{H: 0, R: 0, T: 1}}
	nan := table{9, func(model.Query, uint32) float32 { return float32(math.NaN()) }}
	r, err := Rank(context.Background(), nan, 9, test, NewKnown(test), Options{})
	if err != nil || r.MeanRank != 9 {
		t.Errorf("NaN: mean rank %g, %v", r.MeanRank, err)
	}
	constant := table{9, func(model.Query, uint32) float32 { return 1 }}
	r, err = Rank(context.Background(), constant, 9, test, NewKnown(test), Options{})
	if err != nil || r.MeanRank != 5 {
		t.Errorf("all equal: mean rank %g, %v", r.MeanRank, err)
	}
	r, err = Rank(context.Background(), constant, 9, nil, NewKnown(), Options{})
	if err != nil || r.Queries != 0 || r.MRR != 0 {
		t.Errorf("nothing to rank: %+v, %v", r, err)
	}
}

func TestRankStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	test := []model.Triple{{H: 0, R: 0, T: 1}}
	if _, err := Rank(ctx, hashed(5, 5), 5, test, NewKnown(test), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestKnownEqualsAScan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := triples(12, 2, 60).Draw(t, "a")
		b := triples(12, 2, 60).Draw(t, "b")
		k := NewKnown(a, b)
		all := map[model.Triple]bool{}
		for _, x := range append(append([]model.Triple(nil), a...), b...) {
			all[x] = true
		}
		for h := range uint32(12) {
			for r := range uint32(2) {
				var want []uint32
				for e := range uint32(12) {
					if all[model.Triple{H: h, R: r, T: e}] {
						want = append(want, e)
					}
					if k.Has(model.Triple{H: h, R: r, T: e}) != all[model.Triple{H: h, R: r, T: e}] {
						t.Fatalf("Has(%d, %d, %d) is wrong", h, r, e)
					}
				}
				got := k.Known(model.Query{Entity: h, Relation: r}, nil)
				if len(got) != len(want) {
					t.Fatalf("(%d, %d, ?): %v, want %v", h, r, got, want)
				}
				for i := range got {
					if got[i] != want[i] {
						t.Fatalf("(%d, %d, ?): %v, want %v", h, r, got, want)
					}
				}
			}
		}
	})
}
