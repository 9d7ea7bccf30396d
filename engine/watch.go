package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/inklingdb/inkling/query/exec"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// WatchOptions changes how a standing query is kept. The zero value works.
type WatchOptions struct {
	Exact         bool       // search no model approximately
	DefaultGraphs []rdf.Term // the protocol's default-graph-uri: their union is the default graph
	NamedGraphs   []rdf.Term // the protocol's named-graph-uri
	// Limits bounds each evaluation. Rows is of the answer, which is held in memory: 0 means DefaultWatchRows. Memory
	// bounds the evaluation, and on its own the answer held: 0 means the database's and DefaultWatchMemory.
	Limits Limits
	// Pause is the least time from the end of one evaluation to the beginning of the next; 0 means DefaultWatchPause.
	// An evaluation that took longer is followed by a pause as long as it took, so that a slow query takes no more
	// than half a processor. Commits that come meanwhile are answered by one evaluation.
	Pause time.Duration
	// Turn is called before each evaluation and may wait for its turn among others; done is called after it. May be nil.
	Turn func(ctx context.Context) (done func(), err error)
}

// Defaults of WatchOptions.
const (
	DefaultWatchRows   = 100_000
	DefaultWatchMemory = 64 << 20
	DefaultWatchPause  = 50 * time.Millisecond
)

// Delta is how the answer of a standing query changed from one state of the database to a later one.
type Delta struct {
	// Initial says that this is the first delta of a Watch: Added is the whole answer.
	Initial bool
	// Added and Removed are the solutions that appeared and disappeared, one term per variable, the zero Term where
	// unbound; one that occurs n times more often is there n times. Added is in the order of the answer.
	Added, Removed [][]rdf.Term
	// Versions are those of the graph and of the models that the new answer rests on.
	Versions Versions
}

// Watch is a standing query: Next gives its rows, then the rows that appear and disappear as commits and model
// versions come. It holds no snapshot and runs nothing between two calls of Next. It belongs to one goroutine at a time.
type Watch struct {
	Vars     []string // without "?"
	Warnings []string // what the query's writer hardly meant

	db        *DB
	query     *sparql.Query
	options   WatchOptions
	footprint footprint
	answer    answer
	started   bool
	seen      store.Version            // commits up to it are in the answer, or cannot touch it
	used      map[string]*published    // models of the last evaluation, by the name asked for
	models    map[string]store.Version // their versions by name, as of now
	rested    time.Time                // from when on the next evaluation may begin
}

// Watch begins a standing query, a SELECT. It is evaluated again when a commit may have changed its answer or a model
// that it uses was maintained or replaced. A syntax error is a *sparql.Error; so is a function whose value changes without
// a commit, such as NOW. End what uses the Watch before closing the database.
func (db *DB) Watch(ctx context.Context, text string, o WatchOptions) (*Watch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	known := db.Prefixes()
	ast, err := sparql.Parse(text, sparql.Options{Base: known[""], Prefixes: known})
	if err != nil {
		return nil, err
	}
	if ast.Form != sparql.Select {
		return nil, fmt.Errorf("engine: watch: %w: only a SELECT has rows to watch; select the variables of the pattern", ErrBadInput)
	}
	if err := refuseVolatile(ast); err != nil {
		return nil, err
	}
	if o.Limits.Rows == 0 {
		o.Limits.Rows = DefaultWatchRows
	}
	if o.Pause == 0 {
		o.Pause = DefaultWatchPause
	}
	w := &Watch{Vars: ast.Vars, db: db, query: ast, options: o, footprint: footprintOf(ast, o)}
	w.answer.limitBytes = o.Limits.Memory
	if w.answer.limitBytes == 0 {
		w.answer.limitBytes = DefaultWatchMemory
	}
	o.Limits = o.Limits.or(db.opts.Limits)
	w.options.Limits = o.Limits
	for _, warning := range sparql.Warnings(ast) {
		w.Warnings = append(w.Warnings, warning.String())
	}
	return w, nil
}

// volatile are the functions whose value changes though the database does not.
var volatile = []string{"NOW", "RAND", "UUID", "STRUUID", "BNODE"}

