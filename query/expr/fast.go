package expr

import (
	"cmp"
	"context"

	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
)

// fastComparison compiles a comparison of variables, or of a variable with a constant, so that common rows need no decoding: with an
// IRI, = and != compare identifiers, since terms are equal exactly when those are and no literal equals an IRI; with
// an integer, inline integers compare as numbers. Other rows take the general way. It returns nil for any other
// comparison.
func (c compiler) fastComparison(e *sparql.Binary, args []*Program) *Program {
	if p := c.sameVariable(e); p != nil {
		return p
	}
	operator, variable, constant := e.Operator, e.L, args[1]
	if _, ok := variable.(*sparql.Variable); !ok {
		operator, variable, constant = mirrored[e.Operator], e.R, args[0]
	}
	v, isVariable := variable.(*sparql.Variable)
	if !isVariable || !constant.constant || operators[operator] == nil {
		return nil
	}
	slot, ok := c.scope.Slot(v.Name)
	if !ok {
		return nil
	}
	holds := comparisons[operator]
	switch value := constant.value; {
	case holds == nil:
	case value.Kind == IRI && (operator == sparql.Equal || operator == sparql.NotEqual):
		return sameIRI(slot, value.id, operator == sparql.Equal)
	case value.Kind == Integer && value.small():
		return &Program{
			eval: c.compareInteger(slot, value, holds, operators[operator]),
			test: c.testInteger(slot, value, holds, operators[operator]),
		}
	}
	return nil
}

// sameVariable compiles = and != between two variables: an IRI or a blank node equals itself only, so identifiers
// decide wherever one side is one.
func (c compiler) sameVariable(e *sparql.Binary) *Program {
	l, isL := e.L.(*sparql.Variable)
	r, isR := e.R.(*sparql.Variable)
	if !isL || !isR || e.Operator != sparql.Equal && e.Operator != sparql.NotEqual {
		return nil
	}
	left, okL := c.scope.Slot(l.Name)
	right, okR := c.scope.Slot(r.Name)
	if !okL || !okR {
		return nil
	}
	equal, general, terms := e.Operator == sparql.Equal, operators[e.Operator], c.rt.Terms
	return &Program{eval: func(_ context.Context, b *Batch, rows []int32, out []Value) error {
		for _, row := range rows {
			x, y := b.At(left, int(row)), b.At(right, int(row))
			if x != 0 && y != 0 && (x.IsNode() || y.IsNode()) {
				out[row] = Bool((x == y) == equal)
				continue
			}
			v, err := terms.Value(x)
			if err != nil {
				return err
			}
			o, err := terms.Value(y)
			if err != nil {
				return err
			}
			out[row] = general(v, o)
		}
		return nil
	}}
}

// mirrored gives the comparison with its sides exchanged.
var mirrored = map[sparql.Operator]sparql.Operator{
	sparql.Equal: sparql.Equal, sparql.NotEqual: sparql.NotEqual, sparql.Less: sparql.Greater,
	sparql.Greater: sparql.Less, sparql.LessOrEqual: sparql.GreaterOrEqual, sparql.GreaterOrEqual: sparql.LessOrEqual,
}

// comparisons says which outcomes of cmp.Compare make an operator true.
var comparisons = map[sparql.Operator]*[3]bool{ // -1, 0, 1
	sparql.Equal: {false, true, false}, sparql.NotEqual: {true, false, true}, sparql.Less: {true, false, false},
	sparql.Greater: {false, false, true}, sparql.LessOrEqual: {true, true, false}, sparql.GreaterOrEqual: {false, true, true},
}

func sameIRI(slot int, id store.TermID, equal bool) *Program {
	return &Program{eval: func(_ context.Context, b *Batch, rows []int32, out []Value) error {
		column := b.Cols[slot]
		for _, r := range rows {
			if column == nil || column[r] == 0 {
				out[r] = Value{}
				continue
			}
			out[r] = Bool((column[r] == id) == equal)
		}
		return nil
	}}
}

func (c compiler) compareInteger(slot int, constant Value, holds *[3]bool, general func(v, o Value) Value) evaluator {
	terms := c.rt.Terms
	return func(_ context.Context, b *Batch, rows []int32, out []Value) error {
		column := b.Cols[slot]
		for _, r := range rows {
			if column == nil {
				out[r] = Value{}
				continue
			}
			if n, ok := column[r].Integer(); ok {
				out[r] = Bool(holds[cmp.Compare(n, constant.num)+1])
				continue
			}
			v, err := terms.Value(column[r])
			if err != nil {
				return err
			}
			out[r] = general(v, constant)
		}
		return nil
	}
}

// testInteger is compareInteger as a filter.
func (c compiler) testInteger(slot int, constant Value, holds *[3]bool, general func(v, o Value) Value) tester {
	terms := c.rt.Terms
	return func(b *Batch, rows []int32) ([]int32, error) {
		column := b.Cols[slot]
		kept := rows[:0]
		if column == nil {
			return kept, nil
		}
		for _, r := range rows {
			if n, ok := column[r].Integer(); ok {
				if holds[cmp.Compare(n, constant.num)+1] {
					kept = append(kept, r)
				}
				continue
			}
			v, err := terms.Value(column[r])
			if err != nil {
				return nil, err
			}
			if general(v, constant).isTrue() {
				kept = append(kept, r)
			}
		}
		return kept, nil
	}
}
