package sparql

import (
	"strconv"
	"strings"

	"github.com/inklingdb/inkling/store/rdf"
)

// printer writes syntax back as text with every IRI in full, so that it needs no prologue.
type printer struct {
	strings.Builder
	indent int
}

// String returns the query as text that parses to an equal tree.
func (q *Query) String() string {
	var p printer
	p.base(q.Base)
	p.query(q)
	return p.Builder.String()
}

// base declares the base, which matters to the function IRI only: all IRIs are written in full.
func (p *printer) base(iri string) {
	if iri != "" {
		p.write("BASE <", iri, ">\n")
	}
}

// String returns the request as text that parses to an equal tree.
func (u *Update) String() string {
	var p printer
	for i, op := range u.Operations {
		if i > 0 {
			p.WriteString(" ;\n")
		}
		p.operation(op)
	}
	return p.Builder.String()
}

// String returns the pattern as it would stand in a query.
func (g *GroupPattern) String() string {
	var p printer
	p.group(g)
	return p.Builder.String()
}

// exprString returns the expression as text.
func exprString(e Expr) string {
	var p printer
	p.expr(e)
	return p.Builder.String()
}

// ExprString returns an expression as it would stand in a query.
func ExprString(e Expr) string { return exprString(e) }

// PathString returns a property path as it would stand in a query.
func PathString(path Path) string {
	var p printer
	p.path(path)
	return p.Builder.String()
}

// write appends the parts.
func (p *printer) write(parts ...string) {
	for _, s := range parts {
		p.WriteString(s)
	}
}

// line ends the line and indents the next one.
func (p *printer) line() {
	p.WriteByte('\n')
	for range p.indent {
		p.WriteString("  ")
	}
}

func (p *printer) query(q *Query) {
	switch q.Form {
	case Select:
		p.selectClause(q)
	case Construct:
		p.write("CONSTRUCT {")
		p.triples(q.Template)
		p.line()
		p.write("}")
	case Describe:
		p.write("DESCRIBE")
		if q.Star {
			p.write(" *")
		}
		for _, r := range q.Resources {
			p.write(" ")
			p.varOrTerm(r)
		}
	case Ask:
		p.write("ASK")
	}
	p.dataset(q.Dataset, "FROM")
	if q.Where != nil {
		p.line()
		p.write("WHERE ")
		p.group(q.Where)
	}
	p.modifiers(q)
	if q.Values != nil {
		p.line()
		p.values(q.Values)
	}
}

func (p *printer) selectClause(q *Query) {
	p.write("SELECT")
	if q.Distinct {
		p.write(" DISTINCT")
	}
	if q.Reduced {
		p.write(" REDUCED")
	}
	if q.Star {
		p.write(" *")
	}
	for _, i := range q.Items {
		if i.Expr == nil {
			p.write(" ?", i.Var)
			continue
		}
		p.write(" (")
		p.expr(i.Expr)
		p.write(" AS ?", i.Var, ")")
	}
}

func (p *printer) dataset(clauses []DatasetClause, word string) {
	for _, c := range clauses {
		p.line()
		p.write(word, " ")
		if c.Named {
			p.write("NAMED ")
		}
		p.write("<", c.IRI, ">")
	}
}

func (p *printer) modifiers(q *Query) {
	if len(q.GroupBy) > 0 {
		p.line()
		p.write("GROUP BY")
		for _, k := range q.GroupBy {
			p.write(" ")
			if v, ok := k.Expr.(*Variable); ok && k.Var == "" {
				p.write("?", v.Name)
				continue
			}
			p.write("(")
			p.expr(k.Expr)
			if k.Var != "" {
				p.write(" AS ?", k.Var)
			}
			p.write(")")
		}
	}
	if len(q.Having) > 0 {
		p.line()
		p.write("HAVING")
		for _, e := range q.Having {
			p.write(" ")
			p.constraint(e)
		}
	}
	if len(q.OrderBy) > 0 {
		p.line()
		p.write("ORDER BY")
		for _, k := range q.OrderBy {
			direction := " ASC("
			if k.Descending {
				direction = " DESC("
			}
			p.write(direction)
			p.expr(k.Expr)
			p.write(")")
		}
	}
	if q.Limit >= 0 {
		p.line()
		p.write("LIMIT ", strconv.FormatInt(q.Limit, 10))
	}
	if q.Offset > 0 {
		p.line()
		p.write("OFFSET ", strconv.FormatInt(q.Offset, 10))
	}
}

