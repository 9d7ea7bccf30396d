package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// group is commits that share one durable transaction.
type group struct {
	store    *Store
	state    *state // after the commits so far; not visible to anyone yet
	interner *interner
	ops      []op
	entries  []groupEntry
	changes  int
}

// groupEntry is one request of a group: what to answer, and the state its commit made, if it made one.
type groupEntry struct {
	request *request
	commit  Commit
	state   *state
}

func newGroup(s *Store) *group {
	return &group{store: s, state: s.state, interner: newInterner(s.state.lexicon)}
}

// add runs a request's transaction against the group's state. A failed one is answered and leaves no trace.
func (g *group) add(r *request) {
	next := g.interner.next()
	entry, err := g.try(r)
	if err != nil {
		g.interner.rollback(next)
		r.done <- outcome{err: err}
		return
	}
	if entry.state != nil {
		g.state = entry.state
	}
	g.changes += len(entry.commit.Changes) + int(g.interner.next()-next)
	g.entries = append(g.entries, entry)
}

func (g *group) try(r *request) (groupEntry, error) {
	if g.store.stopped != nil {
		return groupEntry{}, g.store.stopped
	}
	if err := r.ctx.Err(); err != nil {
		return groupEntry{}, err
	}
	tx := &Tx{group: g, state: g.state, changes: map[placed]bool{}, meta: map[string][]byte{}}
	err := r.apply(tx)
	tx.end()
	if err != nil {
		return groupEntry{}, err
	}
	c := Commit{Version: g.state.version, Time: g.state.time, Source: r.source}
	if len(tx.changes) == 0 && len(tx.meta) == 0 {
		return groupEntry{request: r, commit: c}, nil
	}
	c.Version++
	c.Time = laterOf(time.Now().UTC(), g.state.time)
	c.Changes = changeList(tx.changes)
	next := *g.state
	next.version, next.time = c.Version, c.Time
	if len(c.Changes) > 0 {
		next.changed = c.Version
	}
	next.delta = g.state.delta.push(newRun(c.Changes))
	next.lexicon = g.interner.lexicon()
	next.meta = tx.mergedMeta()
	if err := g.check(r.ctx, c, &next); err != nil {
		return groupEntry{}, err
	}
	g.ops = metaOps(logOps(g.ops, c), tx.meta)
	return groupEntry{request: r, commit: c, state: &next}, nil
}

// metaOps appends what sets metadata.
func metaOps(ops []op, values map[string][]byte) []op {
	for name, value := range values {
		ops = append(ops, op{metaKey(name), sealed(value)})
	}
	return ops
}

// sealed is seal, but keeps nil, which deletes.
func sealed(value []byte) []byte {
	if value == nil {
		return nil
	}
	return seal(append([]byte(nil), value...))
}

func laterOf(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func (g *group) check(ctx context.Context, c Commit, next *state) error {
	if g.store.options.Check == nil {
		return nil
	}
	trial := *next
	trial.indexes = nil // they are of an earlier version
	v := &View{store: g.store, state: &trial, pending: g.interner.pending}
	defer v.Close()
	return g.store.options.Check(ctx, c, v)
}

// commit makes the group durable, brings the indexes up to it, publishes it and answers.
func (g *group) commit() {
	s := g.store
	if err := g.write(); err != nil {
		g.fail(err)
		return
	}
	g.interner.remember()
	for _, e := range g.entries {
		if e.state != nil {
			s.applyIndexes(e.commit, e.state)
			g.state.indexes = e.state.indexes
		}
	}
	if g.state != s.state || g.interner.next() != s.state.lexicon.next {
		last := *g.state
		last.lexicon = g.interner.published()
		s.dictionary.full.Store(last.lexicon.tailFirst)
		s.publish(&last)
	}
	for _, e := range g.entries {
		e.request.done <- outcome{commit: e.commit}
	}
	s.foldIfDue()
}

// fail answers every request of a group that was not written. Only a disk found full beforehand leaves the store fit
// to write again: after any other failure nobody knows what reached the disk.
func (g *group) fail(err error) {
	if refused(err) {
		err = fmt.Errorf("store: commit: %w", err)
	} else {
		err = fmt.Errorf("store: commit: %w: %w", ErrStopped, err)
		g.store.stopped = err
	}
	for _, e := range g.entries {
		e.request.done <- outcome{err: err}
	}
}

// refused reports whether a failed commit wrote nothing, for want of room.
func refused(err error) bool { return errors.Is(err, ErrDiskFull) && !errors.Is(err, errHalfWritten) }

// write puts the group's keys on disk, all or none.
func (g *group) write() error {
	ops, err := g.interner.ops(g.ops)
	if err != nil || len(ops) == 0 {
		return err
	}
	h := g.store.head(g.state)
	h.next = g.interner.next()
	headOp := op{[]byte{prefixHead}, h.encode()}
	return g.store.commitOps(ops, headOp)
}

// commitOps writes ops together with a head, all or none.
func (s *Store) commitOps(ops []op, headOp op) error {
	err := s.kv.Commit(append(ops, headOp))
	if !errors.Is(err, errTooBig) {
		return err
	}
	if err := s.commitLarge(ops, headOp); err != nil {
		return fmt.Errorf("%w: %w", errHalfWritten, err)
	}
	return nil
}

// commitLarge writes what does not fit one transaction: first an intent, so that the next opening can tell
// leftovers, then the parts, then the head that makes them valid.
func (s *Store) commitLarge(ops []op, headOp op) error {
	var meta []op // existing keys change only together with the head
	if err := s.kv.Commit([]op{{intentKey(intentCommit), []byte{formatVersion}}}); err != nil {
		return err
	}
	err := s.kv.Load(func(put func(op) error) error {
		for _, o := range ops {
			if o.value == nil || o.key[0] == prefixMeta {
				meta = append(meta, o)
				continue
			}
			if err := put(o); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.kv.Commit(append(meta, headOp, op{key: intentKey(intentCommit)}))
}
