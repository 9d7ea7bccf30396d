package vec

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// plainTopK is TopK by sorting everything.
func plainTopK(scores []float32, k int, skip func(int) bool) []Ranked {
	var all []Ranked
	for i, s := range scores {
		if s == s && (skip == nil || !skip(i)) {
			all = append(all, Ranked{i, s})
		}
	}
	slices.SortStableFunc(all, func(a, b Ranked) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	return all[:min(k, len(all))]
}

func TestTopK(t *testing.T) {
	atEveryLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(13, 14))
		for range 300 {
			scores := randoms(rng, rng.IntN(400))
			for i := range scores {
				switch rng.IntN(10) {
				case 0:
					scores[i] = float32(math.NaN())
				case 1:
					scores[i] = float32(math.Inf(1 - 2*rng.IntN(2)))
				default:
					scores[i] = float32(math.Round(float64(scores[i]*4)) / 4) // ties
				}
			}
			k := rng.IntN(15)
			var skip func(int) bool
			if rng.IntN(2) == 0 {
				odd := rng.IntN(3) + 1
				skip = func(i int) bool { return i%(odd+1) == 1 }
			}
			prefix := []Ranked{{-1, 0}}
			got, want := TopK(prefix, scores, k, skip)[1:], plainTopK(scores, k, skip)
			if !slices.Equal(got, want) {
				t.Fatalf("top %d of %d: got %v, want %v", k, len(scores), got, want)
			}
		}
	})
}

func TestCountGreaterAndIndexAbove(t *testing.T) {
	atEveryLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(15, 16))
		for _, n := range lengths() {
			x := randoms(rng, n)
			for i := range x {
				x[i] = float32(math.Round(float64(x[i]) * 2))
				if rng.IntN(20) == 0 {
					x[i] = float32(math.NaN())
				}
			}
			for _, at := range []float32{0, 1, 4, 100, float32(math.NaN()), float32(math.Inf(-1))} {
				g, e := CountGreater(x, at)
				wantG, wantE := countGreaterGo(x, at)
				if g != wantG || e != wantE {
					t.Fatalf("CountGreater of %d at %g: %d, %d, want %d, %d", n, at, g, e, wantG, wantE)
				}
				if got, want := IndexAbove(x, at), indexAboveGo(x, at); got != want {
					t.Fatalf("IndexAbove of %d at %g: %d, want %d", n, at, got, want)
				}
			}
		}
	})
}

func TestSelection(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	var s Selection
	for range 300 {
		scores := randoms(rng, rng.IntN(60))
		for i := range scores {
			scores[i] = float32(math.Round(float64(scores[i]) * 2)) // ties
			if rng.IntN(10) == 0 {
				scores[i] = float32(math.NaN())
			}
		}
		k := rng.IntN(12)
		s.Reset(k)
		for _, i := range rng.Perm(len(scores)) {
			s.Add(Ranked{i, scores[i]})
		}
		want := plainTopK(scores, k, nil)
		if got := s.AppendTo(nil); !slices.Equal(got, want) {
			t.Fatalf("best %d of %v: got %v, want %v", k, scores, got, want)
		}
		if worst, full := s.Worst(); full != (k > 0 && len(want) == k) || full && worst != want[k-1].Score {
			t.Fatalf("worst of %v: %g, %v", want, worst, full)
		}
	}
}
