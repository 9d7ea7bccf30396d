package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/inklingdb/inkling/engine/hook"
	"github.com/inklingdb/inkling/store"
)

// matched is a change that a hook is about, as deliveries and dead letters hold it.
type matched struct {
	Version store.Version `json:"version"`
	Index   int           `json:"index"` // among the commit's changes
	Time    time.Time     `json:"time"`
	Source  string        `json:"source"`
	Change  [5]uint64     `json:"change"`          // graph, subject, predicate, object; 1 for a removal
	Older   []uint64      `json:"older,omitempty"` // tails of the same head and relation before, for edits
}

func (m matched) change() store.Change {
	id := func(i int) store.TermID { return store.TermID(m.Change[i]) }
	return store.Change{Graph: id(0), Triple: store.Triple{S: id(1), P: id(2), O: id(3)}, Removed: m.Change[4] == 1}
}

// delivery is what one call of an action is about: matched changes of commits that follow each other.
type delivery struct {
	changes []matched
	depth   int           // of the commits that the action makes
	seen    store.Version // later commits may have changed Older
	upTo    position      // what is done once it is delivered
	text    string        // the first change
	problem string        // of the latest attempt
}

// deliveryChanges is from how many changes on a delivery is sent.
const deliveryChanges = 256

func (d *delivery) empty() bool { return len(d.changes) == 0 }

// id names a delivery among those of its hook that were given up.
func (d *delivery) id() string {
	first := d.changes[0]
	return fmt.Sprintf("%d-%d", first.Version, first.Index)
}

// fingerprint names a delivery by its changes: the same at every attempt, and another one when, after a crash, it is made
// up anew with changes that came since. A receiver that drops what it has seen would miss those.
func (d *delivery) fingerprint() string {
	h := fnv.New64a()
	for _, m := range d.changes {
		fmt.Fprintf(h, "%d-%d ", m.Version, m.Index)
	}
	return fmt.Sprintf("%s-%016x", d.id(), h.Sum64())
}

// hookBackoff is how attempts of an action are spaced.
var hookBackoff = hook.Backoff{First: 500 * time.Millisecond, Most: 5 * time.Minute}

// try makes the first attempt of a delivery; a copy of it is returned when it is to be tried again.
func (f *hookFollower) try(h *hook.Hook, d *delivery) (again *delivery, err error) {
	err = f.attempt(h, d)
	switch {
	case err == nil:
		return nil, nil
	case isPause(err) || f.ctx.Err() != nil:
		return nil, err
	case errors.Is(err, hook.ErrPermanent), h.Attempts <= 1:
		return nil, f.bury(*d, 1, err)
	}
	copied := *d
	copied.problem = err.Error()
	return &copied, nil
}

// insist tries a delivery again and again, ever more rarely, until it succeeds or becomes a dead letter.
func (f *hookFollower) insist(h *hook.Hook, d delivery) error {
	for n := 1; ; n++ {
		f.setState(HookRetrying, d.problem)
		wait := hookBackoff.Wait(n - 1)
		f.db.log.Warn("a hook's action is tried again", "hook", f.name, "attempt", n+1, "of", h.Attempts, "in", wait)
		select {
		case <-time.After(wait):
		case <-f.resume: // it may be right now
		case <-f.ctx.Done():
			return f.ctx.Err()
		}
		err := f.attempt(h, &d)
		switch {
		case err == nil:
			return nil
		case isPause(err) || f.ctx.Err() != nil:
			return err
		case errors.Is(err, hook.ErrPermanent) || n+1 >= h.Attempts:
			return f.bury(d, n+1, err)
		}
		d.problem = err.Error()
	}
}

func isPause(err error) bool {
	var p pause
	return errors.As(err, &p)
}

