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

// naive evaluates algebra by the letter of SPARQL 1.1 §18.5, bottom up, over a slice of quads: no slots, no indexes,
// no join order. It shares only the operators on values with the engine. It panics with tooMany on large results.
type naive struct {
	quads []rdf.Quad
	graph rdf.Term // the active graph
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
	names := map[rdf.Term]bool{}
	for _, q := range n.quads {
		if q.G.Kind != rdf.None {
			names[q.G] = true
		}
	}
	var out []row
	for g := range names {
		if !op.Name.IsVar() && op.Name.Term != g {
			continue
		}
		inner := naive{n.quads, g}.eval(op.Input)
		if op.Name.IsVar() {
			inner = joined(inner, []row{{op.Name.Var: g}})
		}
		out = append(out, inner...)
	}
	return out
}

// path evaluates a path as a set of pairs, but for the forms that keep duplicates.
func (n naive) path(op *sparql.PathMatch) []row {
	var out []row
	for _, pair := range n.pairs(op.Path, op.S, op.O) {
		if r, ok := bind(row{}, op.S, pair[0]); ok {
			if r, ok := bind(r, op.O, pair[1]); ok {
				out = append(out, r)
			}
		}
	}
	return out
}

// pairs returns the pairs that a path connects, with duplicates. The ends matter to paths of length zero only.
func (n naive) pairs(path sparql.Path, s, o sparql.VarOrTerm) (out [][2]rdf.Term) {
	switch path := path.(type) {
	case *sparql.PathIRI:
		for _, q := range n.quads {
			if q.G == n.graph && q.P.Value == path.IRI {
				out = append(out, [2]rdf.Term{q.S, q.O})
			}
		}
	case *sparql.PathInverse:
		for _, p := range n.pairs(path.Path, o, s) {
			out = append(out, [2]rdf.Term{p[1], p[0]})
		}
	case *sparql.PathAlternative:
		for _, p := range path.Paths {
			out = append(out, n.pairs(p, s, o)...)
		}
	case *sparql.PathSequence:
		middle := sparql.VarOrTerm{Var: "middle"}
		out = n.pairs(path.Paths[0], s, middle)
		for i, p := range path.Paths[1:] {
			to := middle
			if i == len(path.Paths)-2 {
				to = o
			}
			var next [][2]rdf.Term
			for _, a := range out {
				for _, b := range n.pairs(p, middle, to) {
					if a[1] == b[0] {
						next = append(next, [2]rdf.Term{a[0], b[1]})
					}
				}
			}
			out = next
		}
	case *sparql.PathNegated:
		for _, q := range n.quads {
			if q.G != n.graph {
				continue
			}
			if (len(path.Forward) > 0 || len(path.Inverse) == 0) && !slices.Contains(path.Forward, q.P.Value) {
				out = append(out, [2]rdf.Term{q.S, q.O})
			}
			if len(path.Inverse) > 0 && !slices.Contains(path.Inverse, q.P.Value) {
				out = append(out, [2]rdf.Term{q.O, q.S})
			}
		}
	case *sparql.PathRepeat:
		return n.repeated(path, s, o)
	}
	if len(out) > maxNaiveRows {
		panic(errTooMany)
	}
	return out
}

func (n naive) repeated(path *sparql.PathRepeat, s, o sparql.VarOrTerm) [][2]rdf.Term {
	open := sparql.VarOrTerm{Var: "open"}
	step := n.pairs(path.Path, open, open)
	set := map[[2]rdf.Term]bool{}
	if !path.AtLeastOnce {
		for _, q := range n.quads {
			if q.G == n.graph {
				set[[2]rdf.Term{q.S, q.S}] = true
				set[[2]rdf.Term{q.O, q.O}] = true
			}
		}
		for _, end := range []sparql.VarOrTerm{s, o} {
			if !end.IsVar() {
				set[[2]rdf.Term{end.Term, end.Term}] = true
			}
		}
	}
	for _, p := range step {
		set[p] = true
	}
	for grown := path.Unbounded; grown; {
		grown = false
		for a := range maps.Clone(set) {
			for _, b := range step {
				if p := [2]rdf.Term{a[0], b[1]}; a[1] == b[0] && !set[p] {
					set[p], grown = true, true
				}
			}
		}
	}
	return slices.Collect(maps.Keys(set))
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

// aggregate knows COUNT, SUM, MIN and MAX.
func (n naive) aggregate(a *sparql.Aggregate, rows []row) expr.Value {
	var values []expr.Value
	seen := map[string]bool{}
	for _, r := range rows {
		key, v := fmt.Sprint(r), expr.Int(1)
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
