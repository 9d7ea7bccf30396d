package maintain

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/store"
)

func TestAddedTriplesRise(t *testing.T) {
	w := clanWorld(t)
	f := w.follow(Options{})
	before := f.Embedding()
	var added []model.Triple // surprises, against the rings' order
	for i := range 12 {
		added = append(added, model.Triple{H: person(i, 3*i), R: uint32(i % memberOf), T: person(i+1, 7*i)})
	}
	for _, x := range added {
		was := f.Embedding().Prob(x.H, x.R, x.T)
		w.apply(f, w.write(nil, []model.Triple{x}))
		if now := f.Embedding().Prob(x.H, x.R, x.T); now <= was && now < 0.9 {
			t.Errorf("probability of %v went from %.3f to %.3f", x, was, now)
		}
	}
	after := f.Embedding()
	if was, now := w.mrr(before, added), w.mrr(after, added); now < was+0.3 || now < 0.6 {
		t.Errorf("MRR of added triples went from %.3f to %.3f", was, now)
	}
	for name, triples := range map[string][]model.Triple{"trained": w.data.Train, "held-out": w.data.Test} {
		if was, now := w.mrr(before, triples), w.mrr(after, triples); now < was-0.05 {
			t.Errorf("MRR of %s triples went from %.3f to %.3f", name, was, now)
		} else {
			t.Logf("MRR of %s triples %.3f to %.3f", name, was, now)
		}
	}
	if before.Metadata.DataVersion+12 != after.Metadata.DataVersion || f.Version() != after.Metadata.DataVersion {
		t.Errorf("version %d, embedding %d, before %d", f.Version(), after.Metadata.DataVersion, before.Metadata.DataVersion)
	}
}

func TestRemovedTriplesFall(t *testing.T) {
	w := clanWorld(t)
	f := w.follow(Options{})
	before := f.Embedding()
	var removed []model.Triple
	for i := 5; i < len(w.data.Train) && len(removed) < 12; i += 37 {
		removed = append(removed, w.data.Train[i])
	}
	rest, _ := without(w.data.Train, func(x model.Triple) bool {
		for _, r := range removed {
			if r == x {
				return true
			}
		}
		return false
	})
	for _, x := range removed {
		w.apply(f, w.write([]model.Triple{x}, nil))
		if e := f.Embedding(); e.IsFact(x.H, x.R, x.T) {
			t.Errorf("removed %v still has probability %.3f, threshold %.3f", x, e.Prob(x.H, x.R, x.T), e.Calibration.Threshold)
		}
	}
	if was, now := w.mrr(before, rest), w.mrr(f.Embedding(), rest); now < was-0.05 {
		t.Errorf("MRR of the triples that stayed went from %.3f to %.3f", was, now)
	} else {
		t.Logf("MRR of the triples that stayed: %.3f to %.3f", was, now)
	}
	if f.Status().Changes != 12 {
		t.Errorf("%d changes, want 12", f.Status().Changes)
	}
}

// TestNewEntity leaves a person out of training and brings them in with some of their triples: the others must
// rank well.
func TestNewEntity(t *testing.T) {
	d := clanData(t)
	newcomer := person(2, ring-1)
	// The newcomer takes the last row, so that the model's rows are the first ones.
	swap := func(e uint32) uint32 {
		switch e {
		case newcomer:
			return clanEntities - 1
		case clanEntities - 1:
			return newcomer
		}
		return e
	}
	var theirs []model.Triple
	for _, split := range []*[]model.Triple{&d.Train, &d.Valid, &d.Test} {
		for i, x := range *split {
			(*split)[i] = model.Triple{H: swap(x.H), R: x.R, T: swap(x.T)}
		}
		var own []model.Triple
		*split, own = without(*split, func(x model.Triple) bool { return x.H == clanEntities-1 || x.T == clanEntities-1 })
		theirs = append(theirs, own...)
	}
	setVocabulary(t, &d, clanEntities-1, memberOf+1)
	e, err := train.Train(context.Background(), d, clanOptions())
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, d, e)
	f := w.follow(Options{})
	told, asked := theirs[:len(theirs)-3], theirs[len(theirs)-3:]
	w.apply(f, w.write(nil, told))
	after := f.Embedding()
	if after.Vocabulary.Entities() != clanEntities {
		t.Fatalf("%d entities, want %d", after.Vocabulary.Entities(), clanEntities)
	}
	if m := w.mrr(after, told); m < 0.5 {
		t.Errorf("MRR of a new entity's %d triples is %.3f", len(told), m)
	}
	if m := w.mrr(after, asked); m < 0.2 {
		t.Errorf("MRR of a new entity's unstated triples is %.3f", m)
	} else {
		t.Logf("MRR of a new entity's unstated triples: %.3f", m)
	}
	if was, now := w.mrr(e, d.Train), w.mrr(after, d.Train); now < was-0.05 {
		t.Errorf("MRR of the rest went from %.3f to %.3f", was, now)
	}
}

