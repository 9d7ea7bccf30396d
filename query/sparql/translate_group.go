package sparql

import "strconv"

// grouping rewrites the expressions of a grouped query so that they speak of Group's output: an aggregate becomes
// its internal variable, a variable that is no key becomes its SAMPLE (SPARQL 1.1 §18.2.4.1).
type grouping struct {
	*translator
	group *Group            // nil when the query is not grouped
	keys  map[string]bool   // variables with one value a group
	names map[string]string // text of an aggregate → the variable that holds it
}

// grouped puts a Group over op if q groups, and returns its rewriting, which otherwise changes nothing.
func (t *translator) grouped(q *Query, op *Op) *grouping {
	g := &grouping{translator: t, keys: map[string]bool{}, names: map[string]string{}}
	if !isGrouped(q) {
		return g
	}
	g.group = &Group{Pos: q.Pos, Input: *op}
	for _, k := range q.GroupBy {
		b := GroupBinding{Var: k.Var, Expr: t.expr(k.Expr)}
		if v, ok := k.Expr.(*Variable); ok && b.Var == "" {
			b.Var = v.Name
		}
		if b.Var == "" {
			b.Var = ".k" + strconv.Itoa(t.keys)
			t.keys++
		}
		if g.keys[b.Var] {
			continue
		}
		g.single(b.Var)
		g.group.Keys = append(g.group.Keys, b)
	}
	*op = g.group
	return g
}

// single says that a variable has one value a group.
func (g *grouping) single(name string) {
	if g.group != nil {
		g.keys[name] = true
	}
}

// aggregate returns the variable that holds a in each group.
func (g *grouping) aggregate(a *Aggregate) Expr {
	text := exprString(a)
	if name, ok := g.names[text]; ok {
		return &Variable{Pos: a.Pos, Name: name}
	}
	name := ".a" + strconv.Itoa(g.aggregates)
	g.aggregates++
	g.names[text] = name
	g.group.Aggregates = append(g.group.Aggregates, AggregateBinding{Var: name, Aggregate: a})
	return &Variable{Pos: a.Pos, Name: name}
}

// rewrite returns e for the rows of the group; e itself when nothing is grouped. Patterns inside EXISTS stay.
func (g *grouping) rewrite(e Expr) Expr {
	if g.group == nil {
		return e
	}
	switch e := e.(type) {
	case *Aggregate:
		return g.aggregate(e)
	case *Variable:
		return g.variable(e)
	case *Unary:
		return &Unary{Pos: e.Pos, Operator: e.Operator, X: g.rewrite(e.X)}
	case *Binary:
		return &Binary{Pos: e.Pos, Operator: e.Operator, L: g.rewrite(e.L), R: g.rewrite(e.R)}
	case *In:
		return &In{Pos: e.Pos, X: g.rewrite(e.X), Not: e.Not, List: g.rewriteAll(e.List)}
	case *BuiltIn:
		return &BuiltIn{Pos: e.Pos, Name: e.Name, Args: g.rewriteAll(e.Args)}
	case *Call:
		return &Call{Pos: e.Pos, IRI: e.IRI, Distinct: e.Distinct, Args: g.rewriteAll(e.Args)}
	}
	return e
}

func (g *grouping) rewriteAll(list []Expr) []Expr {
	out := make([]Expr, len(list))
	for i, e := range list {
		out[i] = g.rewrite(e)
	}
	return out
}

// variable rewrites a variable outside of aggregates.
func (g *grouping) variable(v *Variable) Expr {
	if g.keys[v.Name] {
		return v
	}
	return g.aggregate(&Aggregate{Pos: v.Pos, Name: "SAMPLE", Arg: v})
}
