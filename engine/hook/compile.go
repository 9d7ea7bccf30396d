package hook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/udf/cel"
)

// Hook is a checked definition with its compiled condition.
type Hook struct {
	Definition
	condition *cel.Condition // nil: every change
	filters   []filter
	insert    bool // the operations it is about
	delete    bool
	broken    error // why it cannot run
}

// Broken returns a hook that cannot run, so that it is seen: Match returns why.
func Broken(d Definition, why error) *Hook {
	d = d.withDefaults()
	return &Hook{Definition: d, insert: d.On != Delete, delete: d.On != Insert, broken: why}
}

// filter asks that a relation or a graph be one of a set of IRIs; "" is the default graph.
type filter struct {
	graph bool
	iris  map[string]bool
}

// Names gives the IRIs that a name may stand for; a database's way of naming decides.
type Names func(name string) []string

// Compile checks a definition, its condition included, and fills in what it leaves out. An error wraps ErrDefinition
// or is a *cel.Error with its place in the condition.
func Compile(env *cel.Env, names Names, d Definition) (*Hook, error) {
	open := d.On == ""
	d = d.withDefaults()
	if err := d.check(); err != nil {
		return nil, err
	}
	h := &Hook{Definition: d, insert: d.On != Delete, delete: d.On != Insert}
	h.addFilter(false, d.Relations, names)
	h.addFilter(true, d.Graphs, names)
	if d.Condition == "" {
		return h, nil
	}
	var err error
	if h.condition, err = env.CompileCondition(d.Condition, d.CostLimit); err != nil {
		return nil, fmt.Errorf("hook %s: %w", d.Name, err)
	}
	if open && h.condition.LooksAtOp {
		h.On, h.insert, h.delete = Both, true, true // the condition says which
	}
	asked := h.condition.Filter
	h.addFilter(false, asked.Relations, names)
	h.addFilter(true, asked.Graphs, names)
	if asked.Ops != nil {
		h.insert = h.insert && slices.Contains(asked.Ops, cel.OpInsert)
		h.delete = h.delete && slices.Contains(asked.Ops, cel.OpDelete)
		if !h.insert && !h.delete {
			return nil, fmt.Errorf("%w %s: it would never run: the condition asks for the operation %q, and on is %q", ErrDefinition, d.Name, strings.Join(asked.Ops, ", "), d.On)
		}
	}
	return h, nil
}

// IsBroken reports that the hook cannot run.
func (h *Hook) IsBroken() bool { return h.broken != nil }

func (h *Hook) addFilter(graph bool, list []string, names Names) {
	if list == nil {
		return
	}
	f := filter{graph: graph, iris: map[string]bool{}}
	for _, name := range list {
		if graph && (name == "" || name == DefaultGraph) {
			f.iris[""] = true
			continue
		}
		for _, iri := range names(name) {
			f.iris[iri] = true
		}
	}
	h.filters = append(h.filters, f)
}

// Input is a commit, or a part of one, as conditions see it.
type Input struct {
	Commit store.Commit
	Depth  int    // of the hook that made the commit; 0 for others
	Maker  string // that hook
	Terms  *expr.Terms
	Run    func() *cel.Run // made on first use

	clock *clock
}

// clock is a context that a timer ends; one serves many conditions in turn, since a context for each would cost as much
// as the conditions.
type clock struct {
	parent, ctx context.Context
	cancel      context.CancelCauseFunc
	timer       *time.Timer
}

// start returns a context that ends with the hook's time limit; stop must be called.
func (in *Input) start(ctx context.Context, h *Hook) context.Context {
	if c := in.clock; c != nil && c.parent == ctx {
		c.timer.Reset(h.TimeLimit)
		return c.ctx
	}
	c := &clock{parent: ctx}
	c.ctx, c.cancel = context.WithCancelCause(ctx)
	c.timer = time.AfterFunc(h.TimeLimit, func() { c.cancel(ErrTimeLimit) })
	in.clock = c
	return c.ctx
}

// stop stops the time; a clock that ran out is not used again.
func (in *Input) stop() {
	if c := in.clock; !c.timer.Stop() || c.ctx.Err() != nil {
		c.cancel(nil)
		in.clock = nil
	}
}

