package sparql

import (
	"strconv"

	"github.com/inklingdb/inkling/store/rdf"
)

// translator turns syntax into algebra (SPARQL 1.1 §18.2). Its numbers make internal variables unique in a request.
type translator struct {
	aggregates, keys, steps int
}

// translateQuery sets Vars and Algebra of q, of its subselects, and Op of its EXISTS.
func translateQuery(q *Query) {
	var t translator
	t.query(q)
}

// translateUpdate sets the algebra of every Modify.
func translateUpdate(u *Update) {
	var t translator
	for _, op := range u.Operations {
		if m, ok := op.(*Modify); ok {
			m.Algebra = t.group(m.Where)
		}
	}
}

// unit is the join's identity: one solution without bindings.
func unit(pos Pos) *Table { return &Table{Pos: pos, Rows: [][]rdf.Term{{}}} }

func isUnit(o Op) bool {
	t, ok := o.(*Table)
	return ok && len(t.Vars) == 0 && len(t.Rows) == 1
}

// join joins two operators, leaving out the identity.
func join(l, r Op) Op {
	switch {
	case isUnit(l):
		return r
	case isUnit(r):
		return l
	}
	return &Join{Pos: r.Position(), L: l, R: r}
}

// group translates { … }: elements from left to right, then the filters over all of them.
func (t *translator) group(g *GroupPattern) Op {
	op, filters := t.elements(g)
	if len(filters) > 0 {
		op = &Filter{Pos: filters[0].Position(), Input: op, Conditions: filters}
	}
	return op
}

// elements translates { … } and returns its filters apart.
func (t *translator) elements(g *GroupPattern) (Op, []Expr) {
	var op Op = unit(g.Pos)
	var filters []Expr
	var run []TriplePattern // of the basic graph pattern that has not ended yet
	flush := func() {
		if run != nil {
			op = join(op, t.triples(run))
			run = nil
		}
	}
	for _, e := range g.Elements {
		switch e := e.(type) {
		case *TriplesPattern:
			run = append(run, e.Triples...)
			continue
		case *FilterPattern:
			filters = append(filters, t.expr(e.Expr))
			continue
		}
		flush()
		switch e := e.(type) {
		case *OptionalPattern:
			r, conditions := t.elements(e.Group)
			op = &LeftJoin{Pos: e.Pos, L: op, R: r, Conditions: conditions}
		case *MinusPattern:
			op = &Minus{Pos: e.Pos, L: op, R: t.group(e.Group)}
		case *BindPattern:
			op = &Extend{Pos: e.Pos, Input: op, Var: e.Var, Expr: t.expr(e.Expr)}
		default:
			op = join(op, t.element(e))
		}
	}
	flush()
	return op, filters
}

// element translates an element that is joined to what stands before it.
func (t *translator) element(e Pattern) Op {
	switch e := e.(type) {
	case *GroupPattern:
		return t.group(e)
	case *UnionPattern:
		u := &Union{Pos: e.Pos}
		for _, g := range e.Alternatives {
			u.Inputs = append(u.Inputs, t.group(g))
		}
		return u
	case *GraphPattern:
		return &Graph{Pos: e.Pos, Name: e.Name, Input: t.group(e.Group)}
	case *ServicePattern:
		return &Service{Pos: e.Pos, Silent: e.Silent, Name: e.Name, Input: t.group(e.Group), Source: e.Group}
	case *ValuesPattern:
		return &Table{Pos: e.Pos, Vars: e.Vars, Rows: e.Rows}
	case *SubSelect:
		t.query(e.Query)
		return e.Query.Algebra
	}
	return unit(e.Position())
}

// triples translates triple patterns: those without a path into one BGP as far as they stand together.
func (t *translator) triples(patterns []TriplePattern) Op {
	var op Op = unit(patterns[0].Pos)
	var bgp *BGP
	for _, p := range patterns {
		p.S, p.O = variableForBlank(p.S), variableForBlank(p.O)
		if p.Path == nil {
			if bgp == nil {
				bgp = &BGP{Pos: p.Pos}
				op = join(op, bgp)
			}
			bgp.Triples = append(bgp.Triples, p)
			continue
		}
		found := t.path(p.S, p.Path, p.O)
		if b, ok := found.(*BGP); ok {
			if bgp != nil {
				bgp.Triples = append(bgp.Triples, b.Triples...)
				continue
			}
			bgp = b
		}
		op = join(op, found)
	}
	return op
}

// variableForBlank returns the variable that stands for a blank node in a pattern, or v itself.
func variableForBlank(v VarOrTerm) VarOrTerm {
	if v.Term.Kind == rdf.Blank {
		return VarOrTerm{Pos: v.Pos, Var: "_:" + v.Term.Value}
	}
	return v
}

