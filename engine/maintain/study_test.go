package maintain

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
)

// largeWorld returns a world and a follower to whom the test split is a large commit.
func largeWorld(t *testing.T) (*world, Options) {
	return clanWorld(t), Options{MaxChanges: 10}
}

// TestBulkIsStudied imports the test split and a new person in bulk.
func TestBulkIsStudied(t *testing.T) {
	w := clanWorld(t)
	f := w.follow(Options{})
	before := f.Embedding()
	newcomer := uint32(clanEntities + 7)
	surprises := newStory(w).surprises
	c := w.write(nil, append([]model.Triple{{H: newcomer, R: 0, T: 1}, {H: newcomer, R: 1, T: 2}}, surprises...))
	w.apply(f, store.Commit{Version: c.Version, Bulk: true})
	after := f.Embedding()
	if n := after.Vocabulary.Entities(); n != clanEntities+1 {
		t.Errorf("%d entities, want %d", n, clanEntities+1)
	}
	if was, now := w.mrr(before, surprises), w.mrr(after, surprises); now < 1.7*was {
		t.Errorf("MRR of the imported triples went from %.3f to %.3f", was, now)
	}
	if s := f.Status(); s.Changes == 0 || s.Version != c.Version || s.Pending != 0 {
		t.Errorf("status after a bulk import: %+v", s)
	}
}

// TestLargeCommitIsStudied commits most of the test split at once, with removals.
func TestLargeCommitIsStudied(t *testing.T) {
	w, o := largeWorld(t)
	f := w.follow(o)
	before := f.Embedding()
	newcomer := uint32(clanEntities + 7)
	surprises := newStory(w).surprises
	added := append([]model.Triple{{H: newcomer, R: 0, T: 1}}, append(surprises, w.data.Test...)...)
	removed := w.data.Train[:8]
	c := w.write(removed, added)
	w.apply(f, c)
	after := f.Embedding()
	if s := f.Status(); s.Stale != "" || s.Changes != int64(len(added)+8) || s.Version != c.Version {
		t.Errorf("status after a large commit: %+v", s)
	}
	if n := after.Vocabulary.Entities(); n != clanEntities+1 {
		t.Errorf("%d entities, want %d", n, clanEntities+1)
	}
	if was, now := w.mrr(before, surprises), w.mrr(after, surprises); now < was+0.05 {
		t.Errorf("MRR of the added triples went from %.3f to %.3f", was, now)
	}
	if was, now := w.mrr(before, w.data.Train[8:]), w.mrr(after, w.data.Train[8:]); now < was-0.05 {
		t.Errorf("MRR of the trained triples went from %.3f to %.3f", was, now)
	}
	for _, x := range removed {
		if after.IsFact(x.H, x.R, x.T) {
			t.Errorf("removed %v still has probability %.3f, threshold %.3f", x, after.Prob(x.H, x.R, x.T), after.Calibration.Threshold)
		}
	}
}

// TestLargeCommitResumes cuts a large commit after each of its parts and checks that it goes on where it stood.
func TestLargeCommitResumes(t *testing.T) {
	w, o := largeWorld(t)
	cut := w.copyOf()
	f := w.follow(o)
	c := w.write(w.data.Train[:8], w.data.Test)
	w.apply(f, c)
	ctx, cancel := context.WithCancel(context.Background())
	yields := 0
	stopping := o
	stopping.Yield = func(context.Context) {
		if yields++; yields == 1 {
			cancel()
		}
	}
	g := cut.follow(stopping)
	if err := g.Apply(ctx, c); !errors.Is(err, context.Canceled) {
		t.Fatalf("cut: %v", err)
	}
	if s := g.Status(); s.Part != 1 || s.Pending != len(c.Changes) || s.Version == c.Version {
		t.Errorf("status when cut: %+v", s)
	}
	g.Close()
	h := cut.follow(o)
	if s := h.Status(); s.Part != 1 {
		t.Errorf("status when opened again: %+v", s)
	}
	if err := h.catchUp(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(cut.bytes(h), w.bytes(f)) {
		t.Error("the resumed commit gives another model")
	}
}
