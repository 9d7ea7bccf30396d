package eval

import (
	"cmp"
	"slices"
)

// Sample is a scored triple whose truth is known.
type Sample struct {
	Score float64 // any increasing measure of plausibility
	True  bool
}

// Classification is how well a threshold on scores tells true from false.
type Classification struct {
	Samples   int
	Threshold float64 // a sample counts as true when its score reaches it
	Accuracy  float64
	Precision float64
	Recall    float64
	F1        float64
	AUC       float64 // chance that a true sample scores above a false one, ties half; 0 when one kind is missing
}

// Classify measures samples at a threshold. The slice is not changed.
func Classify(samples []Sample, threshold float64) Classification {
	var tp, fp, tn, fn int
	for _, s := range samples {
		switch said := s.Score >= threshold; {
		case said && s.True:
			tp++
		case said:
			fp++
		case s.True:
			fn++
		default:
			tn++
		}
	}
	return Classification{
		Samples: len(samples), Threshold: threshold,
		Accuracy:  ratio(tp+tn, len(samples)),
		Precision: ratio(tp, tp+fp),
		Recall:    ratio(tp, tp+fn),
		F1:        ratio(2*tp, 2*tp+fp+fn),
		AUC:       AUC(samples),
	}
}

// BestThreshold returns the sample score at which F1 is highest, the higher of equals; 0 without samples.
func BestThreshold(samples []Sample) float64 {
	sorted := slices.Clone(samples)
	slices.SortFunc(sorted, func(a, b Sample) int { return cmp.Compare(b.Score, a.Score) })
	positives := 0
	for _, s := range sorted {
		if s.True {
			positives++
		}
	}
	best, bestF1, tp := 0.0, -1.0, 0
	for i, s := range sorted {
		if s.True {
			tp++
		}
		if i+1 < len(sorted) && sorted[i+1].Score == s.Score {
			continue
		}
		if f1 := ratio(2*tp, i+1+positives); f1 > bestF1 {
			best, bestF1 = s.Score, f1
		}
	}
	return best
}

// AUC returns the area under the ROC curve by the rank-sum statistic; 0 when one kind of sample is missing.
func AUC(samples []Sample) float64 {
	sorted := slices.Clone(samples)
	slices.SortFunc(sorted, func(a, b Sample) int { return cmp.Compare(a.Score, b.Score) })
	var positives, rankSum float64
	for from := 0; from < len(sorted); {
		to := from
		trues := 0.0
		for ; to < len(sorted) && sorted[to].Score == sorted[from].Score; to++ {
			if sorted[to].True {
				trues++
			}
		}
		positives += trues
		rankSum += trues * float64(from+1+to) / 2 // mean of ranks from+1 to to
		from = max(to, from+1)
	}
	negatives := float64(len(sorted)) - positives
	if positives == 0 || negatives == 0 {
		return 0
	}
	return (rankSum - positives*(positives+1)/2) / (positives * negatives)
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
