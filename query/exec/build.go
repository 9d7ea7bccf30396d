package exec

import (
	"context"
	"fmt"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/plan"
	"github.com/inklingdb/inkling/store"
)

// build starts an operator; seed is what plan.Seed stands for in it.
func (q *query) build(n plan.Node, seed iterator) (iterator, error) {
	it, err := q.start(n, seed)
	if err != nil {
		return nil, err
	}
	if !q.opt.Explain {
		return it, nil
	}
	m := q.measured[n]
	if m == nil {
		m = &plan.Measured{}
		q.measured[n] = m
	}
	m.Calls++
	return &meter{it, m}, nil
}

func (q *query) start(n plan.Node, seed iterator) (iterator, error) {
	switch n := n.(type) {
	case *plan.Unit:
		return &unit{batch: expr.Batch{Cols: newSink(q.width()).batch.Cols, N: 1}}, nil
	case *plan.Seed:
		if seed == nil {
			return nil, fmt.Errorf("exec: a plan refers to rows that nothing feeds in")
		}
		return seed, nil
	case *plan.Values:
		return &values{n: n, out: newSink(q.width())}, nil
	case *plan.Scan:
		return q.startScan(n, seed)
	case *plan.PathScan:
		input, err := q.build(n.Input, seed)
		return &pathScan{ledger: ledger{q: q}, n: n, input: input, out: newSink(q.width())}, err
	case *plan.HashJoin:
		l, err := q.build(n.L, seed)
		return &hashJoin{q: q, n: n, left: l, out: newSink(q.width())}, err
	case *plan.LeftJoin:
		return q.startLeftJoin(n, seed)
	case *plan.Optional:
		return q.startOptional(n, seed)
	case *plan.Minus:
		l, err := q.build(n.L, seed)
		return &minus{q: q, n: n, left: l, out: newSink(q.width())}, err
	case *plan.Union:
		input, err := q.build(n.Input, seed)
		return &union{q: q, n: n, input: input}, err
	case *plan.GraphEach:
		input, err := q.build(n.Input, seed)
		return &graphEach{q: q, n: n, input: input}, err
	}
	return q.startUnary(n, seed)
}

// startUnary starts the operators that transform one input.
func (q *query) startUnary(n plan.Node, seed iterator) (iterator, error) {
	if len(plan.Inputs(n)) != 1 {
		return nil, fmt.Errorf("exec: no operator for %T", n)
	}
	input, err := q.build(plan.Inputs(n)[0], seed)
	if err != nil {
		return nil, err
	}
	switch n := n.(type) {
	case *plan.Filter:
		programs, err := q.programsOf(n.Conditions)
		return &filter{q: q, input: input, tests: programs, out: newSink(q.width())}, err
	case *plan.Extend:
		return q.startExtend(n, input)
	case *plan.Project:
		return &project{n: n, input: input, cols: newSink(q.width()).batch.Cols}, nil
	case *plan.Distinct:
		return &distinct{ledger: ledger{q: q}, input: input, seen: newRowTable(q.width(), n.Slots), out: newSink(q.width())}, nil
	case *plan.Slice:
		return &slice{input: input, skip: n.Offset, left: n.Limit, out: newSink(q.width())}, nil
	case *plan.Sort:
		return q.startSort(n, input)
	case *plan.Group:
		return q.startGroup(n, input)
	}
	return nil, fmt.Errorf("exec: no operator for %T", n)
}

func (q *query) startScan(n *plan.Scan, seed iterator) (iterator, error) {
	input, err := q.build(n.Input, seed)
	if err != nil {
		return nil, err
	}
	if n.Graph.Kind == plan.Plausible {
		return q.startPlausible(n, input)
	}
	if n.Graph.Kind == plan.Doubtful {
		return q.startDoubtful(n, input)
	}
	return &scan{q: q, n: n, input: input, out: newSink(q.width())}, nil
}

// unit yields one row once.
type unit struct {
	batch expr.Batch
	done  bool
}

func (u *unit) next(context.Context) (*expr.Batch, error) {
	if u.done {
		return nil, nil
	}
	u.done = true
	return &u.batch, nil
}

func (u *unit) close() {}

// values yields inline data.
type values struct {
	n   *plan.Values
	row int
	out sink
}

func (v *values) next(context.Context) (*expr.Batch, error) {
	v.out.reset()
	for ; v.row < len(v.n.Data) && !v.out.full(); v.row++ {
		v.out.batch.N++
		for i, slot := range v.n.Slots {
			v.out.set(slot, v.out.batch.N-1, v.n.Data[v.row][i])
		}
	}
	if v.out.batch.N == 0 {
		return nil, nil
	}
	return &v.out.batch, nil
}

func (v *values) close() {}

// filter keeps the rows that pass all tests.
type filter struct {
	q     *query
	input iterator
	tests []*expr.Program
	rows  []int32
	out   sink
}

