package maintain

import (
	"cmp"
	"slices"

	"github.com/inklingdb/inkling/store"
)

// history is the graph as it was at a version at or before its snapshot's: later commits are undone on reading.
type history struct {
	snapshot Snapshot
	version  store.Version // whose graph Triples returns; moves forward only
	latest   store.Version // of the commits in later
	later    map[store.Triple][]change
	touching map[store.TermID][]store.Triple // the keys of later, by each of their terms
}

// change says what a commit did to a triple.
type change struct {
	version store.Version
	removed bool
}

// newHistory takes the snapshot and the commits between version and the snapshot's, of one graph.
func newHistory(s Snapshot, version store.Version, graph store.TermID, later []store.Commit) *history {
	h := &history{snapshot: s, version: version, later: map[store.Triple][]change{}, touching: map[store.TermID][]store.Triple{}}
	for _, c := range later {
		h.latest = c.Version
		for _, x := range c.Changes {
			if x.Graph != graph {
				continue
			}
			if h.later[x.Triple] == nil {
				for _, id := range []store.TermID{x.Triple.S, x.Triple.P, x.Triple.O} {
					h.touching[id] = append(h.touching[id], x.Triple)
				}
			}
			h.later[x.Triple] = append(h.later[x.Triple], change{c.Version, x.Removed})
		}
	}
	return h
}

// undone reports whether a commit after the history's version changed t, and whether t was there before it.
func (h *history) undone(t store.Triple) (changed, present bool) {
	for _, c := range h.later[t] {
		if c.version > h.version {
			return true, c.removed
		}
	}
	return false, false
}

// Triples is Snapshot.Triples at the history's version.
func (h *history) Triples(p store.Pattern, from store.Triple, limit int) ([]store.Triple, error) {
	if h.version >= h.latest { // nothing is to be undone
		return h.snapshot.Triples(p, from, limit)
	}
	order := orderOf(p)
	restored := h.restored(p, from, order)
	extra := limit
	for {
		read, err := h.snapshot.Triples(p, from, limit+extra)
		if err != nil {
			return nil, err
		}
		more := len(read) == limit+extra
		kept := slices.DeleteFunc(slices.Clone(read), func(t store.Triple) bool {
			changed, present := h.undone(t)
			return changed && !present
		})
		if more && len(kept) < limit {
			extra *= 4
			continue
		}
		if more { // beyond the last triple read, the order of restored ones is not known yet
			last := read[len(read)-1]
			restored = slices.DeleteFunc(restored, func(t store.Triple) bool { return order(t, last) > 0 })
		}
		kept = append(kept, restored...)
		slices.SortFunc(kept, order)
		return kept[:min(limit, len(kept))], nil
	}
}

// restored returns the triples that matched p at the history's version and are gone from the snapshot.
func (h *history) restored(p store.Pattern, from store.Triple, order func(a, b store.Triple) int) []store.Triple {
	var out []store.Triple
	keep := func(t store.Triple) {
		changed, present := h.undone(t)
		if !changed || !present || !matches(p, t) || order(t, from) < 0 {
			return
		}
		if last := h.later[t][len(h.later[t])-1]; last.removed {
			out = append(out, t)
		}
	}
	key := cmp.Or(p.S, p.O, p.P)
	if key == 0 {
		for t := range h.later {
			keep(t)
		}
		return out
	}
	for _, t := range h.touching[key] {
		keep(t)
	}
	slices.SortFunc(out, order)
	return slices.Compact(out) // a triple may hold the key twice
}

func matches(p store.Pattern, t store.Triple) bool {
	return (p.S == 0 || p.S == t.S) && (p.P == 0 || p.P == t.P) && (p.O == 0 || p.O == t.O)
}

// orderOf returns the comparison of the order in which a pattern's triples come.
func orderOf(p store.Pattern) func(a, b store.Triple) int {
	switch {
	case p.S != 0 || p == (store.Pattern{}):
		return func(a, b store.Triple) int {
			return cmp.Or(cmp.Compare(a.S, b.S), cmp.Compare(a.P, b.P), cmp.Compare(a.O, b.O))
		}
	case p.P != 0:
		return func(a, b store.Triple) int {
			return cmp.Or(cmp.Compare(a.P, b.P), cmp.Compare(a.O, b.O), cmp.Compare(a.S, b.S))
		}
	}
	return func(a, b store.Triple) int {
		return cmp.Or(cmp.Compare(a.O, b.O), cmp.Compare(a.S, b.S), cmp.Compare(a.P, b.P))
	}
}
