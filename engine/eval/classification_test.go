package eval

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func samplesOf() *rapid.Generator[[]Sample] {
	one := rapid.Custom(func(t *rapid.T) Sample {
		return Sample{Score: float64(rapid.IntRange(-4, 4).Draw(t, "score")), True: rapid.Bool().Draw(t, "true")}
	})
	return rapid.SliceOfN(one, 0, 60)
}

func TestAUCEqualsCountingPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := samplesOf().Draw(t, "samples")
		var wins, pairs float64
		for _, a := range samples {
			for _, b := range samples {
				if !a.True || b.True {
					continue
				}
				pairs++
				switch {
				case a.Score > b.Score:
					wins++
				case a.Score == b.Score:
					wins += 0.5
				}
			}
		}
		want := 0.0
		if pairs > 0 {
			want = wins / pairs
		}
		if got := AUC(samples); math.Abs(got-want) > 1e-12 {
			t.Fatalf("AUC %g, pairs give %g", got, want)
		}
	})
}

func TestBestThresholdBeatsEveryOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := samplesOf().Draw(t, "samples")
		best := Classify(samples, BestThreshold(samples)).F1
		for threshold := -5.0; threshold <= 5; threshold++ {
			if f1 := Classify(samples, threshold).F1; f1 > best {
				t.Fatalf("F1 %g at %g, %g at the best threshold %g", f1, threshold, best, BestThreshold(samples))
			}
		}
	})
}

func TestClassifyByHand(t *testing.T) {
	samples := []Sample{{0.9, true}, {0.8, false}, {0.7, true}, {0.2, true}, {0.1, false}}
	got := Classify(samples, 0.7)
	want := Classification{Samples: 5, Threshold: 0.7, Accuracy: 0.6, Precision: 2.0 / 3, Recall: 2.0 / 3, F1: 2.0 / 3, AUC: 4.0 / 6}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
