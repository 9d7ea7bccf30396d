package exec_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store/rdf"
)

// naive evaluates algebra by the letter of SPARQL 1.1 §18.5, bottom up, over a slice of quads: no slots, no indexes,
// no join order. It shares only the operators on values with the engine. It panics with tooMany on large results.
type naive struct {
	quads []rdf.Quad
	named []rdf.Term // the named graphs, empty ones too
	graph rdf.Term   // the active graph
}

type row map[string]rdf.Term

const maxNaiveRows = 3000

var errTooMany = fmt.Errorf("too many rows for the plain evaluator")

func (n naive) eval(op sparql.Op) []row {
	out := n.evalPattern(op)
	if len(out) > maxNaiveRows {
		panic(errTooMany)
	}
	return out
}

func (n naive) evalPattern(op sparql.Op) []row {
	switch op := op.(type) {
	case *sparql.BGP:
		out := []row{{}}
		for _, t := range op.Triples {
			out = n.match(out, t)
		}
		return out
	case *sparql.PathMatch:
		return n.path(op)
	case *sparql.Join:
		return joined(n.eval(op.L), n.eval(op.R))
	case *sparql.LeftJoin:
		return n.leftJoin(op)
	case *sparql.Filter:
		var out []row
		for _, r := range n.eval(op.Input) {
			if n.holds(op.Conditions, r) {
				out = append(out, r)
			}
		}
		return out
	case *sparql.Union:
		var out []row
		for _, in := range op.Inputs {
			out = append(out, n.eval(in)...)
		}
		return out
	case *sparql.Minus:
		return n.minus(op)
	case *sparql.Graph:
		return n.inGraph(op)
	case *sparql.Table:
		var out []row
		for _, terms := range op.Rows {
			r := row{}
			for i, t := range terms {
				if t.Kind != rdf.None {
					r[op.Vars[i]] = t
				}
			}
			out = append(out, r)
		}
		return out
	}
	return n.evalModifier(op)
}

func (n naive) evalModifier(op sparql.Op) []row {
	switch op := op.(type) {
	case *sparql.Extend:
		in := n.eval(op.Input)
		for i, r := range in {
			if t := n.value(op.Expr, r).Term(); t.Kind != rdf.None {
				r = maps.Clone(r)
				r[op.Var] = t
				in[i] = r
			}
		}
		return in
	case *sparql.Group:
		return n.group(op)
	case *sparql.OrderBy:
		in := n.eval(op.Input)
		slices.SortStableFunc(in, func(a, b row) int {
			for _, k := range op.Keys {
				c := expr.Order(n.value(k.Expr, a), n.value(k.Expr, b))
				if k.Descending {
					c = -c
				}
				if c != 0 {
					return c
				}
			}
			return 0
		})
		return in
	case *sparql.Project:
		var out []row
		for _, r := range n.eval(op.Input) {
			kept := row{}
			for _, v := range op.Vars {
				if t, ok := r[v]; ok {
					kept[v] = t
				}
			}
			out = append(out, kept)
		}
		return out
	case *sparql.Distinct:
		var out []row
		for _, r := range n.eval(op.Input) {
			if !slices.ContainsFunc(out, func(o row) bool { return maps.Equal(o, r) }) {
				out = append(out, r)
			}
		}
		return out
	case *sparql.Slice:
		in := n.eval(op.Input)
		in = in[min(int64(len(in)), op.Offset):]
		if op.Limit >= 0 {
			in = in[:min(int64(len(in)), op.Limit)]
		}
		return in
	}
	panic(fmt.Sprintf("the plain evaluator has no %T", op))
}

func bind(r row, v sparql.VarOrTerm, t rdf.Term) (row, bool) {
	if !v.IsVar() {
		return r, v.Term == t
	}
	if have, ok := r[v.Var]; ok {
		return r, have == t
	}
	r = maps.Clone(r)
	r[v.Var] = t
	return r, true
}

func (n naive) match(in []row, p sparql.TriplePattern) []row {
	var out []row
	for _, r := range in {
		for _, q := range n.quads {
			if q.G != n.graph {
				continue
			}
			if r1, ok := bind(r, p.S, q.S); ok {
				if r2, ok := bind(r1, p.P, q.P); ok {
					if r3, ok := bind(r2, p.O, q.O); ok {
						out = append(out, r3)
					}
				}
			}
		}
		if len(out) > maxNaiveRows {
			panic(errTooMany)
		}
	}
	return out
}

