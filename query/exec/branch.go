package exec

import (
	"context"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/plan"
	"github.com/inklingdb/inkling/store"
)

// union runs each branch on each batch of its input.
type union struct {
	q      *query
	n      *plan.Union
	input  iterator
	in     *expr.Batch
	branch int
	body   iterator
	rows   []int32
}

func (u *union) next(ctx context.Context) (*expr.Batch, error) {
	for {
		if u.body == nil {
			if u.in == nil || u.branch == len(u.n.Branches) {
				in, err := u.input.next(ctx)
				if err != nil || in == nil {
					return nil, err
				}
				u.in, u.branch = in, 0
				u.rows = allRows(u.rows, in.N)
			}
			var err error
			if u.body, err = u.q.build(u.n.Branches[u.branch], newFeed(u.q.width(), u.in, u.rows, -1)); err != nil {
				return nil, err
			}
			u.branch++
		}
		out, err := u.body.next(ctx)
		if err != nil || out != nil {
			return out, err
		}
		u.body.close()
		u.body = nil
	}
}

func (u *union) close() {
	if u.body != nil {
		u.body.close()
	}
	u.input.close()
}

// graphEach runs its body in each named graph in turn.
type graphEach struct {
	q      *query
	n      *plan.GraphEach
	input  iterator
	in     *expr.Batch
	graphs []int // not visited yet for this batch, as positions in the list of named graphs
	body   iterator
	rows   []int32
}

func (g *graphEach) next(ctx context.Context) (*expr.Batch, error) {
	named := g.q.namedGraphs()
	for {
		if g.body == nil {
			if len(g.graphs) == 0 {
				in, err := g.input.next(ctx)
				if err != nil || in == nil {
					return nil, err
				}
				g.in = in
				for i := range named {
					g.graphs = append(g.graphs, i)
				}
			}
			if len(g.graphs) == 0 {
				continue
			}
			if err := g.enter(named[g.graphs[0]]); err != nil {
				return nil, err
			}
			g.graphs = g.graphs[1:]
			if g.body == nil {
				continue
			}
		}
		out, err := g.body.next(ctx)
		if err != nil || out != nil {
			return out, err
		}
		g.body.close()
		g.body = nil
	}
}

// enter starts the body in a graph with the rows whose graph variable is that graph or open.
func (g *graphEach) enter(graph store.TermID) error {
	g.rows = g.rows[:0]
	for r := range g.in.N {
		if id := g.in.At(g.n.Slot, r); id == 0 || id == graph {
			g.rows = append(g.rows, int32(r))
		}
	}
	if len(g.rows) == 0 {
		return nil
	}
	seed := newFeed(g.q.width(), g.in, g.rows, -1)
	for r := range seed.out.batch.N {
		seed.out.set(g.n.Slot, r, graph)
	}
	for len(g.q.registers) <= g.n.Register {
		g.q.registers = append(g.q.registers, 0)
	}
	if g.q.registers[g.n.Register] != graph {
		g.q.registers[g.n.Register] = graph
		g.q.epoch++
	}
	var err error
	g.body, err = g.q.build(g.n.Body, seed)
	return err
}

func (g *graphEach) close() {
	if g.body != nil {
		g.body.close()
	}
	g.input.close()
}
