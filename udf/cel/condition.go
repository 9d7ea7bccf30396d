package cel

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	celgo "cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/udf"
)

// Condition is an expression that is true or false of each change of a commit. It sees h, r and t, and change, whose
// fields are op ("insert" or "delete"), h, r, t, graph ("" for the default graph), time and source. Nodes are given by
// name; t may be a literal's number, truth value, time or text. Like a ColumnProgram it computes calls on plain
// variables for a whole batch first.
type Condition struct {
	source  string
	ast     *celgo.Ast
	program celgo.Program
	calls   []columnCall
	loops   bool // it holds a comprehension
	// LooksAtOp says that change.op occurs in the expression.
	LooksAtOp bool
	// Filter holds what the expression plainly asks of every change, so that others need no evaluation.
	Filter Filter
}

// Filter is what a condition asks by comparing with constants; a nil list asks nothing. Names are as written.
type Filter struct{ Ops, Relations, Graphs []string }

// Values of change.op.
const (
	OpInsert = "insert"
	OpDelete = "delete"
)

// changeName is the variable that holds a change; a field of it becomes the variable changeName_FIELD, but for those
// that are variables by themselves.
const changeName = "change"

// changeFields lists the fields of change with the variables that they stand for.
var changeFields = map[string]string{
	"h": "h", "r": "r", "t": "t", "op": "change_op", "graph": "change_graph", "time": "change_time", "source": "change_source",
}

// rowVariables are those that batches have a column of.
var rowVariables = []string{"h", "r", "t"}

// CompileCondition checks an expression over changes. costLimit bounds one change's evaluation in cel-go's units, 0
// leaves it to the Env; an expression whose calls on plain variables cost more by themselves is refused. A fault is an
// *Error.
func (e *Env) CompileCondition(source string, costLimit uint64) (*Condition, error) {
	env, err := e.env.Extend(
		celgo.Variable("h", celgo.StringType), celgo.Variable("r", celgo.StringType), celgo.Variable("t", celgo.DynType),
		celgo.Variable("change_op", celgo.StringType), celgo.Variable("change_graph", celgo.StringType),
		celgo.Variable("change_time", celgo.TimestampType), celgo.Variable("change_source", celgo.StringType),
		celgo.Variable(changeName, celgo.MapType(celgo.StringType, celgo.DynType)),
	)
	if err != nil {
		return nil, fmt.Errorf("cel: declaring the change: %w", err)
	}
	parsed, err := parseCondition(env, source)
	if err != nil {
		return nil, err
	}
	checked, issues := env.Check(parsed) // of what the user wrote, so that errors speak of that
	if issues.Err() != nil {
		return nil, compileError(source, issues)
	}
	if t := checked.OutputType(); t != celgo.BoolType && t != celgo.DynType {
		return nil, &Error{Source: source, Line: 1, Column: 1, Message: fmt.Sprintf("a condition must be true or false; this is of type %s", t)}
	}
	c := &Condition{source: source}
	if parsed, err = parseCondition(env, source); err != nil {
		return nil, err
	}
	c.LooksAtOp = mentions(parsed.NativeRep().Expr(), "change_op", changeName)
	c.Filter.read(parsed.NativeRep().Expr())
	h := hoister{variables: rowVariables, known: map[string]string{}}
	h.hoist(parsed.NativeRep().Expr())
	c.loops = loops(parsed.NativeRep().Expr())
	c.calls = h.calls
	limited := &Env{env: e.env, costs: e.costs}
	if costLimit != 0 {
		limited.costs = costLimit
	}
	if cost := c.callCost(); limited.costs != math.MaxUint64 && cost > limited.costs {
		return nil, &Error{Source: source, Message: fmt.Sprintf("its function calls cost %d steps a change, over the limit of %d; ask for less or raise the limit", cost, limited.costs)}
	}
	options := make([]celgo.EnvOption, len(h.calls))
	for i, call := range h.calls {
		options[i] = celgo.Variable(call.hidden, resultType(call.function.Result))
	}
	if env, err = env.Extend(options...); err != nil {
		return nil, fmt.Errorf("cel: declaring columns: %w", err)
	}
	if c.ast, issues = env.Check(parsed); issues.Err() != nil {
		return nil, compileError(source, issues)
	}
	if c.program, err = limited.program(env, c.ast); err != nil {
		return nil, fmt.Errorf("cel: planning: %w", err)
	}
	return c, nil
}

// callCost returns what the calls that are computed by batches cost a change.
func (c *Condition) callCost() uint64 {
	var sum uint64
	for _, call := range c.calls {
		sum += *costs{}.CallCost(call.function.Name, "", nil, nil)
	}
	return sum
}

