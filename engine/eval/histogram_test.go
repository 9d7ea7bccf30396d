package eval

import (
	"context"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestHistogramBins(t *testing.T) {
	h := NewHistogram(104)
	want := []int{1, 2, 3, 5, 10, 20, 50, 100, 200}
	if len(h.UpTo) != len(want) || len(h.Tails) != len(want) || len(h.Heads) != len(want) {
		t.Fatalf("bins %v, want %v", h.UpTo, want)
	}
	for i := range want {
		if h.UpTo[i] != want[i] {
			t.Fatalf("bins %v, want %v", h.UpTo, want)
		}
	}
	for rank, bin := range map[float64]int{1: 0, 1.5: 1, 2: 1, 2.5: 2, 3: 2, 3.5: 3, 10: 4, 10.5: 5, 104: 8, 1e9: 8} {
		if got := h.Bin(rank); got != bin {
			t.Errorf("rank %g is in bin %d, want %d", rank, got, bin)
		}
	}
	for _, entities := range []int{0, 1} {
		if h := NewHistogram(entities); len(h.UpTo) != 1 {
			t.Errorf("%d entities: bins %v", entities, h.UpTo)
		}
	}
}

// The bins up to k hold the share Hits@k of the questions, and all bins every question once.
func TestHistogramAgreesWithHits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entities := rapid.IntRange(1, 60).Draw(t, "entities")
		s := hashed(entities, rapid.Uint64Range(1, 50).Draw(t, "levels"))
		test := triples(entities, 2, 60).Draw(t, "test")
		r, err := Rank(context.Background(), s, entities, test, NewKnown(test), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, side := range []struct {
			counts []int
			Ranking
		}{{r.Histogram.Tails, r.Tails}, {r.Histogram.Heads, r.Heads}} {
			below := func(k int) float64 {
				n := 0
				for i, edge := range r.Histogram.UpTo {
					if edge <= k {
						n += side.counts[i]
					}
				}
				return float64(n) / float64(len(test))
			}
			for k, hits := range map[int]float64{1: side.Hits1, 3: side.Hits3, 10: side.Hits10, math.MaxInt: 1} {
				last := r.Histogram.UpTo[len(r.Histogram.UpTo)-1]
				if k <= last && math.Abs(below(k)-hits) > 1e-12 || k == math.MaxInt && below(k) != 1 {
					t.Fatalf("up to %d: %g of the questions, Hits says %g", k, below(k), hits)
				}
			}
		}
	})
}
