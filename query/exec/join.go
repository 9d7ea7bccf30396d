package exec

import (
	"context"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/plan"
	"github.com/inklingdb/inkling/store"
)

// table returns the rows of a node that stands alone, hashed on a key; built once per state of the graph registers.
func (q *query) table(ctx context.Context, n plan.Node, on []int) (*rowTable, error) {
	if c, ok := q.tables[n]; ok && c.epoch == q.epoch {
		return c.table, nil
	} else if ok {
		c.ledger.release()
		delete(q.tables, n)
	}
	it, err := q.build(n, nil)
	if err != nil {
		return nil, err
	}
	defer it.close()
	t := newRowTable(q.width(), on)
	l := ledger{q: q}
	for {
		b, err := it.next(ctx)
		if err != nil {
			return nil, err
		}
		if b == nil {
			q.tables[n] = cachedTable{t, q.epoch, l}
			return t, nil
		}
		for r := range b.N {
			t.add(b, r, hashRow(b, r, on))
		}
		if err := l.keep(int64(b.N) * t.rowBytes()); err != nil {
			return nil, err
		}
		if err := q.check(ctx); err != nil {
			return nil, err
		}
	}
}

// prober walks the rows of a table that match each row of a batch.
type prober struct {
	table *rowTable
	check []int
	in    *expr.Batch
	row   int
	hash  uint32
	chain int32

	rows, matches []int32 // the pairs of the last fill
}

// start turns to a new batch.
func (p *prober) start(in *expr.Batch) { p.in, p.row, p.chain = in, -1, 0 }

// next returns the next matching pair; ok is false at the end of the batch.
func (p *prober) next() (row, match int32, ok bool) {
	for {
		for p.chain == 0 {
			p.row++
			if p.in == nil || p.row >= p.in.N {
				return 0, 0, false
			}
			p.hash = hashRow(p.in, p.row, p.table.on)
			p.chain = p.table.first(p.hash)
		}
		own := p.chain - 1
		p.chain = p.table.next[own]
		if p.table.sameKey(int(own), p.in, p.row, p.hash) && p.table.compatible(int(own), p.in, p.row, p.check) {
			return int32(p.row), own, true
		}
	}
}

// fill appends the unions of matching rows to out, until it is full or the batch ends, and leaves their left rows in
// p.rows.
func (p *prober) fill(out *sink) {
	p.rows, p.matches = p.rows[:0], p.matches[:0]
	for room := out.room(); len(p.rows) < room; {
		row, match, ok := p.next()
		if !ok {
			break
		}
		p.rows, p.matches = append(p.rows, row), append(p.matches, match)
	}
	if len(p.rows) == 0 {
		return
	}
	for slot := range out.batch.Cols {
		left, right := p.in.Cols[slot], p.table.cols[slot]
		if left == nil && right == nil && out.batch.Cols[slot] == nil {
			continue
		}
		c := out.column(slot)
		for k, row := range p.rows {
			var id store.TermID
			if left != nil {
				id = left[row]
			}
			if id == 0 && right != nil {
				id = p.table.at(slot, int(p.matches[k]))
			}
			c = append(c, id)
		}
		out.batch.Cols[slot] = c
	}
	out.batch.N += len(p.rows)
}

// hashJoin is the inner join.
type hashJoin struct {
	q      *query
	n      *plan.HashJoin
	left   iterator
	prober prober
	out    sink
}

func (j *hashJoin) next(ctx context.Context) (*expr.Batch, error) {
	if j.prober.table == nil {
		t, err := j.q.table(ctx, j.n.R, j.n.On)
		if err != nil {
			return nil, err
		}
		j.prober = prober{table: t, check: j.n.Check}
	}
	if j.prober.table.n == 0 {
		return nil, nil
	}
	j.out.reset()
	for !j.out.full() {
		if j.prober.fill(&j.out); j.out.full() {
			break
		}
		in, err := j.left.next(ctx)
		if err != nil {
			return nil, err
		}
		if in == nil {
			break
		}
		if err := j.q.check(ctx); err != nil {
			return nil, err
		}
		j.prober.start(in)
	}
	if j.out.batch.N == 0 {
		return nil, nil
	}
	return &j.out.batch, j.q.check(ctx)
}

func (j *hashJoin) close() { j.left.close() }

// leftJoin is the hashed OPTIONAL: for each batch of the left side first the matches, then the rows without one.
type leftJoin struct {
	q       *query
	n       *plan.LeftJoin
	left    iterator
	tests   []*expr.Program
	prober  prober
	in      *expr.Batch
	matched []bool
	rows    []int32
	out     sink
	kept    sink
}

func (q *query) startLeftJoin(n *plan.LeftJoin, seed iterator) (iterator, error) {
	l, err := q.build(n.L, seed)
	if err != nil {
		return nil, err
	}
	tests, err := q.programsOf(n.Conditions)
	return &leftJoin{q: q, n: n, left: l, tests: tests, out: newSink(q.width()), kept: newSink(q.width())}, err
}

func (j *leftJoin) next(ctx context.Context) (*expr.Batch, error) {
	if j.prober.table == nil {
		t, err := j.q.table(ctx, j.n.R, j.n.On)
		if err != nil {
			return nil, err
		}
		j.prober = prober{table: t, check: j.n.Check}
	}
	for {
		if j.in == nil {
			in, err := j.left.next(ctx)
			if err != nil || in == nil {
				return nil, err
			}
			j.in, j.matched = in, append(j.matched[:0], make([]bool, in.N)...)
			j.prober.start(in)
		}
		if err := j.q.check(ctx); err != nil {
			return nil, err
		}
		out, err := j.matches(ctx)
		if err != nil || out != nil {
			return out, err
		}
		if out = unmatched(j.in, j.matched, &j.kept, &j.rows); out != nil {
			j.in = nil
			return out, nil
		}
		j.in = nil
	}
}

