package maintain

import (
	"context"
	"errors"
	"testing"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
)

// stopping is a source whose first read of the graph, once armed, ends a context.
type stopping struct {
	Source
	cancel context.CancelFunc // nil until armed
}

type stoppingSnapshot struct {
	Snapshot
	from *stopping
}

func (s *stopping) Snapshot() (Snapshot, error) {
	found, err := s.Source.Snapshot()
	return stoppingSnapshot{found, s}, err
}

func (s stoppingSnapshot) Triples(p store.Pattern, from store.Triple, limit int) ([]store.Triple, error) {
	if s.from.cancel != nil {
		s.from.cancel()
	}
	return s.Snapshot.Triples(p, from, limit)
}

// TestPlacingEndsWithItsContext cancels while new entities are placed, of an ordinary commit and of a bulk import: many
// take long, and closing waits for it.
func TestPlacingEndsWithItsContext(t *testing.T) {
	w := clanWorld(t)
	source := &stopping{Source: FromStore(w.store, 0)}
	f, err := Open(context.Background(), w.checkpoint, source, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	before := f.Version()
	var added []model.Triple
	for i := range 20 {
		added = append(added, model.Triple{H: uint32(clanEntities + 1 + i), R: 0, T: 1})
	}
	c := w.write(nil, added)
	for _, commit := range []store.Commit{c, {Version: c.Version, Bulk: true}} {
		ctx, cancel := context.WithCancel(context.Background())
		source.cancel = cancel
		if err := f.Apply(ctx, commit); !errors.Is(err, context.Canceled) || f.Version() != before {
			t.Errorf("bulk %v: %v, version %d after %d", commit.Bulk, err, f.Version(), before)
		}
	}
	source.cancel = nil
	w.apply(f, c)
	if f.Version() != c.Version {
		t.Errorf("version %d, want %d", f.Version(), c.Version)
	}
}

// TestStatusWhileFollowing reads the status while commits that do not change the model are applied; it is for the race
// detector.
func TestStatusWhileFollowing(t *testing.T) {
	w := clanWorld(t)
	f := w.follow(Options{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	for i := range 60 {
		_, err := w.store.Update(ctx, "test", func(tx *store.Tx) error { return tx.SetMeta("name", []byte{byte(i)}) })
		if err != nil {
			t.Fatal(err)
		}
		for f.Status().Version < w.version() {
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
