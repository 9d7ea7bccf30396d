package kgmark

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
)

// weighted is an undirected graph with weights; a node's loop counts twice in its degree.
type weighted struct {
	edges  [][]edge // of each node, by node, no loops
	loop   []float64
	degree []float64
	total  float64 // of degrees: 2m
}

type edge struct {
	to     uint32
	weight float64
}

// louvain returns each node's community, numbered from 0 by first node, that maximises modularity greedily: Blondel,
// Guillaume, Lambiotte, Lefebvre 2008. A pass costs a look at each edge. (gonum's Modularize, which the tests compare
// with, looks at each node's weight into every community: on MIND's 20,640
// nodes it was stopped unfinished; that process had used 87 s of a core, RotatE's training included.)
func (g *weighted) louvain(ctx context.Context, random *rand.Rand) []int {
	community := make([]int, len(g.edges))
	for i := range community {
		community[i] = i
	}
	for ctx.Err() == nil {
		moved, count := g.localMoves(ctx, random)
		for i, c := range community {
			community[i] = moved[c]
		}
		if count == len(g.edges) {
			break
		}
		g = g.aggregated(moved, count)
	}
	return community
}

// passes bounds the rounds of moves of a level; later ones move next to nothing.
const passes = 32

// localMoves moves single nodes to the neighbouring community of most gain until none gains, and returns the communities,
// numbered by first node, and their count.
func (g *weighted) localMoves(ctx context.Context, random *rand.Rand) (community []int, count int) {
	n := len(g.edges)
	community = make([]int, n)
	total := slices.Clone(g.degree)
	for i := range community {
		community[i] = i
	}
	into := make([]float64, n) // a node's weight into communities
	order := random.Perm(n)
	for pass := 0; pass < passes && ctx.Err() == nil; pass++ {
		moves := 0
		for _, v := range order {
			from := community[v]
			for _, e := range g.edges[v] {
				into[community[e.to]] += e.weight
			}
			total[from] -= g.degree[v]
			gain := func(c int) float64 { return into[c] - g.degree[v]*total[c]/g.total }
			best := from
			for _, e := range g.edges[v] {
				if c := community[e.to]; gain(c) > gain(best)+1e-12 {
					best = c
				}
			}
			for _, e := range g.edges[v] {
				into[community[e.to]] = 0
			}
			total[best] += g.degree[v]
			if best != from {
				community[v] = best
				moves++
			}
		}
		if moves == 0 {
			break
		}
	}
	number := map[int]int{}
	for i, c := range community {
		if _, ok := number[c]; !ok {
			number[c] = len(number)
		}
		community[i] = number[c]
	}
	return community, len(number)
}

// aggregated returns the graph of communities.
func (g *weighted) aggregated(community []int, count int) *weighted {
	out := &weighted{edges: make([][]edge, count), loop: make([]float64, count), degree: make([]float64, count), total: g.total}
	members := make([][]int, count)
	for v, c := range community {
		members[c] = append(members[c], v)
		out.loop[c] += g.loop[v]
		out.degree[c] += g.degree[v]
	}
	weight := make([]float64, count)
	for c, nodes := range members {
		var touched []int
		for _, v := range nodes {
			for _, e := range g.edges[v] {
				to := community[e.to]
				if weight[to] == 0 {
					touched = append(touched, to)
				}
				weight[to] += e.weight
			}
		}
		for _, to := range touched {
			if to == c {
				out.loop[c] += weight[to]
			} else {
				out.edges[c] = append(out.edges[c], edge{uint32(to), weight[to]})
			}
			weight[to] = 0
		}
		slices.SortFunc(out.edges[c], func(a, b edge) int { return cmp.Compare(a.to, b.to) })
	}
	return out
}

// inside returns the graph of the links between rows of a group, numbered as in the group, which is sorted.
func (adj Neighbours) inside(group []uint32) *weighted {
	g := &weighted{edges: make([][]edge, len(group)), loop: make([]float64, len(group)), degree: make([]float64, len(group))}
	for i, v := range group {
		for _, u := range adj[v] {
			if j, ok := slices.BinarySearch(group, u); ok {
				g.edges[i] = append(g.edges[i], edge{uint32(j), 1})
			}
		}
		g.degree[i] = float64(len(g.edges[i]))
		g.total += g.degree[i]
	}
	return g
}
