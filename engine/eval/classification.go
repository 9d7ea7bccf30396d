package eval

import (
	"cmp"
	"slices"
)

// Sample is a scored triple whose truth is known.
type Sample struct {
	Score    float64 // any increasing measure of plausibility
	True     bool
	Relation uint32 // row; what figures by relation and thresholds of relations go by
}

// Classification is how well scores, and thresholds on them, tell true from false. Figures whose denominator is 0 are 0.
type Classification struct {
	Samples    int     `json:"samples"`
	Positives  int     `json:"positives"` // true samples
	Accuracy   float64 `json:"accuracy"`
	Precision  float64 `json:"precision"`
	Recall     float64 `json:"recall"`
	F1         float64 `json:"f1"`          // of all samples together: micro-averaged over relations
	MacroF1    float64 `json:"f1_macro"`    // mean of the relations' F1
	AUC        float64 `json:"roc_auc"`     // see AUC
	AP         float64 `json:"ap"`          // see AveragePrecision
	StepPRArea float64 `json:"step_pr_auc"` // see StepPRArea
}

// RelationClassification is the Classification of one relation's samples.
type RelationClassification struct {
	Relation uint32
	Classification
}

// Everywhere is a threshold that is the same for each relation.
func Everywhere(threshold float64) func(relation uint32) float64 {
	return func(uint32) float64 { return threshold }
}

// Classify measures samples: one counts as true when its score reaches the threshold of its relation. The slice is not
// changed.
func Classify(samples []Sample, threshold func(relation uint32) float64) Classification {
	c := countsOf(samples, threshold).figures(samples)
	parts := byRelation(samples)
	for _, part := range parts {
		k := countsOf(part, threshold)
		c.MacroF1 += k.f1() / float64(len(parts))
	}
	return c
}

// ClassifyByRelation measures the samples of each relation on their own, by rows.
func ClassifyByRelation(samples []Sample, threshold func(relation uint32) float64) []RelationClassification {
	var list []RelationClassification
	for _, part := range byRelation(samples) {
		list = append(list, RelationClassification{part[0].Relation, Classify(part, threshold)})
	}
	return list
}

// byRelation divides samples by relation, in the order of rows.
func byRelation(samples []Sample) (parts [][]Sample) {
	sorted := slices.Clone(samples)
	slices.SortStableFunc(sorted, func(a, b Sample) int { return cmp.Compare(a.Relation, b.Relation) })
	for from := 0; from < len(sorted); {
		to := from
		for ; to < len(sorted) && sorted[to].Relation == sorted[from].Relation; to++ {
		}
		parts = append(parts, sorted[from:to])
		from = to
	}
	return parts
}

// counts is a confusion matrix.
type counts struct{ tp, fp, tn, fn int }

func countsOf(samples []Sample, threshold func(relation uint32) float64) (k counts) {
	for _, s := range samples {
		switch said := s.Score >= threshold(s.Relation); {
		case said && s.True:
			k.tp++
		case said:
			k.fp++
		case s.True:
			k.fn++
		default:
			k.tn++
		}
	}
	return k
}

func (k counts) f1() float64 { return ratio(2*k.tp, 2*k.tp+k.fp+k.fn) }

func (k counts) figures(samples []Sample) Classification {
	return Classification{
		Samples: len(samples), Positives: k.tp + k.fn,
		Accuracy:  ratio(k.tp+k.tn, len(samples)),
		Precision: ratio(k.tp, k.tp+k.fp), Recall: ratio(k.tp, k.tp+k.fn), F1: k.f1(),
		AUC: AUC(samples), AP: AveragePrecision(samples), StepPRArea: k.stepPRArea(),
	}
}

// StepPRArea returns what Padia et al. 2019 report as AUC: the trapezoids under the precision-recall curve of the
// samples' 0/1 predictions, which has three points: recall 1 at the share of true samples, that of the threshold, and
// recall 0 at precision 1. It measures no ranking, and whoever calls every sample true (or every one false) gets
// (1 + share of true samples)/2, 0.8 at 60%; 0 without true samples. It is here to be printed beside their table, not to judge by.
func StepPRArea(samples []Sample, threshold func(relation uint32) float64) float64 {
	return countsOf(samples, threshold).stepPRArea()
}

func (k counts) stepPRArea() float64 {
	if k.tp+k.fn == 0 {
		return 0
	}
	share := ratio(k.tp+k.fn, k.tp+k.fp+k.tn+k.fn)
	recall, precision := ratio(k.tp, k.tp+k.fn), 1.0 // nothing called true leaves the two outer points
	if k.tp+k.fp > 0 {
		precision = ratio(k.tp, k.tp+k.fp)
	}
	return recall*(1+precision)/2 + (1-recall)*(precision+share)/2
}

// AUC returns the area under the ROC curve by the rank-sum statistic: the chance that a true sample scores above a false
// one, ties half; 0 when one kind of sample is missing.
func AUC(samples []Sample) float64 {
	sorted := descending(samples)
	var positives, above float64 // above: false samples so far
	var wins float64
	for from := 0; from < len(sorted); {
		trues, falses, to := tie(sorted, from)
		positives += trues
		wins += trues * (above + falses/2) // false samples that each of these true ones loses to
		above += falses
		from = to
	}
	if positives == 0 || above == 0 {
		return 0
	}
	return 1 - wins/(positives*above)
}

// AveragePrecision returns the area under the steps of the precision-recall curve, Σ (Rᵢ − Rᵢ₋₁) Pᵢ over the distinct
// scores from above, samples of one score coming together; 0 without true samples. A constant score gives the share of
// true samples.
func AveragePrecision(samples []Sample) float64 {
	sorted := descending(samples)
	var tp, sum float64
	for from := 0; from < len(sorted); {
		trues, _, to := tie(sorted, from)
		tp += trues
		sum += trues * tp / float64(to)
		from = to
	}
	if tp == 0 {
		return 0
	}
	return sum / tp
}

// descending returns the samples with the highest score first.
func descending(samples []Sample) []Sample {
	sorted := slices.Clone(samples)
	slices.SortFunc(sorted, func(a, b Sample) int { return cmp.Compare(b.Score, a.Score) })
	return sorted
}

// tie counts the samples that share the score at from, and returns where they end.
func tie(sorted []Sample, from int) (trues, falses float64, to int) {
	for to = from; to < len(sorted) && (to == from || sorted[to].Score == sorted[from].Score); to++ {
		if sorted[to].True {
			trues++
		} else {
			falses++
		}
	}
	return trues, falses, to
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
