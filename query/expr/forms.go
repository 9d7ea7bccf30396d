package expr

import (
	"context"
	"fmt"
	"strings"

	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// celFunction is the IRI of ink:cel.
const celFunction = "urn:inkling:cel"

// builtIn compiles the functions of SPARQL: those of the builtins table, and the forms that see more than values.
func (c compiler) builtIn(e *sparql.BuiltIn) (*Program, error) {
	switch e.Name {
	case "BOUND":
		return c.bound(e)
	case "IF":
		return c.ifForm(e)
	case "COALESCE":
		return c.coalesce(e)
	}
	args, err := c.compileAll(e.Args)
	if err != nil {
		return nil, err
	}
	rt := c.rt
	switch e.Name {
	case "NOW":
		return constantProgram(rt.now), nil
	case "RAND":
		return perRow(args, func(int64, []Value) Value { return Num(rt.random.Float64()) }, rt), nil
	case "UUID":
		return perRow(args, func(int64, []Value) Value { return NewIRI("urn:uuid:" + rt.uuid()) }, rt), nil
	case "STRUUID":
		return perRow(args, func(int64, []Value) Value { return Str(rt.uuid()) }, rt), nil
	case "BNODE":
		return perRow(args, rt.bnode, rt), nil
	case "IRI", "URI":
		return pure(args, func(a []Value) Value { return rt.resolve(a[0]) })
	case "REGEX":
		return pure(args, new(regexCache).match)
	case "REPLACE":
		return pure(args, new(regexCache).replace)
	}
	f, ok := builtins[e.Name]
	if !ok {
		return nil, errorAt(e, "unknown function %s", e.Name)
	}
	if len(args) < f.minArgs || f.maxArgs >= 0 && len(args) > f.maxArgs {
		return nil, errorAt(e, "%s takes %d arguments, not %d", e.Name, f.minArgs, len(args))
	}
	return pure(args, f.call)
}

// perRow is pure without folding, for functions whose value changes from row to row.
func perRow(args []*Program, f func(row int64, args []Value) Value, rt *Runtime) *Program {
	columns := make([][]Value, len(args))
	values := make([]Value, len(args))
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
			out[r] = f(rt.Row0+int64(r), values)
		}
		return nil
	}}
}

func (rt *Runtime) bnode(row int64, args []Value) Value {
	if len(args) == 0 {
		return rt.NewBlank()
	}
	if args[0].Kind != String {
		return Value{}
	}
	return rt.rowBlank(row, args[0].text)
}

// resolve makes an IRI of a string, against the base when it is relative.
func (rt *Runtime) resolve(v Value) Value {
	switch v.Kind {
	case IRI:
		return v
	case String:
		if rt.Base == "" {
			return NewIRI(v.text)
		}
		iri, err := rdf.ResolveIRI(rt.Base, v.text)
		if err != nil {
			return Value{}
		}
		return NewIRI(iri)
	}
	return Value{}
}

func (c compiler) bound(e *sparql.BuiltIn) (*Program, error) {
	v, ok := e.Args[0].(*sparql.Variable)
	if !ok {
		return nil, errorAt(e, "BOUND takes a variable")
	}
	slot, ok := c.scope.Slot(v.Name)
	if !ok {
		return constantProgram(Bool(false)), nil
	}
	return &Program{eval: func(_ context.Context, b *Batch, rows []int32, out []Value) error {
		for _, r := range rows {
			out[r] = Bool(b.At(slot, int(r)) != 0)
		}
		return nil
	}}, nil
}

func (c compiler) ifForm(e *sparql.BuiltIn) (*Program, error) {
	args, err := c.compileAll(e.Args)
	if err != nil {
		return nil, err
	}
	var yes, no []int32
	return &Program{eval: func(ctx context.Context, b *Batch, rows []int32, out []Value) error {
		if err := args[0].eval(ctx, b, rows, out); err != nil {
			return err
		}
		yes, no = yes[:0], no[:0]
		for _, r := range rows {
			switch test := EBV(out[r]); {
			case test.isTrue():
				yes = append(yes, r)
			case test.isFalse():
				no = append(no, r)
			default:
				out[r] = Value{}
			}
		}
		if err := args[1].eval(ctx, b, yes, out); err != nil {
			return err
		}
		return args[2].eval(ctx, b, no, out)
	}}, nil
}

