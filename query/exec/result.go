package exec

import (
	"cmp"
	"context"
	"fmt"
	"iter"

	"github.com/inklingdb/inkling/query/plan"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// Result is the answer of one query. Rows or Quads is read once, then Close. It belongs to one goroutine.
type Result struct {
	q     *query
	ctx   context.Context
	end   context.CancelFunc
	ast   *sparql.Query
	root  plan.Node
	scope *plan.Scope
	it    iterator
	truth bool
}

// Run plans and starts a query over a snapshot, which must stay open until the result is closed. ASK is answered at
// once; the other forms as their result is read.
func Run(ctx context.Context, src Source, ast *sparql.Query, opt Options) (*Result, error) {
	opt.Base = cmp.Or(ast.Base, opt.Base)
	q, err := newQuery(src, opt, ast.Dataset)
	if err != nil {
		return nil, err
	}
	root, scope, err := q.planner.Plan(ast.Algebra, ast.Form == sparql.Ask)
	if err != nil {
		return nil, err
	}
	r := &Result{q: q, ast: ast, root: root, scope: scope}
	if r.it, err = q.build(root, nil); err != nil {
		return nil, err
	}
	r.ctx, r.end = q.bounded(ctx)
	if ast.Form == sparql.Ask {
		b, err := r.it.next(r.ctx)
		if err != nil {
			r.Close()
			return nil, q.ended(r.ctx, err)
		}
		r.truth = b != nil
	}
	return r, nil
}

// Form returns the query's form: Select has Rows, Construct and Describe have Quads, Ask has Bool.
func (r *Result) Form() sparql.Form { return r.ast.Form }

// Vars returns the columns of Rows.
func (r *Result) Vars() []string { return r.ast.Vars }

// Bool returns the answer of ASK.
func (r *Result) Bool() bool { return r.truth }

// Rows yields the solutions of a SELECT, a term per variable of Vars, the zero Term where unbound. The slice is
// reused. After an error nothing more is yielded.
func (r *Result) Rows() iter.Seq2[[]rdf.Term, error] {
	return func(yield func([]rdf.Term, error) bool) {
		slots := make([]int, len(r.ast.Vars))
		for i, name := range r.ast.Vars {
			slots[i] = -1
			if slot, ok := r.scope.Slot(name); ok {
				slots[i] = slot
			}
		}
		row := make([]rdf.Term, len(slots))
		err := r.each(func(at solution) error {
			for i, slot := range slots {
				row[i] = rdf.Term{}
				if slot < 0 {
					continue
				}
				var err error
				if row[i], err = r.q.terms.Term(at.b.At(slot, at.row)); err != nil {
					return err
				}
			}
			if !yield(row, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && err != errStopped {
			yield(nil, err)
		}
	}
}

// Quads yields the triples of CONSTRUCT or DESCRIBE, each once. After an error nothing more is yielded.
func (r *Result) Quads() iter.Seq2[rdf.Quad, error] {
	return func(yield func(rdf.Quad, error) bool) {
		seen := map[rdf.Quad]struct{}{}
		emit := func(quad rdf.Quad) error {
			if _, dup := seen[quad]; dup {
				return nil
			}
			seen[quad] = struct{}{}
			if err := r.q.keep(160); err != nil {
				return err
			}
			if limit := r.q.opt.Limits.Rows; limit > 0 && int64(len(seen)) > limit {
				return rowLimitError(limit)
			}
			if !yield(quad, nil) {
				return errStopped
			}
			return nil
		}
		var err error
		if r.ast.Form == sparql.Describe {
			err = r.describe(emit)
		} else {
			err = r.construct(emit)
		}
		if err != nil && err != errStopped {
			yield(rdf.Quad{}, err)
		}
	}
}

// errStopped says that the reader wants no more.
var errStopped = fmt.Errorf("exec: the reader stopped")

func rowLimitError(limit int64) error {
	return fmt.Errorf("exec: the answer has more than %d rows: %w (raise Limits.Rows, or add LIMIT)", limit, ErrLimit)
}

// each calls f for every solution.
func (r *Result) each(f func(solution) error) error {
	n := int64(0)
	for {
		b, err := r.it.next(r.ctx)
		if err != nil || b == nil {
			return r.q.ended(r.ctx, err)
		}
		if err := r.q.check(r.ctx); err != nil {
			return err
		}
		for row := range b.N {
			if n++; r.q.opt.Limits.Rows > 0 && n > r.q.opt.Limits.Rows {
				return rowLimitError(r.q.opt.Limits.Rows)
			}
			if err := f(solution{b, row}); err != nil {
				return err
			}
		}
	}
}

// Explain returns the plan as a tree, with what each operator did so far if Options.Explain was set.
func (r *Result) Explain() string {
	if !r.q.opt.Explain {
		return plan.Format(r.root, r.q.planner.Names, nil)
	}
	return plan.Format(r.root, r.q.planner.Names, func(n plan.Node) (plan.Measured, bool) {
		m, ok := r.q.measured[n]
		if !ok {
			return plan.Measured{}, false
		}
		return *m, true
	})
}

// Models returns the models that the plausible patterns of the query used, by name, with the commit each had followed.
func (r *Result) Models() map[string]store.Version { return r.q.models }

// Edges returns the stated and predicted triples that plausible patterns matched so far, in no order; not all of
// them need have survived later joins.
func (r *Result) Edges() ([]Edge, error) {
	out := make([]Edge, 0, len(r.q.edges))
	for t, mark := range r.q.edges {
		e := Edge{Stated: mark.stated, Prob: mark.prob}
		for _, end := range []struct {
			id store.TermID
			to *rdf.Term
		}{{t.S, &e.Triple.S}, {t.P, &e.Triple.P}, {t.O, &e.Triple.O}} {
			term, err := r.q.terms.Term(end.id)
			if err != nil {
				return nil, err
			}
			*end.to = term
		}
		out = append(out, e)
	}
	return out, nil
}

// Close ends the query; it may be called twice.
func (r *Result) Close() {
	if r.it != nil {
		r.end()
		r.it.close()
		r.it = noRows{}
	}
}
