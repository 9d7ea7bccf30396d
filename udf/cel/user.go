package cel

import (
	"fmt"
	"regexp"

	celgo "cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"

	"github.com/inklingdb/inkling/udf"
)

// UserFunction is a function that a user defined in CEL. Its free identifiers are its parameters, in the order in
// which they first appear.
type UserFunction struct{ Name, Body string }

var functionName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// Parameters checks a user's function against an environment of those before it and returns its parameters.
func (e *Env) Parameters(f UserFunction) ([]string, error) {
	_, parameters, err := parseFunction(e.env, f)
	if err != nil {
		return nil, err
	}
	_, err = e.Compile(f.Body, parameters)
	return parameters, err
}

// expansion returns the macro that puts a function's body in the place of its calls, so that the functions it uses
// are still seen, and batched, where it is called.
func expansion(env *celgo.Env, f UserFunction) (celgo.Macro, error) {
	body, parameters, err := parseFunction(env, f)
	if err != nil {
		return nil, err
	}
	expand := func(eh celgo.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
		bound := map[string]ast.Expr{}
		for i, p := range parameters {
			bound[p] = args[i]
		}
		call := eh.Copy(body)
		substitute(eh, call, bound)
		return call, nil
	}
	return celgo.GlobalMacro(f.Name, len(parameters), expand), nil
}

func parseFunction(env *celgo.Env, f UserFunction) (body ast.Expr, parameters []string, err error) {
	if !functionName.MatchString(f.Name) {
		return nil, nil, fmt.Errorf("cel: %q is no function name: use lower-case letters, digits and _", f.Name)
	}
	if _, ok := udf.ByName(f.Name); ok || f.Name == matchName || env.HasFunction(f.Name) {
		return nil, nil, fmt.Errorf("cel: %s is built in and cannot be defined anew", f.Name)
	}
	parsed, issues := env.Parse(f.Body)
	if issues.Err() != nil {
		return nil, nil, compileError(f.Body, issues)
	}
	body = parsed.NativeRep().Expr()
	seen := map[string]bool{}
	walk(body, map[string]bool{}, func(e ast.Expr, _ string) {
		if name := e.AsIdent(); !seen[name] {
			seen[name] = true
			parameters = append(parameters, name)
		}
	})
	return body, parameters, nil
}

// substitute replaces the free identifiers that bound names.
func substitute(eh celgo.MacroExprFactory, e ast.Expr, bound map[string]ast.Expr) {
	walk(e, map[string]bool{}, func(e ast.Expr, name string) {
		if value, ok := bound[name]; ok {
			e.SetKindCase(eh.Copy(value))
		}
	})
}

// walk visits the free identifiers of an expression in the order of the text; hidden names those bound around it.
func walk(e ast.Expr, hidden map[string]bool, visit func(e ast.Expr, name string)) {
	switch e.Kind() {
	case ast.IdentKind:
		if name := e.AsIdent(); !hidden[name] {
			visit(e, name)
		}
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		walk(c.IterRange(), hidden, visit)
		inner := map[string]bool{c.IterVar(): true, c.IterVar2(): true, c.AccuVar(): true}
		for name := range hidden {
			inner[name] = true
		}
		for _, part := range []ast.Expr{c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result()} {
			walk(part, inner, visit)
		}
	default:
		for _, part := range children(e) {
			walk(part, hidden, visit)
		}
	}
}

// children returns the parts of an expression that is no comprehension.
func children(e ast.Expr) []ast.Expr {
	switch e.Kind() {
	case ast.CallKind:
		call := e.AsCall()
		if call.IsMemberFunction() {
			return append([]ast.Expr{call.Target()}, call.Args()...)
		}
		return call.Args()
	case ast.ListKind:
		return e.AsList().Elements()
	case ast.MapKind:
		var parts []ast.Expr
		for _, entry := range e.AsMap().Entries() {
			parts = append(parts, entry.AsMapEntry().Key(), entry.AsMapEntry().Value())
		}
		return parts
	case ast.SelectKind:
		return []ast.Expr{e.AsSelect().Operand()}
	case ast.StructKind:
		var parts []ast.Expr
		for _, field := range e.AsStruct().Fields() {
			parts = append(parts, field.AsStructField().Value())
		}
		return parts
	}
	return nil
}