// TestNewRelation brings in a relation with two thirds of its triples: the others must rank well.
func TestNewRelation(t *testing.T) {
	w := clanWorld(t)
	f := w.follow(Options{})
	before := f.Embedding()
	const far = memberOf + 1 // to i+7
	var told, asked []model.Triple
	for i, x := range steps(far, 0, ring) {
		if i%3 == 0 {
			asked = append(asked, x)
		} else {
			told = append(told, x)
		}
	}
	w.apply(f, w.write(nil, told))
	after := f.Embedding()
	if after.Vocabulary.Relations() != memberOf+2 {
		t.Fatalf("%d relations", after.Vocabulary.Relations())
	}
	if err := after.Check(); err != nil {
		t.Fatal(err)
	}
	if m := w.mrr(after, asked); m < 0.3 {
		t.Errorf("MRR of a new relation's unstated triples is %.3f", m)
	} else {
		t.Logf("MRR of a new relation's unstated triples: %.3f", m)
	}
	if was, now := w.mrr(before, w.data.Train), w.mrr(after, w.data.Train); now < was-0.05 {
		t.Errorf("MRR of the rest went from %.3f to %.3f", was, now)
	}
}

// edits makes random commits: additions, removals, new entities, a new relation now and then.
func (w *world) edits(n int, seed uint64) []store.Commit {
	random := rand.New(rand.NewPCG(seed, 0))
	next := uint32(clanEntities)
	var out []store.Commit
	for range n {
		var remove, add []model.Triple
		for range 1 + random.IntN(3) {
			switch random.IntN(4) {
			case 0:
				remove = append(remove, w.data.Train[random.IntN(len(w.data.Train))])
			case 1:
				add = append(add, model.Triple{H: next, R: uint32(random.IntN(memberOf)), T: uint32(random.IntN(people))})
				next++
			case 2:
				add = append(add, w.data.Test[random.IntN(len(w.data.Test))])
			default:
				add = append(add, model.Triple{H: uint32(random.IntN(people)), R: uint32(random.IntN(memberOf + 3)), T: uint32(random.IntN(people))})
			}
		}
		if c := w.write(remove, add); len(c.Changes) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// TestFollowEqualsCatchUp compares a follower that applied each commit as it came with one that came late and had
// to look at the graph of the past.
func TestFollowEqualsCatchUp(t *testing.T) {
	w := clanWorld(t)
	late, later := w.copyOf(), w.copyOf()
	f := w.follow(Options{RefreshEvery: 16, MaxDrift: -1})
	var commits []store.Commit
	for i := range 25 {
		for _, c := range w.edits(1, uint64(i)) {
			w.apply(f, c)
			commits = append(commits, c)
		}
	}
	want := w.bytes(f)
	g := late.follow(Options{RefreshEvery: 16, MaxDrift: -1})
	if err := g.catchUp(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(late.bytes(g), want) {
		t.Error("catching up at the end gives another model than following")
	}
	h := later.follow(Options{RefreshEvery: 16, MaxDrift: -1})
	for _, c := range commits {
		later.apply(h, c) // one at a time, but over a snapshot that is far ahead
	}
	if !bytes.Equal(later.bytes(h), want) {
		t.Error("following late, commit by commit, gives another model")
	}
	if s := f.Status(); s.Stale != "" || s.Version != w.version() {
		t.Errorf("status %+v at version %d", s, w.version())
	}
}

// TestResume cuts the journal at random places, as a crash may, and checks that the reopened follower, caught up,
// equals the one that never stopped.
func TestResume(t *testing.T) {
	w := clanWorld(t)
	crashed := w.copyOf()
	f := w.follow(Options{})
	for _, c := range w.edits(8, 1) {
		w.apply(f, c)
	}
	want := w.bytes(f)
	journal, err := os.ReadFile(w.checkpoint + ".journal")
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	for round := range 12 {
		cut := random.IntN(len(journal) + 1)
		torn := bytes.Clone(journal[:cut])
		if round%3 == 0 && cut > 0 {
			torn[random.IntN(cut)] ^= 1 << random.IntN(8)
		}
		if len(torn) > 8 && (!bytes.Equal(torn[:8], journal[:8]) || len(torn) >= 12 && !bytes.Equal(torn[:12], journal[:12])) {
			continue // another program's file is refused, not resumed
		}
		if err := os.WriteFile(crashed.checkpoint+".journal", torn, 0o600); err != nil {
			t.Fatal(err)
		}
		g := crashed.follow(Options{})
		resumed := g.Version()
		if err := g.catchUp(context.Background()); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(crashed.bytes(g), want) {
			t.Fatalf("cut at byte %d of %d, resumed at version %d: another model", cut, len(journal), resumed)
		}
		if cut == len(journal) && resumed != f.Version() {
			t.Errorf("a whole journal resumes at %d, not %d", resumed, f.Version())
		}
	}
}

// TestCheckpoint folds the journal, with a crash before and after the new journal.
func TestCheckpoint(t *testing.T) {
	w := clanWorld(t)
	f := w.follow(Options{})
	for _, c := range w.edits(6, 2) {
		w.apply(f, c)
	}
	old, err := os.ReadFile(w.checkpoint + ".journal")
	if err != nil {
		t.Fatal(err)
	}
	want, changes := w.bytes(f), f.Status().Changes
	if err := f.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	if s := f.Status(); s.JournalBytes >= int64(len(old)) && s.Changes != changes {
		t.Errorf("status after folding %d bytes: %+v", len(old), s)
	}
	for name, prepare := range map[string]func() error{
		"new journal": func() error { return nil },
		"old journal": func() error { return os.WriteFile(w.checkpoint+".journal", old, 0o600) },
	} {
		if err := prepare(); err != nil {
			t.Fatal(err)
		}
		g := w.follow(Options{})
		if !bytes.Equal(w.bytes(g), want) || g.Status().Changes != changes {
			t.Errorf("%s: another model or count (%d, want %d) after reopening", name, g.Status().Changes, changes)
		}
	}
}

func TestApplyOnceInOrder(t *testing.T) {
	w := clanWorld(t)
	f := w.follow(Options{})
	commits := w.edits(3, 3)
	if err := f.Apply(context.Background(), commits[1]); !errors.Is(err, ErrGap) {
		t.Errorf("a commit out of order: %v", err)
	}
	w.apply(f, commits[0])
	want := w.bytes(f)
	w.apply(f, commits[0])
	if !bytes.Equal(w.bytes(f), want) {
		t.Error("a commit applied twice changes the model")
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if err := f.Apply(cancelled, commits[1]); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if !bytes.Equal(w.bytes(f), want) || f.Version() != commits[0].Version {
		t.Error("a failed commit left something behind")
	}
	w.apply(f, commits[1])
	w.apply(f, commits[2])
}

func TestRun(t *testing.T) {
	w := clanWorld(t)
	f := w.follow(Options{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- f.Run(ctx) }()
	commits := w.edits(5, 4)
	last := commits[len(commits)-1].Version
	if err := f.Wait(ctx, last); err != nil {
		t.Fatal(err)
	}
	if f.Version() != last || f.Embedding().Metadata.DataVersion != last {
		t.Errorf("version %d after waiting for %d", f.Version(), last)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Run returned %v", err)
	}
}
