package maintain

import (
	"context"
	"testing"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// The clans: three rings of forty people. Relation k < 5 leads from person i of a ring to i+k+1; relation 5 leads from
// each person to their clan. Rings are what ComplEx represents exactly, so a small model learns the graph well.
const (
	clans, ring  = 3, 40
	people       = clans * ring
	memberOf     = 5
	clanEntities = people + clans
)

func person(clan, i int) uint32 { return uint32(clan%clans*ring + i%ring) }

func steps(k int, from, to int) []model.Triple {
	var out []model.Triple
	for c := range clans {
		for i := from; i < to; i++ {
			out = append(out, model.Triple{H: person(c, i), R: uint32(k), T: person(c, i+k+1)})
		}
	}
	return out
}

// clanData returns the clans' graph, every ninth triple in the test split.
func clanData(t testing.TB) train.Data {
	t.Helper()
	var all []model.Triple
	for k := range memberOf {
		all = append(all, steps(k, 0, ring)...)
	}
	for i := range people {
		all = append(all, model.Triple{H: uint32(i), R: memberOf, T: uint32(people + i/ring)})
	}
	var d train.Data
	for i, x := range all {
		switch {
		case i%9 == 8:
			d.Test = append(d.Test, x)
		case i%9 == 7:
			d.Valid = append(d.Valid, x)
		default:
			d.Train = append(d.Train, x)
		}
	}
	setVocabulary(t, &d, clanEntities, memberOf+1)
	return d
}

// setVocabulary gives the data a vocabulary of that size; newWorld puts the store's terms into it.
func setVocabulary(t testing.TB, d *train.Data, entities, relations int) {
	t.Helper()
	v := &model.Vocabulary{}
	var err error
	if v, err = v.Extend(numbered(0, entities), numbered(entities, relations)); err != nil {
		t.Fatal(err)
	}
	d.Vocabulary = v
}

func clanOptions() train.Options {
	return train.Options{Dim: 16, Epochs: 40, Batch: 64, N3: 0.01, Seed: 3, ValidEvery: 100}
}

// clanModel is trained once for all tests.
var clanModel *model.Embedding

func clanWorld(t testing.TB) *world {
	t.Helper()
	d := clanData(t)
	if clanModel == nil {
		e, err := train.Train(context.Background(), d, clanOptions())
		if err != nil {
			t.Fatal(err)
		}
		clanModel = e
	}
	return newWorld(t, d, clanModel)
}

// without returns the triples that do not satisfy drop, and those that do.
func without(triples []model.Triple, drop func(model.Triple) bool) (kept, dropped []model.Triple) {
	for _, x := range triples {
		if drop(x) {
			dropped = append(dropped, x)
		} else {
			kept = append(kept, x)
		}
	}
	return kept, dropped
}
