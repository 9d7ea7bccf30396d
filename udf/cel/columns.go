package cel

import (
	"context"
	"fmt"
	"slices"

	celgo "cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types/ref"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/udf"
)

// ColumnProgram is an expression compiled for batches of rows. Each call of an Inkling function whose arguments are
// variables or constants, outside of comprehensions, has become a hidden variable whose column is computed for the
// whole batch first. Such a call is made for every row, even where && or ?: would have spared it.
type ColumnProgram struct {
	source    string
	ast       *celgo.Ast
	program   celgo.Program
	variables []string
	calls     []columnCall
}

// columnCall is a call that has become a hidden variable.
type columnCall struct {
	hidden   string
	function *udf.Function
	args     []columnArgument
}

// columnArgument is a variable, by its place, or a constant.
type columnArgument struct {
	variable int
	constant ref.Val // nil for a variable
}

// CompileColumns checks an expression over the rows of a query whose columns have the given names. A fault is an
// *Error.
func (e *Env) CompileColumns(source string, variables []string) (*ColumnProgram, error) {
	env, err := e.extend(variables)
	if err != nil {
		return nil, err
	}
	// The first check is of what the user wrote, so that errors speak of that.
	if _, issues := env.Compile(source); issues.Err() != nil {
		return nil, compileError(source, issues)
	}
	parsed, issues := env.Parse(source)
	if issues.Err() != nil {
		return nil, compileError(source, issues)
	}
	h := hoister{variables: variables, known: map[string]string{}}
	h.hoist(parsed.NativeRep().Expr())
	options := make([]celgo.EnvOption, len(h.calls))
	for i, c := range h.calls {
		options[i] = celgo.Variable(c.hidden, resultType(c.function.Result))
	}
	if env, err = env.Extend(options...); err != nil {
		return nil, fmt.Errorf("cel: declaring columns: %w", err)
	}
	checked, issues := env.Check(parsed)
	if issues.Err() != nil {
		return nil, compileError(source, issues)
	}
	program, err := e.program(env, checked)
	if err != nil {
		return nil, fmt.Errorf("cel: planning: %w", err)
	}
	return &ColumnProgram{source: source, ast: checked, program: program, variables: variables, calls: h.calls}, nil
}

// hoister replaces calls by hidden variables; equal calls share one.
type hoister struct {
	variables []string
	calls     []columnCall
	known     map[string]string // from the call as text to its hidden variable
}

func (h *hoister) hoist(e ast.Expr) {
	switch e.Kind() {
	case ast.ComprehensionKind:
		h.hoist(e.AsComprehension().IterRange())
		return
	case ast.CallKind:
		if call, ok := h.columnCall(e.AsCall()); ok {
			e.SetKindCase(ast.NewExprFactory().NewIdent(e.ID(), call))
			return
		}
	}
	for _, part := range children(e) {
		h.hoist(part)
	}
}

// columnCall returns the hidden variable for a call, if its arguments allow one.
func (h *hoister) columnCall(call ast.CallExpr) (hidden string, ok bool) {
	f, ok := udf.ByName(call.FunctionName())
	if !ok || call.IsMemberFunction() {
		return "", false
	}
	c := columnCall{function: f}
	key := f.Name
	for _, a := range call.Args() {
		argument := columnArgument{variable: -1}
		switch a.Kind() {
		case ast.LiteralKind:
			argument.constant = a.AsLiteral()
			key += fmt.Sprintf("|%T %v", argument.constant, argument.constant.Value())
		case ast.IdentKind:
			argument.variable = slices.Index(h.variables, a.AsIdent())
			key += "|?" + a.AsIdent()
		}
		if argument.variable < 0 && argument.constant == nil {
			return "", false
		}
		c.args = append(c.args, argument)
	}
	if known, ok := h.known[key]; ok {
		return known, true
	}
	c.hidden = fmt.Sprintf("column_%d_", len(h.calls))
	for slices.Contains(h.variables, c.hidden) {
		c.hidden += "_"
	}
	h.known[key] = c.hidden
	h.calls = append(h.calls, c)
	return c.hidden, true
}