func compatible(a, b row) bool {
	for k, v := range a {
		if w, ok := b[k]; ok && w != v {
			return false
		}
	}
	return true
}

func merged(a, b row) row {
	m := maps.Clone(a)
	maps.Copy(m, b)
	return m
}

func joined(l, r []row) []row {
	var out []row
	for _, a := range l {
		for _, b := range r {
			if compatible(a, b) {
				out = append(out, merged(a, b))
			}
		}
		if len(out) > maxNaiveRows {
			panic(errTooMany)
		}
	}
	return out
}

func (n naive) leftJoin(op *sparql.LeftJoin) []row {
	var out []row
	right := n.eval(op.R)
	for _, a := range n.eval(op.L) {
		found := false
		for _, b := range right {
			if compatible(a, b) && n.holds(op.Conditions, merged(a, b)) {
				out = append(out, merged(a, b))
				found = true
			}
		}
		if !found {
			out = append(out, a)
		}
	}
	return out
}

func (n naive) minus(op *sparql.Minus) []row {
	right := n.eval(op.R)
	var out []row
	for _, a := range n.eval(op.L) {
		if !slices.ContainsFunc(right, func(b row) bool {
			shared := false
			for k := range a {
				_, ok := b[k]
				shared = shared || ok
			}
			return shared && compatible(a, b)
		}) {
			out = append(out, a)
		}
	}
	return out
}

func (n naive) inGraph(op *sparql.Graph) []row {
	var out []row
	for _, g := range n.named {
		if !op.Name.IsVar() && op.Name.Term != g {
			continue
		}
		inner := naive{n.quads, n.named, g}.eval(op.Input)
		if op.Name.IsVar() {
			inner = joined(inner, []row{{op.Name.Var: g}})
		}
		out = append(out, inner...)
	}
	return out
}

func (n naive) group(op *sparql.Group) []row {
	type group struct {
		key  row
		rows []row
	}
	var groups []*group
	if len(op.Keys) == 0 {
		groups = append(groups, &group{key: row{}})
	}
	for _, r := range n.eval(op.Input) {
		key := row{}
		for _, k := range op.Keys {
			if t := n.value(k.Expr, r).Term(); t.Kind != rdf.None {
				key[k.Var] = t
			}
		}
		i := slices.IndexFunc(groups, func(g *group) bool { return maps.Equal(g.key, key) })
		if i < 0 {
			groups = append(groups, &group{key: key})
			i = len(groups) - 1
		}
		groups[i].rows = append(groups[i].rows, r)
	}
	var out []row
	for _, g := range groups {
		for _, a := range op.Aggregates {
			if v := n.aggregate(a.Aggregate, g.rows); v.OK() {
				g.key[a.Var] = v.Term()
			}
		}
		out = append(out, g.key)
	}
	return out
}

// written returns the part of r that binds variables of the query, not blank nodes and steps of paths.
func written(r row) row {
	r = maps.Clone(r)
	maps.DeleteFunc(r, func(name string, _ rdf.Term) bool {
		return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_:")
	})
	return r
}

// aggregate knows COUNT, SUM, MIN and MAX.
func (n naive) aggregate(a *sparql.Aggregate, rows []row) expr.Value {
	var values []expr.Value
	seen := map[string]bool{}
	for _, r := range rows {
		key, v := fmt.Sprint(written(r)), expr.Int(1)
		if a.Arg != nil {
			v = n.value(a.Arg, r)
			key = fmt.Sprint(v.Term())
		}
		if !a.Distinct || !seen[key] {
			values = append(values, v)
		}
		seen[key] = true
	}
	var best expr.Value
	sum, count := expr.Int(0), int64(0)
	for _, v := range values {
		sum = expr.Add(sum, v)
		if !v.OK() {
			continue
		}
		count++
		c := expr.Order(v, best)
		if !best.OK() || a.Name == "MIN" && c < 0 || a.Name == "MAX" && c > 0 {
			best = v
		}
	}
	switch a.Name {
	case "COUNT":
		return expr.Int(count)
	case "SUM":
		return sum
	}
	return best
}