func refuseVolatile(q *sparql.Query) (err error) {
	sparql.Walk(q, func(n sparql.Node) bool {
		if f, ok := n.(*sparql.BuiltIn); ok && err == nil && slices.Contains(volatile, f.Name) {
			at := f.Position()
			err = &sparql.Error{Line: at.Line, Column: at.Column, Found: fmt.Sprintf(
				"a standing query cannot call %s: its value changes without a commit, which nobody would be told of", f.Name)}
		}
		return err == nil
	})
	return err
}

// Next returns the next delta: at first the whole answer, then, once there is one, a change that is not empty. After an
// error that is not ctx's, such as ErrLimit for an answer that outgrew its limit, the answer held is that of the last
// delta, and Next may be called again.
func (w *Watch) Next(ctx context.Context) (Delta, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(w.db.running, cancel)()
	for {
		delta, err := w.step(ctx)
		if w.db.running.Err() != nil && err != nil {
			return Delta{}, fmt.Errorf("engine: watch: %w", ErrClosed)
		}
		if err != nil {
			return Delta{}, err
		}
		if delta.Initial || len(delta.Added)+len(delta.Removed) > 0 {
			return delta, nil
		}
	}
}

// step waits until an evaluation is due and evaluates.
func (w *Watch) step(ctx context.Context) (Delta, error) {
	if w.started {
		if err := w.await(ctx); err != nil {
			return Delta{}, err
		}
	}
	if err := sleep(ctx, time.Until(w.rested)); err != nil {
		return Delta{}, err
	}
	return w.turn(ctx)
}

// turn evaluates in its turn.
func (w *Watch) turn(ctx context.Context) (Delta, error) {
	if w.options.Turn != nil {
		done, err := w.options.Turn(ctx)
		if err != nil {
			return Delta{}, err
		}
		defer done()
	}
	started := time.Now()
	delta, err := w.evaluate(ctx)
	w.rested = time.Now().Add(max(w.options.Pause, time.Since(started)))
	return delta, err
}

// Poll is Next without waiting: it returns how the answer changed until now, a delta without rows when it did not.
func (w *Watch) Poll(ctx context.Context) (Delta, error) {
	if w.started && !w.modelsChanged() {
		if touched, err := w.skip(ctx); err != nil || !touched {
			return Delta{Versions: w.Versions()}, err
		}
	}
	return w.turn(ctx)
}

// Versions returns the versions for which the answer last given is known to be right: later than those of the last
// delta where what came since did not change it.
func (w *Watch) Versions() Versions { return Versions{Graph: w.seen, Models: w.models} }

// evaluate answers the query as of now and returns how the answer changed. After an error nothing is changed.
func (w *Watch) evaluate(ctx context.Context) (Delta, error) {
	limits := w.options.Limits
	ctx, cancel := limits.deadline(ctx)
	defer cancel()
	s, err := w.db.snapshot()
	if err != nil {
		return Delta{}, err
	}
	defer s.close()
	s.exact = w.options.Exact
	options := s.options(limits)
	options.Seed = 1
	options.DefaultGraphs, options.NamedGraphs = w.options.DefaultGraphs, w.options.NamedGraphs
	result, err := exec.Run(ctx, exec.FromView(s.view), w.query, options)
	if err != nil {
		return Delta{}, err
	}
	defer result.Close()
	change := w.answer.begin()
	for row, err := range result.Rows() {
		if err == nil {
			err = change.add(row)
		}
		if err != nil {
			change.abandon()
			return Delta{}, watchError(err, limits.Rows)
		}
	}
	delta := Delta{Initial: !w.started, Versions: s.versions()}
	delta.Added, delta.Removed = change.commit()
	w.started, w.seen, w.used, w.models = true, s.view.Version(), s.used, delta.Versions.Models
	return delta, nil
}

// watchError says what to do about an answer that is too large to be held.
func watchError(err error, rows int64) error {
	if !errors.Is(err, ErrLimit) {
		return err
	}
	return fmt.Errorf("engine: watch: the answer is held in memory to compare it, of at most %d rows: count, group or narrow the rows down: %w", rows, err)
}

// sleep waits for a time, or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
