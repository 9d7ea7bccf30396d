package plan

import (
	"strings"

	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store/rdf"
)

// Scope maps variable names to slots. A subselect has a scope of its own, in which the variables it projects keep
// the slots of the scope around it and all others get new ones.
type Scope struct {
	names   map[string]int
	planner *Planner
}

// Slot returns the slot of a name; ok is false for a name that the scope has not seen.
func (s *Scope) Slot(name string) (slot int, ok bool) {
	slot, ok = s.names[name]
	return slot, ok
}

// Names returns the names whose slots are in visible, in slot order.
func (s *Scope) Names(visible Set) []string {
	var out []string
	for _, slot := range visible.Slots() {
		name := s.planner.Names[slot]
		if own, ok := s.names[name]; ok && own == slot {
			out = append(out, name)
		}
	}
	return out
}

// slot returns the slot of a name, making one.
func (s *Scope) slot(name string) int {
	if slot, ok := s.names[name]; ok {
		return slot
	}
	slot := s.planner.newSlot(name)
	s.names[name] = slot
	return slot
}

// within returns the scope inside a subselect, the same one each time.
func (s *Scope) within(p *sparql.Project) *Scope {
	if inner, ok := s.planner.scopes[p]; ok {
		return inner
	}
	inner := &Scope{names: map[string]int{}, planner: s.planner}
	for _, name := range p.Vars {
		inner.names[name] = s.slot(name)
	}
	s.planner.scopes[p] = inner
	return inner
}

// bound is what an algebra operator binds: in every row, and in some.
type bound struct{ certain, possible Set }

// vars returns what op binds when evaluated by itself.
func (s *Scope) vars(op sparql.Op) bound {
	switch op := op.(type) {
	case *sparql.BGP:
		var b Set
		for _, t := range op.Triples {
			b = b.Union(s.positions(t.S, t.P, t.O))
		}
		return bound{b, b}
	case *sparql.PathMatch:
		b := s.positions(op.S, op.O)
		return bound{b, b}
	case *sparql.Join:
		l, r := s.vars(op.L), s.vars(op.R)
		return bound{l.certain.Union(r.certain), l.possible.Union(r.possible)}
	case *sparql.LeftJoin:
		l, r := s.vars(op.L), s.vars(op.R)
		return bound{l.certain, l.possible.Union(r.possible)}
	case *sparql.Filter:
		return s.vars(op.Input)
	case *sparql.Union:
		b := s.vars(op.Inputs[0])
		for _, in := range op.Inputs[1:] {
			o := s.vars(in)
			b = bound{b.certain.Intersect(o.certain), b.possible.Union(o.possible)}
		}
		return b
	case *sparql.Minus:
		return s.vars(op.L)
	case *sparql.Graph:
		b := s.vars(op.Input)
		g := s.positions(op.Name)
		return bound{b.certain.Union(g), b.possible.Union(g)}
	case *sparql.Service:
		return s.vars(op.Input)
	case *sparql.Table:
		return s.tableVars(op)
	}
	return s.modifierVars(op)
}

// modifierVars is vars for the operators above a group.
func (s *Scope) modifierVars(op sparql.Op) bound {
	switch op := op.(type) {
	case *sparql.Extend:
		b := s.vars(op.Input)
		return bound{b.certain, b.possible.With(s.slot(op.Var))}
	case *sparql.Group:
		var b bound
		for _, k := range op.Keys {
			b.possible = b.possible.With(s.slot(k.Var))
		}
		for _, a := range op.Aggregates {
			b.possible = b.possible.With(s.slot(a.Var))
		}
		return b
	case *sparql.OrderBy:
		return s.vars(op.Input)
	case *sparql.Project:
		inner := s.within(op)
		b := inner.vars(op.Input)
		var kept Set
		for _, name := range op.Vars {
			kept = kept.With(inner.slot(name))
		}
		return bound{b.certain.Intersect(kept), b.possible.Intersect(kept)}
	case *sparql.Distinct:
		return s.vars(op.Input)
	case *sparql.Reduced:
		return s.vars(op.Input)
	case *sparql.Slice:
		return s.vars(op.Input)
	}
	return bound{}
}

