package exec

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/plan"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// iterator is a running operator: next returns its next batch, never an empty one, and nil at the end.
type iterator interface {
	next(ctx context.Context) (*expr.Batch, error)
	close()
}

// query is one running query. It belongs to one goroutine.
type query struct {
	source   Source
	opt      Options
	terms    *expr.Terms
	runtime  *expr.Runtime
	planner  *plan.Planner
	graphs   []store.TermID // whose union is the default graph
	named    []store.TermID // FROM NAMED; nil when the dataset is the store's own
	explicit bool           // the dataset was given by FROM, FROM NAMED or the caller

	registers []store.TermID // the current graph of each GRAPH ?g
	epoch     int            // counts changes of a register
	programs  map[*plan.Expression]*expr.Program
	tables    map[plan.Node]cachedTable
	measured  map[plan.Node]*plan.Measured
	models    map[string]store.Version
	edges     map[store.Triple]edgeMark
	bytes     int64
	operators int64 // started so far
	started   time.Time
}

type edgeMark struct {
	stated bool
	prob   float64
}

// cachedTable is the built side of a join, valid for one state of the graph registers.
type cachedTable struct {
	table  *rowTable
	epoch  int
	ledger ledger
}

// newQuery prepares the evaluation of one algebra tree over a dataset.
func newQuery(src Source, opt Options, dataset []sparql.DatasetClause) (*query, error) {
	q := &query{source: src, opt: opt, terms: expr.NewTerms(src), started: time.Now(),
		programs: map[*plan.Expression]*expr.Program{}, tables: map[plan.Node]cachedTable{},
		measured: map[plan.Node]*plan.Measured{}, models: map[string]store.Version{}, edges: map[store.Triple]edgeMark{}}
	if q.opt.Now.IsZero() {
		q.opt.Now = time.Now()
	}
	if q.opt.Seed == 0 {
		q.opt.Seed = uint64(time.Now().UnixNano())
	}
	q.runtime = expr.NewRuntime(q.terms, q.opt.Now, q.opt.Seed)
	q.runtime.Base = opt.Base
	q.runtime.Hooks = expr.Hooks{Function: opt.Functions, CEL: opt.CEL}
	if err := q.setDataset(dataset); err != nil {
		return nil, err
	}
	q.planner = plan.NewPlanner(q.terms, src, q.graphs)
	q.planner.HasGraph = q.hasGraph
	return q, nil
}

// setDataset takes FROM and FROM NAMED, or the caller's dataset, which goes before them.
func (q *query) setDataset(clauses []sparql.DatasetClause) error {
	var graphs, named []rdf.Term
	for _, c := range clauses {
		if c.Named {
			named = append(named, rdf.NewIRI(c.IRI))
		} else {
			graphs = append(graphs, rdf.NewIRI(c.IRI))
		}
	}
	if q.opt.DefaultGraphs != nil || q.opt.NamedGraphs != nil {
		graphs, named = q.opt.DefaultGraphs, q.opt.NamedGraphs
	}
	q.graphs = []store.TermID{0}
	if graphs == nil && named == nil {
		return nil
	}
	q.explicit = true
	q.graphs, q.named = []store.TermID{}, []store.TermID{}
	for i, list := range [][]rdf.Term{graphs, named} {
		for _, g := range list {
			id, err := q.terms.ID(g)
			if err != nil {
				return err
			}
			if i == 0 {
				q.graphs = append(q.graphs, id)
			} else if !slices.Contains(q.named, id) { // a graph named twice is there once
				q.named = append(q.named, id)
			}
		}
	}
	return nil
}

// namedGraphs returns the graphs that GRAPH ?g ranges over.
func (q *query) namedGraphs() []store.TermID {
	if q.explicit {
		return q.named
	}
	return q.source.Graphs()
}

// hasGraph reports whether GRAPH <g> has solutions at all.
func (q *query) hasGraph(g store.TermID) bool {
	if q.explicit {
		return slices.Contains(q.named, g)
	}
	if expr.IsLocal(g) {
		return false
	}
	rows, exact := q.source.Count(g, store.Pattern{})
	return rows > 0 || !exact
}

// activeGraphs returns the graphs whose union a pattern reads.
func (q *query) activeGraphs(g plan.Graph) []store.TermID {
	switch g.Kind {
	case plan.CurrentGraph:
		return q.registers[g.Register : g.Register+1]
	case plan.ConstantGraph:
		if q.explicit && !slices.Contains(q.named, g.ID) {
			return nil
		}
		return []store.TermID{g.ID}
	}
	return q.graphs
}

// ErrLimit is wrapped by errors of queries that reached one of their Limits.
var ErrLimit = errors.New("limit reached")

