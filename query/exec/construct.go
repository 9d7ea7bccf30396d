package exec

import (
	"context"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/plan"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// noRows is an operator that has ended.
type noRows struct{}

func (noRows) next(context.Context) (*expr.Batch, error) { return nil, nil }
func (noRows) close()                                    {}

// solution is a row of a batch.
type solution struct {
	b   *expr.Batch
	row int
}

// template instantiates triple patterns with solutions. Blank nodes are new ones in each solution.
type template struct {
	q      *query
	scope  *plan.Scope
	blanks map[string]rdf.Term
}

// term returns what a position of the template stands for; ok is false for an unbound variable.
func (t *template) term(v sparql.VarOrTerm, at solution) (term rdf.Term, ok bool, err error) {
	switch {
	case v.IsVar():
		slot, known := t.scope.Slot(v.Var)
		if !known {
			return rdf.Term{}, false, nil
		}
		term, err = t.q.terms.Term(at.b.At(slot, at.row))
		return term, term.Kind != rdf.None, err
	case v.Term.Kind == rdf.Blank:
		fresh, known := t.blanks[v.Term.Value]
		if !known {
			fresh = t.q.runtime.NewBlank().Term()
			t.blanks[v.Term.Value] = fresh
		}
		return fresh, true, nil
	}
	return v.Term, v.Term.Kind != rdf.None, nil
}

// triple instantiates a pattern; ok is false when a part is unbound or of a kind that its place does not allow.
func (t *template) triple(p sparql.TriplePattern, at solution) (quad rdf.Quad, ok bool, err error) {
	for _, part := range []struct {
		from sparql.VarOrTerm
		to   *rdf.Term
	}{{p.S, &quad.S}, {p.P, &quad.P}, {p.O, &quad.O}} {
		if *part.to, ok, err = t.term(part.from, at); err != nil || !ok {
			return quad, false, err
		}
	}
	return quad, quad.S.Kind != rdf.Literal && quad.P.Kind == rdf.IRI, nil
}

// construct emits the template's triples for each solution.
func (r *Result) construct(emit func(rdf.Quad) error) error {
	t := &template{q: r.q, scope: r.scope, blanks: map[string]rdf.Term{}}
	return r.each(func(at solution) error {
		clear(t.blanks)
		for _, p := range r.ast.Template {
			quad, ok, err := t.triple(p, at)
			if err != nil {
				return err
			}
			if ok {
				if err := emit(quad); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// describe emits the concise bounded description of each resource: its triples, and those of the blank nodes they
// lead to.
func (r *Result) describe(emit func(rdf.Quad) error) error {
	var queue []store.TermID
	described := &idSet{}
	add := func(id store.TermID) {
		if id != 0 && !expr.IsLocal(id) && described.add(id) {
			queue = append(queue, id)
		}
	}
	var slots []int
	resources := r.ast.Resources
	if r.ast.Star {
		for _, name := range r.ast.Vars {
			resources = append(resources, sparql.VarOrTerm{Var: name})
		}
	}
	for _, v := range resources {
		if v.IsVar() {
			if slot, ok := r.scope.Slot(v.Var); ok {
				slots = append(slots, slot)
			}
			continue
		}
		id, err := r.q.terms.ID(v.Term)
		if err != nil {
			return err
		}
		add(id)
	}
	err := r.each(func(at solution) error {
		for _, slot := range slots {
			add(at.b.At(slot, at.row))
		}
		return nil
	})
	for err == nil && len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		err = r.describeOne(id, add, emit)
	}
	return err
}

func (r *Result) describeOne(id store.TermID, add func(store.TermID), emit func(rdf.Quad) error) error {
	graphs := append(append([]store.TermID(nil), r.q.graphs...), r.q.namedGraphs()...)
	c, err := r.q.scanGraphs(graphs, store.Pattern{S: id})
	if err != nil {
		return err
	}
	defer c.Close()
	var buf [64]store.Triple
	for {
		n, err := c.Next(buf[:])
		if err != nil || n == 0 {
			return err
		}
		for _, t := range buf[:n] {
			quad, err := r.q.quad(0, t)
			if err != nil {
				return err
			}
			if quad.O.Kind == rdf.Blank {
				add(t.O)
			}
			if err := emit(quad); err != nil {
				return err
			}
		}
	}
}

// quad decodes a triple of a graph.
func (q *query) quad(g store.TermID, t store.Triple) (out rdf.Quad, err error) {
	for _, part := range []struct {
		id store.TermID
		to *rdf.Term
	}{{g, &out.G}, {t.S, &out.S}, {t.P, &out.P}, {t.O, &out.O}} {
		if *part.to, err = q.terms.Term(part.id); err != nil {
			return out, err
		}
	}
	return out, nil
}
