package engine

import (
	"strings"

	"github.com/inklingdb/inkling/query/exec"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// footprint is what a query reads: a commit that changes nothing of it leaves the answer as it is. It errs on the side of
// reading more: a literal counts as any object, since numbers are matched by value in places, and an operator that the
// analysis does not know as any triple.
type footprint struct {
	everything bool // any commit may change the answer, one that changes no triple too (a user's function)
	models     bool // predictions may be asked for
	patterns   []reading
}

// reading is a pattern whose triples a query reads.
type reading struct {
	graphs  []rdf.Term // any of them; the zero Term is the default graph
	named   bool       // any named graph
	s, p, o rdf.Term   // zero: any term
}

// footprintOf analyses a query over the dataset that it is asked of.
func footprintOf(q *sparql.Query, o WatchOptions) footprint {
	a := analysis{base: []rdf.Term{{}}}
	graphs, explicit := []rdf.Term{}, len(q.Dataset) > 0
	for _, clause := range q.Dataset {
		if !clause.Named {
			graphs = append(graphs, rdf.NewIRI(clause.IRI))
		}
	}
	if o.DefaultGraphs != nil || o.NamedGraphs != nil {
		graphs, explicit = o.DefaultGraphs, true
	}
	if explicit {
		a.base = graphs
	}
	a.op(q.Algebra, place{graphs: a.base})
	return a.footprint
}

// analysis walks the algebra of one query.
type analysis struct {
	footprint
	base []rdf.Term // whose union is the default graph
}

// place is the graphs that patterns are matched against.
type place struct {
	graphs []rdf.Term
	named  bool // any named graph
}

// anywhere is every graph, for what predictions look at: the default graph, and the model's own.
func (a *analysis) anywhere() place {
	return place{graphs: append([]rdf.Term{{}}, a.base...), named: true}
}

func (a *analysis) read(at place, s, p, o rdf.Term) {
	a.patterns = append(a.patterns, reading{at.graphs, at.named, s, p, o})
}

// all notes that any triple there may matter.
func (a *analysis) all(at place) { a.read(at, rdf.Term{}, rdf.Term{}, rdf.Term{}) }

// op notes what an operator reads.
func (a *analysis) op(o sparql.Op, at place) {
	switch o := o.(type) {
	case *sparql.BGP:
		for _, t := range o.Triples {
			a.read(at, constant(t.S), constant(t.P), constant(t.O))
		}
	case *sparql.PathMatch:
		a.path(o, at)
	case *sparql.Join:
		a.op(o.L, at)
		a.op(o.R, at)
	case *sparql.LeftJoin:
		a.op(o.L, at)
		a.op(o.R, at)
		a.exprs(o.Conditions, at)
	case *sparql.Minus:
		a.op(o.L, at)
		a.op(o.R, at)
	case *sparql.Union:
		for _, input := range o.Inputs {
			a.op(input, at)
		}
	case *sparql.Filter:
		a.op(o.Input, at)
		a.exprs(o.Conditions, at)
	case *sparql.Extend:
		a.op(o.Input, at)
		a.expr(o.Expr, at)
	case *sparql.Graph:
		a.graph(o)
	case *sparql.Service:
		a.models = true
		a.op(o.Input, a.anywhere())
	case *sparql.Table:
	default:
		a.modifier(o, at)
	}
}

// modifier notes what the operators above a group pattern read.
func (a *analysis) modifier(o sparql.Op, at place) {
	switch o := o.(type) {
	case *sparql.Group:
		a.op(o.Input, at)
		for _, key := range o.Keys {
			a.expr(key.Expr, at)
		}
		for _, aggregate := range o.Aggregates {
			a.expr(aggregate.Aggregate, at)
		}
	case *sparql.OrderBy:
		a.op(o.Input, at)
		for _, key := range o.Keys {
			a.expr(key.Expr, at)
		}
	case *sparql.Project:
		a.op(o.Input, at)
	case *sparql.Distinct:
		a.op(o.Input, at)
	case *sparql.Reduced:
		a.op(o.Input, at)
	case *sparql.Slice:
		a.op(o.Input, at)
	default: // an operator that came after this analysis was written
		a.everything, a.models = true, true
	}
}

// graph notes what GRAPH reads. Which graphs there are matters too unless the pattern needs a triple of each.
func (a *analysis) graph(o *sparql.Graph) {
	at := place{named: true}
	if name := o.Name.Term; !o.Name.IsVar() {
		switch {
		case name.Value == exec.PlausibleGraph:
			a.models = true
			a.op(o.Input, a.anywhere())
			return
		case strings.HasPrefix(name.Value, Namespace): // another of Inkling's own, which may look anywhere
			a.everything, a.models = true, true
			return
		}
		at = place{graphs: []rdf.Term{name}}
	}
	if !needsTriple(o.Input) {
		a.all(at)
	}
	a.op(o.Input, at)
}

// needsTriple reports whether an operator has solutions only where a graph has triples that its patterns match.
func needsTriple(o sparql.Op) bool {
	switch o := o.(type) {
	case *sparql.BGP:
		return len(o.Triples) > 0
	case *sparql.Filter:
		return needsTriple(o.Input)
	case *sparql.Join:
		return needsTriple(o.L) || needsTriple(o.R)
	}
	return false
}

// path notes what a property path reads: the triples of its predicates, and of any predicate where it names none or may
// be of length zero, which matches every node.
func (a *analysis) path(o *sparql.PathMatch, at place) {
	wide := false
	var predicates []string
	sparql.Walk(o.Path, func(n sparql.Node) bool {
		switch n := n.(type) {
		case *sparql.PathIRI:
			predicates = append(predicates, n.IRI)
		case *sparql.PathRepeat:
			wide = wide || !n.AtLeastOnce
		case *sparql.PathNegated:
			wide = true
		}
		return true
	})
	if wide || len(predicates) == 0 {
		a.all(at)
		return
	}
	for _, p := range predicates {
		a.read(at, rdf.Term{}, rdf.NewIRI(p), rdf.Term{})
	}
}

func (a *analysis) exprs(list []sparql.Expr, at place) {
	for _, e := range list {
		a.expr(e, at)
	}
}

// expr notes what an expression reads: the patterns of its EXISTS, and anything for a function of Inkling's.
func (a *analysis) expr(e sparql.Expr, at place) {
	if e == nil {
		return
	}
	sparql.Walk(e, func(n sparql.Node) bool {
		switch n := n.(type) {
		case *sparql.Call:
			if strings.HasPrefix(n.IRI, Namespace) {
				a.everything, a.models = true, true
			}
		case *sparql.Exists:
			a.op(n.Op, at)
			return false
		}
		return true
	})
}

// constant returns the term that a position is bound to, the zero Term for none. Only IRIs are matched as such.
func constant(v sparql.VarOrTerm) rdf.Term {
	if v.Term.Kind == rdf.IRI {
		return v.Term
	}
	return rdf.Term{}
}

// touchedBy reports whether a commit may change what the query reads. The view must not be older than the commit.
func (f *footprint) touchedBy(v *store.View, c store.Commit) (bool, error) {
	if f.everything || c.Bulk {
		return true, nil
	}
	if len(c.Changes) == 0 {
		return false, nil
	}
	for _, r := range f.patterns {
		n, known, err := r.resolve(v)
		if err != nil {
			return true, err
		}
		if known && n.matchesAny(c.Changes) {
			return true, nil
		}
	}
	return false, nil
}

// numbered is a reading by the identifiers of its terms.
type numbered struct {
	graphs  []store.TermID
	named   bool
	pattern store.Pattern
}

// resolve looks the terms up; known is false where one is unknown, so that no triple can match.
func (r *reading) resolve(v *store.View) (n numbered, known bool, err error) {
	n.named = r.named
	for i, t := range []rdf.Term{r.s, r.p, r.o} {
		if t.Kind == rdf.None {
			continue
		}
		id, known, err := v.ID(t)
		if err != nil || !known {
			return n, false, err
		}
		*[]*store.TermID{&n.pattern.S, &n.pattern.P, &n.pattern.O}[i] = id
	}
	for _, g := range r.graphs {
		if g.Kind == rdf.None {
			n.graphs = append(n.graphs, 0)
			continue
		}
		if id, known, err := v.ID(g); err != nil {
			return n, false, err
		} else if known {
			n.graphs = append(n.graphs, id)
		}
	}
	return n, true, nil
}

func (n *numbered) matchesAny(changes []store.Change) bool {
	for _, c := range changes {
		p, t := n.pattern, c.Triple
		if (p.S == 0 || p.S == t.S) && (p.P == 0 || p.P == t.P) && (p.O == 0 || p.O == t.O) && n.holds(c.Graph) {
			return true
		}
	}
	return false
}

func (n *numbered) holds(graph store.TermID) bool {
	if n.named && graph != 0 {
		return true
	}
	for _, g := range n.graphs {
		if g == graph {
			return true
		}
	}
	return false
}
