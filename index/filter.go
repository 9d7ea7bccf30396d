package index

import (
	"context"
	"slices"

	"github.com/inklingdb/inkling/store"
)

// Filter knows which ends of a triple a graph states already, so that ranking, negative sampling and prediction can
// leave them out. It lives as long as its view and is safe for concurrent use.
type Filter struct {
	view  *store.View
	graph store.TermID
}

// NewFilter returns the filter of a graph of a view.
func NewFilter(v *store.View, g store.TermID) Filter { return Filter{v, g} }

// Tails returns the stated t of (h, r, t).
func (f Filter) Tails(ctx context.Context, h, r store.TermID) (List, error) {
	return Objects(ctx, f.view, f.graph, h, r)
}

// Heads returns the stated h of (h, r, t).
func (f Filter) Heads(ctx context.Context, r, t store.TermID) (List, error) {
	return Subjects(ctx, f.view, f.graph, r, t)
}

// Rows appends to dst the rows of a list's dictionary terms in a model's table, ascending; rowOf maps a dictionary
// number to its row, false for terms the model does not know.
func (l List) Rows(dst []uint32, rowOf func(number uint32) (row uint32, ok bool)) []uint32 {
	start := len(dst)
	var buf [256]uint32
	it := l.Numbers.ManyIterator()
	for n := it.NextMany(buf[:]); n > 0; n = it.NextMany(buf[:]) {
		for _, number := range buf[:n] {
			if row, ok := rowOf(number); ok {
				dst = append(dst, row)
			}
		}
	}
	slices.Sort(dst[start:])
	return dst
}