// path translates a path between s and o; what needs no closure becomes joins and unions (§18.2.2.4).
func (t *translator) path(s VarOrTerm, path Path, o VarOrTerm) Op {
	pos := path.Position()
	switch p := path.(type) {
	case *PathIRI:
		iri := VarOrTerm{Pos: pos, Term: rdf.NewIRI(p.IRI)}
		return &BGP{Pos: pos, Triples: []TriplePattern{{Pos: pos, S: s, P: iri, O: o}}}
	case *PathInverse:
		return t.path(o, p.Path, s)
	case *PathSequence:
		var op Op = unit(pos)
		for i, step := range p.Paths {
			end := o
			if i < len(p.Paths)-1 {
				end = VarOrTerm{Pos: step.Position(), Var: ".p" + strconv.Itoa(t.steps)}
				t.steps++
			}
			op = joinPatterns(op, t.path(s, step, end))
			s = end
		}
		return op
	case *PathAlternative:
		u := &Union{Pos: pos}
		for _, alternative := range p.Paths {
			u.Inputs = append(u.Inputs, t.path(s, alternative, o))
		}
		return u
	}
	return &PathMatch{Pos: pos, S: s, O: o, Path: path}
}

// joinPatterns joins, making one BGP of two.
func joinPatterns(l, r Op) Op {
	a, ok := l.(*BGP)
	b, ok2 := r.(*BGP)
	if ok && ok2 {
		return &BGP{Pos: a.Pos, Triples: append(a.Triples, b.Triples...)}
	}
	return join(l, r)
}

// expr sets Op of the EXISTS in e and returns e.
func (t *translator) expr(e Expr) Expr {
	Walk(e, func(n Node) bool {
		if x, ok := n.(*Exists); ok {
			x.Op = t.group(x.Group)
			return false
		}
		return true
	})
	return e
}

// query translates q with its modifiers, in the order of §18.2.4 and §18.2.5.
func (t *translator) query(q *Query) {
	var where scope
	where.where(q)
	q.Vars = where.names
	var op Op = unit(q.Pos)
	if q.Where != nil {
		op = t.group(q.Where)
	}
	g := t.grouped(q, &op)
	early := g.group != nil && havingNamesAlias(q)
	if early {
		op = t.extended(q, op, g)
	}
	if len(q.Having) > 0 {
		f := &Filter{Pos: q.Having[0].Position(), Input: op}
		for _, e := range q.Having {
			f.Conditions = append(f.Conditions, g.rewrite(t.expr(e)))
		}
		op = f
	}
	if q.Values != nil {
		op = join(op, &Table{Pos: q.Values.Pos, Vars: q.Values.Vars, Rows: q.Values.Rows})
	}
	if !early {
		op = t.extended(q, op, g)
	}
	if len(q.OrderBy) > 0 {
		o := &OrderBy{Pos: q.OrderBy[0].Pos, Input: op}
		for _, k := range q.OrderBy {
			o.Keys = append(o.Keys, OrderKey{Pos: k.Pos, Expr: g.rewrite(t.expr(k.Expr)), Descending: k.Descending})
		}
		op = o
	}
	q.Algebra = t.projected(q, op)
}

// extended adds the expressions of SELECT under their names.
func (t *translator) extended(q *Query, op Op, g *grouping) Op {
	for _, i := range q.Items {
		if i.Expr != nil {
			op = &Extend{Pos: i.Pos, Input: op, Var: i.Var, Expr: g.rewrite(t.expr(i.Expr))}
			g.single(i.Var)
		}
	}
	return op
}

// havingNamesAlias reports whether HAVING speaks of a name that SELECT gives. The standard leaves such a name
// unbound; we compute it first, which is what the writer means.
func havingNamesAlias(q *Query) bool {
	aliases := map[string]bool{}
	for _, i := range q.Items {
		aliases[i.Var] = i.Expr != nil
	}
	found := false
	for _, e := range q.Having {
		Walk(e, func(n Node) bool {
			v, ok := n.(*Variable)
			found = found || ok && aliases[v.Name]
			return !found
		})
	}
	return found
}

// projected adds projection, DISTINCT and LIMIT.
func (t *translator) projected(q *Query, op Op) Op {
	if q.Form == Select {
		if !q.Star {
			q.Vars = nil
			for _, i := range q.Items {
				q.Vars = append(q.Vars, i.Var)
			}
		}
		op = &Project{Pos: q.Pos, Input: op, Vars: q.Vars}
	}
	if q.Distinct {
		op = &Distinct{Pos: q.Pos, Input: op}
	}
	if q.Reduced {
		op = &Reduced{Pos: q.Pos, Input: op}
	}
	if q.Limit >= 0 || q.Offset > 0 {
		op = &Slice{Pos: q.Pos, Input: op, Offset: q.Offset, Limit: q.Limit}
	}
	return op
}
