package udf

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// JSONDatatype is the datatype of list results in SPARQL.
const JSONDatatype = rdf.RDF + "JSON"

// Extension returns a function as SPARQL calls it: over columns of terms, a batch at a time. A row with an error is
// left unbound, as SPARQL has it; lists become rdf:JSON literals.
func Extension(h *Host, f *Function) expr.Function {
	return func(ctx context.Context, args []expr.Column, out []expr.Value) error {
		arguments, err := Arguments(h, f, args, len(out))
		if err != nil {
			return err
		}
		got, err := Invoke(ctx, h, f, arguments, len(out))
		if err != nil {
			return err
		}
		for row := range out {
			if got.Errs[row] != nil {
				continue
			}
			if out[row], err = got.value(h, f.Result, row); err != nil {
				return err
			}
		}
		return nil
	}
}

// value returns a row's result as a term to be.
func (out *Outcome) value(h *Host, t Type, row int) (expr.Value, error) {
	switch t {
	case Truth:
		return expr.Bool(out.Truths[row]), nil
	case Integer:
		return expr.Int(out.Integers[row]), nil
	case Number:
		return expr.Num(out.Numbers[row]), nil
	case Evidence:
		text, err := json.Marshal(out.Maps[row])
		return expr.FromTerm(rdf.NewTyped(string(text), JSONDatatype)), err
	}
	text, err := t.JSON(h.Names, out.Lists[row])
	return expr.FromTerm(rdf.NewTyped(text, JSONDatatype)), err
}

// Arguments turns columns of terms into a function's arguments: IRIs and blank nodes are nodes, strings are names of
// nodes where a node is wanted; behind those, an integer is k, a boolean is stated, a number is least and a string names the model.
func Arguments(h *Host, f *Function, args []expr.Column, rows int) ([]Argument, error) {
	if err := f.CheckCount(len(args)); err != nil {
		return nil, err
	}
	arguments := make([]Argument, len(args))
	for i, c := range args {
		var err error
		if i < len(f.Params) {
			arguments[i], err = RequiredColumn(h, f.Params[i].Type, c, rows)
		} else {
			arguments[i], err = OptionColumn(f, i, c, rows)
		}
		if err != nil {
			return nil, err
		}
	}
	return arguments, nil
}

// RequiredColumn returns the argument that a column is for a required parameter. A row without a text, of an unbound
// variable or an error, is absent.
func RequiredColumn(h *Host, t Type, c expr.Column, rows int) (a Argument, err error) {
	if t != Text {
		a.Nodes, err = NodeColumn(h, c)
		return a, err
	}
	a.Texts = make([]string, rows)
	for row := range a.Texts {
		v, err := c.Value(row)
		if err != nil {
			return a, err
		}
		if v.Kind == expr.Failed {
			if a.Absent == nil {
				a.Absent = make([]bool, rows)
			}
			a.Absent[row] = true
			continue
		}
		a.Texts[row] = v.Text()
		if v.Kind == expr.IRI {
			a.Texts[row] = "<" + v.Text() + ">"
		}
	}
	return a, nil
}

// NodeColumn returns the nodes that a column stands for; 0 where it holds none.
func NodeColumn(h *Host, c expr.Column) ([]store.TermID, error) {
	nodes := c.IDs
	copied := false
	for row, id := range c.IDs {
		if id.IsNode() || id == 0 {
			continue
		}
		if !copied {
			nodes, copied = append([]store.TermID(nil), nodes...), true
		}
		v, err := c.Value(row)
		if err != nil {
			return nil, err
		}
		nodes[row] = 0
		if v.Kind == expr.String {
			known, ok, err := h.Names.ID(v.Text())
			if err != nil {
				return nil, err
			}
			if ok {
				nodes[row] = known
			}
		}
	}
	return nodes, nil
}

// OptionColumn returns the optional argument at a place, whose kind its values show; a column that is the same in
// every row becomes a single value.
func OptionColumn(f *Function, place int, c expr.Column, rows int) (Argument, error) {
	var a Argument
	length := 1
	for row := 1; row < rows && length == 1; row++ {
		if c.IDs[row] != c.IDs[0] {
			length = rows
		}
	}
	for row := range min(length, rows) {
		v, err := c.Value(row)
		if err != nil {
			return a, err
		}
		count, isCount := v.Int64()
		number, isNumber := v.Float()
		switch {
		case isCount && f.Takes(Count):
			a.Counts = append(a.Counts, count)
		case isNumber && f.Takes(Share):
			a.Shares = append(a.Shares, number)
		case v.Kind == expr.Boolean && f.Takes(Flag):
			a.Flags = append(a.Flags, v.Text() == "true")
		case v.Kind == expr.String && f.Takes(ModelName):
			a.Texts = append(a.Texts, v.Text())
		default:
			return a, fmt.Errorf("%w: %s: argument %d is %q; it takes %s", ErrArgument, f.Name, place+1, v.Text(), f.Signature())
		}
	}
	if len(a.Counts)+len(a.Flags)+len(a.Shares)+len(a.Texts) > max(len(a.Counts), len(a.Flags), len(a.Shares), len(a.Texts)) {
		return a, fmt.Errorf("%w: %s: argument %d is of different kinds in different rows", ErrArgument, f.Name, place+1)
	}
	return a, nil
}
