package cel

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	celgo "cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// Program is a compiled expression.
type Program struct {
	source  string
	ast     *celgo.Ast
	program celgo.Program
}

// Compile checks an expression in which the given variables may be used. A fault is an *Error. A program that was
// compiled before is returned again.
func (e *Env) Compile(source string, variables []string) (*Program, error) {
	key := strings.Join(variables, "\x00") + "\x00\x00" + source
	e.mu.Lock()
	kept := e.programs[key]
	e.mu.Unlock()
	if kept != nil {
		return kept, nil
	}
	p, err := e.compile(source, variables)
	if err != nil {
		return nil, err
	}
	if len(key) > longestKept {
		return p, nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for old := range e.programs { // any one makes room
		if len(e.programs) < keptPrograms {
			break
		}
		delete(e.programs, old)
	}
	e.programs[key] = p
	return p, nil
}

func (e *Env) compile(source string, variables []string) (*Program, error) {
	env, err := e.extend(variables)
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(source)
	if issues.Err() != nil {
		return nil, compileError(source, issues)
	}
	program, err := e.program(env, ast)
	if err != nil {
		return nil, fmt.Errorf("cel: planning: %w", err)
	}
	return &Program{source: source, ast: ast, program: program}, nil
}

// Eval evaluates the program over variables given as Go values. The result is bool, int64, uint64, float64, string,
// []byte, time.Time, time.Duration, []any, map[string]any or nil. A fault is an *Error.
func (p *Program) Eval(ctx context.Context, r *Run, variables map[string]any) (any, error) {
	if variables == nil {
		variables = map[string]any{}
	}
	activation, err := celgo.FunctionVars(variables, r.functions(ctx))
	if err != nil {
		return nil, fmt.Errorf("cel: variables: %w", err)
	}
	value, _, err := p.program.ContextEval(ctx, activation)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, runError(p.source, p.ast, err)
	}
	return plain(value)
}

// Variables returns the names of a variables map, sorted, for Compile.
func Variables(variables map[string]any) []string { return slices.Sorted(maps.Keys(variables)) }

// plain turns a CEL value into a Go value.
func plain(v ref.Val) (any, error) {
	switch x := v.(type) {
	case types.Null:
		return nil, nil
	case traits.Lister:
		if list, ok := x.Value().([]any); ok && isPlain(list) {
			return list, nil // of a function, as it made it
		}
		list := []any{}
		for it := x.Iterator(); it.HasNext() == types.True; {
			item, err := plain(it.Next())
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		return list, nil
	case traits.Mapper:
		m := map[string]any{}
		for it := x.Iterator(); it.HasNext() == types.True; {
			key := it.Next()
			item, err := plain(x.Get(key))
			if err != nil {
				return nil, err
			}
			m[fmt.Sprint(key.Value())] = item
		}
		return m, nil
	case *types.Err:
		return nil, x
	}
	return v.Value(), nil
}

// isPlain reports whether a value is what plain would make of it.
func isPlain(value any) bool {
	switch x := value.(type) {
	case nil, bool, int64, uint64, float64, string:
		return true
	case []any:
		for _, item := range x {
			if !isPlain(item) {
				return false
			}
		}
		return x != nil
	case map[string]any:
		for _, item := range x {
			if !isPlain(item) {
				return false
			}
		}
		return x != nil
	}
	return false
}