func (f *filter) next(ctx context.Context) (*expr.Batch, error) {
	for {
		in, err := f.input.next(ctx)
		if err != nil || in == nil {
			return nil, err
		}
		if err := f.q.check(ctx); err != nil {
			return nil, err
		}
		f.rows = allRows(f.rows, in.N)
		for _, t := range f.tests {
			if f.rows, err = t.Test(ctx, in, f.rows); err != nil {
				return nil, err
			}
		}
		if len(f.rows) == in.N {
			return in, nil
		}
		if len(f.rows) > 0 {
			f.out.reset()
			f.out.gather(in, f.rows)
			return &f.out.batch, nil
		}
	}
}

func (f *filter) close() { f.input.close() }

// extend binds slots to expressions.
type extend struct {
	q        *query
	n        *plan.Extend
	input    iterator
	programs []*expr.Program
	values   []expr.Value
	rows     []int32
	row0     int64
	out      sink
}

func (q *query) startExtend(n *plan.Extend, input iterator) (iterator, error) {
	e := &extend{q: q, n: n, input: input, out: newSink(q.width()), row0: q.nextRow0()}
	for i := range n.Bindings {
		p, err := q.program(&n.Bindings[i].Expr)
		if err != nil {
			return nil, err
		}
		e.programs = append(e.programs, p)
	}
	return e, nil
}

// nextRow0 gives each operator instance rows of its own to number.
func (q *query) nextRow0() int64 {
	q.operators++
	return q.operators << 40
}

func (e *extend) next(ctx context.Context) (*expr.Batch, error) {
	in, err := e.input.next(ctx)
	if err != nil || in == nil {
		return nil, err
	}
	e.out.reset()
	e.rows = allRows(e.rows, in.N)
	e.out.gather(in, e.rows)
	out := &e.out.batch
	if len(e.values) < in.N {
		e.values = make([]expr.Value, max(in.N, expr.BatchRows))
	}
	for i, p := range e.programs {
		e.q.runtime.Row0 = e.row0
		if err := p.Eval(ctx, out, e.rows, e.values); err != nil {
			return nil, err
		}
		column := e.out.column(e.n.Bindings[i].Slot)[:0]
		for r := range out.N {
			id, err := e.q.terms.ValueID(e.values[r])
			if err != nil {
				return nil, err
			}
			column = append(column, id)
		}
		out.Cols[e.n.Bindings[i].Slot] = column
	}
	e.row0 += int64(in.N)
	return out, nil
}

func (e *extend) close() { e.input.close() }

// project drops all columns but its own.
type project struct {
	n     *plan.Project
	input iterator
	cols  [][]store.TermID
	batch expr.Batch
}

func (p *project) next(ctx context.Context) (*expr.Batch, error) {
	in, err := p.input.next(ctx)
	if err != nil || in == nil {
		return nil, err
	}
	for _, slot := range p.n.Slots {
		p.cols[slot] = in.Cols[slot]
	}
	p.batch = expr.Batch{Cols: p.cols, N: in.N}
	return &p.batch, nil
}

func (p *project) close() { p.input.close() }

// distinct drops rows seen before.
type distinct struct {
	ledger
	input iterator
	seen  *rowTable
	rows  []int32
	out   sink
}

func (d *distinct) next(ctx context.Context) (*expr.Batch, error) {
	for {
		in, err := d.input.next(ctx)
		if err != nil || in == nil {
			return nil, err
		}
		d.rows = d.rows[:0]
		for r := range in.N {
			h := hashRow(in, r, d.seen.on)
			if d.seen.find(in, r, h) < 0 {
				d.seen.add(in, r, h)
				d.rows = append(d.rows, int32(r))
			}
		}
		if err := d.keep(int64(len(d.rows)) * d.seen.rowBytes()); err != nil {
			return nil, err
		}
		if len(d.rows) > 0 {
			d.out.reset()
			d.out.gather(in, d.rows)
			return &d.out.batch, nil
		}
	}
}

func (d *distinct) close() {
	d.release()
	d.input.close()
}

// slice skips rows, then yields at most left of them; left -1 is all.
type slice struct {
	input      iterator
	skip, left int64
	rows       []int32
	out        sink
}

func (s *slice) next(ctx context.Context) (*expr.Batch, error) {
	for s.left != 0 {
		in, err := s.input.next(ctx)
		if err != nil || in == nil {
			return nil, err
		}
		from := min(s.skip, int64(in.N))
		s.skip -= from
		to := int64(in.N)
		if s.left >= 0 {
			to = from + min(to-from, s.left)
			s.left -= to - from
		}
		if from == to {
			continue
		}
		if to-from == int64(in.N) {
			return in, nil
		}
		s.rows = s.rows[:0]
		for r := from; r < to; r++ {
			s.rows = append(s.rows, int32(r))
		}
		s.out.reset()
		s.out.gather(in, s.rows)
		return &s.out.batch, nil
	}
	return nil, nil
}

func (s *slice) close() { s.input.close() }