// parseCondition parses an expression and puts variables in the place of change's fields.
func parseCondition(env *celgo.Env, source string) (*celgo.Ast, error) {
	parsed, issues := env.Parse(source)
	if issues.Err() != nil {
		return nil, compileError(source, issues)
	}
	if unknown := replaceFields(parsed.NativeRep().Expr()); unknown != nil {
		e := &Error{Source: source, Message: fmt.Sprintf("change has no field %q; it has op, h, r, t, graph, time and source", unknown.AsSelect().FieldName())}
		if at := parsed.NativeRep().SourceInfo().GetStartLocation(unknown.ID()); at.Line() > 0 {
			e.Line, e.Column = at.Line(), at.Column()+1
		}
		return nil, e
	}
	return parsed, nil
}

// loops reports whether an expression holds a comprehension.
func loops(e ast.Expr) bool {
	return e.Kind() == ast.ComprehensionKind || slices.ContainsFunc(children(e), loops)
}

// mentions reports whether one of some variables occurs in an expression, be it as a comprehension's own.
func mentions(e ast.Expr, names ...string) bool {
	parts := children(e)
	switch e.Kind() {
	case ast.IdentKind:
		return slices.Contains(names, e.AsIdent())
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		parts = []ast.Expr{c.IterRange(), c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result()}
	}
	return slices.ContainsFunc(parts, func(part ast.Expr) bool { return mentions(part, names...) })
}

// replaceFields turns change.FIELD into a variable everywhere. It returns a selection of a field that is not there.
func replaceFields(e ast.Expr) (unknown ast.Expr) {
	parts := children(e)
	switch e.Kind() {
	case ast.SelectKind:
		s := e.AsSelect()
		if of := s.Operand(); of.Kind() != ast.IdentKind || of.AsIdent() != changeName {
			break
		}
		variable, known := changeFields[s.FieldName()]
		switch {
		case !known:
			return e
		case s.IsTestOnly():
			e.SetKindCase(ast.NewExprFactory().NewLiteral(e.ID(), types.True))
		default:
			e.SetKindCase(ast.NewExprFactory().NewIdent(e.ID(), variable))
		}
		return nil
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		parts = []ast.Expr{c.IterRange()}
		if c.IterVar() != changeName && c.IterVar2() != changeName {
			parts = append(parts, c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result())
		}
	}
	for _, part := range parts {
		if unknown := replaceFields(part); unknown != nil {
			return unknown
		}
	}
	return nil
}

// read takes what the conjunctions at the top of an expression ask. An error in the rest of a conjunction does not
// matter: false && error is false.
func (f *Filter) read(e ast.Expr) {
	if e.Kind() != ast.CallKind {
		return
	}
	call := e.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case operators.LogicalAnd:
		f.read(args[0])
		f.read(args[1])
	case operators.Equals:
		if args[0].Kind() == ast.LiteralKind {
			args = []ast.Expr{args[1], args[0]}
		}
		f.ask(args[0], args[1:])
	case operators.In:
		if args[1].Kind() == ast.ListKind {
			f.ask(args[0], args[1].AsList().Elements())
		}
	}
}

// ask notes that a variable must be one of some texts.
func (f *Filter) ask(variable ast.Expr, values []ast.Expr) {
	if variable.Kind() != ast.IdentKind {
		return
	}
	texts := []string{}
	for _, v := range values {
		if v.Kind() != ast.LiteralKind {
			return
		}
		text, ok := v.AsLiteral().Value().(string)
		if !ok {
			return
		}
		texts = append(texts, text)
	}
	list := map[string]*[]string{"r": &f.Relations, "change_op": &f.Ops, "change_graph": &f.Graphs}[variable.AsIdent()]
	if list != nil && *list == nil { // a second comparison only narrows: leaving it to the evaluation is right
		*list = texts
	}
}

// Batch is changes of one commit for Eval.
type Batch struct {
	Changes []store.Change
	Time    time.Time
	Source  string
	Terms   *expr.Terms // of the snapshot that Run is of
}

// Eval sets match[i] to what the condition is of change i, and errs[i] to why it could not be told, an *Error. The
// error returned is that of a context that ended.
func (c *Condition) Eval(ctx context.Context, r *Run, b Batch, match []bool, errs []error) error {
	rows, err := r.conditionRows(ctx)
	if err != nil {
		return err
	}
	rows.condition, rows.batch = c, b
	if err := rows.compute(ctx); err != nil {
		return runError(c.source, c.ast, err)
	}
	for row := range b.Changes {
		rows.row = row
		match[row], errs[row] = false, nil
		value, err := c.evalRow(ctx, rows.activation)
		if err != nil {
			if ctx.Err() != nil {
				return runError(c.source, c.ast, context.Cause(ctx))
			}
			errs[row] = runError(c.source, c.ast, err)
			continue
		}
		truth, ok := value.(types.Bool)
		if !ok {
			errs[row] = &Error{Source: c.source, Message: fmt.Sprintf("a condition must be true or false, not %v", value.Value())}
			continue
		}
		match[row] = bool(truth)
	}
	return nil
}

