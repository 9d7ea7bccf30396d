package cel

import (
	"encoding/json"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/udf"
)

func errorValue(err error) ref.Val { return types.WrapErr(err) }

// fromColumn returns a term as a CEL value: a node as its name, numbers, booleans, strings and times as such, any
// other literal as its text. An unbound variable is an error value.
func fromColumn(r *Run, c expr.Column, row int) ref.Val {
	v, err := c.Value(row)
	if err != nil {
		return types.WrapErr(err)
	}
	switch v.Kind {
	case expr.Failed:
		return types.NewErr("the variable is unbound")
	case expr.IRI, expr.Blank:
		if expr.IsLocal(c.IDs[row]) {
			return types.String(v.Text())
		}
		name, err := r.Host.Names.Name(c.IDs[row])
		if err != nil {
			return types.WrapErr(err)
		}
		return types.String(name)
	case expr.Boolean:
		return types.Bool(v.Text() == "true" || v.Text() == "1")
	case expr.Integer, expr.Decimal, expr.Float, expr.Double:
		if i, ok := v.Int64(); ok {
			return types.Int(i)
		}
		f, _ := v.Float()
		return types.Double(f)
	case expr.DateTime:
		if t, err := time.Parse(time.RFC3339Nano, v.Text()); err == nil {
			return types.Timestamp{Time: t}
		}
	}
	return types.String(v.Text())
}

// toValue returns a CEL value as a term to be; null is unbound, lists and maps are rdf:JSON.
func toValue(v ref.Val) (expr.Value, error) {
	switch x := v.(type) {
	case types.Bool:
		return expr.Bool(bool(x)), nil
	case types.Int:
		return expr.Int(int64(x)), nil
	case types.Uint:
		return expr.FromTerm(rdf.NewTyped(x.ConvertToType(types.StringType).Value().(string), rdf.XSDInteger)), nil
	case types.Double:
		return expr.Num(float64(x)), nil
	case types.String:
		return expr.Str(string(x)), nil
	case types.Null:
		return expr.Value{}, nil
	case types.Timestamp:
		return expr.FromTerm(rdf.NewTyped(x.Time.Format(time.RFC3339Nano), rdf.XSDDateTime)), nil
	case traits.Lister, traits.Mapper:
		value, err := plain(v)
		if err != nil {
			return expr.Value{}, nil // an error inside a list is an error of the row
		}
		text, err := json.Marshal(value)
		return expr.FromTerm(rdf.NewTyped(string(text), udf.JSONDatatype)), err
	}
	text, _ := v.ConvertToType(types.StringType).Value().(string)
	return expr.Str(text), nil
}
