package expr

import (
	"context"
	"fmt"

	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
)

// evaluator sets out[row] for each of rows; out has at least b.N elements.
type evaluator func(ctx context.Context, b *Batch, rows []int32, out []Value) error

// tester keeps, in place, the rows in which an expression is true.
type tester func(b *Batch, rows []int32) ([]int32, error)

// ExistsFunc sets found[row] for each of rows that EXISTS holds in.
type ExistsFunc func(ctx context.Context, b *Batch, rows []int32, found []bool) error

// Scope says what an expression's names mean where it stands.
type Scope struct {
	Slot   func(name string) (slot int, ok bool)                // of a variable in scope
	Vars   func() []string                                      // the variables in scope, for CEL
	Exists func(x *sparql.Exists) (found ExistsFunc, err error) // nil: EXISTS is an error
}

// Program is a compiled expression. It keeps scratch columns, so it is not for concurrent use or recursion.
type Program struct {
	eval     evaluator
	test     tester // nil: by eval
	constant bool
	value    Value // when constant
	out      []Value
}

// compiler carries what compilation of one expression needs.
type compiler struct {
	rt    *Runtime
	scope Scope
}

// Compile returns the program of an expression. The error names line and column of an unknown function.
func Compile(e sparql.Expr, scope Scope, rt *Runtime) (*Program, error) {
	c := compiler{rt, scope}
	return c.compile(e)
}

// Eval sets out[row] for each of rows.
func (p *Program) Eval(ctx context.Context, b *Batch, rows []int32, out []Value) error {
	return p.eval(ctx, b, rows, out)
}

// Test keeps, in place, those of rows in which the program's effective boolean value is true.
func (p *Program) Test(ctx context.Context, b *Batch, rows []int32) ([]int32, error) {
	if p.test != nil {
		return p.test(b, rows)
	}
	out := p.scratch(b.N)
	if err := p.eval(ctx, b, rows, out); err != nil {
		return nil, err
	}
	kept := rows[:0]
	for _, r := range rows {
		if EBV(out[r]).isTrue() {
			kept = append(kept, r)
		}
	}
	return kept, nil
}

// Constant returns the value of an expression that has the same one in every row.
func (p *Program) Constant() (v Value, ok bool) { return p.value, p.constant }

func (v Value) isTrue() bool  { return v.Kind == Boolean && v.num == 1 }
func (v Value) isFalse() bool { return v.Kind == Boolean && v.num == 0 }

// scratch returns the program's own column of at least n values.
func (p *Program) scratch(n int) []Value {
	if len(p.out) < n {
		p.out = make([]Value, max(n, BatchRows))
	}
	return p.out
}

func constantProgram(v Value) *Program {
	return &Program{constant: true, value: v, eval: func(_ context.Context, _ *Batch, rows []int32, out []Value) error {
		for _, r := range rows {
			out[r] = v
		}
		return nil
	}}
}

func (c compiler) compile(e sparql.Expr) (*Program, error) {
	switch e := e.(type) {
	case *sparql.Variable:
		return c.variable(e.Name), nil
	case *sparql.Constant:
		id, err := c.rt.Terms.ID(e.Term)
		if err != nil {
			return nil, err
		}
		v, err := c.rt.Terms.Value(id)
		return constantProgram(v), err
	case *sparql.Unary:
		return c.unary(e)
	case *sparql.Binary:
		return c.binary(e)
	case *sparql.In:
		return c.in(e)
	case *sparql.BuiltIn:
		return c.builtIn(e)
	case *sparql.Call:
		return c.call(e)
	case *sparql.Exists:
		return c.exists(e)
	}
	return nil, errorAt(e, "an aggregate has no place here")
}

func errorAt(n sparql.Node, format string, args ...any) error {
	p := n.Position()
	return &sparql.Error{Line: p.Line, Column: p.Column, Found: fmt.Sprintf(format, args...)}
}

func (c compiler) variable(name string) *Program {
	slot, ok := c.scope.Slot(name)
	if !ok {
		return constantProgram(Value{})
	}
	terms := c.rt.Terms
	return &Program{eval: func(_ context.Context, b *Batch, rows []int32, out []Value) error {
		column := b.Cols[slot]
		var last store.TermID
		var value Value
		for _, r := range rows {
			if column == nil {
				out[r] = Value{}
				continue
			}
			if column[r] != last {
				last = column[r]
				var err error
				if value, err = terms.Value(last); err != nil {
					return err
				}
			}
			out[r] = value
		}
		return nil
	}}
}

// compileAll compiles arguments in order.
func (c compiler) compileAll(list []sparql.Expr) ([]*Program, error) {
	programs := make([]*Program, len(list))
	for i, e := range list {
		p, err := c.compile(e)
		if err != nil {
			return nil, err
		}
		programs[i] = p
	}
	return programs, nil
}