// keep counts memory that an operator holds on to.
func (q *query) keep(bytes int64) error {
	q.bytes += bytes
	if limit := q.opt.Limits.MemoryBytes; limit > 0 && q.bytes+q.terms.Bytes() > limit {
		return fmt.Errorf("exec: the query holds more than %d bytes in joins, groups, sorts and computed terms: %w (raise Limits.MemoryBytes, or make the pattern more selective)", limit, ErrLimit)
	}
	return nil
}

// ledger is what one operator holds; it gives it back when it is closed.
type ledger struct {
	q    *query
	held int64
}

func (l *ledger) keep(bytes int64) error {
	l.held += bytes
	return l.q.keep(bytes)
}

func (l *ledger) release() {
	l.q.bytes -= l.held
	l.held = 0
}

// bounded returns ctx with the query's time limit, so that functions and models are bound by it too.
func (q *query) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := q.opt.Limits.Time
	if limit <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("exec: the query ran longer than %s: %w (raise Limits.Time, or make the pattern more selective)", limit, ErrLimit))
}

// check is called once a batch.
func (q *query) check(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return q.ended(ctx, err)
	}
	return q.keep(0) // terms computed since count too
}

// ended returns err, or what really ended the query when err comes of its context.
func (q *query) ended(ctx context.Context, err error) error {
	switch {
	case err == nil || ctx.Err() == nil:
		return err
	case errors.Is(context.Cause(ctx), ErrLimit):
		return context.Cause(ctx)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("exec: the query ran into its caller's deadline after %s: %w", time.Since(q.started).Round(time.Millisecond), context.DeadlineExceeded)
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("exec: the query was cancelled: %w", context.Canceled)
	}
	return err
}

// program compiles an expression once per query.
func (q *query) program(x *plan.Expression) (*expr.Program, error) {
	if p, ok := q.programs[x]; ok {
		return p, nil
	}
	scope := expr.Scope{
		Slot: x.Scope.Slot,
		Vars: func() []string { return x.Scope.Names(x.Visible) },
		Exists: func(e *sparql.Exists) (expr.ExistsFunc, error) {
			return q.exists(x.Exists[e])
		},
	}
	p, err := expr.Compile(x.Expr, scope, q.runtime)
	if err != nil {
		return nil, err
	}
	q.programs[x] = p
	return p, nil
}

func (q *query) programsOf(list []plan.Expression) ([]*expr.Program, error) {
	programs := make([]*expr.Program, len(list))
	for i := range list {
		p, err := q.program(&list[i])
		if err != nil {
			return nil, err
		}
		programs[i] = p
	}
	return programs, nil
}

// width is the number of columns of every batch.
func (q *query) width() int { return len(q.planner.Names) }

// exists returns the test of an EXISTS: its body runs seeded with the rows asked about.
func (q *query) exists(x *plan.ExistsPlan) (expr.ExistsFunc, error) {
	return func(ctx context.Context, b *expr.Batch, rows []int32, found []bool) error {
		seed := newFeed(q.width(), b, rows, x.RowSlot)
		it, err := q.build(x.Body, seed)
		if err != nil {
			return err
		}
		defer it.close()
		for missing := len(rows); missing > 0; {
			out, err := it.next(ctx)
			if err != nil || out == nil {
				return err
			}
			for _, id := range out.Cols[x.RowSlot][:out.N] {
				if row := int(id) - 1; !found[row] {
					found[row] = true
					missing--
				}
			}
		}
		return nil
	}, nil
}

// feed is the seed of a correlated plan: one batch of rows, each with its number + 1 in rowSlot.
type feed struct {
	out  sink
	done bool
}

func newFeed(width int, b *expr.Batch, rows []int32, rowSlot int) *feed {
	f := &feed{out: newSink(width)}
	f.out.gather(b, rows)
	if rowSlot >= 0 && len(rows) > 0 {
		c := f.out.column(rowSlot)[:0]
		for _, r := range rows {
			c = append(c, store.TermID(r)+1)
		}
		f.out.batch.Cols[rowSlot] = c
	}
	return f
}

func (f *feed) next(context.Context) (*expr.Batch, error) {
	if f.done || f.out.batch.N == 0 {
		return nil, nil
	}
	f.done = true
	return &f.out.batch, nil
}

func (f *feed) close() {}

// meter measures an operator for EXPLAIN.
type meter struct {
	iterator
	to *plan.Measured
}

func (m *meter) next(ctx context.Context) (*expr.Batch, error) {
	began := time.Now()
	b, err := m.iterator.next(ctx)
	m.to.Time += time.Since(began)
	if b != nil {
		m.to.Rows += int64(b.N)
	}
	return b, err
}
