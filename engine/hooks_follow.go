package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/inklingdb/inkling/engine/hook"
	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/udf/cel"
)

// position is how far an after-hook has come: it is done with all commits up to version, and with the first offset
// changes of the next one.
type position struct {
	version store.Version
	offset  int
}

func (p position) text() []byte { return fmt.Appendf(nil, "%d/%d", p.version, p.offset) }

func (p position) before(q position) bool {
	return p.version < q.version || p.version == q.version && p.offset < q.offset
}

func parsePosition(text []byte) (p position, err error) {
	if _, err := fmt.Sscanf(string(text), "%d/%d", &p.version, &p.offset); err != nil || p.offset < 0 {
		return position{}, fmt.Errorf("a hook's position is %q: %w", text, store.ErrCorrupt)
	}
	return p, nil
}

// hookFollower carries one after-hook over the log. One goroutine runs it.
type hookFollower struct {
	db     *DB
	name   string
	log    *hookLog
	stop   context.CancelFunc
	ctx    context.Context
	done   chan struct{}
	dead   atomic.Int64  // letters
	resume chan struct{} // of capacity 1: something that paused it may be right now

	mu      sync.Mutex // guards what follows
	here    position
	saved   position
	moved   bool   // something that is worth saving lies between saved and here
	state   string // HookActive and the like
	problem string
	changed chan struct{} // closed when here or state change
}

func newHookFollower(db *DB, name string, at position, log *hookLog) *hookFollower {
	f := &hookFollower{db: db, name: name, log: log, done: make(chan struct{}), resume: make(chan struct{}, 1),
		here: at, saved: at, state: HookActive, changed: make(chan struct{})}
	f.ctx, f.stop = context.WithCancel(db.running)
	return f
}

func (f *hookFollower) close() {
	f.stop()
	<-f.done
}

func (f *hookFollower) at() position {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.here
}

func (f *hookFollower) status() (state, problem string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state, f.problem
}

func (f *hookFollower) unsaved() (position, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.here, f.moved
}

func (f *hookFollower) markSaved(at position) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.saved = at
	f.moved = f.moved && at.before(f.here)
}

// moveTo moves on; matters is false when only commits without changes were passed over, which need not be saved.
func (f *hookFollower) moveTo(at position, matters bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.here = at
	f.moved = f.moved || matters
	f.tell(HookActive, "")
}

// tell sets the state and wakes those who wait; f.mu is held.
func (f *hookFollower) tell(state, problem string) {
	f.state, f.problem = state, problem
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *hookFollower) setState(state, problem string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tell(state, problem)
}

// pause is why a follower waits without a loss.
type pause struct{ why error }

func (p pause) Error() string { return p.why.Error() }
func (p pause) Unwrap() error { return p.why }

// pausedFor is how long a paused follower waits before it looks again.
const pausedFor = 30 * time.Second

func (f *hookFollower) run() {
	defer close(f.done)
	for f.ctx.Err() == nil {
		err := f.step()
		if err == nil {
			f.recover()
			err = f.db.store.Wait(f.ctx, f.at().version)
		}
		if f.ctx.Err() != nil || errors.Is(err, store.ErrClosed) {
			return
		}
		if err == nil {
			continue
		}
		f.setState(HookPaused, err.Error())
		f.db.log.Warn("a hook waits; nothing is lost", "hook", f.name, "problem", err)
		select {
		case <-time.After(pausedFor):
		case <-f.resume:
		case <-f.ctx.Done():
		}
	}
}

// recover makes a paused hook active again: what paused it is no more.
func (f *hookFollower) recover() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state != HookActive {
		f.tell(HookActive, "")
	}
}

// undoChanges is about how many changes of the log are read at a time, and so how many are undone at most for a hook that
// lags. Tests set it.
var undoChanges = 1 << 18

// window is a part of the log, with the graph to read it by.
type window struct {
	hook    *hook.Hook
	commits []store.Commit
	past    *past
	terms   *expr.Terms
	make    func() *cel.Run
	run     *cel.Run // made on first use
	names   names
}

// step passes over the log as far as it is. It returns early for the sake of a failed action, once that is settled.
func (f *hookFollower) step() error {
	for f.ctx.Err() == nil {
		w, err := f.open()
		if err != nil || w == nil {
			return err
		}
		failed, err := f.pass(w)
		w.close()
		if err == nil && failed != nil {
			err = f.insist(w.hook, *failed)
		}
		if err != nil {
			return err
		}
	}
	return f.ctx.Err()
}

