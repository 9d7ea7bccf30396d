package maintain

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/inklingdb/inkling/engine/factor"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// familyWorld returns a world with a model of a family, or of a factorization, trained on the clans.
func familyWorld(t testing.TB, family string) *world {
	t.Helper()
	d := clanData(t)
	if _, ok := factor.MethodByName(family); ok {
		e, err := factor.Fit(context.Background(), d, factor.Options{Method: family, Rank: 24, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		return newWorld(t, d, e)
	}
	o := clanOptions()
	o.Family, o.N3 = family, 0
	e, err := train.Train(context.Background(), d, o)
	if err != nil {
		t.Fatal(err)
	}
	return newWorld(t, d, e)
}

// story is what the families are taken through: surprises added, trained triples removed, newcomers with triples that
// say where they belong, and a new relation, whose unstated triples are asked for.
type story struct {
	surprises, removed, stayed         []model.Triple
	told, asked, toldOfNew, askedOfNew []model.Triple
}

func newStory(w *world) story {
	var s story
	for i := range 8 {
		s.surprises = append(s.surprises, model.Triple{H: person(i, 3*i), R: uint32(i % memberOf), T: person(i+1, 7*i)})
	}
	for i := 5; i < len(w.data.Train) && len(s.removed) < 8; i += 53 {
		s.removed = append(s.removed, w.data.Train[i])
	}
	s.stayed, _ = without(w.data.Train, func(x model.Triple) bool { return slices.Contains(s.removed, x) })
	for n := range 3 { // each a double of a person: what is true of one is true of the other
		newcomer, double := uint32(clanEntities+n), person(n, 11*n+5)
		own, _ := without(append(slices.Clone(w.data.Train), w.data.Test...), func(x model.Triple) bool { return x.H != double })
		for i, x := range own {
			x.H = newcomer
			if i < len(own)-2 {
				s.told = append(s.told, x)
			} else {
				s.asked = append(s.asked, x)
			}
		}
	}
	for i, x := range steps(memberOf+1, 0, ring) {
		if i%4 == 0 {
			s.askedOfNew = append(s.askedOfNew, x)
		} else {
			s.toldOfNew = append(s.toldOfNew, x)
		}
	}
	return s
}

// everyFamily lists the families of the table and the factorizations.
func everyFamily() []string {
	var names []string
	for _, f := range model.Families {
		names = append(names, f.Name)
	}
	for _, m := range factor.Methods {
		names = append(names, m.Name)
	}
	return names
}

// TestEveryFamilyIsMaintained takes each family through the story.
func TestEveryFamilyIsMaintained(t *testing.T) {
	for _, family := range everyFamily() {
		t.Run(family, func(t *testing.T) {
			t.Parallel()
			w := familyWorld(t, family)
			twin := w.copyOf()
			f := w.follow(Options{})
			s := newStory(w)
			checkStory(t, w, f, s)
			g := twin.follow(Options{})
			if err := g.catchUp(context.Background()); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(twin.bytes(g), w.bytes(f)) {
				t.Error("catching up at the end gives another model than following")
			}
			f.Close()
			if again := w.follow(Options{}); !bytes.Equal(w.bytes(again), twin.bytes(g)) {
				t.Error("opening again gives another model")
			}
		})
	}
}

// checkStory commits the story and looks at the model after each of its parts.
func checkStory(t *testing.T, w *world, f *Follower, s story) {
	t.Helper()
	start := f.Embedding()
	for _, x := range s.surprises {
		before := f.Embedding()
		w.apply(f, w.write(nil, []model.Triple{x}))
		checkTouched(t, before, f.Embedding(), 4)
	}
	added := f.Embedding()
	fit := w.mrr(start, s.stayed)
	checkRise(t, w, "added triples", start, added, s.surprises, 0.02)
	checkHold(t, w, "trained triples after additions", start, added, s.stayed)
	for _, x := range s.removed {
		w.apply(f, w.write([]model.Triple{x}, nil))
		if e := f.Embedding(); e.IsFact(x.H, x.R, x.T) {
			t.Errorf("removed %v still has probability %.3f, threshold %.3f", x, e.Prob(x.H, x.R, x.T), e.Calibration.Threshold)
		}
	}
	removed := f.Embedding()
	checkHold(t, w, "triples that stayed after removals", added, removed, s.stayed)
	w.apply(f, w.write(nil, s.told))
	told := f.Embedding()
	if n := told.Vocabulary.Entities(); n != clanEntities+3 {
		t.Fatalf("%d entities, want %d", n, clanEntities+3)
	}
	checkRise(t, w, "new entities' triples", nil, told, s.told, 0.5*fit)
	checkRise(t, w, "new entities' unstated triples", nil, told, s.asked, 0.2*fit)
	checkHold(t, w, "triples that stayed after new entities", removed, told, s.stayed)
	w.apply(f, w.write(nil, s.toldOfNew))
	last := f.Embedding()
	if err := last.Check(); err != nil || last.Vocabulary.Relations() != memberOf+2 {
		t.Fatalf("%d relations, %v", last.Vocabulary.Relations(), err)
	}
	checkRise(t, w, "a new relation's triples", nil, last, s.toldOfNew, 0.1*fit)
	checkRise(t, w, "a new relation's unstated triples", nil, last, s.askedOfNew, 0.05*fit)
	checkHold(t, w, "triples that stayed after a new relation", told, last, s.stayed)
}

// checkTouched checks that a commit of one triple changed few rows.
func checkTouched(t *testing.T, before, after *model.Embedding, most int) {
	t.Helper()
	n := 0
	for e := range uint32(before.Vocabulary.Entities()) {
		if !slices.Equal(before.Entity(e), after.Entity(e)) {
			n++
		}
	}
	for r := range uint32(before.RelationRows()) {
		if !slices.Equal(before.Relation(r), after.Relation(r)) {
			n++
		}
	}
	if n == 0 || n > most {
		t.Errorf("a commit of one triple changed %d rows, want 1 to %d", n, most)
	}
}

// checkRise checks that the mean reciprocal rank of triples is at least so much now, and twice what it was.
func checkRise(t *testing.T, w *world, what string, before, after *model.Embedding, triples []model.Triple, least float64) {
	t.Helper()
	was := 0.
	if before != nil {
		was = w.mrr(before, triples)
	}
	if now := w.mrr(after, triples); now < 1.7*was || now < least {
		t.Errorf("MRR of %s went from %.3f to %.3f, want %.3f", what, was, now, max(1.7*was, least))
	} else {
		t.Logf("MRR of %s %.3f to %.3f", what, was, now)
	}
}

func checkHold(t *testing.T, w *world, what string, before, after *model.Embedding, triples []model.Triple) {
	t.Helper()
	if was, now := w.mrr(before, triples), w.mrr(after, triples); now < was-0.05 {
		t.Errorf("MRR of %s went from %.3f to %.3f", what, was, now)
	} else {
		t.Logf("MRR of %s %.3f to %.3f", what, was, now)
	}
}
