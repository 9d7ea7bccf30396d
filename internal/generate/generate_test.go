package generate

import (
	"hash/fnv"
	"slices"
	"testing"

	"github.com/inklingdb/inkling/store/rdf"
)

// TestSeedDecidesBytes also counts that every triple is new and the relations' sizes fall off.
func TestSeedDecidesBytes(t *testing.T) {
	sum := func(seed uint64) (uint64, map[string]int) {
		h := fnv.New64a()
		seen := map[rdf.Quad]bool{}
		relations := map[string]int{}
		err := PowerLaw{Triples: 20_000, Seed: seed}.Quads(func(quads []rdf.Quad) error {
			for _, q := range quads {
				if seen[q] {
					t.Fatalf("%v comes twice", q)
				}
				seen[q] = true
				relations[q.P.Value]++
				h.Write(rdf.AppendQuad(nil, q))
			}
			return nil
		})
		if err != nil || len(seen) != 20_000 {
			t.Fatalf("%d triples, %v", len(seen), err)
		}
		return h.Sum64(), relations
	}
	a, relations := sum(1)
	if b, _ := sum(1); a != b {
		t.Error("the same seed gave two graphs")
	}
	if c, _ := sum(2); a == c {
		t.Error("two seeds gave one graph")
	}
	var sizes []int
	for _, n := range relations {
		sizes = append(sizes, n)
	}
	slices.Sort(sizes)
	if len(sizes) != 101 || sizes[len(sizes)-2] < 20*sizes[5] {
		t.Errorf("the sizes of relations do not follow a power law: %v", sizes)
	}
}
