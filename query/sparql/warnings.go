package sparql

import (
	"fmt"
	"slices"
)

// Warning is something in a correct query that its writer hardly meant.
type Warning struct {
	Pos
	Text string
}

// String prints "line 3, column 14: …".
func (w Warning) String() string {
	return fmt.Sprintf("line %d, column %d: %s", w.Line, w.Column, w.Text)
}

// Warnings returns what looks like a slip in q: variables that are selected or tested and that no pattern binds.
// They stand in the order of the text.
func Warnings(q *Query) []Warning {
	var l linter
	l.query(q)
	slices.SortStableFunc(l.found, func(a, b Warning) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return l.found
}

type linter struct {
	found []Warning
}

// query looks at one SELECT, with the patterns of its EXISTS.
func (l *linter) query(q *Query) {
	bound := map[string]bool{}
	l.bind(q, bound)
	for _, k := range q.GroupBy {
		bound[k.Var] = true
	}
	for _, i := range q.Items {
		if i.Expr != nil {
			bound[i.Var] = true
		}
	}
	check := func(pos Pos, name string) {
		if !bound[name] {
			l.found = append(l.found, Warning{Pos: pos, Text: "no pattern binds ?" + name + similar(name, bound)})
		}
	}
	for _, i := range q.Items {
		if i.Expr == nil {
			check(i.Pos, i.Var)
		}
	}
	for _, r := range q.Resources {
		if r.IsVar() {
			check(r.Pos, r.Var)
		}
	}
	for _, t := range q.Template {
		for _, v := range []VarOrTerm{t.S, t.P, t.O} {
			if v.IsVar() {
				check(v.Pos, v.Var)
			}
		}
	}
	Walk(q, func(n Node) bool {
		switch n := n.(type) {
		case *Variable:
			check(n.Pos, n.Name)
		case *SubSelect:
			l.query(n.Query)
			return false
		}
		return true
	})
}

// bind adds every variable that a pattern of q may bind, inside EXISTS and MINUS too, but of a subselect only
// its columns.
func (l *linter) bind(q *Query, bound map[string]bool) {
	Walk(q, func(n Node) bool {
		var s scope
		switch n := n.(type) {
		case *TriplesPattern, *BindPattern, *ValuesPattern:
			s.pattern(n.(Pattern))
		case *GraphPattern:
			s.add(n.Name.Var)
		case *ServicePattern:
			s.add(n.Name.Var)
		case *SubSelect:
			s.query(n.Query)
		}
		for _, name := range s.names {
			bound[name] = true
		}
		_, sub := n.(*SubSelect)
		return !sub
	})
}

// similar suggests a bound variable that differs by a letter or two.
func similar(name string, bound map[string]bool) string {
	best, distance := "", 3
	for other := range bound {
		if d := editDistance(name, other); other != "" && d < len(name) && (d < distance || d == distance && other < best) {
			best, distance = other, d
		}
	}
	if best == "" || distance == 3 {
		return ""
	}
	return "; did you mean ?" + best + "?"
}