func (s *Scope) tableVars(op *sparql.Table) bound {
	var b bound
	for i, name := range op.Vars {
		slot := s.slot(name)
		b.possible = b.possible.With(slot)
		always := true
		for _, row := range op.Rows {
			always = always && row[i].Kind != 0
		}
		if always {
			b.certain = b.certain.With(slot)
		}
	}
	return b
}

// positions returns the slots of those that are variables.
func (s *Scope) positions(list ...sparql.VarOrTerm) Set {
	var b Set
	for _, v := range list {
		if v.IsVar() {
			b = b.With(s.slot(v.Var))
		}
	}
	return b
}

// mentioned returns the slots of the variables in an expression, those inside EXISTS included; exists reports that
// there is one.
func (s *Scope) mentioned(e sparql.Expr) (slots Set, exists bool) {
	switch e := e.(type) {
	case *sparql.Variable:
		return SetOf(s.slot(e.Name)), false
	case *sparql.Unary:
		return s.mentioned(e.X)
	case *sparql.Binary:
		return s.mentionedAll(e.L, e.R)
	case *sparql.In:
		return s.mentionedAll(append([]sparql.Expr{e.X}, e.List...)...)
	case *sparql.BuiltIn:
		return s.mentionedAll(e.Args...)
	case *sparql.Call:
		return s.mentionedAll(e.Args...)
	case *sparql.Aggregate:
		if e.Arg != nil {
			return s.mentioned(e.Arg)
		}
	case *sparql.Exists:
		return s.vars(e.Op).possible, true
	}
	return nil, false
}

func (s *Scope) mentionedAll(list ...sparql.Expr) (slots Set, exists bool) {
	for _, e := range list {
		b, x := s.mentioned(e)
		slots, exists = slots.Union(b), exists || x
	}
	return slots, exists
}

// everythingVisible reports that an expression may look at any variable: CEL reads the whole solution.
func everythingVisible(e sparql.Expr) bool {
	found := false
	visit(e, func(x sparql.Expr) {
		call, ok := x.(*sparql.Call)
		_, exists := x.(*sparql.Exists)
		found = found || ok && call.IRI == "urn:inkling:cel" || exists
	})
	return found
}

// The classes of conditions by what a row costs.
const (
	cheap    = iota
	textual  // regular expressions
	external // extension functions
	nested   // EXISTS
)

// cost returns the class of an expression; volatile reports that its value changes from one evaluation to the next,
// so that it must be evaluated on whole solutions.
func cost(e sparql.Expr) (class int, volatile bool) {
	visit(e, func(x sparql.Expr) {
		switch x := x.(type) {
		case *sparql.Exists:
			class = max(class, nested)
		case *sparql.Call:
			if !strings.HasPrefix(x.IRI, rdf.XSD) {
				class = max(class, external)
			}
		case *sparql.BuiltIn:
			switch x.Name {
			case "REGEX", "REPLACE":
				class = max(class, textual)
			case "RAND", "UUID", "STRUUID", "BNODE":
				volatile = true
			}
		}
	})
	return class, volatile
}

// visit calls f for e and the expressions in it, not for those inside EXISTS.
func visit(e sparql.Expr, f func(sparql.Expr)) {
	f(e)
	switch e := e.(type) {
	case *sparql.Unary:
		visit(e.X, f)
	case *sparql.Binary:
		visit(e.L, f)
		visit(e.R, f)
	case *sparql.In:
		visit(e.X, f)
		for _, x := range e.List {
			visit(x, f)
		}
	case *sparql.BuiltIn:
		for _, x := range e.Args {
			visit(x, f)
		}
	case *sparql.Call:
		for _, x := range e.Args {
			visit(x, f)
		}
	case *sparql.Aggregate:
		if e.Arg != nil {
			visit(e.Arg, f)
		}
	}
}
