package train

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
)

func TestTrainGoesOnFromAModel(t *testing.T) {
	ctx, d := context.Background(), planted(3)
	o := Options{Dim: 8, Epochs: 12, Seed: 1}
	first, err := Train(ctx, d, o)
	if err != nil {
		t.Fatal(err)
	}
	// Another vocabulary: rows in reverse order, an entity and a relation more.
	turned := d
	entities, relations := slices.Clone(d.Vocabulary.EntityIDs()), slices.Clone(d.Vocabulary.RelationIDs())
	slices.Reverse(entities)
	slices.Reverse(relations)
	last := relations[0] + relations[len(relations)-1] + 100
	if turned.Vocabulary, err = model.NewVocabulary(append(entities, last), append(relations, last+1)); err != nil {
		t.Fatal(err)
	}
	flip := func(list []model.Triple) []model.Triple {
		var out []model.Triple
		for _, x := range list {
			y, _ := turned.Vocabulary.Triple(storeTriple(d.Vocabulary, x))
			out = append(out, y)
		}
		return out
	}
	turned.Train, turned.Valid, turned.Test = flip(d.Train), flip(d.Valid), flip(d.Test)
	o.Start, o.Epochs, o.LearningRate = first, 1, 1e-9 // one epoch that changes nothing to speak of
	second, err := Train(ctx, turned, o)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range d.Test {
		y := turned.Test[i]
		for _, q := range [][2]model.Query{{{Entity: x.H, Relation: x.R}, {Entity: y.H, Relation: y.R}}, {{Entity: x.T, Relation: x.R, Heads: true}, {Entity: y.T, Relation: y.R, Heads: true}}} {
			a, b := make([]float32, d.Vocabulary.Entities()), make([]float32, turned.Vocabulary.Entities())
			first.ScoreQuery(q[0], a)
			second.ScoreQuery(q[1], b)
			if diff := a[0] - b[len(a)-1]; diff > 1e-4 || diff < -1e-4 {
				t.Fatalf("%v scores %v, and %v after going on", q, a[0], b[len(a)-1])
			}
		}
	}
	for _, wrong := range []Options{{Dim: 9, Start: first}, {Dim: 8, Family: "distmult", Start: first}, {Dim: 8, NoReciprocal: true, Start: first}} {
		if _, err := Train(ctx, d, wrong); !errors.Is(err, ErrOptions) {
			t.Errorf("%v", err)
		}
	}
}

func storeTriple(v *model.Vocabulary, x model.Triple) store.Triple {
	return store.Triple{S: v.EntityID(x.H), P: v.RelationID(x.R), O: v.EntityID(x.T)}
}
