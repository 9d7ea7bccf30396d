package exec_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

func (n naive) holds(conditions []sparql.Expr, r row) bool {
	for _, c := range conditions {
		if v := expr.EBV(n.value(c, r)); !v.OK() || v.Text() != "true" {
			return false
		}
	}
	return true
}

// noDictionary knows no term, so every term gets an identifier of the query.
type noDictionary struct{}

func (noDictionary) ID(rdf.Term) (store.TermID, bool, error) { return 0, false, nil }
func (noDictionary) Term(store.TermID) (rdf.Term, error) {
	return rdf.Term{}, fmt.Errorf("no such term")
}

// value evaluates an expression in one row.
func (n naive) value(e sparql.Expr, r row) expr.Value {
	terms := expr.NewTerms(noDictionary{})
	names := slices.Sorted(maps.Keys(r))
	b := &expr.Batch{N: 1}
	for _, name := range names {
		id, err := terms.ID(r[name])
		if err != nil {
			panic(err)
		}
		b.Cols = append(b.Cols, []store.TermID{id})
	}
	scope := expr.Scope{
		Slot: func(name string) (int, bool) { i, ok := slices.BinarySearch(names, name); return i, ok },
		Exists: func(x *sparql.Exists) (expr.ExistsFunc, error) {
			return func(_ context.Context, _ *expr.Batch, _ []int32, found []bool) error {
				found[0] = len(n.eval(substituted(x.Op, r))) > 0
				return nil
			}, nil
		},
	}
	p, err := expr.Compile(e, scope, expr.NewRuntime(terms, time.Unix(0, 0), 1))
	if err != nil {
		panic(err)
	}
	out := make([]expr.Value, 1)
	if err := p.Eval(context.Background(), b, []int32{0}, out); err != nil {
		panic(err)
	}
	return out[0]
}

// substituted replaces the variables of r in a pattern of triples and filters.
func substituted(op sparql.Op, r row) sparql.Op {
	swap := func(v sparql.VarOrTerm) sparql.VarOrTerm {
		if t, ok := r[v.Var]; ok && v.IsVar() {
			return sparql.VarOrTerm{Term: t}
		}
		return v
	}
	switch op := op.(type) {
	case *sparql.BGP:
		out := &sparql.BGP{}
		for _, t := range op.Triples {
			t.S, t.P, t.O = swap(t.S), swap(t.P), swap(t.O)
			out.Triples = append(out.Triples, t)
		}
		return out
	case *sparql.Filter:
		out := &sparql.Filter{Input: substituted(op.Input, r)}
		for _, c := range op.Conditions {
			out.Conditions = append(out.Conditions, substitutedExpr(c, r))
		}
		return out
	}
	panic(fmt.Sprintf("no substitution in %T", op))
}

func substitutedExpr(e sparql.Expr, r row) sparql.Expr {
	switch e := e.(type) {
	case *sparql.Variable:
		if t, ok := r[e.Name]; ok {
			return &sparql.Constant{Term: t}
		}
	case *sparql.Binary:
		return &sparql.Binary{Operator: e.Operator, L: substitutedExpr(e.L, r), R: substitutedExpr(e.R, r)}
	case *sparql.Unary:
		return &sparql.Unary{Operator: e.Operator, X: substitutedExpr(e.X, r)}
	case *sparql.BuiltIn:
		out := &sparql.BuiltIn{Name: e.Name}
		for _, a := range e.Args {
			if v, ok := a.(*sparql.Variable); ok && e.Name == "BOUND" {
				if _, ok := r[v.Name]; ok {
					return &sparql.Constant{Term: expr.Bool(true).Term()}
				}
			}
			out.Args = append(out.Args, substitutedExpr(a, r))
		}
		return out
	}
	return e
}