// attempt runs the action once, notes how it went and moves on.
func (f *hookFollower) attempt(h *hook.Hook, d *delivery) error {
	if limit := f.db.opts.hookDepth(); d.depth > limit {
		return fmt.Errorf("hooks set each other off: %d of them led to this commit, %d may: %w", d.depth-1, limit, hook.ErrPermanent)
	}
	if a := hook.ActionByName(h.Action); a != nil && a.Writes { // it waits as other writers do; that is no part of its time
		if err := f.db.admit(f.ctx); err != nil {
			return err
		}
	}
	start := time.Now()
	ctx, cancel := h.Deadline(f.ctx)
	saved, err := f.db.act(ctx, h, d, &d.upTo)
	if err != nil && f.ctx.Err() == nil && ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	cancel()
	last := d.changes[len(d.changes)-1].Version
	if err != nil {
		if f.ctx.Err() == nil && !isPause(err) {
			f.log.add(HookRun{Version: last, Outcome: OutcomeFailed, Changes: len(d.changes), Change: d.text, Problem: err.Error(), Took: time.Since(start)})
		}
		return err
	}
	f.log.add(HookRun{Version: last, Outcome: OutcomeDone, Changes: len(d.changes), Change: d.text, Took: time.Since(start)})
	if h.Action == "warn" {
		f.db.log.Warn("a hook warns of a commit", "hook", h.Name, "version", last, "change", d.text, "changes", len(d.changes), "message", h.Message)
	}
	f.moveTo(d.upTo, true)
	switch {
	case saved:
		f.markSaved(d.upTo)
	case h.Action != "warn":
		select {
		case f.db.hooks.acted <- struct{}{}:
		default:
		}
	}
	return nil
}

// DeadLetter is a call of an action that was given up.
type DeadLetter struct {
	Hook     string        `json:"hook"`
	ID       string        `json:"id"`
	Time     time.Time     `json:"time"`
	Attempts int           `json:"attempts"`
	Problem  string        `json:"problem"` // of the last one
	Change   string        `json:"change"`  // the first one, by names
	Changes  int           `json:"changes"`
	Version  store.Version `json:"version"` // of the first change's commit
}

// deadLetter is what the metadata keeps of one.
type deadLetter struct {
	Time     time.Time     `json:"time"`
	Attempts int           `json:"attempts"`
	Problem  string        `json:"problem"`
	Text     string        `json:"text"`
	Depth    int           `json:"depth"`
	Seen     store.Version `json:"seen"`
	Changes  []matched     `json:"changes"`
}

// maxDeadLetters is how many a hook may have; one more pauses it, so that none is lost.
const maxDeadLetters = 1000

func deadPrefix(name string) string { return metaDead + name + ":" }

// deadKeys returns the metadata names of a hook's dead letters, by id.
func deadKeys(v *store.View, name string) (keys []string) {
	for _, key := range v.MetaNames() {
		if strings.HasPrefix(key, deadPrefix(name)) {
			keys = append(keys, key)
		}
	}
	return keys
}

// bury makes a dead letter of a delivery and moves on, in one commit.
func (f *hookFollower) bury(d delivery, attempts int, cause error) error {
	if f.dead.Load() >= maxDeadLetters {
		return pause{fmt.Errorf("%d dead letters wait: retry or drop them first (inkling hook dead): %w", maxDeadLetters, cause)}
	}
	letter := deadLetter{Time: time.Now().UTC(), Attempts: attempts, Problem: shortText(cause.Error()), Text: shortText(d.text), Depth: d.depth, Seen: d.seen, Changes: d.changes}
	value, err := json.Marshal(letter)
	if err != nil {
		return err
	}
	_, err = f.db.store.Update(f.ctx, "hook-dead:"+f.name, func(tx *store.Tx) error {
		if err := tx.SetMeta(metaPosition+f.name, d.upTo.text()); err != nil {
			return err
		}
		return tx.SetMeta(deadPrefix(f.name)+d.id(), value)
	})
	if err != nil {
		return fmt.Errorf("engine: keeping a dead letter: %w", err)
	}
	f.dead.Add(1)
	f.log.add(HookRun{Version: d.changes[0].Version, Outcome: OutcomeDead, Changes: len(d.changes), Change: d.text, Problem: cause.Error()})
	f.db.log.Error("a hook's action was given up; a dead letter keeps it", "hook", f.name, "letter", d.id(), "attempts", attempts, "problem", cause)
	f.moveTo(d.upTo, true)
	f.markSaved(d.upTo)
	return nil
}

