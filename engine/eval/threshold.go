package eval

import (
	"fmt"
	"math"
)

// Objective is what a threshold is chosen for.
type Objective string

// The objectives.
const (
	ByF1       Objective = "f1"
	ByAccuracy Objective = "accuracy"
)

// Objectives lists them, the default first.
var Objectives = []Objective{ByF1, ByAccuracy}

// Check returns an error that names the objectives unless o is one of them.
func (o Objective) Check() error {
	if o != ByF1 && o != ByAccuracy {
		return fmt.Errorf("eval: no objective %q of thresholds (there are %v)", string(o), Objectives)
	}
	return nil
}

// value returns the objective of a confusion matrix.
func (o Objective) value(k counts) float64 {
	if o == ByAccuracy {
		return ratio(k.tp+k.tn, k.tp+k.fp+k.tn+k.fn)
	}
	return k.f1()
}

// BestThreshold returns the threshold at which the objective is highest, half way between the scores on its sides so
// that it leaves room to both; of equally good ones the highest, and 0 without samples. Below all scores it is the
// lowest score, above all of them (to call everything false, which accuracy may prefer) the next number after the
// highest.
func BestThreshold(samples []Sample, o Objective) float64 {
	threshold, _ := bestThreshold(samples, o, math.Inf(1))
	return threshold
}

// bestThreshold returns of the equally good thresholds that nearest to near, and the value of its objective.
func bestThreshold(samples []Sample, o Objective, near float64) (best, value float64) {
	sorted := descending(samples)
	if len(sorted) == 0 {
		return 0, 0
	}
	k := counts{}
	for _, s := range sorted {
		if s.True {
			k.fn++
		} else {
			k.tn++
		}
	}
	best, value = math.Nextafter(sorted[0].Score, math.Inf(1)), o.value(k)
	for from := 0; from < len(sorted); {
		trues, falses, to := tie(sorted, from)
		k.tp, k.fn = k.tp+int(trues), k.fn-int(trues)
		k.fp, k.tn = k.fp+int(falses), k.tn-int(falses)
		at, v := between(sorted, to), o.value(k)
		if v > value || v == value && math.Abs(at-near) < math.Abs(best-near) {
			best, value = at, v
		}
		from = to
	}
	return best, value
}

// between returns a threshold that the samples before place to reach and those from it on do not.
func between(sorted []Sample, to int) float64 {
	reached := sorted[to-1].Score
	if to == len(sorted) {
		return reached
	}
	if middle := reached + (sorted[to].Score-reached)/2; middle > sorted[to].Score && middle <= reached {
		return middle
	}
	return reached
}

// leastOfRelation is how many samples of each kind a relation must have for a threshold of its own: fewer say too little.
const leastOfRelation = 5

// RelationThresholds returns thresholds of single relations where they are better than the one for all; of equally good
// ones that nearest to it. Relations with fewer than five true or five false samples have none.
func RelationThresholds(samples []Sample, o Objective, all float64) map[uint32]float64 {
	own := map[uint32]float64{}
	for _, part := range byRelation(samples) {
		k := countsOf(part, Everywhere(all))
		if k.tp+k.fn < leastOfRelation || k.fp+k.tn < leastOfRelation {
			continue
		}
		if threshold, value := bestThreshold(part, o, all); value > o.value(k) {
			own[part[0].Relation] = threshold
		}
	}
	return own
}
