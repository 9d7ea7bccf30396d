package kgmark

import (
	"math"
	"testing"
)

// The figures agree among themselves: Table 1's clean column and Table 3's cosines are what PublishedFigures has, and rows
// have their mean where the source prints it.
func TestPublishedFiguresAgree(t *testing.T) {
	for graph, methods := range publishedAttacks {
		for method, row := range methods {
			if len(row) != len(attackColumns) {
				t.Fatalf("%s, %s: %d figures for %d columns", graph, method, len(row), len(attackColumns))
			}
			if got, _ := PublishedAUC(graph, method, "clean"); got != PublishedFigures(graph, method).AUC {
				t.Errorf("%s, %s: clean AUC %g", graph, method, got)
			}
		}
		for method, q := range publishedQuality[graph] {
			if q.Cosines[2] != PublishedFigures(graph, method).Cosine {
				t.Errorf("%s, %s: cosine %g", graph, method, q.Cosines[2])
			}
		}
	}
	for graph, mean := range map[string]float64{"alibaba-ifashion": 0.9697, "mind": 0.9762, "last-fm": 0.9707} {
		sum := 0.0
		for _, x := range publishedAttacks[graph]["kgmark"][:10] {
			sum += x / 10
		}
		if math.Abs(sum-mean) > 1e-4 {
			t.Errorf("%s: mean of KGMark's row %.4f, the source prints %.4f", graph, sum, mean)
		}
	}
	if _, ok := PublishedAUC("mind", "kgmark", "gauge"); ok {
		t.Error("the source has no gauge attack")
	}
	if q, ok := PublishedRanks("mind", "kgmark"); !ok || q.Hits10 != 0.5683 {
		t.Errorf("%+v", q)
	}
}