// DeadLetters lists a hook's dead letters, oldest commit first.
func (db *DB) DeadLetters(name string) ([]DeadLetter, error) {
	if _, err := db.hook(name); err != nil {
		return nil, err
	}
	v, err := db.store.View()
	if err != nil {
		return nil, err
	}
	defer v.Close()
	list := []DeadLetter{}
	for _, key := range deadKeys(v, name) {
		var l deadLetter
		if err := json.Unmarshal(v.Meta(key), &l); err != nil {
			return nil, fmt.Errorf("engine: dead letter %s: %w", key, err)
		}
		list = append(list, DeadLetter{Hook: name, ID: strings.TrimPrefix(key, deadPrefix(name)), Time: l.Time, Attempts: l.Attempts,
			Problem: l.Problem, Change: l.Text, Changes: len(l.Changes), Version: l.Changes[0].Version})
	}
	slices.SortFunc(list, func(a, b DeadLetter) int { return int(int64(a.Version) - int64(b.Version)) })
	return list, nil
}

// RetryDeadLetter runs the action of a dead letter once more; when it succeeds the letter is gone.
func (db *DB) RetryDeadLetter(ctx context.Context, name, id string) error {
	h, err := db.hook(name)
	if err != nil {
		return err
	}
	l, err := db.readDeadLetter(name, id)
	if err != nil {
		return err
	}
	if l.Changes[0].Change == [5]uint64{} {
		return fmt.Errorf("engine: %w: dead letter %s of hook %s holds no change, only word that some were lost; drop it once seen to", ErrBadInput, id, name)
	}
	d := &delivery{changes: l.Changes, depth: l.Depth, seen: l.Seen, text: l.Text}
	ctx, cancel := h.Deadline(ctx)
	defer cancel()
	start := time.Now()
	if _, err = db.act(ctx, h, d, nil); err != nil {
		db.ran(name, HookRun{Version: l.Changes[0].Version, Outcome: OutcomeFailed, Changes: len(l.Changes), Change: l.Text, Problem: err.Error(), Took: time.Since(start)})
		return fmt.Errorf("engine: hook %s: %w", name, err)
	}
	db.ran(name, HookRun{Version: l.Changes[0].Version, Outcome: OutcomeDone, Changes: len(l.Changes), Change: l.Text, Took: time.Since(start)})
	return db.dropDeadLetter(context.WithoutCancel(ctx), name, id)
}

// DropDeadLetter forgets a dead letter.
func (db *DB) DropDeadLetter(ctx context.Context, name, id string) error {
	if _, err := db.hook(name); err != nil {
		return err
	}
	if _, err := db.readDeadLetter(name, id); err != nil {
		return err
	}
	return db.dropDeadLetter(ctx, name, id)
}

func (db *DB) readDeadLetter(name, id string) (deadLetter, error) {
	v, err := db.store.View()
	if err != nil {
		return deadLetter{}, err
	}
	defer v.Close()
	value := v.Meta(deadPrefix(name) + id)
	if value == nil {
		return deadLetter{}, fmt.Errorf("engine: %w: hook %s has no dead letter %q (inkling hook dead %s lists them)", ErrBadInput, name, id, name)
	}
	var l deadLetter
	err = json.Unmarshal(value, &l)
	if err == nil && len(l.Changes) == 0 {
		err = store.ErrCorrupt
	}
	return l, err
}

func (db *DB) dropDeadLetter(ctx context.Context, name, id string) error {
	there := false
	_, err := db.store.Update(ctx, "hook-drop:"+name, func(tx *store.Tx) error {
		there = tx.View().Meta(deadPrefix(name)+id) != nil
		return tx.SetMeta(deadPrefix(name)+id, nil)
	})
	if err != nil {
		return fmt.Errorf("engine: dead letter %s of hook %s: %w", id, name, err)
	}
	if !there {
		return nil // another call was faster
	}
	db.hooks.mu.Lock()
	f := db.hooks.followers[name]
	db.hooks.mu.Unlock()
	if f != nil {
		f.dead.Add(-1)
		select {
		case f.resume <- struct{}{}:
		default:
		}
	}
	return nil
}