// Function returns the program as SPARQL's ink:cel calls it: its arguments are the columns of the variables given to
// CompileColumns, in order. A row with an error is left unbound.
func (p *ColumnProgram) Function(r *Run) expr.Function {
	return func(ctx context.Context, args []expr.Column, out []expr.Value) error {
		columns := &columns{run: r, program: p, args: args, hidden: make(map[string][]ref.Val, len(p.calls))}
		for _, call := range p.calls {
			if err := columns.compute(ctx, call, len(out)); err != nil {
				return err
			}
		}
		activation, err := celgo.FunctionVars(columns, r.functions(ctx))
		if err != nil {
			return fmt.Errorf("cel: variables: %w", err)
		}
		for row := range out {
			columns.row = row
			value, _, err := p.program.Eval(activation)
			if err != nil {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				if limitReached(err) {
					return runError(p.source, p.ast, err)
				}
				continue
			}
			if out[row], err = toValue(value); err != nil {
				return err
			}
		}
		return ctx.Err()
	}
}

// columns is the activation of one batch; row is the one being evaluated.
type columns struct {
	run     *Run
	program *ColumnProgram
	args    []expr.Column
	hidden  map[string][]ref.Val
	row     int
	exact   bool // a literal in a node's place is that literal, not the name of a node
}

// ResolveName returns a variable's value in the current row.
func (c *columns) ResolveName(name string) (any, bool) {
	if values, ok := c.hidden[name]; ok {
		return values[c.row], true
	}
	i := slices.Index(c.program.variables, name)
	if i < 0 {
		return nil, false
	}
	return fromColumn(c.run, c.args[i], c.row), true
}

// Parent returns nil: there is no outer activation.
func (c *columns) Parent() celgo.Activation { return nil }

// compute fills the column of a hidden variable by one call of its function.
func (c *columns) compute(ctx context.Context, call columnCall, rows int) error {
	arguments := make([]udf.Argument, len(call.args))
	for i, a := range call.args {
		var err error
		switch {
		case a.constant == nil && i < len(call.function.Params) && c.exact:
			arguments[i].Nodes = c.args[a.variable].IDs
		case a.constant == nil && i < len(call.function.Params):
			arguments[i], err = udf.RequiredColumn(c.run.Host, call.function.Params[i].Type, c.args[a.variable], rows)
		case a.constant == nil:
			arguments[i], err = udf.OptionColumn(call.function, i, c.args[a.variable], rows)
		case i < len(call.function.Params):
			arguments[i], err = c.constant(call.function.Params[i].Type, a.constant, rows)
		default:
			var fault ref.Val
			if arguments[i], fault = optionOf(a.constant); fault != nil {
				err = fmt.Errorf("%s: argument %d does not fit", call.function.Name, i+1)
			}
		}
		if err != nil {
			return err
		}
	}
	out, err := udf.Invoke(ctx, c.run.Host, call.function, arguments, rows)
	if err != nil {
		return err
	}
	values := make([]ref.Val, rows)
	for row := range values {
		if out.Errs[row] != nil {
			values[row] = errorValue(out.Errs[row])
			continue
		}
		values[row] = c.run.box(call.function.Result, &out, row)
	}
	c.hidden[call.hidden] = values
	return nil
}

// constant returns a column that holds one text, or the node of that name, in every row. A name that nobody knows is an
// error of the query: it would be one in every row.
func (c *columns) constant(t udf.Type, name ref.Val, rows int) (udf.Argument, error) {
	text, ok := name.Value().(string)
	if !ok {
		return udf.Argument{}, fmt.Errorf("a node's name must be a string, not %v", name.Value())
	}
	if t == udf.Text {
		return udf.Argument{Texts: slices.Repeat([]string{text}, rows)}, nil
	}
	id, err := c.run.node(t, text)
	if err != nil {
		return udf.Argument{}, err
	}
	return udf.Argument{Nodes: slices.Repeat([]store.TermID{id}, rows)}, nil
}