// pure returns the program that applies f to its arguments' values row by row, folded when all are constant.
func pure(args []*Program, f func(args []Value) Value) (*Program, error) {
	fold := true
	values := make([]Value, len(args))
	for i, a := range args {
		fold = fold && a.constant
		values[i] = a.value
	}
	if fold {
		return constantProgram(f(values)), nil
	}
	columns := make([][]Value, len(args))
	return &Program{eval: func(ctx context.Context, b *Batch, rows []int32, out []Value) error {
		for i, a := range args {
			columns[i] = a.scratch(b.N)
			if err := a.eval(ctx, b, rows, columns[i]); err != nil {
				return err
			}
		}
		for _, r := range rows {
			for i := range columns {
				values[i] = columns[i][r]
			}
			out[r] = f(values)
		}
		return nil
	}}, nil
}

func (c compiler) unary(e *sparql.Unary) (*Program, error) {
	x, err := c.compile(e.X)
	if err != nil {
		return nil, err
	}
	f := map[sparql.Operator]func(Value) Value{sparql.Not: not, sparql.Add: Plus, sparql.Subtract: Neg}[e.Operator]
	return pure([]*Program{x}, func(a []Value) Value { return f(a[0]) })
}

func not(v Value) Value {
	b := EBV(v)
	if !b.OK() {
		return Value{}
	}
	return Bool(b.num == 0)
}

// operators maps the binary operators that need both values.
var operators = map[sparql.Operator]func(v, o Value) Value{
	sparql.Equal:          Equal,
	sparql.NotEqual:       func(v, o Value) Value { return not(Equal(v, o)) },
	sparql.Less:           func(v, o Value) Value { return compareTest(v, o, func(c int) bool { return c < 0 }) },
	sparql.Greater:        func(v, o Value) Value { return compareTest(v, o, func(c int) bool { return c > 0 }) },
	sparql.LessOrEqual:    func(v, o Value) Value { return compareTest(v, o, func(c int) bool { return c <= 0 }) },
	sparql.GreaterOrEqual: func(v, o Value) Value { return compareTest(v, o, func(c int) bool { return c >= 0 }) },
	sparql.Add:            Add,
	sparql.Subtract:       Sub,
	sparql.Multiply:       Mul,
	sparql.Divide:         Div,
}

func (c compiler) binary(e *sparql.Binary) (*Program, error) {
	args, err := c.compileAll([]sparql.Expr{e.L, e.R})
	if err != nil {
		return nil, err
	}
	switch e.Operator {
	case sparql.And:
		return logical(args[0], args[1], false), nil
	case sparql.Or:
		return logical(args[0], args[1], true), nil
	}
	if p := c.fastComparison(e, args); p != nil {
		return p, nil
	}
	f := operators[e.Operator]
	return pure(args, func(a []Value) Value { return f(a[0], a[1]) })
}

// logical is && (decided false) or || (decided true): the right side is evaluated only in rows that the left one
// leaves open, and a decided right side absorbs an error of the left.
func logical(l, r *Program, decided bool) *Program {
	var open []int32
	return &Program{eval: func(ctx context.Context, b *Batch, rows []int32, out []Value) error {
		if err := l.eval(ctx, b, rows, out); err != nil {
			return err
		}
		open = open[:0]
		for _, row := range rows {
			out[row] = EBV(out[row])
			if !out[row].OK() || out[row].isTrue() != decided {
				open = append(open, row)
			}
		}
		if len(open) == 0 {
			return nil
		}
		right := r.scratch(b.N)
		if err := r.eval(ctx, b, open, right); err != nil {
			return err
		}
		for _, row := range open {
			v := EBV(right[row])
			if v.OK() && v.isTrue() == decided || out[row].OK() {
				out[row] = v
			}
		}
		return nil
	}}
}

// in is a chain of equalities: true once one holds, otherwise an error if one erred.
func (c compiler) in(e *sparql.In) (*Program, error) {
	args, err := c.compileAll(append([]sparql.Expr{e.X}, e.List...))
	if err != nil {
		return nil, err
	}
	return pure(args, func(a []Value) Value {
		result := Bool(false)
		for _, v := range a[1:] {
			switch same := Equal(a[0], v); {
			case same.isTrue():
				return Bool(!e.Not)
			case !same.OK():
				result = Value{}
			}
		}
		if e.Not {
			return not(result)
		}
		return result
	})
}

func (c compiler) exists(e *sparql.Exists) (*Program, error) {
	if c.scope.Exists == nil {
		return nil, errorAt(e, "EXISTS has no place here")
	}
	test, err := c.scope.Exists(e)
	if err != nil {
		return nil, err
	}
	var found []bool
	return &Program{eval: func(ctx context.Context, b *Batch, rows []int32, out []Value) error {
		if len(found) < b.N {
			found = make([]bool, max(b.N, BatchRows))
		}
		clear(found)
		if err := test(ctx, b, rows, found); err != nil {
			return err
		}
		for _, r := range rows {
			out[r] = Bool(found[r] != e.Not)
		}
		return nil
	}}, nil
}