// open reads the next part of the log; nil at its end.
func (f *hookFollower) open() (*window, error) {
	db := f.db
	h := db.hooks.find(f.name)
	if h == nil {
		return nil, pause{fmt.Errorf("the hook is being removed")}
	}
	models := db.models.edition()
	v, err := db.store.View()
	if err != nil {
		return nil, err
	}
	from := f.at().version
	commits, err := db.hooks.commits.read(f.ctx, db.store, from, v.Version(), undoChanges)
	if err != nil || len(commits) == 0 {
		v.Close()
		return nil, err
	}
	return db.newWindow(h, v, commits, models), nil
}

// newWindow returns commits with a view to read them by, which it takes over.
func (db *DB) newWindow(h *hook.Hook, v *store.View, commits []store.Commit, models edition) *window {
	w := &window{hook: h, commits: commits, past: newPast(v, commits), terms: expr.NewTerms(v), names: newNames(v)}
	w.past.imports = &imports{db: db}
	w.make = func() *cel.Run {
		run := db.snapshotOf(v, models).run()
		run.Host.Graph = w.past
		return run
	}
	return w
}

func (w *window) close() {
	w.past.imports.close()
	w.past.view.Close()
}

// runner returns what conditions see, made on first use.
func (w *window) runner() *cel.Run {
	if w.run == nil {
		w.run = w.make()
	}
	return w.run
}

// pass goes through a window. A delivery that failed for the first time is returned, for insist.
func (f *hookFollower) pass(w *window) (failed *delivery, err error) {
	d := &delivery{}
	for _, c := range w.commits {
		if err := f.ctx.Err(); err != nil {
			return nil, err
		}
		w.past.at = c.Version
		if len(c.Changes) == 0 && !c.Bulk {
			if d.empty() {
				f.moveTo(position{version: c.Version}, false)
			} else {
				d.upTo = position{version: c.Version}
			}
			continue
		}
		visit := func(at int, changes []store.Change, end position) error {
			part := c
			part.Changes = changes
			return f.look(w, d, part, at, end, &failed)
		}
		if c.Bulk && !d.empty() { // an import that is lost moves on, and must not pass over what waits
			err = f.send(w, d, &failed)
		}
		switch {
		case err != nil:
		case c.Bulk:
			err = f.passBulk(c, visit)
		default:
			err = f.passCommit(c, visit)
		}
		if err == errEnough {
			return failed, nil
		}
		if err != nil {
			return nil, err
		}
	}
	if !d.empty() {
		return f.try(w.hook, d)
	}
	return nil, nil
}

// passCommit visits a commit's changes in batches, from the position on.
func (f *hookFollower) passCommit(c store.Commit, visit func(int, []store.Change, position) error) error {
	from := 0
	if here := f.at(); here.version == c.Version-1 {
		from = min(here.offset, len(c.Changes))
	}
	for at := from; ; at += hook.BatchChanges {
		end := min(at+hook.BatchChanges, len(c.Changes))
		next := position{c.Version - 1, end}
		if end == len(c.Changes) {
			next = position{version: c.Version}
		}
		if err := visit(at, c.Changes[at:end], next); err != nil || end == len(c.Changes) {
			return err
		}
	}
}

// passBulk visits the changes of a bulk import that were kept.
func (f *hookFollower) passBulk(c store.Commit, visit func(int, []store.Change, position) error) error {
	from := 0
	if here := f.at(); here.version == c.Version-1 {
		from = here.offset
	}
	kept, err := openSpool(f.db.spoolPath(c.Version))
	if err != nil && isLost(err) {
		lost := fmt.Errorf("the changes of this bulk import were not kept, or are damaged: look at them yourself: %w", err)
		return f.bury(delivery{upTo: position{version: c.Version}, changes: []matched{{Version: c.Version}}}, 0, lost)
	}
	if err != nil {
		return err
	}
	defer kept.close()
	err = kept.visit(from, hook.BatchChanges, func(at int, changes []store.Change) error {
		return visit(at, changes, position{c.Version - 1, at + len(changes)})
	})
	if err != nil {
		return err
	}
	return visit(0, nil, position{version: c.Version})
}

