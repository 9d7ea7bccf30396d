package exec

import (
	"cmp"
	"context"
	"fmt"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/plan"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// updater applies the operations of one request to a transaction.
type updater struct {
	target Target
	opt    Options
	blanks map[string]rdf.Term // of INSERT DATA, one node per label and request
	maker  *expr.Runtime       // of new blank nodes
}

// Update applies a request to a transaction, each operation seeing those before it. On an error the transaction must
// be abandoned: then nothing of the request is visible.
func Update(ctx context.Context, target Target, request *sparql.Update, opt Options) error {
	first, err := newQuery(target.Source(), opt, nil)
	if err != nil {
		return err
	}
	ctx, end := first.bounded(ctx)
	defer end()
	u := &updater{target: target, opt: opt, blanks: map[string]rdf.Term{}, maker: first.runtime}
	for i, op := range request.Operations {
		if err := ctx.Err(); err != nil {
			return first.ended(ctx, err)
		}
		u.opt.Seed = first.opt.Seed + uint64(i) + 1 // a seed of its own, so that no two operations make the same node
		if err := u.apply(ctx, op); err != nil {
			return first.ended(ctx, err)
		}
	}
	return nil
}

func (u *updater) apply(ctx context.Context, op sparql.Operation) error {
	switch op := op.(type) {
	case *sparql.InsertData:
		for _, q := range op.Quads {
			if err := u.insert(u.renamed(q, u.blanks)); err != nil {
				return err
			}
		}
		return nil
	case *sparql.DeleteData:
		source := u.target.Source()
		for _, q := range op.Quads {
			if err := u.remove(source, q); err != nil {
				return err
			}
		}
		return nil
	case *sparql.Modify:
		return u.modify(ctx, op)
	case *sparql.Load:
		if err := u.load(ctx, op); err != nil && !op.Silent {
			return err
		}
		return ctx.Err()
	case *sparql.ClearGraphs:
		return u.clear(ctx, op.Target)
	case *sparql.DropGraphs:
		return u.clear(ctx, op.Target)
	}
	return u.manage(ctx, op)
}

// renamed replaces the blank nodes of a quad by new ones, one per label in names.
func (u *updater) renamed(q rdf.Quad, names map[string]rdf.Term) rdf.Quad {
	for _, t := range []*rdf.Term{&q.S, &q.O, &q.G} {
		if t.Kind != rdf.Blank {
			continue
		}
		fresh, ok := names[t.Value]
		if !ok {
			fresh = u.maker.NewBlank().Term()
			names[t.Value] = fresh
		}
		*t = fresh
	}
	return q
}

func (u *updater) insert(q rdf.Quad) error {
	if err := writable(q.G.Value); err != nil {
		return err
	}
	var ids [4]store.TermID
	for i, t := range [4]rdf.Term{q.G, q.S, q.P, q.O} {
		if t.Kind == rdf.None {
			continue
		}
		var err error
		if ids[i], err = u.target.Intern(t); err != nil {
			return fmt.Errorf("exec: insert: %w", err)
		}
	}
	if err := u.target.Add(ids[0], store.Triple{S: ids[1], P: ids[2], O: ids[3]}); err != nil {
		return fmt.Errorf("exec: insert: %w", err)
	}
	return nil
}

// remove takes away a quad; one with a term that the store has never seen is not there.
func (u *updater) remove(source Source, q rdf.Quad) error {
	var ids [4]store.TermID
	for i, t := range [4]rdf.Term{q.G, q.S, q.P, q.O} {
		if t.Kind == rdf.None {
			continue
		}
		id, known, err := source.ID(t)
		if err != nil {
			return fmt.Errorf("exec: delete: %w", err)
		}
		if !known {
			return nil
		}
		ids[i] = id
	}
	if err := u.target.Remove(ids[0], store.Triple{S: ids[1], P: ids[2], O: ids[3]}); err != nil {
		return fmt.Errorf("exec: delete: %w", err)
	}
	return nil
}

// change is a quad by identifiers of the store or of the query that found it.
type change struct {
	graph  store.TermID
	triple store.Triple
}

// writable refuses the graph that is computed.
func writable(graph string) error {
	if _, _, judged := plan.JudgedGraph(graph); judged {
		return fmt.Errorf("exec: graph <%s> is what models predict: nothing can be written to it", graph)
	}
	return nil
}

// modify evaluates the pattern on the state before the operation, then deletes, then inserts.
func (u *updater) modify(ctx context.Context, op *sparql.Modify) error {
	if err := writable(op.With); err != nil {
		return err
	}
	opt := u.opt
	if len(op.Using) > 0 || op.With != "" {
		opt.DefaultGraphs, opt.NamedGraphs = nil, nil
	}
	opt.Base = cmp.Or(op.Base, opt.Base)
	q, err := newQuery(u.target.Source(), opt, op.Using)
	if err != nil {
		return err
	}
	var with store.TermID
	if op.With != "" {
		if with, err = q.terms.ID(rdf.NewIRI(op.With)); err != nil {
			return err
		}
		if len(op.Using) == 0 {
			q.graphs = []store.TermID{with}
		}
	}
	root, scope, err := q.planner.Plan(op.Algebra, false)
	if err != nil {
		return err
	}
	it, err := q.build(root, nil)
	if err != nil {
		return err
	}
	r := &Result{q: q, ctx: ctx, end: func() {}, root: root, scope: scope, it: it}
	defer r.Close()
	t := &template{q: q, scope: scope, blanks: map[string]rdf.Term{}}
	var removals, additions []change
	err = r.each(func(at solution) error {
		clear(t.blanks)
		var err error
		if removals, err = t.changes(op.Delete, at, with, removals); err != nil {
			return err
		}
		if additions, err = t.changes(op.Insert, at, with, additions); err != nil {
			return err
		}
		return q.keep(int64(len(op.Delete)+len(op.Insert)) * 32)
	})
	if err != nil {
		return err
	}
	return u.commit(q, removals, additions)
}

// changes instantiates quad patterns with a solution and appends what is well formed.
func (t *template) changes(patterns []sparql.QuadPattern, at solution, with store.TermID, to []change) ([]change, error) {
	for _, p := range patterns {
		quad, ok, err := t.triple(p.TriplePattern, at)
		if err != nil {
			return to, err
		}
		if !ok {
			continue
		}
		c := change{graph: with}
		if !p.G.IsZero() {
			g, bound, err := t.term(p.G, at)
			if err != nil {
				return to, err
			}
			if !bound || g.Kind == rdf.Literal {
				continue
			}
			if err := writable(g.Value); err != nil {
				return to, err
			}
			if c.graph, err = t.q.terms.ID(g); err != nil {
				return to, err
			}
		}
		for _, part := range []struct {
			term rdf.Term
			id   *store.TermID
		}{{quad.S, &c.triple.S}, {quad.P, &c.triple.P}, {quad.O, &c.triple.O}} {
			if *part.id, err = t.q.terms.ID(part.term); err != nil {
				return to, err
			}
		}
		to = append(to, c)
	}
	return to, nil
}

// commit applies removals, then additions, interning the terms that only the query knew.
func (u *updater) commit(q *query, removals, additions []change) error {
	for _, c := range removals {
		if expr.IsLocal(c.graph) || expr.IsLocal(c.triple.S) || expr.IsLocal(c.triple.P) || expr.IsLocal(c.triple.O) {
			continue
		}
		if err := u.target.Remove(c.graph, c.triple); err != nil {
			return fmt.Errorf("exec: delete: %w", err)
		}
	}
	for _, c := range additions {
		for _, id := range []*store.TermID{&c.graph, &c.triple.S, &c.triple.P, &c.triple.O} {
			if !expr.IsLocal(*id) {
				// A decoded inline value or a term of the snapshot: the transaction knows it by the same identifier.
				continue
			}
			term, err := q.terms.Term(*id)
			if err != nil {
				return err
			}
			if *id, err = u.target.Intern(term); err != nil {
				return fmt.Errorf("exec: insert: %w", err)
			}
		}
		if err := u.target.Add(c.graph, c.triple); err != nil {
			return fmt.Errorf("exec: insert: %w", err)
		}
	}
	return nil
}

// load reads a document whole before it adds any of it.
func (u *updater) load(ctx context.Context, op *sparql.Load) error {
	if u.opt.Load == nil {
		return fmt.Errorf("exec: LOAD <%s>: this engine may not load documents", op.Source)
	}
	var quads []rdf.Quad
	doc := Document{IRI: op.Source}
	if op.Into != "" {
		doc.Into = rdf.NewIRI(op.Into)
	}
	err := u.opt.Load(ctx, doc, func(q rdf.Quad) error {
		quads = append(quads, q)
		return ctx.Err()
	})
	if err != nil {
		return fmt.Errorf("exec: LOAD <%s>: %w", op.Source, err)
	}
	names := map[string]rdf.Term{}
	for _, q := range quads {
		if err := u.insert(u.renamed(q, names)); err != nil {
			return err
		}
	}
	return nil
}
