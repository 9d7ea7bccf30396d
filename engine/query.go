package engine

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// QueryOptions changes how one query runs. The zero value asks with the database's limits.
type QueryOptions struct {
	Wait          bool       // let the models catch up with the log first
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
}

// Result is the answer of one query. SELECT, CONSTRUCT and DESCRIBE stream: read Rows or Quads once, then Close.
// A Result belongs to one goroutine.
type Result struct {
	Kind ResultKind
	Vars []string // without "?", for Rows
	Bool bool     // for Boolean

	rows     iter.Seq2[[]rdf.Term, error]
	quads    iter.Seq2[rdf.Quad, error]
	close    func() error
	plan     func() string
	versions func() Versions
	elapsed  func() time.Duration
}

// Rows yields the solutions, one term per Vars; an unbound one is the zero Term. The slice is reused.
// After an error nothing more is yielded.
func (r *Result) Rows() iter.Seq2[[]rdf.Term, error] { return r.rows }

// Quads yields the statements of a Graph result, each once.
func (r *Result) Quads() iter.Seq2[rdf.Quad, error] { return r.quads }

// Plan returns the executed plan as text; complete once all rows were read; "" without Explain.
func (r *Result) Plan() string { return r.plan() }

// Versions returns the versions of the graph and of the models used; complete once all rows were read.
func (r *Result) Versions() Versions { return r.versions() }

// Elapsed returns the time from the call of Query to now, or to Close when closed.
func (r *Result) Elapsed() time.Duration { return r.elapsed() }

// Close releases the snapshot and ends the query's work. It may be called twice.
func (r *Result) Close() error { return r.close() }

// Query answers a SPARQL 1.1 query. A syntax error names line and column and what was expected.
func (db *DB) Query(ctx context.Context, text string, o QueryOptions) (*Result, error) {
	return nil, errors.ErrUnsupported
}

// Eval evaluates a CEL expression in which all of Inkling's functions are known, with variables from vars
// (strings, numbers, booleans, lists, maps). The result is a plain Go value: bool, int64, uint64, float64, string,
// []any, map[string]any or nil. Errors name line and column.
func (db *DB) Eval(ctx context.Context, text string, vars map[string]any) (any, error) {
	return nil, errors.ErrUnsupported
}
