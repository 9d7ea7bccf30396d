// Package eval measures embedding models on held-out triples: filtered ranking in both directions and
// classification. It takes triples by rows and any scorer of queries, so it knows neither the store nor how a
// model was trained.
package eval

import (
	"cmp"
	"slices"

	"github.com/inklingdb/inkling/engine/model"
)

// Filter tells which completions of a query are known to be true, so that ranking a test triple does not count
// them against it.
type Filter interface {
	// Known appends the rows that complete the query in a known triple to dst, each once, in ascending order.
	Known(q model.Query, dst []uint32) []uint32
}

// Known is a Filter over slices of triples. It is immutable.
type Known struct {
	spans map[uint64]span // by query key
	rows  []uint32
}

type span struct{ from, to uint32 }

// completion is one row that completes a query.
type completion struct {
	query uint64
	row   uint32
}

// NewKnown returns the filter for all the triples given; the splits of a data set may overlap. It holds about
// 8 bytes a triple and 30 bytes a distinct query.
func NewKnown(splits ...[]model.Triple) *Known {
	total := 0
	for _, s := range splits {
		total += len(s)
	}
	all := make([]completion, 0, 2*total)
	for _, s := range splits {
		for _, t := range s {
			all = append(all, completion{key(tailQuery(t)), t.T}, completion{key(headQuery(t)), t.H})
		}
	}
	slices.SortFunc(all, func(a, b completion) int {
		return cmp.Or(cmp.Compare(a.query, b.query), cmp.Compare(a.row, b.row))
	})
	all = slices.Compact(all)
	k := &Known{spans: make(map[uint64]span), rows: make([]uint32, len(all))}
	for from := 0; from < len(all); {
		to := from
		for ; to < len(all) && all[to].query == all[from].query; to++ {
			k.rows[to] = all[to].row
		}
		k.spans[all[from].query] = span{uint32(from), uint32(to)}
		from = to
	}
	return k
}

// Known implements Filter.
func (k *Known) Known(q model.Query, dst []uint32) []uint32 {
	s := k.spans[key(q)]
	return append(dst, k.rows[s.from:s.to]...)
}

// Has reports whether a triple is known.
func (k *Known) Has(t model.Triple) bool {
	s := k.spans[key(tailQuery(t))]
	_, found := slices.BinarySearch(k.rows[s.from:s.to], t.T)
	return found
}

func tailQuery(t model.Triple) model.Query { return model.Query{Entity: t.H, Relation: t.R} }

func headQuery(t model.Triple) model.Query {
	return model.Query{Entity: t.T, Relation: t.R, Heads: true}
}

// key packs a query into 64 bits; relation rows are below 2³¹.
func key(q model.Query) uint64 {
	k := uint64(q.Entity)<<32 | uint64(q.Relation)<<1
	if q.Heads {
		k |= 1
	}
	return k
}
