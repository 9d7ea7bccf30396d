package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/inklingdb/inkling/store/rdf"
)

// Batch is quads to remove and then to add, blindly: what is there already, or not there, is no error.
type Batch struct {
	Source string // who writes; kept in the log
	Remove []rdf.Quad
	Add    []rdf.Quad
}

// request asks the committer for one commit, or for a moment alone.
type request struct {
	ctx    context.Context
	source string
	apply  func(*Tx) error // runs in the committer
	alone  func() error    // instead of apply: no group is open while it runs
	done   chan outcome    // of capacity 1
}

type outcome struct {
	commit Commit
	err    error
}

// Write removes and adds quads as one commit; concurrent calls share a sync. The Commit holds what really
// changed; when nothing did, it is the latest version's, without changes, and nothing is logged.
func (s *Store) Write(ctx context.Context, b Batch) (Commit, error) {
	if len(b.Add) < recentTermsLimit/8 {
		if err := s.warm(b.Add); err != nil {
			return Commit{}, err
		}
	}
	return s.submit(&request{ctx: ctx, source: b.Source, apply: func(tx *Tx) error {
		for _, q := range b.Remove {
			if err := tx.RemoveQuad(q); err != nil {
				return err
			}
		}
		for _, q := range b.Add {
			if err := tx.AddQuad(q); err != nil {
				return err
			}
		}
		return nil
	}})
}

// warm finds what the dictionary has of some quads, so that the committer need not.
func (s *Store) warm(quads []rdf.Quad) error {
	v, err := s.View()
	if err != nil {
		return err
	}
	defer v.Close()
	for i := range quads {
		q := &quads[i]
		for _, t := range [4]rdf.Term{q.S, q.P, q.O, q.G} {
			if _, _, err := v.ID(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// Update calls fn with a transaction and commits what it did; an error from fn leaves nothing visible.
// fn runs in the caller's goroutine while all other writers wait: it must not write to the store otherwise.
func (s *Store) Update(ctx context.Context, source string, fn func(*Tx) error) (Commit, error) {
	turn, finished := make(chan *Tx), make(chan error, 1)
	r := &request{ctx: ctx, source: source, done: make(chan outcome, 1), apply: func(tx *Tx) error {
		select {
		case turn <- tx:
			return <-finished
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
	if err := s.enqueue(r); err != nil {
		return Commit{}, err
	}
	select {
	case tx := <-turn:
		runTransaction(tx, fn, finished)
	case <-ctx.Done():
		return Commit{}, ctx.Err() // nobody takes the turn any more, so fn never runs
	case out := <-r.done:
		return out.commit, out.err
	}
	out := <-r.done
	return out.commit, out.err
}

var errPanic = errors.New("transaction function panicked")

// runTransaction calls fn and tells the committer how it ended, also when it panics.
func runTransaction(tx *Tx, fn func(*Tx) error, finished chan<- error) {
	err := errPanic
	defer func() {
		tx.end()
		finished <- err
	}()
	err = fn(tx)
}

func (s *Store) submit(r *request) (Commit, error) {
	r.done = make(chan outcome, 1)
	if err := s.enqueue(r); err != nil {
		return Commit{}, err
	}
	out := <-r.done
	return out.commit, out.err
}

func (s *Store) enqueue(r *request) error {
	s.senders.RLock() // Close waits for us, so the committer never leaves a request behind
	defer s.senders.RUnlock()
	if s.shut {
		return fmt.Errorf("store: write: %w", ErrClosed)
	}
	select {
	case s.requests <- r:
		return nil
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
}

// groupTime is how long the committer gathers requests that are already waiting before it syncs.
const groupTime = 5 * time.Millisecond

// groupChanges ends a group early, so that it stays one transaction of the key-value store.
const groupChanges = 16_384

// commitLoop is the one goroutine that writes commits.
func (s *Store) commitLoop() {
	defer close(s.committerDone)
	for r := range s.requests {
		for r != nil {
			if r.alone != nil {
				r.done <- outcome{err: s.runAlone(r)}
				break
			}
			r = s.commitGroup(r)
		}
	}
}

func (s *Store) runAlone(r *request) error {
	if s.stopped != nil {
		return s.stopped
	}
	if err := r.ctx.Err(); err != nil {
		return err
	}
	return r.alone()
}

// commitGroup commits a request and those waiting behind it in one sync. It returns a request that must
// run alone, if it met one.
func (s *Store) commitGroup(first *request) (next *request) {
	g := newGroup(s)
	start := time.Now()
	g.add(first)
	for g.changes < groupChanges && time.Since(start) < groupTime {
		select {
		case r, open := <-s.requests:
			if !open {
				g.commit()
				return nil
			}
			if r.alone != nil {
				g.commit()
				return r
			}
			g.add(r)
			continue
		default:
		}
		break
	}
	g.commit()
	return nil
}
