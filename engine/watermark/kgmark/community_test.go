package kgmark

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/community"
	"gonum.org/v1/gonum/graph/simple"

	"github.com/inklingdb/inkling/engine/model"
)

// planted returns triples of a graph of groups of rows, with few links between groups, and its table: an entity's row is
// mostly its own.
func planted(groups, size int, random *rand.Rand) []model.Triple {
	var triples []model.Triple
	n := groups * size
	for v := range n {
		for range 3 {
			to := v/size*size + int(float64(size)*random.Float64()*random.Float64())
			if random.IntN(20) == 0 {
				to = random.IntN(n)
			}
			if to != v {
				triples = append(triples, model.Triple{H: uint32(v), R: uint32(random.IntN(3)), T: uint32(to)})
			}
		}
	}
	return triples
}

func TestLouvainReachesGonumsModularity(t *testing.T) {
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 1))
		adj := NeighboursOf(200, planted(5, 40, random))
		all := make([]uint32, 200)
		reference := simple.NewUndirectedGraph()
		for i := range all {
			all[i] = uint32(i)
			reference.AddNode(simple.Node(i))
		}
		for v := range adj {
			for _, u := range adj[v] {
				if u > uint32(v) {
					reference.SetEdge(simple.Edge{F: simple.Node(v), T: simple.Node(u)})
				}
			}
		}
		want := community.Q(reference, community.Modularize(reference, 1, rand.NewPCG(seed, 2)).Communities(), 1)
		labels := adj.inside(all).louvain(context.Background(), random)
		count := slices.Max(labels) + 1
		parts := make([][]int, count)
		for v, c := range labels {
			parts[c] = append(parts[c], v)
		}
		nodes := communitiesOf(parts)
		got := community.Q(reference, nodes, 1)
		t.Logf("seed %d: modularity %.4f in %d communities, gonum %.4f", seed, got, count, want)
		if got < want-0.02 {
			t.Errorf("seed %d: modularity %.4f, gonum reaches %.4f", seed, got, want)
		}
	}
}

func TestCommunitiesHaveTheSizesAskedFor(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	triples := planted(6, 150, random)
	for i := range 300 { // a star, which Louvain cannot split, and lone rows
		triples = append(triples, model.Triple{H: 900, R: 0, T: uint32(901 + i)})
	}
	adj := NeighboursOf(1300, triples)
	o := Options{CommunityMin: 40, CommunityMax: 100}.Defaults()
	found, err := adj.communities(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := adj.communities(context.Background(), o)
	seen := map[uint32]bool{}
	for i, c := range found {
		if len(c) < 40 || len(c) > 100 {
			t.Errorf("community %d has %d rows", i, len(c))
		}
		if !slices.Equal(c, again[i]) {
			t.Errorf("community %d differs between two runs", i)
		}
		for j, v := range c {
			if seen[v] {
				t.Errorf("row %d is in two communities", v)
			}
			seen[v] = true
			if j > 0 && len(adj[v]) > len(adj[c[j-1]]) {
				t.Errorf("community %d: degree %d after %d", i, len(adj[v]), len(adj[c[j-1]]))
			}
		}
	}
	if len(seen) < 1300-40 {
		t.Errorf("%d of 1300 rows are in a community", len(seen))
	}
}

func TestClustering(t *testing.T) {
	adj := NeighboursOf(5, []model.Triple{{H: 0, T: 1}, {H: 1, T: 2}, {H: 2, T: 0}, {H: 0, T: 3}, {H: 3, T: 3}})
	for v, want := range []float64{1.0 / 3, 1, 1, 0, 0} {
		if got := adj.clustering(uint32(v)); math.Abs(got-want) > 1e-12 {
			t.Errorf("row %d: clustering %g, want %g", v, got, want)
		}
	}
}

func communitiesOf(parts [][]int) (all [][]graph.Node) {
	for _, part := range parts {
		var nodes []graph.Node
		for _, v := range part {
			nodes = append(nodes, simple.Node(v))
		}
		all = append(all, nodes)
	}
	return all
}
