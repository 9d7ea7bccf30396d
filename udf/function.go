package udf

import (
	"context"
	"errors"
	"fmt"

	"github.com/inklingdb/inkling/index/pattern"
	"github.com/inklingdb/inkling/store"
)

// Type says what a parameter or a result is.
type Type uint8

// Types of parameters and results.
const (
	Entity     Type = iota + 1 // a node
	Relation                   // a predicate
	Count                      // an integer, at least 1
	Flag                       // true or false
	ModelName                  // a model, which also says which graph is meant
	Truth                      // result: true or false
	Integer                    // result: a whole number
	Number                     // result: a floating-point number
	Candidates                 // result: a list of nodes with probability and score, best first
	Similar                    // result: a list of nodes with similarity, best first
	Nodes                      // result: a list of nodes
	Patterns                   // result: a list of findings about a relation
	Share                      // a number from 0 to 1
	Reasons                    // result: a list of what speaks for or against a triple
)

// Param is a parameter of a function.
type Param struct {
	Name string
	Type Type
}

// Example is a call in CEL and its answer as JSON, on the small graph that the package's tests hold.
type Example struct{ Call, Answer string }

// Function is a function that queries and expressions may call. To add one: write its file (see degree.go) and
// name it in Functions.
type Function struct {
	Name   string
	Params []Param // entities and relations, all required
	// Optional parameters follow them. Each may be left out; their types differ, so that none is mistaken.
	Optional []Param
	Result   Type
	// GraphOnly says that the function can do without a model: one that is named also says which graph is meant.
	GraphOnly bool
	Doc       string // what it returns, its errors, its cost
	Examples  []Example
	// Run answers a batch: it sets Out of every row that has no error yet. An error it returns fails the query.
	Run func(ctx context.Context, c *Call) error
}

// Call is one batch of rows for a function.
type Call struct {
	Host   *Host
	Nodes  [][]store.TermID // [parameter][row]
	Rows   int
	K      int     // Count as given, or DefaultK
	Stated bool    // Flag as given, or false
	Least  float64 // Share as given, or 0
	Model  *Model  // as named or the default one; nil when the function can do without and there is none
	Out    Outcome
}

// DefaultK is how many candidates a ranking function returns when not told.
const DefaultK = 10

// Outcome is the result of a batch: the slice that fits the function's Result, one value per row, and the rows'
// errors (nil where all is well).
type Outcome struct {
	Truths   []bool
	Integers []int64
	Numbers  []float64
	Lists    [][]Item
	Errs     []error
}

// Item is an element of a list result.
type Item struct {
	Node  store.TermID
	Prob  float64 // of Candidates
	Score float64 // of Candidates: the model's score; of Similar: the cosine

	Finding *Finding // of Patterns, which have nothing else
	Reason  *Reason  // of Reasons, which have nothing else
}

// Finding is evidence of one pattern with the relations it speaks of.
type Finding struct {
	pattern.Finding
	Relations []store.TermID // those of Of
}

// Fail makes err the outcome of a row.
func (c *Call) Fail(row int, err error) { c.Out.Errs[row] = err }

// Takes reports whether the function has an optional parameter of that type.
func (f *Function) Takes(t Type) bool {
	for _, p := range f.Optional {
		if p.Type == t {
			return true
		}
	}
	return false
}

// ErrArgument is wrapped by errors of calls whose arguments are too few, too many or of the wrong kind.
var ErrArgument = errors.New("wrong argument")

// CheckCount returns an ErrArgument unless the function can be called with so many arguments.
func (f *Function) CheckCount(args int) error {
	if args < len(f.Params) || args > len(f.Params)+len(f.Optional) {
		return fmt.Errorf("%w: %s, not with %d arguments", ErrArgument, f.Signature(), args)
	}
	return nil
}

// Signature returns the function's declaration as people read it, such as
// "predict_tail(h, r, [k], [stated], [model]) candidates".
func (f *Function) Signature() string {
	text := f.Name + "("
	for i, p := range f.Params {
		if i > 0 {
			text += ", "
		}
		text += p.Name
	}
	for _, p := range f.Optional {
		text += ", [" + p.Name + "]"
	}
	return text + ") " + f.Result.String()
}

// String returns the type's name.
func (t Type) String() string {
	names := [...]string{"", "entity", "relation", "count", "flag", "model", "truth", "integer", "number",
		"candidates", "similar nodes", "nodes", "patterns", "share", "reasons"}
	if int(t) < len(names) {
		return names[t]
	}
	return "?"
}

// newOutcome returns room for the results of rows rows.
func newOutcome(t Type, rows int) Outcome {
	out := Outcome{Errs: make([]error, rows)}
	switch t {
	case Truth:
		out.Truths = make([]bool, rows)
	case Integer:
		out.Integers = make([]int64, rows)
	case Number:
		out.Numbers = make([]float64, rows)
	default:
		out.Lists = make([][]Item, rows)
	}
	return out
}
