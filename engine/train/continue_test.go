package train

import (
	"context"
	"slices"
	"testing"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
)

// TestContinueGoesOn trains on most of a small graph and goes on with the rest: its triples must score higher, and the
// result must not depend on the number of workers.
func TestContinueGoesOn(t *testing.T) {
	var all []model.Triple
	for i := range uint32(40) {
		all = append(all, model.Triple{H: i, R: 0, T: (i + 1) % 40}, model.Triple{H: i, R: 1, T: (i + 7) % 40})
	}
	v, err := model.NewVocabulary(slices.Collect(ids(0, 40)), slices.Collect(ids(40, 2)))
	if err != nil {
		t.Fatal(err)
	}
	rest := all[64:]
	for _, family := range []string{"complex", "transe", "transe-l1"} {
		e, err := Train(context.Background(), Data{Vocabulary: v, Train: all[:64]}, Options{Family: family, Dim: 16, Epochs: 20, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		o := OptionsOf(e)
		if o.Loss != Loss(e.Metadata.Settings["loss"]) || o.Family != family || o.LearningRate <= 0 {
			t.Errorf("%s: the options %+v are not those of %v", family, o, e.Metadata.Settings)
		}
		o.Epochs = 10
		c := continuationOf(all, rest, e.Vocabulary)
		before := e.Tables
		one, err := Continue(context.Background(), e.Tables, c, o)
		if err != nil {
			t.Fatal(err)
		}
		o.Workers = 2
		two, err := Continue(context.Background(), e.Tables, c, o)
		if err != nil || !slices.Equal(one.Entities, two.Entities) || !slices.Equal(one.Relations, two.Relations) {
			t.Errorf("%s: two workers give other tables, %v", family, err)
		}
		for e := range uint32(40) { // entities of rest's triples move, others do not
			asked := slices.ContainsFunc(rest, func(x model.Triple) bool { return x.H == e || x.T == e })
			if moved := !slices.Equal(one.Entity(e), before.Entity(e)); moved != asked {
				t.Errorf("%s: entity %d moves: %v", family, e, moved)
			}
		}
		rankOf := func(t model.Tables) (sum int) {
			scores := make([]float32, 40)
			for _, x := range rest {
				(&model.Embedding{Tables: t}).ScoreTails(x.H, x.R, scores)
				for _, s := range scores {
					if s > scores[x.T] {
						sum++
					}
				}
			}
			return sum
		}
		if was, now := rankOf(e.Tables), rankOf(one); now >= was {
			t.Errorf("%s: the new triples' ranks sum to %d, before to %d", family, now, was)
		}
	}
}

// continuationOf goes over the questions that triples of a graph answer.
func continuationOf(all, asked []model.Triple, v *model.Vocabulary) Continuation {
	c := Continuation{EntityTriples: make([]float32, v.Entities()), RelationTriples: make([]float32, v.Relations()), Met: 0.1}
	for _, g := range questions(all, 0, allTargets) {
		wanted := func(x model.Triple) bool {
			return x.R == g.relation && (g.heads && x.T == g.entity || !g.heads && x.H == g.entity)
		}
		if slices.ContainsFunc(asked, wanted) {
			c.Questions = append(c.Questions, Question{g.entity, g.relation, g.heads, g.targets})
		}
	}
	for _, x := range asked {
		c.Moves = append(c.Moves, x.H, x.T)
	}
	slices.Sort(c.Moves)
	c.Moves = slices.Compact(c.Moves)
	for _, x := range all {
		c.EntityTriples[x.H]++
		c.EntityTriples[x.T]++
		c.RelationTriples[x.R]++
	}
	return c
}

// ids yields n term identifiers after the first skip.
func ids(skip, n int) func(func(store.TermID) bool) {
	return func(yield func(store.TermID) bool) {
		for i := range n {
			if !yield(store.TermID(skip + i + 1)) {
				return
			}
		}
	}
}

// TestContinueLeavesHubs goes on with one triple of two entities, of which one is said to have been trained on a thousand
// triples and the other on one: the first must move much less.
func TestContinueLeavesHubs(t *testing.T) {
	var all []model.Triple
	for i := range uint32(40) {
		all = append(all, model.Triple{H: i, R: 0, T: (i + 1) % 40}, model.Triple{H: i, R: 1, T: (i + 7) % 40})
	}
	v, err := model.NewVocabulary(slices.Collect(ids(0, 40)), slices.Collect(ids(40, 2)))
	if err != nil {
		t.Fatal(err)
	}
	e, err := Train(context.Background(), Data{Vocabulary: v, Train: all}, Options{Family: "complex", Dim: 16, Epochs: 20, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	asked := []model.Triple{{H: 3, R: 0, T: 20}}
	c := continuationOf(append(all, asked...), asked, v)
	c.EntityTriples[3], c.EntityTriples[20] = 1000, 1
	now, err := Continue(context.Background(), e.Tables, c, OptionsOf(e))
	if err != nil {
		t.Fatal(err)
	}
	moved := func(row uint32) (sum float64) {
		for i, x := range now.Entity(row) {
			d := float64(x - e.Entity(row)[i])
			sum += d * d
		}
		return sum
	}
	if hub, other := moved(3), moved(20); !(hub < other/10) || hub == 0 {
		t.Errorf("a hub moves by %g in square, another by %g", hub, other)
	}
}
