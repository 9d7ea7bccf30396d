package exec

import (
	"context"
	"slices"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/plan"
)

// sorter reads all rows, orders them and yields them; with a limit k it keeps no more than the first k and a margin.
type sorter struct {
	ledger
	n        *plan.Sort
	input    iterator
	programs []*expr.Program

	rows    *rowTable
	keys    [][]expr.Value // by key, by row
	order   []int32
	sorted  bool
	at      int
	out     sink
	scratch []int32
}

// valueBytes is what a decoded sort key takes.
const valueBytes = 72

func (q *query) startSort(n *plan.Sort, input iterator) (iterator, error) {
	s := &sorter{ledger: ledger{q: q}, n: n, input: input, rows: newRowTable(q.width(), nil), out: newSink(q.width()), keys: make([][]expr.Value, len(n.Keys))}
	for i := range n.Keys {
		p, err := q.program(&n.Keys[i].Expr)
		if err != nil {
			return nil, err
		}
		s.programs = append(s.programs, p)
	}
	return s, nil
}

func (s *sorter) next(ctx context.Context) (*expr.Batch, error) {
	if !s.sorted {
		if err := s.read(ctx); err != nil {
			return nil, err
		}
		s.sorted = true
	}
	s.out.reset()
	for ; s.at < len(s.order) && !s.out.full(); s.at++ {
		s.rows.copyTo(&s.out, int(s.order[s.at]))
	}
	if s.out.batch.N == 0 {
		return nil, nil
	}
	return &s.out.batch, nil
}

// read drains the input and leaves order sorted.
func (s *sorter) read(ctx context.Context) error {
	values := make([]expr.Value, expr.BatchRows)
	for {
		in, err := s.input.next(ctx)
		if err != nil {
			return err
		}
		if in == nil {
			break
		}
		s.scratch = allRows(s.scratch, in.N)
		if len(values) < in.N {
			values = make([]expr.Value, in.N)
		}
		for i, p := range s.programs {
			if err := p.Eval(ctx, in, s.scratch, values); err != nil {
				return err
			}
			s.keys[i] = append(s.keys[i], values[:in.N]...)
		}
		for r := range in.N {
			s.order = append(s.order, int32(s.rows.n))
			s.rows.add(in, r, 0)
		}
		if err := s.keep(int64(in.N) * (s.rows.rowBytes() + valueBytes*int64(len(s.keys)))); err != nil {
			return err
		}
		if err := s.prune(); err != nil {
			return err
		}
		if err := s.q.check(ctx); err != nil {
			return err
		}
	}
	slices.SortStableFunc(s.order, s.compare)
	if k := s.n.Limit; k >= 0 && int64(len(s.order)) > k {
		s.order = s.order[:k]
	}
	return nil
}

// prune drops the rows behind the first k once they are many, and packs the rest.
func (s *sorter) prune() error {
	k := s.n.Limit
	if k < 0 || int64(len(s.order)) < 2*k+8*expr.BatchRows {
		return nil
	}
	slices.SortStableFunc(s.order, s.compare)
	before := int64(len(s.order))
	s.order = s.order[:k]
	slices.Sort(s.order) // rows keep the order they came in, so that the sort stays stable
	packed := newRowTable(s.q.width(), nil)
	keys := make([][]expr.Value, len(s.keys))
	row := newSink(s.q.width())
	for i, old := range s.order {
		row.reset()
		s.rows.copyTo(&row, int(old))
		packed.add(&row.batch, 0, 0)
		for j := range keys {
			keys[j] = append(keys[j], s.keys[j][old])
		}
		s.order[i] = int32(i)
	}
	freed := (before - k) * (s.rows.rowBytes() + valueBytes*int64(len(s.keys)))
	s.rows, s.keys = packed, keys
	return s.keep(-freed)
}

func (s *sorter) compare(a, b int32) int {
	for i := range s.keys {
		if c := expr.Order(s.keys[i][a], s.keys[i][b]); c != 0 {
			if s.n.Keys[i].Descending {
				return -c
			}
			return c
		}
	}
	return 0
}

func (s *sorter) close() {
	s.release()
	s.input.close()
}