// look matches a batch of a commit and acts when enough has come together.
func (f *hookFollower) look(w *window, d *delivery, part store.Commit, at int, end position, failed **delivery) error {
	in := hook.NewInput(part, w.terms, w.runner)
	found, faults, err := w.hook.Match(f.ctx, in)
	in.Close()
	if f.ctx.Err() != nil {
		return f.ctx.Err()
	}
	if errors.Is(err, hook.ErrBroken) {
		return pause{err}
	}
	if err != nil && !errors.Is(err, hook.ErrTimeLimit) {
		return err
	}
	if err != nil { // nothing of the batch could be told
		left, failure := w.hook.Screen(in)
		if failure != nil {
			return failure
		}
		for _, x := range left {
			faults = append(faults, hook.Fault{Change: x, Err: err})
		}
	}
	if len(faults) > 0 {
		f.log.add(HookRun{Version: part.Version, Outcome: OutcomeFault, Changes: len(faults),
			Change: changeText(w.names, faults[0].Change), Problem: faults[0].Err.Error()})
		f.db.log.Warn("a hook's condition failed", "hook", f.name, "version", part.Version, "changes", len(faults), "problem", faults[0].Err)
	}
	if len(found) > 0 && !d.empty() && d.depth != in.Depth+1 {
		if err := f.send(w, d, failed); err != nil {
			return err
		}
	}
	if len(found) > 0 {
		d.depth = in.Depth + 1
		if d.text == "" {
			d.text = changeText(w.names, found[0])
		}
		if err := f.collect(w, d, part, at, found); err != nil {
			return err
		}
	}
	d.upTo = end
	if d.empty() {
		f.moveTo(end, true)
		return nil
	}
	if len(d.changes) >= deliveryChanges {
		return f.send(w, d, failed)
	}
	return nil
}

// send makes the first attempt of a delivery and empties it. errEnough says that it failed.
func (f *hookFollower) send(w *window, d *delivery, failed **delivery) error {
	again, err := f.try(w.hook, d)
	if err == nil && again != nil {
		*failed, err = again, errEnough
	}
	*d = delivery{}
	return err
}

// collect adds matched changes with what the action will need of the graph as it was.
func (f *hookFollower) collect(w *window, d *delivery, part store.Commit, at int, found []store.Change) error {
	place := 0
	for _, x := range found {
		for part.Changes[place] != x {
			place++
		}
		m := matched{Version: part.Version, Index: at + place, Time: part.Time, Source: part.Source,
			Change: [5]uint64{uint64(x.Graph), uint64(x.Triple.S), uint64(x.Triple.P), uint64(x.Triple.O)}}
		if x.Removed {
			m.Change[4] = 1
		}
		if w.hook.Action == "edit" && !x.Removed {
			older, err := w.past.olderTails(x)
			if err != nil {
				return err
			}
			for _, id := range older {
				m.Older = append(m.Older, uint64(id))
			}
		}
		d.changes = append(d.changes, m)
	}
	d.seen = w.commits[len(w.commits)-1].Version // what the view has beyond it was not undone
	return nil
}

// waitFor returns when the hook is done with the commits up to a version, retries or is paused, or when ctx ends.
func (f *hookFollower) waitFor(ctx context.Context, v store.Version) error {
	for {
		f.mu.Lock()
		done, changed := f.here.version >= v || f.state != HookActive, f.changed
		f.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-f.done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// WaitHooks returns when every after-hook is done with the commits made before the call, and with those that hooks made
// because of them. A hook that retries or is paused, as Hooks tells, is not waited for.
func (db *DB) WaitHooks(ctx context.Context) error {
	for {
		latest := db.Version()
		db.hooks.mu.Lock()
		followers := make([]*hookFollower, 0, len(db.hooks.followers))
		for _, f := range db.hooks.followers {
			followers = append(followers, f)
		}
		db.hooks.mu.Unlock()
		for _, f := range followers {
			if err := f.waitFor(ctx, latest); err != nil {
				return fmt.Errorf("engine: waiting for hook %s: %w", f.name, err)
			}
		}
		caused, err := db.causedByHooks(ctx, latest)
		if err != nil || !caused {
			return err
		}
	}
}

// causedByHooks reports whether a hook changed the graph after a version.
func (db *DB) causedByHooks(ctx context.Context, after store.Version) (bool, error) {
	err := db.store.Changes(ctx, after, func(c store.Commit) error {
		if hook.Reserved(c.Source) && len(c.Changes) > 0 {
			return errEnough
		}
		return nil
	})
	if err == errEnough {
		return true, nil
	}
	return false, err
}
