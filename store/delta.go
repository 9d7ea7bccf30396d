package store

import (
	"cmp"
	"slices"
	"sort"
)

// quad is a tuple in a graph.
type quad struct {
	g TermID
	t tuple
}

func (a quad) compare(b quad) int {
	if c := cmp.Compare(a.g, b.g); c != 0 {
		return c
	}
	return a.t.compare(b.t)
}

// sortedRun is changes in one order. net[i] is the number of additions less removals among the first i,
// so that a range's count needs two probes, and net[i+1]−net[i] tells an addition from a removal.
type sortedRun struct {
	quads []quad
	net   []int32
}

func (r *sortedRun) removed(i int) bool { return r.net[i+1] < r.net[i] }

// lower returns the index of the first change not before q.
func (r *sortedRun) lower(q quad) int {
	return sort.Search(len(r.quads), func(i int) bool { return r.quads[i].compare(q) >= 0 })
}

// upper returns the index of the first change after q.
func (r *sortedRun) upper(q quad) int {
	return sort.Search(len(r.quads), func(i int) bool { return r.quads[i].compare(q) > 0 })
}

func (r *sortedRun) append(q quad, removed bool) {
	step := int32(1)
	if removed {
		step = -1
	}
	r.quads = append(r.quads, q)
	r.net = append(r.net, r.net[len(r.net)-1]+step)
}

// run is an immutable set of changes in each order; a triple appears once.
type run struct{ orders [len(orders)]sortedRun }

func (r *run) size() int { return len(r.orders[0].quads) }

// newRun sorts changes; each must be a real one against the state below the run.
func newRun(changes []Change) *run {
	type entry struct {
		quad
		removed bool
	}
	entries := make([]entry, len(changes))
	r := &run{}
	for i, o := range orders {
		for j, c := range changes {
			entries[j] = entry{quad{c.Graph, o.arrange(c.Triple)}, c.Removed}
		}
		slices.SortFunc(entries, func(a, b entry) int { return a.compare(b.quad) })
		s := sortedRun{quads: make([]quad, 0, len(entries)), net: make([]int32, 1, len(entries)+1)}
		for _, e := range entries {
			s.append(e.quad, e.removed)
		}
		r.orders[i] = s
	}
	return r
}

// mergeRuns returns the changes of a then b as one run: what b undoes is gone.
func mergeRuns(a, b *run) *run {
	out := &run{}
	for i := range orders {
		x, y := &a.orders[i], &b.orders[i]
		n := len(x.quads) + len(y.quads)
		s := sortedRun{quads: make([]quad, 0, n), net: make([]int32, 1, n+1)}
		for xi, yi := 0, 0; xi < len(x.quads) || yi < len(y.quads); {
			c := 0
			switch {
			case xi == len(x.quads):
				c = 1
			case yi == len(y.quads):
				c = -1
			default:
				c = x.quads[xi].compare(y.quads[yi])
			}
			switch {
			case c < 0:
				s.append(x.quads[xi], x.removed(xi))
				xi++
			case c > 0:
				s.append(y.quads[yi], y.removed(yi))
				yi++
			default: // added then removed, or removed then added: as before both
				xi++
				yi++
			}
		}
		out.orders[i] = s
	}
	return out
}

// delta is the changes since the base, oldest run first. The first frozen runs are being folded
// into a new base and must not mix with later ones. A delta is immutable.
type delta struct {
	runs   []*run
	frozen int
}

// mergeFactor is how much larger than the runs above it a run must be to stay apart: larger means
// fewer merges but more runs to look into.
const mergeFactor = 4

// push returns the delta with a newer run on top.
func (d delta) push(r *run) delta {
	if r.size() == 0 {
		return d
	}
	runs := slices.Clone(d.runs)
	for len(runs) > d.frozen && runs[len(runs)-1].size() < mergeFactor*r.size() {
		r = mergeRuns(runs[len(runs)-1], r)
		runs = runs[:len(runs)-1]
	}
	if r.size() > 0 {
		runs = append(runs, r)
	}
	return delta{runs: runs, frozen: d.frozen}
}

// freeze returns the delta with all of its runs set apart for folding.
func (d delta) freeze() delta { return delta{runs: d.runs, frozen: len(d.runs)} }

// thaw returns the delta without its frozen runs: they are in the base now.
func (d delta) thaw() delta { return delta{runs: slices.Clone(d.runs[d.frozen:])} }

// unfreeze gives up a fold.
func (d delta) unfreeze() delta { return delta{runs: d.runs} }

// size returns the number of changes held.
func (d delta) size() int {
	n := 0
	for _, r := range d.runs {
		n += r.size()
	}
	return n
}

// find returns what the delta says of a triple: added, removed, or nothing.
func (d delta) find(g TermID, t Triple) (added, known bool) {
	q := quad{g, SPO.arrange(t)}
	for i := len(d.runs) - 1; i >= 0; i-- {
		s := &d.runs[i].orders[SPO-1]
		if at := s.lower(q); at < len(s.quads) && s.quads[at] == q {
			return !s.removed(at), true
		}
	}
	return false, false
}

// net returns additions less removals in a span of one graph.
func (d delta) net(o Order, g TermID, low, high tuple) int64 {
	var n int64
	for _, r := range d.runs {
		s := &r.orders[o-1]
		n += int64(s.net[s.upper(quad{g, high})] - s.net[s.lower(quad{g, low})])
	}
	return n
}

// graphs adds each graph's additions less removals to counts.
func (d delta) graphs(counts map[TermID]int64) {
	for _, r := range d.runs {
		s := &r.orders[SPO-1]
		for i := 0; i < len(s.quads); {
			g := s.quads[i].g
			end := s.upper(quad{g, tuple{maxID, maxID, maxID}})
			counts[g] += int64(s.net[end] - s.net[i])
			i = end
		}
	}
}
