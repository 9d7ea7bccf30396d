package expr

import (
	"context"

	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// BatchRows is how many rows operators pass on at a time.
const BatchRows = 1024

// Batch is a run of solutions in columns: Cols[slot][row] is the term that the slot's variable has in a row, 0 when
// unbound. A nil column is unbound in every row.
type Batch struct {
	Cols [][]store.TermID
	N    int
}

// At returns the term in a slot of a row, 0 when unbound.
func (b *Batch) At(slot, row int) store.TermID {
	if c := b.Cols[slot]; c != nil {
		return c[row]
	}
	return 0
}

// Column is one argument of an extension function, a term per row.
type Column struct {
	IDs   []store.TermID // 0 where the argument is unbound or an error
	terms *Terms
}

// Len returns the number of rows.
func (c Column) Len() int { return len(c.IDs) }

// Term returns the term in a row, the zero Term when it is unbound or an error.
func (c Column) Term(row int) (rdf.Term, error) { return c.terms.Term(c.IDs[row]) }

// Value returns the decoded term in a row, the error value when it is unbound or an error.
func (c Column) Value(row int) (Value, error) { return c.terms.Value(c.IDs[row]) }

// NewColumn returns a column over identifiers that t can decode; it keeps ids.
func NewColumn(ids []store.TermID, t *Terms) Column { return Column{IDs: ids, terms: t} }

// Function is an extension function: it sets out[row] for every row of a batch in one call. All args have len(out)
// rows. A row that cannot be computed is left at the zero Value; an error ends the query.
type Function func(ctx context.Context, args []Column, out []Value) error

// Hooks are the parts of expression evaluation that others supply; nil ones make their use an error.
type Hooks struct {
	// Function returns the extension function of an IRI, called with a number of arguments.
	Function func(iri string, args int) (Function, error)
	// CEL compiles the text of ink:cel("…"); the Function's arguments are the named variables' columns, in order.
	CEL func(text string, vars []string) (Function, error)
}
