package cel

import (
	"context"
	"fmt"

	celgo "cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/udf"
)

// Run is what one evaluation sees.
type Run struct {
	Host *udf.Host
	// Match answers a graph pattern (what stands between the braces of a SPARQL WHERE) with one map a solution,
	// from variable to value; nil makes match(…) an error.
	Match func(ctx context.Context, pattern string) ([]map[string]any, error)
}

// functions binds the late-bound functions to this run.
func (r *Run) functions(ctx context.Context) map[string]celgo.LateBoundFunction {
	bound := make(map[string]celgo.LateBoundFunction, len(udf.Functions)+1)
	for i := range udf.Functions {
		f := &udf.Functions[i]
		bound[f.Name] = func(_ string, args ...ref.Val) ref.Val { return r.call(ctx, f, args) }
	}
	bound[matchName] = func(_ string, args ...ref.Val) ref.Val { return r.match(ctx, args[0]) }
	return bound
}

func (r *Run) match(ctx context.Context, pattern ref.Val) ref.Val {
	text, ok := pattern.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(pattern)
	}
	if r.Match == nil {
		return types.NewErr("match: there is no graph to ask here")
	}
	rows, err := r.Match(ctx, string(text))
	if err != nil {
		return types.WrapErr(fmt.Errorf("match: %w", err))
	}
	return types.DefaultTypeAdapter.NativeToValue(rows)
}

// call runs a function on one row.
func (r *Run) call(ctx context.Context, f *udf.Function, args []ref.Val) ref.Val {
	arguments := make([]udf.Argument, len(args))
	for i, a := range args {
		if i < len(f.Params) {
			name, ok := a.(types.String)
			if !ok {
				return types.MaybeNoSuchOverloadErr(a)
			}
			id, err := r.node(f.Params[i].Type, string(name))
			if err != nil {
				return types.WrapErr(fmt.Errorf("%s: %w", f.Name, err))
			}
			arguments[i] = udf.Argument{Nodes: []store.TermID{id}}
			continue
		}
		option, err := optionOf(a)
		if err != nil {
			return err
		}
		arguments[i] = option
	}
	out, err := udf.Invoke(ctx, r.Host, f, arguments, 1)
	if err == nil {
		err = out.Errs[0]
	}
	if err != nil {
		return types.WrapErr(fmt.Errorf("%s: %w", f.Name, err))
	}
	return r.box(f.Result, &out, 0)
}

// optionOf reads an optional argument by its type; the second result is nil or an error value.
func optionOf(v ref.Val) (udf.Argument, ref.Val) {
	switch x := v.(type) {
	case types.Int:
		return udf.Argument{Counts: []int64{int64(x)}}, nil
	case types.Double:
		return udf.Argument{Shares: []float64{float64(x)}}, nil
	case types.Bool:
		return udf.Argument{Flags: []bool{bool(x)}}, nil
	case types.String:
		return udf.Argument{Texts: []string{string(x)}}, nil
	}
	return udf.Argument{}, types.MaybeNoSuchOverloadErr(v)
}

// node resolves a name that must be known.
func (r *Run) node(t udf.Type, name string) (store.TermID, error) {
	id, known, err := r.Host.Names.ID(name)
	if err != nil {
		return 0, err
	}
	if !known {
		return 0, r.Host.Unknown(t, name)
	}
	return id, nil
}

// box returns the value of one row of a result.
func (r *Run) box(t udf.Type, out *udf.Outcome, row int) ref.Val {
	switch t {
	case udf.Truth:
		return types.Bool(out.Truths[row])
	case udf.Integer:
		return types.Int(out.Integers[row])
	case udf.Number:
		return types.Double(out.Numbers[row])
	}
	list, err := t.PlainList(r.Host.Names, out.Lists[row])
	if err != nil {
		return types.WrapErr(err)
	}
	return types.DefaultTypeAdapter.NativeToValue(list)
}
