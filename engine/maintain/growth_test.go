package maintain

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store"
)

// newClan returns the triples of a ring of people nobody of whom is known, nor their clan: rows from first on.
func newClan(first uint32) []model.Triple {
	var all []model.Triple
	for i := range uint32(ring) {
		for k := range uint32(memberOf) {
			all = append(all, model.Triple{H: first + i, R: k, T: first + (i+k+1)%ring})
		}
		all = append(all, model.Triple{H: first + i, R: memberOf, T: first + ring})
	}
	return all
}

// TestGraphGrowsByUnknownNodes adds two clans that nothing joins to the known ones, some triples a commit and in random
// order, as growing graphs do. What was known must stay so, among all entities, and new rows must be as long as the
// trained ones: a row placed beside one that says nothing yet once came out ten times as long and answered everything.
func TestGraphGrowsByUnknownNodes(t *testing.T) {
	w := clanWorld(t)
	f := w.follow(Options{})
	longest, before := longestRow(f.Embedding()), w.mrr(f.Embedding(), w.data.Train)
	random := rand.New(rand.NewPCG(4, 0))
	var grown []model.Triple
	for clan := range uint32(2) {
		triples := newClan(clanEntities + clan*(ring+1))
		random.Shuffle(len(triples), func(i, j int) { triples[i], triples[j] = triples[j], triples[i] })
		for part := range slices.Chunk(triples, 30) {
			w.apply(f, w.write(nil, part))
		}
		grown = append(grown, triples...)
	}
	e := f.Embedding()
	if now := longestRow(e); now > 2*longest {
		t.Errorf("the longest row was %.2f and is %.2f", longest, now)
	}
	stated := w.stated(e, slices.Concat(w.data.Train, grown))
	known := eval.NewKnown(stated)
	for name, part := range map[string]struct {
		triples []model.Triple
		least   float64
	}{
		"trained": {stated[:len(w.data.Train)], before - 0.05}, "new": {stated[len(w.data.Train):], 0.8},
	} {
		r, err := eval.Rank(context.Background(), e, e.Vocabulary.Entities(), part.triples, known, eval.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if t.Logf("%s triples: MRR %.3f, before %.3f", name, r.MRR, before); r.MRR < part.least {
			t.Errorf("%s triples rank at MRR %.3f among all, want %.3f", name, r.MRR, part.least)
		}
	}
}

func longestRow(e *model.Embedding) (longest float64) {
	for row := range uint32(e.Vocabulary.Entities()) {
		longest = max(longest, math.Sqrt(float64(vec.Dot(e.Entity(row), e.Entity(row)))))
	}
	return longest
}

// stated returns triples, numbered as the test names their terms, by a model's rows.
func (w *world) stated(e *model.Embedding, triples []model.Triple) []model.Triple {
	w.t.Helper()
	v, err := w.store.View()
	if err != nil {
		w.t.Fatal(err)
	}
	defer v.Close()
	var out []model.Triple
	for _, x := range triples {
		q := quadOf(x)
		h, _, _ := v.ID(q.S)
		r, _, _ := v.ID(q.P)
		o, _, _ := v.ID(q.O)
		rows, ok := e.Vocabulary.Triple(store.Triple{S: h, P: r, O: o})
		if !ok {
			w.t.Fatalf("the model has no rows for %v", x)
		}
		out = append(out, rows)
	}
	return out
}
