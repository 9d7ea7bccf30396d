package exec

import (
	"context"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/store"
)

// sink is an operator's output batch, filled column by column and reused.
type sink struct {
	batch expr.Batch
	spare [][]store.TermID // columns not in use
}

func newSink(width int) sink {
	return sink{batch: expr.Batch{Cols: make([][]store.TermID, width)}, spare: make([][]store.TermID, width)}
}

// reset empties the batch and keeps its memory.
func (s *sink) reset() {
	for i, c := range s.batch.Cols {
		if c != nil {
			s.spare[i] = c[:0]
			s.batch.Cols[i] = nil
		}
	}
	s.batch.N = 0
}

func (s *sink) full() bool { return s.batch.N >= expr.BatchRows }
func (s *sink) room() int  { return expr.BatchRows - s.batch.N }

// fill empties the batch and calls step until the batch is full or step has no more; nil when nothing came.
func (s *sink) fill(ctx context.Context, step func(context.Context) (more bool, err error)) (*expr.Batch, error) {
	s.reset()
	for !s.full() {
		more, err := step(ctx)
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
	}
	if s.batch.N == 0 {
		return nil, nil
	}
	return &s.batch, nil
}

// column returns the column of a slot, unbound so far if it is new.
func (s *sink) column(slot int) []store.TermID {
	c := s.batch.Cols[slot]
	if c == nil {
		c = s.spare[slot]
		if c == nil {
			c = make([]store.TermID, 0, expr.BatchRows)
		}
		c = c[:0]
		for range s.batch.N {
			c = append(c, 0)
		}
		s.batch.Cols[slot] = c
	}
	return c
}

// repeat appends n copies of a row of in and returns the number of the first.
func (s *sink) repeat(in *expr.Batch, row, n int) (first int) {
	first = s.batch.N
	for slot, from := range in.Cols {
		if from == nil && s.batch.Cols[slot] == nil {
			continue
		}
		var v store.TermID
		if from != nil {
			v = from[row]
		}
		c := s.column(slot)
		for range n {
			c = append(c, v)
		}
		s.batch.Cols[slot] = c
	}
	s.batch.N += n
	return first
}

// gather appends the rows of in that are listed.
func (s *sink) gather(in *expr.Batch, rows []int32) {
	for slot, from := range in.Cols {
		if from == nil && s.batch.Cols[slot] == nil {
			continue
		}
		c := s.column(slot)
		for _, r := range rows {
			var v store.TermID
			if from != nil {
				v = from[r]
			}
			c = append(c, v)
		}
		s.batch.Cols[slot] = c
	}
	s.batch.N += len(rows)
}

// set binds a slot in a row already appended.
func (s *sink) set(slot, row int, id store.TermID) {
	c := s.column(slot)
	for len(c) < s.batch.N {
		c = append(c, 0)
	}
	c[row] = id
	s.batch.Cols[slot] = c
}

// allRows returns 0 … n-1 in buf.
func allRows(buf []int32, n int) []int32 {
	buf = buf[:0]
	for i := range n {
		buf = append(buf, int32(i))
	}
	return buf
}
