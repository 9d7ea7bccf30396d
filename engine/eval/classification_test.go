package eval

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func samplesOf() *rapid.Generator[[]Sample] {
	one := rapid.Custom(func(t *rapid.T) Sample {
		return Sample{Score: float64(rapid.IntRange(-4, 4).Draw(t, "score")), True: rapid.Bool().Draw(t, "true"),
			Relation: rapid.Uint32Range(0, 3).Draw(t, "relation")}
	})
	return rapid.SliceOfN(one, 0, 60)
}

func equals(a, b float64) bool { return math.Abs(a-b) < 1e-12 }

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
		if got := AUC(samples); !equals(got, want) {
			t.Fatalf("AUC %g, pairs give %g", got, want)
		}
	})
}

// The reference asks at every score anew how many samples reach it.
func TestAveragePrecisionEqualsItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := samplesOf().Draw(t, "samples")
		want, before := 0.0, 0.0
		for score := 4.0; score >= -4; score-- {
			c := Classify(samples, Everywhere(score))
			want += (c.Recall - before) * c.Precision
			before = c.Recall
		}
		if got := AveragePrecision(samples); !equals(got, want) {
			t.Fatalf("average precision %g, its definition gives %g", got, want)
		}
	})
}

// The reference lists the points of the curve as a program would that thresholds the predictions, and sums trapezoids.
func TestStepPRAreaEqualsTrapezoids(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := samplesOf().Draw(t, "samples")
		positives := 0
		for _, s := range samples {
			if s.True {
				positives++
			}
		}
		if positives == 0 {
			return
		}
		type point struct{ recall, precision float64 }
		curve := []point{{0, 1}, {1, float64(positives) / float64(len(samples))}}
		if c := Classify(samples, Everywhere(1)); slices.ContainsFunc(samples, func(s Sample) bool { return s.Score >= 1 }) {
			curve = append(curve, point{c.Recall, c.Precision})
		}
		slices.SortStableFunc(curve, func(a, b point) int {
			return cmp.Or(cmp.Compare(a.recall, b.recall), cmp.Compare(b.precision, a.precision))
		})
		want := 0.0
		for i := 1; i < len(curve); i++ {
			want += (curve[i].recall - curve[i-1].recall) * (curve[i].precision + curve[i-1].precision) / 2
		}
		if got := StepPRArea(samples, Everywhere(1)); !equals(got, want) {
			t.Fatalf("area %g, trapezoids give %g under %v", got, want, curve)
		}
	})
}

// What the note says of the source's AUC: who says the same of everything scores 80 at 60 % true.
func TestAConstantPredictorScoresEighty(t *testing.T) {
	var samples []Sample
	for i := range 10 {
		samples = append(samples, Sample{Score: 3, True: i < 6})
	}
	for name, threshold := range map[string]float64{"all true": 3, "all false": 4} {
		if got := StepPRArea(samples, Everywhere(threshold)); !equals(got, 0.8) {
			t.Errorf("%s: %g", name, got)
		}
	}
	if auc, ap := AUC(samples), AveragePrecision(samples); auc != 0.5 || !equals(ap, 0.6) {
		t.Errorf("ROC-AUC %g, average precision %g", auc, ap)
	}
	for i := range samples { // a predictor that ranks every false one above every true one, and calls two true
		samples[i].Score = float64(i)
	}
	if area, auc := StepPRArea(samples, Everywhere(8)), AUC(samples); !equals(area, 0.3) || auc != 0 {
		t.Errorf("the wrong way round: %g and ROC-AUC %g", area, auc)
	}
}

func TestBestThresholdBeatsEveryOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := samplesOf().Draw(t, "samples")
		for _, o := range Objectives {
			value := func(threshold float64) float64 { return o.value(countsOf(samples, Everywhere(threshold))) }
			best := BestThreshold(samples, o)
			for threshold := -5.0; threshold <= 5; threshold++ {
				if v := value(threshold); v > value(best) {
					t.Fatalf("%s %g at %g, %g at the best threshold %g", o, v, threshold, value(best), best)
				}
			}
		}
	})
}

// Thresholds of relations never do worse than the one for all on the sample they were chosen on, and are rare where
// there is little to choose by.
func TestRelationThresholds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := samplesOf().Draw(t, "samples")
		all := BestThreshold(samples, ByAccuracy)
		own := RelationThresholds(samples, ByAccuracy, all)
		of := func(relation uint32) float64 {
			if threshold, ok := own[relation]; ok {
				return threshold
			}
			return all
		}
		one, many := ClassifyByRelation(samples, Everywhere(all)), ClassifyByRelation(samples, of)
		for i, r := range many {
			if r.Accuracy < one[i].Accuracy {
				t.Fatalf("relation %d: accuracy %g with its own threshold, %g with the common one", r.Relation, r.Accuracy, one[i].Accuracy)
			}
			if _, ok := own[r.Relation]; ok && (r.Positives < leastOfRelation || r.Samples-r.Positives < leastOfRelation) {
				t.Fatalf("relation %d of %d samples has its own threshold", r.Relation, r.Samples)
			}
		}
	})
	var shifted []Sample // a relation whose scores lie elsewhere
	for i := range 20 {
		shifted = append(shifted, Sample{Score: float64(i), True: i >= 10}, Sample{Score: float64(100 + i), True: i >= 10, Relation: 7})
	}
	all := BestThreshold(shifted, ByF1)
	own := RelationThresholds(shifted, ByF1, all)
	if len(own) != 1 || all != 9.5 || own[7] != 109.5 {
		t.Errorf("%g for all, own %v", all, own)
	}
}

func TestClassifyByHand(t *testing.T) {
	samples := []Sample{{0.9, true, 0}, {0.8, false, 0}, {0.7, true, 1}, {0.2, true, 1}, {0.1, false, 2}}
	got := Classify(samples, Everywhere(0.7))
	want := Classification{Samples: 5, Positives: 3, Accuracy: 0.6, Precision: 2.0 / 3, Recall: 2.0 / 3, F1: 2.0 / 3,
		MacroF1: (2.0/3 + 2.0/3 + 0) / 3, AUC: 4.0 / 6, AP: (1 + 2.0/3 + 3.0/4) / 3, StepPRArea: 2.0/3*(1+2.0/3)/2 + 1.0/3*(2.0/3+0.6)/2}
	for name, pair := range map[string][2]float64{"macro": {got.MacroF1, want.MacroF1}, "AP": {got.AP, want.AP}, "area": {got.StepPRArea, want.StepPRArea}, "AUC": {got.AUC, want.AUC}} {
		if !equals(pair[0], pair[1]) {
			t.Errorf("%s %g, want %g", name, pair[0], pair[1])
		}
	}
	got.MacroF1, got.AP, got.StepPRArea, got.AUC = want.MacroF1, want.AP, want.StepPRArea, want.AUC
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	parts := ClassifyByRelation(samples, Everywhere(0.7))
	if len(parts) != 3 || parts[1].Relation != 1 || parts[1].Samples != 2 || parts[1].Recall != 0.5 || parts[2].Accuracy != 1 {
		t.Errorf("by relation: %+v", parts)
	}
	if none := Classify(nil, Everywhere(0)); none != (Classification{}) {
		t.Errorf("of nothing: %+v", none)
	}
}