// group writes { … } over several lines.
func (p *printer) group(g *GroupPattern) {
	p.write("{")
	p.indent++
	for _, e := range g.Elements {
		p.pattern(e)
	}
	p.indent--
	p.line()
	p.write("}")
}

// pattern writes an element on lines of its own.
func (p *printer) pattern(e Pattern) {
	if t, ok := e.(*TriplesPattern); ok {
		p.indent--
		p.triples(t.Triples)
		p.indent++
		return
	}
	p.line()
	switch e := e.(type) {
	case *GroupPattern:
		p.group(e)
	case *OptionalPattern:
		p.write("OPTIONAL ")
		p.group(e.Group)
	case *UnionPattern:
		for i, g := range e.Alternatives {
			if i > 0 {
				p.write(" UNION ")
			}
			p.group(g)
		}
	case *MinusPattern:
		p.write("MINUS ")
		p.group(e.Group)
	case *GraphPattern:
		p.write("GRAPH ")
		p.varOrTerm(e.Name)
		p.write(" ")
		p.group(e.Group)
	case *ServicePattern:
		p.write("SERVICE ")
		if e.Silent {
			p.write("SILENT ")
		}
		p.varOrTerm(e.Name)
		p.write(" ")
		p.group(e.Group)
	case *FilterPattern:
		p.write("FILTER ")
		p.constraint(e.Expr)
	case *BindPattern:
		p.write("BIND (")
		p.expr(e.Expr)
		p.write(" AS ?", e.Var, ")")
	case *ValuesPattern:
		p.values(e)
	case *SubSelect:
		p.query(e.Query)
	}
}

func (p *printer) values(v *ValuesPattern) {
	p.write("VALUES (")
	for i, name := range v.Vars {
		if i > 0 {
			p.write(" ")
		}
		p.write("?", name)
	}
	p.write(") {")
	for _, row := range v.Rows {
		p.write(" (")
		for i, t := range row {
			if i > 0 {
				p.write(" ")
			}
			if t.Kind == rdf.None {
				p.write("UNDEF")
			} else {
				p.term(t)
			}
		}
		p.write(")")
	}
	p.write(" }")
}

// triples writes triples, each on a line one level deeper.
func (p *printer) triples(list []TriplePattern) {
	p.indent++
	for _, t := range list {
		p.line()
		p.triple(t)
		p.write(" .")
	}
	p.indent--
}

func (p *printer) triple(t TriplePattern) {
	p.varOrTerm(t.S)
	p.write(" ")
	if t.Path != nil {
		p.path(t.Path)
	} else {
		p.varOrTerm(t.P)
	}
	p.write(" ")
	p.varOrTerm(t.O)
}

// String returns the triple pattern as it would stand in a query.
func (t TriplePattern) String() string {
	var p printer
	p.triple(t)
	return p.Builder.String()
}

// String returns ?name or the term as it would stand in a query.
func (v VarOrTerm) String() string {
	var p printer
	p.varOrTerm(v)
	return p.Builder.String()
}

func (p *printer) varOrTerm(v VarOrTerm) {
	switch {
	case strings.HasPrefix(v.Var, "_:"): // the algebra's variable for a blank node
		p.write(v.Var)
	case v.IsVar():
		p.write("?", v.Var)
	default:
		p.term(v.Term)
	}
}