// matches returns the next merged rows that pass the conditions, nil when the left batch has no more.
func (j *leftJoin) matches(ctx context.Context) (*expr.Batch, error) {
	for {
		j.out.reset()
		j.prober.fill(&j.out)
		if j.out.batch.N == 0 {
			return nil, nil
		}
		j.rows = allRows(j.rows, j.out.batch.N)
		var err error
		for _, t := range j.tests {
			if j.rows, err = t.Test(ctx, &j.out.batch, j.rows); err != nil {
				return nil, err
			}
		}
		for _, r := range j.rows {
			j.matched[j.prober.rows[r]] = true
		}
		if len(j.rows) > 0 {
			j.kept.reset()
			j.kept.gather(&j.out.batch, j.rows)
			return &j.kept.batch, nil
		}
	}
}

// unmatched gathers the rows of in that found no match; nil when all did.
func unmatched(in *expr.Batch, matched []bool, out *sink, rows *[]int32) *expr.Batch {
	*rows = (*rows)[:0]
	for r := range in.N {
		if !matched[r] {
			*rows = append(*rows, int32(r))
		}
	}
	if len(*rows) == 0 {
		return nil
	}
	out.reset()
	out.gather(in, *rows)
	return &out.batch
}

func (j *leftJoin) close() { j.left.close() }

// optional is OPTIONAL with its body seeded by each batch of the left side.
type optional struct {
	q       *query
	n       *plan.Optional
	left    iterator
	tests   []*expr.Program
	in      *expr.Batch
	body    iterator
	matched []bool
	rows    []int32
	out     sink
}

func (q *query) startOptional(n *plan.Optional, seed iterator) (iterator, error) {
	l, err := q.build(n.L, seed)
	if err != nil {
		return nil, err
	}
	tests, err := q.programsOf(n.Conditions)
	return &optional{q: q, n: n, left: l, tests: tests, out: newSink(q.width())}, err
}

func (o *optional) next(ctx context.Context) (*expr.Batch, error) {
	for {
		if o.in == nil {
			in, err := o.left.next(ctx)
			if err != nil || in == nil {
				return nil, err
			}
			o.in, o.matched = in, append(o.matched[:0], make([]bool, in.N)...)
			o.rows = allRows(o.rows, in.N)
			if o.body, err = o.q.build(o.n.Body, newFeed(o.q.width(), in, o.rows, o.n.RowSlot)); err != nil {
				return nil, err
			}
		}
		if o.body != nil {
			out, err := o.matches(ctx)
			if err != nil || out != nil {
				return out, err
			}
			o.body.close()
			o.body = nil
		}
		in := o.in
		o.in = nil
		if out := unmatched(in, o.matched, &o.out, &o.rows); out != nil {
			return out, nil
		}
	}
}

// matches returns the body's next rows that pass the conditions, nil at its end.
func (o *optional) matches(ctx context.Context) (*expr.Batch, error) {
	for {
		b, err := o.body.next(ctx)
		if err != nil || b == nil {
			return nil, err
		}
		o.rows = allRows(o.rows, b.N)
		for _, t := range o.tests {
			if o.rows, err = t.Test(ctx, b, o.rows); err != nil {
				return nil, err
			}
		}
		if len(o.rows) == 0 {
			continue
		}
		for _, r := range o.rows {
			o.matched[int(b.At(o.n.RowSlot, int(r)))-1] = true
		}
		o.out.reset()
		o.out.gather(b, o.rows)
		o.out.batch.Cols[o.n.RowSlot] = nil
		return &o.out.batch, nil
	}
}

func (o *optional) close() {
	if o.body != nil {
		o.body.close()
	}
	o.left.close()
}

// minus drops rows compatible with a row of the right side that shares a bound slot.
type minus struct {
	q    *query
	n    *plan.Minus
	left iterator
	rows []int32
	out  sink
}

func (m *minus) next(ctx context.Context) (*expr.Batch, error) {
	for {
		in, err := m.left.next(ctx)
		if err != nil || in == nil {
			return nil, err
		}
		if len(m.n.Shared) == 0 {
			return in, nil
		}
		t, err := m.q.table(ctx, m.n.R, m.n.On)
		if err != nil {
			return nil, err
		}
		m.rows = m.rows[:0]
		for r := range in.N {
			if !m.removed(t, in, r) {
				m.rows = append(m.rows, int32(r))
			}
		}
		if err := m.q.check(ctx); err != nil {
			return nil, err
		}
		if len(m.rows) > 0 {
			m.out.reset()
			m.out.gather(in, m.rows)
			return &m.out.batch, nil
		}
	}
}

func (m *minus) removed(t *rowTable, in *expr.Batch, row int) bool {
	hash := hashRow(in, row, t.on)
	for i := t.first(hash); i != 0; i = t.next[i-1] {
		own := int(i - 1)
		if !t.sameKey(own, in, row, hash) || !t.compatible(own, in, row, m.n.Shared) {
			continue
		}
		for _, slot := range m.n.Shared {
			if t.at(slot, own) != 0 && in.At(slot, row) != 0 {
				return true
			}
		}
	}
	return false
}

func (m *minus) close() { m.left.close() }
