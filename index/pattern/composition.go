package pattern

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
)

// pathCount counts, for a pair of relations, the sampled triples that they join.
type pathCount struct{ last, triples int32 }

// compositions finds the pairs of relations that compose a relation. Its sampled triples vote for the pairs that join
// their ends; the pairs with most votes are tried from the other side: of what they join, how much is stated?
func (a *analyst) compositions(ctx context.Context, r uint32, pairs int) ([]Composition, error) {
	sample := a.sampled(r, pairs)
	clear(a.paths)
	for i, pair := range sample {
		if i%64 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		a.vote(pair, int32(i+1))
	}
	var list []Composition
	for _, pair := range a.mostVoted(len(sample)) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c := a.try(r, pair)
		c.Coverage = ratio(int(a.paths[pair].triples), len(sample))
		list = append(list, c)
	}
	slices.SortStableFunc(list, func(x, y Composition) int { return cmp.Compare(y.merit(), x.merit()) })
	return list[:min(len(list), keptCompositions)], nil
}

// merit orders compositions: how much of the relation they cover, times what they state beyond chance.
func (c *Composition) merit() float64 { return (c.Share - c.Chance) * c.Coverage }

// sampled returns pairs of the relation, without loops, drawn evenly.
func (a *analyst) sampled(r uint32, pairs int) []uint64 {
	all := a.relations[r].pairs
	if pairs < len(all) {
		all = slices.DeleteFunc(slices.Clone(all), func(k uint64) bool { h, t := halves(k); return h == t })
	}
	if a.options.Sample < 0 || a.options.Sample >= len(all) {
		return all
	}
	sample := make([]uint64, a.options.Sample)
	for i, at := range drawn(a.random, len(all), len(sample)) {
		sample[i] = all[at]
	}
	return sample
}

// drawn returns k different numbers below n in random order.
func drawn(random *rand.Rand, n, k int) []int {
	if 2*k >= n {
		return random.Perm(n)[:k]
	}
	numbers := make([]int, 0, k)
	seen := make(map[int]bool, k)
	for len(numbers) < k {
		if at := random.IntN(n); !seen[at] {
			seen[at] = true
			numbers = append(numbers, at)
		}
	}
	return numbers
}

// vote counts the pairs of relations of all paths h → m → t, each once.
func (a *analyst) vote(pair uint64, triple int32) {
	h, t := halves(pair)
	first, second := a.out.of(h), a.in.of(t)
	for len(first) > 0 && len(second) > 0 {
		x, y := uint32(first[0]>>32), uint32(second[0]>>32)
		switch {
		case x < y:
			first = skipTo(first, y)
			continue
		case y < x:
			second = skipTo(second, x)
			continue
		}
		n, m := sameNeighbour(first), sameNeighbour(second)
		if x != h && x != t {
			a.voteEach(first[:n], second[:m], triple)
		}
		first, second = first[n:], second[m:]
	}
}

func (a *analyst) voteEach(first, second []uint64, triple int32) {
	for _, x := range first {
		for _, y := range second {
			k := key(uint32(x), uint32(y))
			if c := a.paths[k]; c.last != triple {
				a.paths[k] = pathCount{triple, c.triples + 1}
			}
		}
	}
}

// sameNeighbour returns how many edges at the beginning lead to one node.
func sameNeighbour(edges []uint64) int {
	n := 1
	for n < len(edges) && edges[n]>>32 == edges[0]>>32 {
		n++
	}
	return n
}

// skipTo returns the edges from a neighbour on, found by doubling steps: a short list goes fast through a long one.
func skipTo(edges []uint64, neighbour uint32) []uint64 {
	step := 1
	for step < len(edges) && uint32(edges[step]>>32) < neighbour {
		step *= 2
	}
	from := step / 2
	at, _ := slices.BinarySearch(edges[from:min(step+1, len(edges))], key(neighbour, 0))
	return edges[from+at:]
}

// mostVoted returns the pairs of relations that join most of the sample, at least leastCoverage of it.
func (a *analyst) mostVoted(sample int) []uint64 {
	var list []uint64
	for k, c := range a.paths {
		if float64(c.triples) >= leastCoverage*float64(sample) {
			list = append(list, k)
		}
	}
	slices.SortFunc(list, func(x, y uint64) int {
		return cmp.Or(cmp.Compare(a.paths[y].triples, a.paths[x].triples), cmp.Compare(x, y))
	})
	return list[:min(len(list), triedCompositions)]
}

// try joins two relations from heads drawn in random order until enough paths have been walked.
func (a *analyst) try(r uint32, pair uint64) Composition {
	c := Composition{}
	c.First, c.Second = halves(pair)
	first, second, stated := &a.relations[c.First], &a.relations[c.Second], &a.relations[r]
	clear(a.fromHead)
	clear(a.fromTail)
	heads := first.heads.ToArray()
	limit, walked := a.options.Paths, 0
	order := min(len(heads), 4*limit)
	if limit < 0 {
		order = len(heads)
	}
	for i, at := range drawn(a.random, len(heads), order) {
		if limit >= 0 && walked >= limit {
			c.Sampled = i < len(heads)
			break
		}
		walked += a.walk(heads[at], first, second, func(t uint32) {
			c.Joined++
			a.fromHead[heads[at]]++
			a.fromTail[t]++
			if stated.has(key(heads[at], t)) {
				c.Stated++
			}
		})
	}
	c.Sampled = c.Sampled || order < len(heads)
	c.Share = ratio(c.Stated, c.Joined)
	c.Chance = a.chance(stated, c.Joined)
	if c.Stated > 0 {
		c.Lift = c.Share / c.Chance
	}
	return c
}

// walk calls joined for each node that a path h → m → t reaches, once, and returns how many paths there were.
func (a *analyst) walk(h uint32, first, second *relation, joined func(t uint32)) (paths int) {
	a.stamped++
	for _, step := range first.from(h) {
		_, m := halves(step)
		if m == h {
			continue
		}
		for _, step := range second.from(m) {
			_, t := halves(step)
			paths++
			if t != h && t != m && a.stamp[t] != a.stamped {
				a.stamp[t] = a.stamped
				joined(t)
			}
		}
	}
	return paths
}

// chance returns the share of pairs that the relation would state if each joined head met each joined tail as often
// as another: Σ over its pairs of count(h)·count(t), over joined².
func (a *analyst) chance(stated *relation, joined int) float64 {
	if joined == 0 {
		return 0
	}
	var sum int64
	for _, pair := range stated.pairs {
		h, t := halves(pair)
		if n := a.fromHead[h]; n > 0 && h != t {
			sum += int64(n) * int64(a.fromTail[t])
		}
	}
	return float64(sum) / float64(joined) / float64(joined)
}