// Close frees what conditions used. The Input may be used again.
func (in *Input) Close() {
	if in.clock != nil {
		in.clock.timer.Stop()
		in.clock.cancel(nil)
		in.clock = nil
	}
}

// NewInput returns a commit for hooks to look at. terms is of the snapshot that run gives.
func NewInput(c store.Commit, terms *expr.Terms, run func() *cel.Run) *Input {
	in := &Input{Commit: c, Terms: terms, Run: run}
	in.Maker, in.Depth = ParseSource(c.Source)
	return in
}

// Fault is a change of which a condition could not be told.
type Fault struct {
	Change store.Change
	Err    error
}

// Match returns the changes of a commit that the hook is about, in order, and those of which its condition could not
// be told. A hook is about nothing that it wrote itself. The error is that of a context that ended, ErrTimeLimit when
// it was the hook's own, or of a failing disk: what was found until then comes with it.
func (h *Hook) Match(ctx context.Context, in *Input) (matched []store.Change, faults []Fault, err error) {
	if in.Maker == h.Name {
		return nil, nil, nil
	}
	left, err := h.Screen(in)
	if h.broken != nil && len(left) > 0 {
		return nil, nil, fmt.Errorf("%w: %w", ErrBroken, h.broken)
	}
	if err != nil || len(left) == 0 || h.condition == nil {
		return left, nil, err
	}
	match, errs := make([]bool, min(len(left), BatchChanges)), make([]error, min(len(left), BatchChanges))
	for part := range slices.Chunk(left, BatchChanges) {
		batch := cel.Batch{Changes: part, Time: in.Commit.Time, Source: in.Commit.Source, Terms: in.Terms}
		if err := h.eval(ctx, in, batch, match[:len(part)], errs[:len(part)]); err != nil {
			return matched, faults, err
		}
		for i, c := range part {
			switch {
			case errs[i] != nil:
				faults = append(faults, Fault{c, errs[i]})
			case match[i]:
				matched = append(matched, c)
			}
		}
	}
	return matched, faults, nil
}

// ErrBroken is wrapped by the error of a stored hook that no longer compiles.
var ErrBroken = errors.New("the hook cannot run")

// ErrTimeLimit ends a condition or an action that takes longer than its hook allows.
var ErrTimeLimit = errors.New("the hook's time limit was reached")

// eval evaluates the condition on a batch within the time limit.
func (h *Hook) eval(ctx context.Context, in *Input, b cel.Batch, match []bool, errs []error) error {
	limited := in.start(ctx, h)
	defer in.stop()
	return h.condition.Eval(limited, in.Run(), b, match, errs)
}

// Deadline bounds a context by the hook's time limit, with ErrTimeLimit as its cause.
func (h *Hook) Deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, h.TimeLimit, fmt.Errorf("%w (%v)", ErrTimeLimit, h.TimeLimit.Round(time.Millisecond)))
}

// Screen returns the changes that pass the filters: the hook is about no others.
func (h *Hook) Screen(in *Input) ([]store.Change, error) {
	var left []store.Change
	for i, c := range in.Commit.Changes {
		if c.Removed && !h.delete || !c.Removed && !h.insert {
			continue
		}
		passes, err := h.passes(in.Terms, c)
		if err != nil {
			return nil, err
		}
		if !passes {
			continue
		}
		if left == nil {
			left = make([]store.Change, 0, len(in.Commit.Changes)-i)
		}
		left = append(left, c)
	}
	return left, nil
}

func (h *Hook) passes(terms *expr.Terms, c store.Change) (bool, error) {
	for _, f := range h.filters {
		id := c.Triple.P
		if f.graph {
			id = c.Graph
		}
		iri := ""
		if id != 0 {
			v, err := terms.Value(id)
			if err != nil {
				return false, err
			}
			iri = nodeKey(v)
		}
		if !f.iris[iri] {
			return false, nil
		}
	}
	return true, nil
}

// nodeKey returns a node as Names writes it: an IRI as such, a blank node with "_:".
func nodeKey(v expr.Value) string {
	if v.Kind == expr.Blank {
		return "_:" + v.Text()
	}
	return v.Text()
}

// Key returns a term as filters compare it.
func Key(t rdf.Term) string {
	if t.Kind == rdf.Blank {
		return "_:" + t.Value
	}
	return t.Value
}
