package kgmark

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/inklingdb/inkling/engine/model"
)

// partition is the search for communities: Louvain (Blondel et al. 2008), again inside those too large, the rest cut.
type partition struct {
	adj      Neighbours
	lo, hi   int // entities of a community
	random   *rand.Rand
	ctx      context.Context
	finished [][]uint32
}

// communities splits the rows into communities of lo to hi rows, each aligned, those with most links inside first and
// ties by size and first row. Rows that are left over, fewer than lo, belong to none.
func (adj Neighbours) communities(ctx context.Context, o Options) ([][]uint32, error) {
	p := partition{adj: adj, lo: o.CommunityMin, hi: o.CommunityMax, ctx: ctx, random: seeded(o.Seed, "communities")}
	all := make([]uint32, len(adj))
	for i := range all {
		all[i] = uint32(i)
	}
	p.split(all, 0)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	found := p.merged()
	links := make(map[uint32]int, len(found)) // by first row
	for _, c := range found {
		links[c[0]] = adj.linksInside(c)
	}
	slices.SortFunc(found, func(a, b []uint32) int {
		return cmp.Or(cmp.Compare(links[b[0]], links[a[0]]), cmp.Compare(len(b), len(a)), cmp.Compare(a[0], b[0]))
	})
	if o.Communities > 0 {
		found = found[:min(len(found), o.Communities)]
	}
	err := parallel(ctx, len(found), o.Workers, func(i int) { adj.align(found[i], o.Literal.Ascending) })
	return found, err
}

// deepest is how often communities are searched inside communities before they are cut.
const deepest = 4

// split adds a group to the finished ones, in parts where it is too large.
func (p *partition) split(group []uint32, depth int) {
	if len(group) <= p.hi || p.ctx.Err() != nil {
		p.finished = append(p.finished, group)
		return
	}
	parts := p.louvain(group)
	if len(parts) < 2 || depth == deepest {
		p.cut(group)
		return
	}
	for _, part := range parts {
		p.split(part, depth+1)
	}
}

// louvain returns the communities of the graph inside a group, each sorted, by first row.
func (p *partition) louvain(group []uint32) [][]uint32 {
	g := p.adj.inside(group)
	if g.total == 0 { // the modularity of no links is 0/0
		return nil
	}
	var parts [][]uint32
	for i, c := range g.louvain(p.ctx, p.random) {
		if c == len(parts) {
			parts = append(parts, nil)
		}
		parts[c] = append(parts[c], group[i])
	}
	return parts
}

// cut finishes a group in equal parts, along a walk that keeps neighbours together.
func (p *partition) cut(group []uint32) {
	inside := make(map[uint32]bool, len(group))
	for _, v := range group {
		inside[v] = true
	}
	order := make([]uint32, 0, len(group))
	for _, start := range group {
		if !inside[start] {
			continue
		}
		inside[start] = false
		order = append(order, start)
		for next := len(order) - 1; next < len(order); next++ {
			for _, u := range p.adj[order[next]] {
				if inside[u] {
					inside[u] = false
					order = append(order, u)
				}
			}
		}
	}
	parts := (len(order) + p.hi - 1) / p.hi
	for i := range parts {
		p.finished = append(p.finished, slices.Clone(order[i*len(order)/parts:(i+1)*len(order)/parts]))
	}
}

// merged returns the finished groups, those too small joined with the next small ones: they come from the same larger
// community. What is left at the end belongs to none, unless there is nothing else.
func (p *partition) merged() [][]uint32 {
	var found [][]uint32
	var small []uint32
	for _, group := range p.finished {
		if len(group) >= p.lo {
			found = append(found, group)
			continue
		}
		small = append(small, group...)
		if len(small) >= p.lo {
			found = append(found, small)
			small = nil
		}
	}
	if len(found) == 0 && len(small) > 0 {
		found = append(found, small)
	}
	return found
}

// linksInside counts the links between rows of a group.
func (adj Neighbours) linksInside(group []uint32) int {
	inside := make(map[uint32]bool, len(group))
	for _, v := range group {
		inside[v] = true
	}
	links := 0
	for _, v := range group {
		for _, u := range adj[v] {
			if u > v && inside[u] {
				links++
			}
		}
	}
	return links
}

// CommunitiesOf splits the rows of a graph, whose table is not looked at, into communities of o.CommunityMin to
// o.CommunityMax rows, aligned, those with most links inside first: what Train marks. Rows left over belong to none.
func CommunitiesOf(ctx context.Context, rows int, triples []model.Triple, o Options) ([][]uint32, error) {
	o = o.Defaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	for i, t := range triples {
		if int(t.H) >= rows || int(t.T) >= rows {
			return nil, fmt.Errorf("kgmark: %w: triple %d (%d, %d, %d) is outside %d rows", ErrGraph, i, t.H, t.R, t.T, rows)
		}
	}
	return NeighboursOf(rows, triples).communities(ctx, o)
}
