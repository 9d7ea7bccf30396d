package eval

import (
	"math"
	"testing"

	"github.com/inklingdb/inkling/engine/model"
)

// TestGroupsAreTheRankingOfTheirTriples compares a group with a summary of its relations' triples alone.
func TestGroupsAreTheRankingOfTheirTriples(t *testing.T) {
	var test []model.Triple
	var ranks []float64
	for i := range 60 {
		test = append(test, model.Triple{H: uint32(i), R: uint32(i * i % 7 % 5), T: 1})
		ranks = append(ranks, float64(1+i%4), float64(1+i*i%23))
	}
	groups := map[uint32][]string{0: {"a"}, 1: {"a", "b"}, 2: {"b"}}
	all := summarise(test, ranks, true)
	got := GroupRelations(all.ByRelation, []string{"b", "empty", "a"}, func(r uint32) []string { return groups[r] })
	if len(got) != 2 || got[0].Group != "b" || got[1].Group != "a" {
		t.Fatalf("groups %+v", got)
	}
	for _, g := range got {
		var part []model.Triple
		var partRanks []float64
		relations := map[uint32]bool{}
		for i, x := range test {
			for _, name := range groups[x.R] {
				if name == g.Group {
					part, partRanks = append(part, x), append(partRanks, ranks[2*i], ranks[2*i+1])
					relations[x.R] = true
				}
			}
		}
		want := summarise(part, partRanks, false)
		if g.Relations != len(relations) {
			t.Errorf("%s: %d relations, want %d", g.Group, g.Relations, len(relations))
		}
		for _, pair := range [][2]Ranking{{g.Ranking, want.Ranking}, {g.Tails, want.Tails}, {g.Heads, want.Heads}} {
			if !near(pair[0], pair[1]) {
				t.Errorf("%s: %+v, want %+v", g.Group, pair[0], pair[1])
			}
		}
	}
}

func near(a, b Ranking) bool {
	for _, p := range [][2]float64{{a.MRR, b.MRR}, {a.MeanRank, b.MeanRank}, {a.Hits1, b.Hits1}, {a.Hits3, b.Hits3}, {a.Hits10, b.Hits10}} {
		if math.Abs(p[0]-p[1]) > 1e-9 {
			return false
		}
	}
	return a.Queries == b.Queries
}
