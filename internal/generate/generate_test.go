package generate

import (
	"slices"
	"strings"
	"testing"
)

// TestSeedDecidesBytes also counts that every triple is new and the relations' sizes fall off.
func TestSeedDecidesBytes(t *testing.T) {
	sum := func(seed uint64) (string, map[string]int) {
		var doc strings.Builder
		if err := (PowerLaw{Triples: 20_000, Seed: seed}).NTriples(&doc); err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(doc.String(), "\n")
		seen := map[string]bool{"": true}
		relations := map[string]int{}
		for _, line := range lines[:len(lines)-1] {
			if seen[line] || !strings.HasSuffix(line, " .\n") {
				t.Fatalf("%q comes twice or is no triple", line)
			}
			seen[line] = true
			relations[strings.Fields(line)[1]]++
		}
		if len(seen) != 20_001 {
			t.Fatalf("%d triples", len(seen)-1)
		}
		return doc.String(), relations
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
