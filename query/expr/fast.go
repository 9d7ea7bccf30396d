package expr

import (
	"context"

	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
)

// fastComparison compiles = and != between a variable and a constant IRI on identifiers alone: terms are equal
// exactly when identifiers are, and no literal equals an IRI. It returns nil for other comparisons.
func (c compiler) fastComparison(e *sparql.Binary, args []*Program) *Program {
	if e.Operator != sparql.Equal && e.Operator != sparql.NotEqual {
		return nil
	}
	variable, constant := e.L, args[1]
	if _, ok := variable.(*sparql.Variable); !ok {
		variable, constant = e.R, args[0]
	}
	v, ok := variable.(*sparql.Variable)
	if !ok || !constant.constant || constant.value.Kind != IRI {
		return nil
	}
	slot, ok := c.scope.Slot(v.Name)
	if !ok {
		return nil
	}
	id := constant.value.id
	equal := e.Operator == sparql.Equal
	return &Program{eval: func(_ context.Context, b *Batch, rows []int32, out []Value) error {
		column := b.Cols[slot]
		for _, r := range rows {
			if column == nil || column[r] == store.TermID(0) {
				out[r] = Value{}
				continue
			}
			out[r] = Bool((column[r] == id) == equal)
		}
		return nil
	}}
}
