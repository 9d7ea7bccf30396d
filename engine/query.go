package engine

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/inklingdb/inkling/query/exec"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/udf/cel"
)

// QueryOptions changes how one query runs. The zero value asks with the database's limits.
type QueryOptions struct {
	Wait          bool       // let the models catch up with the log first
	Exact         bool       // search no model approximately
	Explain       bool       // run the query and keep the plan with estimated and actual rows in Result.Plan
	DefaultGraphs []rdf.Term // the protocol's default-graph-uri: their union is the default graph
	NamedGraphs   []rdf.Term // the protocol's named-graph-uri
	Limits        Limits     // zero fields: the database's
}

// ResultKind says what a query answers with.
type ResultKind uint8

// Kinds of result.
const (
	Rows    ResultKind = iota + 1 // SELECT
	Boolean                       // ASK
	Graph                         // CONSTRUCT, DESCRIBE
)

// Versions are those an answer rests on.
type Versions struct {
	Graph  store.Version            `json:"graph"`
	Models map[string]store.Version `json:"models,omitempty"` // only models that the query used
	// Approximate names the models that were searched approximately, because they have over Options.ApproximateFrom
	// entities, with their recall@10: the share of the best ten that such searches were measured to find.
	Approximate map[string]float64 `json:"approximate,omitempty"`
}

// Edge is a triple that a query took from ink:plausible or ink:predict.
type Edge = exec.Edge

// Result is the answer of one query. SELECT, CONSTRUCT and DESCRIBE stream: read Rows or Quads once, then Close.
// A Result belongs to one goroutine.
type Result struct {
	Kind ResultKind
	Vars []string // without "?", for Rows
	Bool bool     // for Boolean
	// Warnings say what the query's writer hardly meant: variables that no pattern binds, with their places.
	Warnings []string

	answer   *exec.Result
	snapshot *snapshot
	cancel   context.CancelFunc
	started  time.Time
	took     time.Duration // once closed
}

// Rows yields the solutions, one term per Vars; an unbound one is the zero Term. The slice is reused.
// After an error nothing more is yielded.
func (r *Result) Rows() iter.Seq2[[]rdf.Term, error] { return r.answer.Rows() }

// Quads yields the statements of a Graph result, each once.
func (r *Result) Quads() iter.Seq2[rdf.Quad, error] { return r.answer.Quads() }

// Plan returns the plan as text, with actual rows once read and Explain set.
// A line for each model that was searched approximately follows it.
func (r *Result) Plan() string {
	text := r.answer.Explain()
	for _, name := range slices.Sorted(maps.Keys(r.snapshot.approximate)) {
		text += fmt.Sprintf("\nmodel %s is searched approximately, recall@10 %.3f", name, r.snapshot.approximate[name])
	}
	return text
}

// Edges returns the stated and predicted triples that plausible patterns matched so far; not all of them need have
// survived later joins.
func (r *Result) Edges() ([]Edge, error) { return r.answer.Edges() }

// Versions returns the versions of the graph and of the models used; complete once all rows were read.
func (r *Result) Versions() Versions { return r.snapshot.versions() }

// Elapsed returns the time from the call of Query to now, or to Close when closed.
func (r *Result) Elapsed() time.Duration {
	if r.took > 0 {
		return r.took
	}
	return time.Since(r.started)
}

// Close releases the snapshot and ends the query's work. It may be called twice.
func (r *Result) Close() error {
	if r.took > 0 {
		return nil
	}
	r.took = max(1, time.Since(r.started))
	r.answer.Close()
	r.cancel()
	r.snapshot.close()
	return nil
}

// Query answers a SPARQL 1.1 query. A syntax error is a *sparql.Error and names line and column and what was expected.
func (db *DB) Query(ctx context.Context, text string, o QueryOptions) (*Result, error) {
	started := time.Now()
	if o.Wait {
		if err := db.Wait(ctx); err != nil {
			return nil, err
		}
	}
	s, err := db.snapshot()
	if err != nil {
		return nil, err
	}
	s.exact = o.Exact
	o.Limits = o.Limits.or(db.opts.Limits)
	ctx, cancel := o.Limits.deadline(ctx)
	answer, warnings, err := s.query(ctx, text, o)
	if err != nil {
		cancel()
		s.close()
		return nil, err
	}
	r := &Result{answer: answer, snapshot: s, cancel: cancel, started: started}
	for _, w := range warnings {
		r.Warnings = append(r.Warnings, w.String())
	}
	switch answer.Form() {
	case sparql.Ask:
		r.Kind, r.Bool = Boolean, answer.Bool()
	case sparql.Construct, sparql.Describe:
		r.Kind = Graph
	default:
		r.Kind, r.Vars = Rows, answer.Vars()
	}
	return r, nil
}

// query parses and starts a query over the snapshot.
func (s *snapshot) query(ctx context.Context, text string, o QueryOptions) (*exec.Result, []sparql.Warning, error) {
	ast, err := sparql.Parse(text, sparql.Options{Base: s.names.base, Prefixes: s.names.prefixes})
	if err != nil {
		return nil, nil, err
	}
	options := s.options(o.Limits)
	options.Explain = o.Explain
	options.DefaultGraphs, options.NamedGraphs = o.DefaultGraphs, o.NamedGraphs
	result, err := exec.Run(ctx, exec.FromView(s.view), ast, options)
	return result, sparql.Warnings(ast), err
}

// or returns l with zero fields taken from other.
func (l Limits) or(other Limits) Limits {
	if l.Time == 0 {
		l.Time = other.Time
	}
	if l.Rows == 0 {
		l.Rows = other.Rows
	}
	if l.Memory == 0 {
		l.Memory = other.Memory
	}
	if l.CELCost == 0 {
		l.CELCost = other.CELCost
	}
	return l
}

// deadline bounds a context by the limit of time.
func (l Limits) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if l.Time < 0 {
		return context.WithCancel(ctx)
	}
	cause := fmt.Errorf("%w: more than %s; ask for less, or raise the limit of time", ErrLimit, l.Time)
	return context.WithTimeoutCause(ctx, l.Time, cause)
}

// Eval evaluates a CEL expression in which all of Inkling's functions are known, with variables from vars
// (strings, numbers, booleans, lists, maps). The result is a plain Go value: bool, int64, uint64, float64, string,
// []any, map[string]any or nil. Errors are *cel.Error and name line and column.
func (db *DB) Eval(ctx context.Context, text string, vars map[string]any) (any, error) {
	value, _, err := db.Evaluate(ctx, text, vars, EvalOptions{})
	return value, err
}

// EvalOptions changes how one expression is evaluated.
type EvalOptions struct {
	Exact bool // search no model approximately
}

// Evaluate is Eval, and returns the versions that the value rests on.
func (db *DB) Evaluate(ctx context.Context, text string, vars map[string]any, o EvalOptions) (any, Versions, error) {
	program, err := db.expressions.Load().Compile(text, cel.Variables(vars))
	if err != nil {
		return nil, Versions{}, err
	}
	s, err := db.snapshot()
	if err != nil {
		return nil, Versions{}, err
	}
	defer s.close()
	s.exact = o.Exact
	ctx, cancel := db.opts.Limits.deadline(ctx)
	defer cancel()
	value, err := program.Eval(ctx, s.run(), vars)
	return value, s.versions(), err
}