// evalRow evaluates one row. Only a comprehension is worth looking at the context for in between.
func (c *Condition) evalRow(ctx context.Context, activation celgo.Activation) (ref.Val, error) {
	if c.loops {
		value, _, err := c.program.ContextEval(ctx, activation)
		return value, err
	}
	value, _, err := c.program.Eval(activation)
	return value, err
}

// changeRows is the activation of one batch; row is the one being evaluated.
type changeRows struct {
	condition *Condition
	run       *Run
	batch     Batch
	columns   columns
	row       int

	ctx        context.Context // of the evaluation under way
	activation celgo.Activation
}

// conditionRows returns the run's activation of conditions, bound to a context.
func (r *Run) conditionRows(ctx context.Context) (*changeRows, error) {
	if r.rows == nil {
		rows := &changeRows{run: r}
		bound := make(map[string]celgo.LateBoundFunction, len(udf.Functions)+1)
		for i := range udf.Functions {
			f := &udf.Functions[i]
			bound[f.Name] = func(_ string, args ...ref.Val) ref.Val { return r.call(rows.ctx, f, args) }
		}
		bound[matchName] = func(_ string, args ...ref.Val) ref.Val { return r.match(rows.ctx, args[0]) }
		var err error
		if rows.activation, err = celgo.FunctionVars(rows, bound); err != nil {
			return nil, fmt.Errorf("cel: variables: %w", err)
		}
		r.rows = rows
	}
	r.rows.ctx = ctx
	return r.rows, nil
}

// compute fills the columns of h, r and t, and those of hidden variables.
func (c *changeRows) compute(ctx context.Context) error {
	n := len(c.batch.Changes)
	ids := make([]store.TermID, 3*n)
	h, r, t := ids[:n], ids[n:2*n], ids[2*n:]
	for i := range c.batch.Changes {
		x := &c.batch.Changes[i].Triple
		h[i], r[i], t[i] = x.S, x.P, x.O
	}
	c.columns = columns{run: c.run, exact: true, args: []expr.Column{
		expr.NewColumn(h, c.batch.Terms), expr.NewColumn(r, c.batch.Terms), expr.NewColumn(t, c.batch.Terms)}}
	if len(c.condition.calls) > 0 {
		c.columns.hidden = make(map[string][]ref.Val, len(c.condition.calls))
	}
	for _, call := range c.condition.calls {
		err := c.columns.compute(ctx, call, n)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil: // a name or a model that is not there: an error of each row, which && and || may absorb
			values := make([]ref.Val, n)
			for i := range values {
				values[i] = errorValue(fmt.Errorf("%s: %w", call.function.Name, err))
			}
			c.columns.hidden[call.hidden] = values
		}
	}
	return nil
}

// Parent returns nil: there is no outer activation.
func (c *changeRows) Parent() celgo.Activation { return nil }

// ResolveName returns a variable's value in the current row.
func (c *changeRows) ResolveName(name string) (any, bool) {
	if values, ok := c.columns.hidden[name]; ok {
		return values[c.row], true
	}
	x := &c.batch.Changes[c.row]
	switch name {
	case "h":
		return fromColumn(c.run, c.columns.args[0], c.row), true
	case "r":
		return fromColumn(c.run, c.columns.args[1], c.row), true
	case "t":
		return fromColumn(c.run, c.columns.args[2], c.row), true
	case "change_op":
		if x.Removed {
			return types.String(OpDelete), true
		}
		return types.String(OpInsert), true
	case "change_graph":
		if x.Graph == 0 {
			return types.String(""), true
		}
		text, err := c.run.Host.Names.Name(x.Graph)
		if err != nil {
			return types.WrapErr(err), true
		}
		return types.String(text), true
	case "change_time":
		return types.Timestamp{Time: c.batch.Time}, true
	case "change_source":
		return types.String(c.batch.Source), true
	case changeName:
		whole := map[string]any{}
		for field, variable := range changeFields {
			whole[field], _ = c.ResolveName(variable)
		}
		return types.DefaultTypeAdapter.NativeToValue(whole), true
	}
	return nil, false
}
