package sparql

import (
	"fmt"
	"strings"

	"github.com/inklingdb/inkling/store/rdf"
)

// OpString returns an operator tree as nested lists, an operator a line, for tests and for eyes: (join (bgp …) …).
func OpString(o Op) string {
	var p printer
	p.op(o)
	return p.Builder.String()
}

// listOf opens a list of the operator's name, writes its head on the same line and its inputs on the next ones.
func (p *printer) listOf(name, head string, inputs ...Op) {
	p.write("(", name)
	if head != "" {
		p.write(" ", head)
	}
	p.indent++
	for _, i := range inputs {
		p.line()
		p.op(i)
	}
	p.indent--
	p.write(")")
}

func (p *printer) op(o Op) {
	switch o := o.(type) {
	case *BGP:
		p.write("(bgp")
		for _, t := range o.Triples {
			p.write(" (", t.String(), ")")
		}
		p.write(")")
	case *PathMatch:
		p.listOf("path", fmt.Sprintf("%v %s %v", o.S, PathString(o.Path), o.O))
	case *Join:
		p.listOf("join", "", o.L, o.R)
	case *LeftJoin:
		p.listOf("leftjoin", exprsString(o.Conditions), o.L, o.R)
	case *Filter:
		p.listOf("filter", exprsString(o.Conditions), o.Input)
	case *Union:
		p.listOf("union", "", o.Inputs...)
	case *Minus:
		p.listOf("minus", "", o.L, o.R)
	case *Graph:
		p.listOf("graph", o.Name.String(), o.Input)
	case *Extend:
		p.listOf("extend", "?"+o.Var+" = "+exprString(o.Expr), o.Input)
	case *Table:
		p.table(o)
	case *Service:
		name := "service"
		if o.Silent {
			name = "service-silent"
		}
		p.listOf(name, o.Name.String(), o.Input)
	default:
		p.modifier(o)
	}
}

// modifier writes the operators that come from a query's clauses.
func (p *printer) modifier(o Op) {
	switch o := o.(type) {
	case *Group:
		var head []string
		for _, k := range o.Keys {
			head = append(head, "?"+k.Var+" = "+exprString(k.Expr))
		}
		for _, a := range o.Aggregates {
			head = append(head, "?"+a.Var+" = "+exprString(a.Aggregate))
		}
		p.listOf("group", strings.Join(head, ", "), o.Input)
	case *OrderBy:
		var head []string
		for _, k := range o.Keys {
			direction := "asc "
			if k.Descending {
				direction = "desc "
			}
			head = append(head, direction+exprString(k.Expr))
		}
		p.listOf("order", strings.Join(head, ", "), o.Input)
	case *Project:
		p.listOf("project", strings.TrimSuffix("?"+strings.Join(o.Vars, " ?"), "?"), o.Input)
	case *Distinct:
		p.listOf("distinct", "", o.Input)
	case *Reduced:
		p.listOf("reduced", "", o.Input)
	case *Slice:
		p.listOf("slice", fmt.Sprintf("offset %d limit %d", o.Offset, o.Limit), o.Input)
	}
}

func (p *printer) table(t *Table) {
	if isUnit(t) {
		p.write("(unit)")
		return
	}
	p.write("(table")
	for _, v := range t.Vars {
		p.write(" ?", v)
	}
	for _, row := range t.Rows {
		p.write(" [")
		for i, term := range row {
			if i > 0 {
				p.write(" ")
			}
			if term.Kind == rdf.None {
				p.write("UNDEF")
			}
			p.term(term)
		}
		p.write("]")
	}
	p.write(")")
}

func exprsString(list []Expr) string {
	texts := make([]string, len(list))
	for i, e := range list {
		texts[i] = exprString(e)
	}
	return strings.Join(texts, ", ")
}
