package sparql

import (
	"maps"

	"github.com/inklingdb/inkling/store/rdf"
)

// checker enforces the notes of the grammar (SPARQL 1.1 §19.8) that concern more than one token.
type checker struct {
	blanks map[string]int // blank node label → the basic graph pattern it occurs in
	run    int            // the number of basic graph patterns so far
	err    *Error         // the first one found
}

// checkQuery returns the first breach in q; a nil result is a nil interface.
func checkQuery(q *Query) error {
	c := &checker{blanks: map[string]int{}}
	c.query(q)
	return c.outcome()
}

// checkUpdate returns the first breach in u; a nil result is a nil interface.
func checkUpdate(u *Update) error {
	c := &checker{}
	inserted := map[string]bool{} // labels of earlier INSERT DATA
	for _, op := range u.Operations {
		switch op := op.(type) {
		case *InsertData:
			c.insertData(op, inserted)
		case *Modify:
			c.blanks = map[string]int{}
			for _, q := range op.Delete {
				for _, v := range []VarOrTerm{q.S, q.O} {
					if v.Term.Kind == rdf.Blank {
						c.wrong(v.Pos, "a blank node in DELETE, where it would match nothing; use a variable")
					}
				}
			}
			c.group(op.Where)
		}
	}
	return c.outcome()
}

// insertData refuses labels that an earlier operation used: the two nodes would be different.
func (c *checker) insertData(op *InsertData, inserted map[string]bool) {
	own := map[string]bool{}
	for _, q := range op.Quads {
		for _, t := range []rdf.Term{q.S, q.O} {
			if t.Kind != rdf.Blank {
				continue
			}
			if inserted[t.Value] {
				c.wrong(op.Pos, "blank node _:%s of an earlier INSERT DATA; labels reach no further than their operation",
					t.Value)
			}
			own[t.Value] = true
		}
	}
	maps.Copy(inserted, own)
}

func (c *checker) outcome() error {
	if c.err == nil {
		return nil
	}
	return c.err
}

// wrong records the first error.
func (c *checker) wrong(pos Pos, format string, args ...any) {
	if c.err == nil {
		c.err = wrongAt(pos, format, args...)
	}
}

func (c *checker) query(q *Query) {
	var where scope
	if q.Where != nil {
		c.group(q.Where)
		where.pattern(q.Where)
	}
	for _, k := range q.GroupBy {
		c.expr(k.Expr, "GROUP BY")
		if where.has[k.Var] {
			c.wrong(k.Pos, "?%s is bound by the pattern already; choose another name after AS", k.Var)
		}
	}
	aliases := map[string]bool{}
	for _, i := range q.Items {
		if i.Expr == nil {
			continue
		}
		c.expr(i.Expr, "")
		if where.has[i.Var] {
			c.wrong(i.Pos, "?%s is bound by the pattern already; choose another name after AS", i.Var)
		}
		if aliases[i.Var] {
			c.wrong(i.Pos, "?%s is the name of two expressions", i.Var)
		}
		aliases[i.Var] = true
	}
	for _, e := range q.Having {
		c.expr(e, "")
	}
	for _, k := range q.OrderBy {
		c.expr(k.Expr, "")
	}
	if isGrouped(q) {
		c.grouping(q)
	}
}

// isGrouped reports whether q has GROUP BY, HAVING or an aggregate.
func isGrouped(q *Query) bool {
	found := len(q.GroupBy) > 0 || len(q.Having) > 0
	look := func(e Expr) {
		Walk(e, func(n Node) bool {
			switch n.(type) {
			case *Aggregate:
				found = true
			case *Exists:
				return false
			}
			return !found
		})
	}
	for _, i := range q.Items {
		if i.Expr != nil {
			look(i.Expr)
		}
	}
	for _, k := range q.OrderBy {
		look(k.Expr)
	}
	return found
}

// grouping checks that what a grouped query selects has one value a group.
func (c *checker) grouping(q *Query) {
	if q.Form != Select {
		return
	}
	if q.Star {
		c.wrong(q.Pos, "SELECT * with GROUP BY or an aggregate; name the columns")
		return
	}
	single := map[string]bool{}
	for _, k := range q.GroupBy {
		if v, ok := k.Expr.(*Variable); ok {
			single[v.Name] = true
		}
		single[k.Var] = true
	}
	for _, i := range q.Items {
		if i.Expr == nil {
			if !single[i.Var] {
				c.wrong(i.Pos, "?%s is neither in GROUP BY nor in an aggregate such as SAMPLE(?%s)", i.Var, i.Var)
			}
			continue
		}
		Walk(i.Expr, func(n Node) bool {
			switch n := n.(type) {
			case *Aggregate, *Exists:
				return false
			case *Variable:
				if !single[n.Name] {
					c.wrong(n.Pos, "?%s is neither in GROUP BY nor in an aggregate such as SAMPLE(?%s)", n.Name, n.Name)
				}
			}
			return true
		})
		single[i.Var] = true
	}
}

// expr checks the patterns inside EXISTS and where aggregates stand: nowhere when place says so, otherwise
// anywhere but in one another.
func (c *checker) expr(e Expr, place string) {
	Walk(e, func(n Node) bool {
		switch n := n.(type) {
		case *Aggregate:
			if place != "" {
				c.wrong(n.Pos, "%s in %s; aggregates belong to SELECT, HAVING and ORDER BY", n.Name, place)
				return false
			}
			if n.Arg != nil {
				c.expr(n.Arg, "an aggregate")
			}
			return false
		case *Exists:
			c.group(n.Group)
			return false
		}
		return true
	})
}

// group checks the elements of g: names bound twice, and blank node labels that span basic graph patterns.
func (c *checker) group(g *GroupPattern) {
	var bound scope
	run := c.nextRun()
	for _, e := range g.Elements {
		switch e := e.(type) {
		case *TriplesPattern:
			c.triples(e, run)
		case *FilterPattern:
			c.expr(e.Expr, "FILTER")
			continue // does not end the basic graph pattern
		case *BindPattern:
			c.expr(e.Expr, "BIND")
			if bound.has[e.Var] {
				c.wrong(e.Pos, "?%s is bound before this BIND in the same group; choose another name after AS", e.Var)
			}
			run = c.nextRun()
		default:
			c.element(e)
			run = c.nextRun()
		}
		bound.pattern(e)
	}
}

func (c *checker) nextRun() int {
	c.run++
	return c.run
}

func (c *checker) element(e Pattern) {
	switch e := e.(type) {
	case *GroupPattern:
		c.group(e)
	case *OptionalPattern:
		c.group(e.Group)
	case *UnionPattern:
		for _, g := range e.Alternatives {
			c.group(g)
		}
	case *MinusPattern:
		c.group(e.Group)
	case *GraphPattern:
		c.group(e.Group)
	case *ServicePattern:
		c.group(e.Group)
	case *SubSelect:
		c.query(e.Query)
	}
}

// triples refuses blank node labels seen in another basic graph pattern.
func (c *checker) triples(t *TriplesPattern, run int) {
	for _, t := range t.Triples {
		for _, v := range []VarOrTerm{t.S, t.O} {
			if v.Term.Kind != rdf.Blank {
				continue
			}
			label := v.Term.Value
			if at, ok := c.blanks[label]; ok && at != run {
				c.wrong(v.Pos, "blank node _:%s of another graph pattern; a label reaches no further than its triples, "+
					"use a variable", label)
			}
			c.blanks[label] = run
		}
	}
}
