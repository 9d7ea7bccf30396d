package exec

import (
	"context"
	"strings"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/plan"
	"github.com/inklingdb/inkling/store"
)

// grouper reads all rows and yields one a group.
type grouper struct {
	ledger
	n     *plan.Group
	input iterator
	keys  []*expr.Program
	args  []*expr.Program // nil for COUNT(*)

	groups *rowTable       // the keys, a row a group
	states [][]accumulator // by group, by aggregate
	wholes []*rowTable     // by aggregate: the rows COUNT(DISTINCT *) has seen, with their group
	keyRow sink
	rows   []int32
	values [][]expr.Value // by key, then by aggregate
	read   bool
	at     int
	out    sink
}

// groupSlot is where COUNT(DISTINCT *) keeps the group's number: a column behind all others.
func (q *query) groupSlot() int { return q.width() }

func (q *query) startGroup(n *plan.Group, input iterator) (iterator, error) {
	g := &grouper{ledger: ledger{q: q}, n: n, input: input, out: newSink(q.width()), keyRow: newSink(q.width())}
	var slots []int
	for i := range n.Keys {
		p, err := q.program(&n.Keys[i].Expr)
		if err != nil {
			return nil, err
		}
		g.keys = append(g.keys, p)
		slots = append(slots, n.Keys[i].Slot)
	}
	for i := range n.Aggregates {
		a := &n.Aggregates[i]
		var p *expr.Program
		if a.Arg != nil {
			var err error
			if p, err = q.program(a.Arg); err != nil {
				return nil, err
			}
		}
		g.args = append(g.args, p)
	}
	g.wholes = make([]*rowTable, len(n.Aggregates))
	g.values = make([][]expr.Value, len(g.keys)+len(g.args))
	g.groups = newRowTable(q.width(), slots)
	return g, nil
}

func (g *grouper) next(ctx context.Context) (*expr.Batch, error) {
	if !g.read {
		if err := g.readAll(ctx); err != nil {
			return nil, err
		}
		g.read = true
	}
	g.out.reset()
	for ; g.at < g.groups.n && !g.out.full(); g.at++ {
		g.groups.copyTo(&g.out, g.at)
		for i, a := range g.n.Aggregates {
			id, err := g.q.terms.ValueID(g.states[g.at][i].result())
			if err != nil {
				return nil, err
			}
			g.out.set(a.Slot, g.out.batch.N-1, id)
		}
	}
	if g.out.batch.N == 0 {
		return nil, nil
	}
	return &g.out.batch, g.q.check(ctx)
}

func (g *grouper) readAll(ctx context.Context) error {
	if len(g.keys) == 0 {
		// Without keys there is one group, even of no rows.
		g.newGroup(&expr.Batch{Cols: make([][]store.TermID, g.q.width()), N: 1}, 0, g.keyHash(&expr.Batch{}, 0))
	}
	for {
		in, err := g.input.next(ctx)
		if err != nil || in == nil {
			return err
		}
		if err := g.q.check(ctx); err != nil {
			return err
		}
		if err := g.take(ctx, in); err != nil {
			return err
		}
	}
}

func (g *grouper) keyHash(b *expr.Batch, row int) uint32 { return hashRow(b, row, g.groups.on) }

func (g *grouper) newGroup(b *expr.Batch, row int, hash uint32) {
	g.groups.add(b, row, hash)
	states := make([]accumulator, len(g.n.Aggregates))
	for i, a := range g.n.Aggregates {
		states[i] = newAccumulator(a.Aggregate)
		if a.Aggregate.Distinct && a.Arg != nil {
			states[i] = &distinctValues{states[i], map[store.TermID]struct{}{}}
		}
	}
	g.states = append(g.states, states)
}

// take adds a batch to the groups.
func (g *grouper) take(ctx context.Context, in *expr.Batch) error {
	g.rows = allRows(g.rows, in.N)
	for i, p := range append(g.keys[:len(g.keys):len(g.keys)], g.args...) {
		if p == nil {
			continue
		}
		if len(g.values[i]) < in.N {
			g.values[i] = make([]expr.Value, max(in.N, expr.BatchRows))
		}
		if err := p.Eval(ctx, in, g.rows, g.values[i]); err != nil {
			return err
		}
	}
	before := g.groups.n
	for r := range in.N {
		group, err := g.group(r)
		if err != nil {
			return err
		}
		if err := g.accumulate(group, in, r); err != nil {
			return err
		}
	}
	return g.keep(int64(g.groups.n-before) * (g.groups.rowBytes() + int64(64*len(g.args))))
}

// group returns the group of a row of the batch being taken.
func (g *grouper) group(row int) (int, error) {
	if len(g.keys) == 0 {
		return 0, nil
	}
	g.keyRow.reset()
	g.keyRow.batch.N = 1
	for i, k := range g.n.Keys {
		id, err := g.q.terms.ValueID(g.values[i][row])
		if err != nil {
			return 0, err
		}
		g.keyRow.set(k.Slot, 0, id)
	}
	hash := g.keyHash(&g.keyRow.batch, 0)
	if i := g.groups.find(&g.keyRow.batch, 0, hash); i >= 0 {
		return i, nil
	}
	g.newGroup(&g.keyRow.batch, 0, hash)
	return g.groups.n - 1, nil
}

func (g *grouper) accumulate(group int, in *expr.Batch, row int) error {
	for i, state := range g.states[group] {
		if g.args[i] == nil {
			if g.n.Aggregates[i].Aggregate.Distinct {
				if !g.wholeIsNew(i, group, in, row) {
					continue
				}
				if err := g.keep(g.wholes[i].rowBytes()); err != nil {
					return err
				}
			}
			state.add(expr.Int(1))
			continue
		}
		v := g.values[len(g.keys)+i][row]
		if d, ok := state.(*distinctValues); ok && v.OK() {
			id, err := g.q.terms.ValueID(v)
			if err != nil {
				return err
			}
			if _, seen := d.seen[id]; seen {
				continue
			}
			d.seen[id] = struct{}{}
			if err := g.keep(32); err != nil {
				return err
			}
		}
		if g.n.Aggregates[i].Aggregate.Name == "GROUP_CONCAT" {
			if err := g.keep(int64(len(v.Text()))); err != nil {
				return err
			}
		}
		state.add(v)
	}
	return nil
}

// visibleSlots returns the slots of variables that the query wrote, not those of blank nodes and path steps.
func (q *query) visibleSlots(set plan.Set) []int {
	var out []int
	for _, slot := range set.Slots() {
		if name := q.planner.Names[slot]; !strings.HasPrefix(name, "_:") && !strings.HasPrefix(name, ".") {
			out = append(out, slot)
		}
	}
	return out
}

// wholeIsNew reports, and remembers, that COUNT(DISTINCT *) has not seen a row in a group.
func (g *grouper) wholeIsNew(i, group int, in *expr.Batch, row int) bool {
	slot := g.q.groupSlot()
	if g.wholes[i] == nil {
		g.wholes[i] = newRowTable(slot+1, append(g.q.visibleSlots(g.n.Input.About().Possible), slot))
	}
	one := newSink(slot + 1)
	one.batch.N = 1
	for s := range in.Cols {
		one.set(s, 0, in.At(s, row))
	}
	one.set(slot, 0, store.TermID(group)+1)
	hash := hashRow(&one.batch, 0, g.wholes[i].on)
	if g.wholes[i].find(&one.batch, 0, hash) >= 0 {
		return false
	}
	g.wholes[i].add(&one.batch, 0, hash)
	return true
}

func (g *grouper) close() {
	g.release()
	g.input.close()
}