func (c compiler) coalesce(e *sparql.BuiltIn) (*Program, error) {
	args, err := c.compileAll(e.Args)
	if err != nil {
		return nil, err
	}
	var open []int32
	return &Program{eval: func(ctx context.Context, b *Batch, rows []int32, out []Value) error {
		open = append(open[:0], rows...)
		for _, r := range rows {
			out[r] = Value{}
		}
		for _, a := range args {
			if err := a.eval(ctx, b, open, out); err != nil {
				return err
			}
			still := open[:0]
			for _, r := range open {
				if !out[r].OK() {
					still = append(still, r)
				}
			}
			open = still
		}
		return nil
	}}, nil
}

// call compiles a cast, ink:cel or an extension function.
func (c compiler) call(e *sparql.Call) (*Program, error) {
	if e.IRI == celFunction {
		return c.cel(e)
	}
	args, err := c.compileAll(e.Args)
	if err != nil {
		return nil, err
	}
	if _, ok := Cast(Value{}, e.IRI); ok && len(args) == 1 {
		return pure(args, func(a []Value) Value {
			v, _ := Cast(a[0], e.IRI)
			return v
		})
	}
	if c.rt.Hooks.Function == nil {
		return nil, errorAt(e, "unknown function <%s>", e.IRI)
	}
	f, err := c.rt.Hooks.Function(e.IRI, len(args))
	if err != nil {
		return nil, errorAt(e, "function <%s>: %v", e.IRI, err)
	}
	return c.external(e, f, args), nil
}

func (c compiler) cel(e *sparql.Call) (*Program, error) {
	if len(e.Args) != 1 || c.rt.Hooks.CEL == nil {
		return nil, errorAt(e, "ink:cel takes one string and needs an engine that compiles CEL")
	}
	p, err := c.compile(e.Args[0])
	if err != nil {
		return nil, err
	}
	if !p.constant || p.value.Kind != String {
		return nil, errorAt(e, "ink:cel takes a constant string")
	}
	var names []string
	var args []*Program
	for _, name := range c.scope.Vars() {
		if !strings.HasPrefix(name, "_:") && !strings.HasPrefix(name, ".") {
			names = append(names, name)
			args = append(args, c.variable(name))
		}
	}
	f, err := c.rt.Hooks.CEL(p.value.text, names)
	if err != nil {
		return nil, errorAt(e, "ink:cel: %v", err)
	}
	return c.external(e, f, args), nil
}

// external calls an extension function once for all rows of a batch, over columns of the selected rows only.
func (c compiler) external(e *sparql.Call, f Function, args []*Program) *Program {
	terms := c.rt.Terms
	columns := make([]Column, len(args))
	var results []Value
	return &Program{eval: func(ctx context.Context, b *Batch, rows []int32, out []Value) error {
		if len(rows) == 0 {
			return nil
		}
		for i, a := range args {
			values := a.scratch(b.N)
			if err := a.eval(ctx, b, rows, values); err != nil {
				return err
			}
			ids := make([]store.TermID, len(rows))
			for j, r := range rows {
				var err error
				if ids[j], err = terms.ValueID(values[r]); err != nil {
					return err
				}
			}
			columns[i] = NewColumn(ids, terms)
		}
		results = append(results[:0], make([]Value, len(rows))...)
		if err := f(ctx, columns, results); err != nil {
			return fmt.Errorf("line %d, column %d: %w", e.Position().Line, e.Position().Column, err)
		}
		for j, r := range rows {
			out[r] = results[j]
		}
		return nil
	}}
}
