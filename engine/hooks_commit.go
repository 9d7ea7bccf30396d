package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/inklingdb/inkling/engine/hook"
	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/udf/cel"
)

// RejectedError says that a before-hook refused a commit. Nothing of the commit was written.
type RejectedError struct {
	Hook    string // its name
	Message string // what the hook's author says
	Change  string // the first change that it refuses, by names
	Changes int    // that it refuses, as far as they were looked at
	Cause   error  // of the condition or the verifier, when that failed; nil otherwise
}

// Error names hook, change and message.
func (e *RejectedError) Error() string {
	text := fmt.Sprintf("%v: hook %s: %s", ErrRejected, e.Hook, e.Change)
	if e.Changes > 1 {
		text += fmt.Sprintf(" and %d more", e.Changes-1)
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns ErrRejected and the cause.
func (e *RejectedError) Unwrap() []error {
	if e.Cause == nil {
		return []error{ErrRejected}
	}
	return []error{ErrRejected, e.Cause}
}

// HookWarning is what a before-hook says of a commit that it lets through.
type HookWarning struct {
	Hook    string `json:"hook"`
	Message string `json:"message"`
	Change  string `json:"change"`  // the first one, by names
	Changes int    `json:"changes"` // that it is about
	Problem string `json:"problem,omitempty"`
}

// String returns the warning on one line.
func (w HookWarning) String() string {
	text := fmt.Sprintf("hook %s: %s", w.Hook, w.Change)
	if w.Changes > 1 {
		text += fmt.Sprintf(" and %d more", w.Changes-1)
	}
	for _, part := range []string{w.Message, w.Problem} {
		if part != "" {
			text += ": " + part
		}
	}
	return text
}

// notes gathers what before-hooks say of one write.
type notes struct {
	mu       sync.Mutex
	warnings []HookWarning
}

type notesKey struct{}

// hooked runs a write. Warnings of before-hooks are returned, logged and counted once the commit is made.
func (db *DB) hooked(ctx context.Context, write func(context.Context) (store.Commit, error)) (store.Commit, []HookWarning, error) {
	if set := db.hooks.set.Load(); set == nil || len(set.before) == 0 {
		c, err := write(ctx)
		return c, nil, err
	}
	n := &notes{}
	c, err := write(context.WithValue(ctx, notesKey{}, n))
	if err != nil {
		return c, nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, w := range n.warnings {
		db.log.Warn("a hook warns of a commit", "hook", w.Hook, "version", c.Version, "change", w.Change, "changes", w.Changes,
			"message", w.Message, "problem", w.Problem)
		db.ran(w.Hook, HookRun{Version: c.Version, Outcome: OutcomeWarned, Changes: w.Changes, Change: w.Change, Problem: w.Problem})
	}
	return c, n.warnings, nil
}

// checkCommit runs the before-hooks; it is the store's Options.Check, and so runs in the committer, for every way to
// write. A bulk import's changes are kept for the after-hooks too, since the log does not hold them.
func (db *DB) checkCommit(ctx context.Context, c store.Commit, after *store.View) error {
	set := db.hooks.set.Load()
	if set == nil || len(c.Changes) == 0 && !c.Bulk {
		return nil
	}
	j := &judge{db: db, ctx: ctx, set: set, view: after}
	if c.Bulk {
		return j.bulk(c)
	}
	if len(set.before) == 0 {
		return nil
	}
	if err := j.look(c); err != nil {
		return err
	}
	return j.sentence(c)
}

// judge looks at one commit with all before-hooks.
type judge struct {
	db       *DB
	ctx      context.Context
	set      *hookSet
	view     *store.View
	terms    *expr.Terms
	run      *cel.Run
	findings map[string]*finding // by hook
}

// finding is what a hook found in a commit so far.
type finding struct {
	matched, faults int
	first           store.Change
	cause           error // of the first fault, or of the verifier
}

// input returns a part of the commit for the hooks. Names, functions and models are made ready once a hook asks.
func (j *judge) input(c store.Commit) *hook.Input {
	if j.terms == nil {
		j.terms = expr.NewTerms(j.view)
	}
	return hook.NewInput(c, j.terms, func() *cel.Run {
		if j.run == nil {
			j.run = j.db.snapshotOf(j.view, j.db.models.edition()).run()
		}
		return j.run
	})
}

// look runs the conditions over a part of the commit.
func (j *judge) look(c store.Commit) error {
	in := j.input(c)
	defer in.Close()
	for _, h := range j.set.before {
		if f := j.findings[h.Name]; f != nil && f.matched > 0 && h.Action == "reject" {
			continue // it is refused already
		}
		matched, faults, err := h.Match(j.ctx, in)
		if err != nil && j.ctx.Err() != nil {
			return context.Cause(j.ctx)
		}
		if err != nil { // of the hook as a whole: its time is up, or it is broken
			faults = append(faults, hook.Fault{Change: c.Changes[0], Err: err})
		}
		if h.Action == "verify" && len(matched) > 0 {
			err := j.verify(h, c, matched)
			if err != nil && j.ctx.Err() != nil {
				return context.Cause(j.ctx)
			}
			if err != nil {
				j.note(h, matched[0], len(matched), 0, err)
			}
			matched = nil
		}
		if len(matched) > 0 {
			j.note(h, matched[0], len(matched), 0, nil)
		}
		if len(faults) > 0 {
			j.note(h, faults[0].Change, 0, len(faults), faults[0].Err)
		}
	}
	return nil
}

func (j *judge) note(h *hook.Hook, first store.Change, matched, faults int, cause error) {
	if j.findings == nil {
		j.findings = map[string]*finding{}
	}
	f := j.findings[h.Name]
	if f == nil {
		f = &finding{first: first, cause: cause}
		j.findings[h.Name] = f
	}
	if matched > 0 && f.matched == 0 {
		f.first, f.cause = first, cause // what it is about goes before what it could not tell
	}
	f.matched += matched
	f.faults += faults
}

// verify asks the program's verifier, and waits no longer than the hook allows: one that does not look at its context is
// left to itself, for every commit waits behind this one.
func (j *judge) verify(h *hook.Hook, c store.Commit, matched []store.Change) error {
	if j.db.opts.Verifier == nil {
		return errNoVerifier
	}
	changes, err := changesByTerm(j.view, c, matched)
	if err != nil {
		return err
	}
	ctx, cancel := h.Deadline(j.ctx)
	defer cancel()
	deaf := &j.db.hooks.deaf
	if deaf.Load() {
		return errors.New("the verifier still has not answered for an earlier commit")
	}
	said := make(chan error, 1)
	deaf.Store(true)
	go func() {
		err := j.db.opts.Verifier.Verify(ctx, changes)
		deaf.Store(false) // before the commit goes on: the next one asks again
		said <- err
	}()
	select {
	case err := <-said:
		return err
	case <-ctx.Done():
		return fmt.Errorf("the verifier gave no answer: %w", context.Cause(ctx))
	}
}

var errNoVerifier = errors.New("no verifier is registered in this program")

// sentence rejects the commit or notes the warnings, hook by hook in the order of their names.
func (j *judge) sentence(c store.Commit) error {
	for _, h := range j.set.before {
		f := j.findings[h.Name]
		if f == nil {
			continue
		}
		text := changeText(newNames(j.view), f.first)
		if f.faults > 0 {
			j.db.ran(h.Name, HookRun{Version: c.Version, Outcome: OutcomeFault, Changes: f.faults, Change: text, Problem: errorText(f.cause)})
			j.db.log.Warn("a hook's condition failed", "hook", h.Name, "policy", h.OnError, "change", text, "problem", f.cause)
		}
		refuses := f.matched > 0 && h.Action != "warn" || f.matched == 0 && h.OnError == hook.Reject
		if refuses {
			err := &RejectedError{Hook: h.Name, Message: h.Message, Change: text, Changes: max(f.matched, f.faults), Cause: f.cause}
			j.db.ran(h.Name, HookRun{Version: c.Version, Outcome: OutcomeRejected, Changes: err.Changes, Change: text, Problem: errorText(f.cause)})
			j.db.log.Info("a hook rejected a commit", "hook", h.Name, "source", c.Source, "change", text, "changes", err.Changes)
			return err
		}
		if f.matched == 0 && h.OnError == hook.Ignore {
			continue
		}
		if n, ok := j.ctx.Value(notesKey{}).(*notes); ok {
			n.mu.Lock()
			n.warnings = append(n.warnings, HookWarning{Hook: h.Name, Message: h.Message, Change: text,
				Changes: max(f.matched, f.faults), Problem: errorText(f.cause)})
			n.mu.Unlock()
		}
	}
	return nil
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// bulk looks at the changes of a bulk import, part by part, and keeps those that after-hooks may want.
func (j *judge) bulk(c store.Commit) (err error) {
	before, err := j.db.store.View()
	if err != nil {
		return err
	}
	defer before.Close()
	var kept *spool
	if len(j.set.after) > 0 {
		if kept, err = newSpool(j.db.spoolPath(c.Version)); err != nil {
			return err
		}
		defer func() { err = kept.close(err) }()
	}
	part := c
	err = additions(j.ctx, before, j.view, func(changes []store.Change) error {
		part.Changes = changes
		j.terms = nil // its cache would grow with the import
		if j.run != nil {
			j.run = nil
		}
		if len(j.set.before) > 0 {
			if err := j.look(part); err != nil {
				return err
			}
		}
		if kept != nil {
			return j.keep(kept, part)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return j.sentence(c)
}

// keep writes the changes that any after-hook's filters let through.
func (j *judge) keep(kept *spool, part store.Commit) error {
	wanted := make(map[store.Change]bool, len(part.Changes))
	in := j.input(part)
	for _, h := range j.set.after {
		left, err := h.Screen(in)
		if err != nil {
			return err
		}
		if len(left) == len(part.Changes) {
			return kept.add(part.Changes)
		}
		for _, c := range left {
			wanted[c] = true
		}
	}
	var list []store.Change
	for _, c := range part.Changes {
		if wanted[c] {
			list = append(list, c)
		}
	}
	return kept.add(list)
}

// additions calls visit with the triples that after states and before does not, sorted, in batches.
func additions(ctx context.Context, before, after *store.View, visit func([]store.Change) error) error {
	batch := make([]store.Change, 0, 8*hook.BatchChanges)
	for _, g := range append([]store.TermID{0}, after.Graphs()...) {
		err := missing(ctx, before, after, g, func(t store.Triple) error {
			batch = append(batch, store.Change{Graph: g, Triple: t})
			if len(batch) < cap(batch) {
				return nil
			}
			err := visit(batch)
			batch = batch[:0]
			return err
		})
		if err != nil {
			return err
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return visit(batch)
}

// missing calls visit with the triples of a graph that after states and before does not.
func missing(ctx context.Context, before, after *store.View, g store.TermID, visit func(store.Triple) error) error {
	old, err := newTripleReader(before, g)
	if err != nil {
		return err
	}
	defer old.cursor.Close()
	fresh, err := newTripleReader(after, g)
	if err != nil {
		return err
	}
	defer fresh.cursor.Close()
	for fresh.next() {
		if fresh.read%4096 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for old.ok && compareTriples(old.triple, fresh.triple) < 0 {
			old.next()
		}
		if old.err != nil {
			return old.err
		}
		if old.ok && old.triple == fresh.triple {
			continue
		}
		if err := visit(fresh.triple); err != nil {
			return err
		}
	}
	return fresh.err
}
