package pattern

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// direct counts what single triples and their reverses show.
func (a *analyst) direct(r uint32) Evidence {
	rel := &a.relations[r]
	e := Evidence{
		Relation: r, Triples: len(rel.pairs), Loops: rel.loops, Heads: int(rel.heads.GetCardinality()), Tails: int(rel.tails.GetCardinality()),
		Nodes: int(rel.heads.OrCardinality(rel.tails)),
	}
	both := roaring.And(rel.heads, rel.tails)
	mixed := !both.IsEmpty()
	for _, pair := range rel.pairs {
		h, t := halves(pair)
		if h == t {
			continue
		}
		if mixed && both.Contains(h) && both.Contains(t) {
			e.Reversible++
		}
		a.countReverses(h, t)
	}
	e.Reversed = int(a.counts[r])
	e.Inverse = a.inverse(r, e.Pairs())
	for _, other := range a.touched {
		a.counts[other] = 0
	}
	a.touched = a.touched[:0]
	return e
}

// countReverses counts, for every relation that states (t, h), one pair.
func (a *analyst) countReverses(h, t uint32) {
	edges := a.out.of(t)
	at, _ := slices.BinarySearch(edges, key(h, 0))
	for ; at < len(edges); at++ {
		other, r := halves(edges[at])
		if other != h {
			return
		}
		if a.counts[r] == 0 {
			a.touched = append(a.touched, r)
		}
		a.counts[r]++
	}
}

// inverse returns the best partner among the relations counted: the one with the larger of the lesser share, for an
// inverse must hold both ways.
func (a *analyst) inverse(r uint32, pairs int) (best Inverse) {
	slices.Sort(a.touched)
	for _, other := range a.touched {
		if other == r {
			continue
		}
		n := int(a.counts[other])
		found := Inverse{Relation: other, Support: n, Share: ratio(n, pairs), Back: ratio(n, len(a.relations[other].pairs)-a.relations[other].loops)}
		if min(found.Share, found.Back) > min(best.Share, best.Back) {
			best = found
		}
	}
	return best
}

// hierarchy peels off nodes that no triple of the rest leads to, layer by layer (Kahn 1962).
func (a *analyst) hierarchy(r uint32, e *Evidence) {
	rel := &a.relations[r]
	for _, pair := range rel.pairs {
		_, t := halves(pair)
		a.degree[t]++
	}
	var queue []uint32
	heads := rel.heads.Iterator()
	for heads.HasNext() {
		if h := heads.Next(); a.degree[h] == 0 {
			queue = append(queue, h)
		}
	}
	peeled := 0
	for len(queue) > 0 {
		h := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		e.Depth = max(e.Depth, int(a.depth[h]))
		for _, pair := range rel.from(h) {
			_, t := halves(pair)
			peeled++
			a.depth[t] = max(a.depth[t], a.depth[h]+1)
			if a.degree[t]--; a.degree[t] == 0 {
				queue = append(queue, t)
			}
		}
	}
	e.Cyclic = e.Triples - peeled
	for _, pair := range rel.pairs {
		h, t := halves(pair)
		a.degree[t], a.depth[h], a.depth[t] = 0, 0, 0
	}
}
