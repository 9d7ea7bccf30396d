package pattern

import (
	"context"
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// table is a graph by relation and by node. It is immutable once made.
type table struct {
	entities  int // one more than the largest row
	relations []relation
	out, in   adjacency
}

// relation holds one relation's distinct triples, h<<32 | t ascending, and the sets of its ends.
type relation struct {
	pairs        []uint64
	loops        int // pairs (x, x)
	heads, tails *roaring.Bitmap
}

// adjacency lists the triples at each node: neighbour<<32 | relation, ascending.
type adjacency struct {
	start []int // [entities+1]
	edges []uint64
}

func (a *adjacency) of(node uint32) []uint64 { return a.edges[a.start[node]:a.start[node+1]] }

func key(a, b uint32) uint64               { return uint64(a)<<32 | uint64(b) }
func halves(k uint64) (first, last uint32) { return uint32(k >> 32), uint32(k) }

func newTable[E ~struct{ H, R, T uint32 }](ctx context.Context, triples []E, relations int) (*table, error) {
	t := &table{relations: make([]relation, relations)}
	counts := make([]int, relations)
	for i, x := range triples {
		x := Triple(x)
		if int(x.R) >= relations {
			return nil, fmt.Errorf("triple %d names relation %d of %d", i, x.R, relations)
		}
		counts[x.R]++
		t.entities = max(t.entities, int(x.H)+1, int(x.T)+1)
	}
	for r, n := range counts {
		t.relations[r].pairs = make([]uint64, 0, n)
	}
	for _, x := range triples {
		x := Triple(x)
		t.relations[x.R].pairs = append(t.relations[x.R].pairs, key(x.H, x.T))
	}
	for r := range t.relations {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		t.relations[r].finish()
	}
	t.out = t.adjacency(func(h, _ uint32) uint32 { return h })
	t.in = t.adjacency(func(_, t uint32) uint32 { return t })
	return t, ctx.Err()
}

// finish sorts the pairs and makes the sets.
func (r *relation) finish() {
	slices.Sort(r.pairs)
	r.pairs = slices.Compact(r.pairs)
	heads, tails := make([]uint32, len(r.pairs)), make([]uint32, len(r.pairs))
	for i, k := range r.pairs {
		heads[i], tails[i] = halves(k)
		if heads[i] == tails[i] {
			r.loops++
		}
	}
	r.heads = roaring.BitmapOf(heads...)
	slices.Sort(tails)
	r.tails = roaring.BitmapOf(tails...)
}

// adjacency lists the triples by the node that end picks.
func (t *table) adjacency(end func(h, t uint32) uint32) adjacency {
	a := adjacency{start: make([]int, t.entities+1)}
	for _, r := range t.relations {
		for _, k := range r.pairs {
			a.start[end(halves(k))+1]++
		}
	}
	for i := range t.entities {
		a.start[i+1] += a.start[i]
	}
	a.edges = make([]uint64, a.start[t.entities])
	next := slices.Clone(a.start)
	for r := range t.relations {
		for _, k := range t.relations[r].pairs {
			head, tail := halves(k)
			node := end(head, tail)
			other := tail
			if node != head {
				other = head
			}
			a.edges[next[node]] = key(other, uint32(r))
			next[node]++
		}
	}
	for node := range t.entities {
		slices.Sort(a.edges[a.start[node]:a.start[node+1]])
	}
	return a
}

// nodes returns how many entities stand in a triple.
func (t *table) nodes() (n int) {
	for node := range uint32(t.entities) {
		if len(t.out.of(node)) > 0 || len(t.in.of(node)) > 0 {
			n++
		}
	}
	return n
}

// from returns the relation's triples with that head.
func (r *relation) from(head uint32) []uint64 {
	at, _ := slices.BinarySearch(r.pairs, key(head, 0))
	end := at
	for end < len(r.pairs) && uint32(r.pairs[end]>>32) == head {
		end++
	}
	return r.pairs[at:end]
}

// has reports whether the relation states a pair.
func (r *relation) has(pair uint64) bool {
	_, found := slices.BinarySearch(r.pairs, pair)
	return found
}
