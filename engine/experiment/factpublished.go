package experiment

import "strings"

// PublishedFacts are figures of others on a set, × 100; 0 where there are none.
type PublishedFacts struct {
	AUC, F1, MacroF1 float64 // Table 4 of Padia et al. 2019; their AUC is eval.StepPRArea, their micro F1 is what we call accuracy
	// What the authors' code reaches with their settings on their folds, run by us: their AUC, ROC-AUC and average precision
	// of the raw score. On FB15k-237 Quadratic+Regularized and Linear+Regularized had two iterations.
	CodeAUC, CodeROC, CodeAP float64
}

// PublishedAccuracy are accuracies (and F1 on CoDEx) of others on labelled sets, × 100.
type PublishedAccuracy struct {
	Model, Source string
	Accuracy, F1  float64
}

// PublishedFactsOf returns the source's figures of a model on a set, by the names of factor's methods; ok is false when
// it has none.
func PublishedFactsOf(set, model string) (PublishedFacts, bool) {
	p, ok := table4[factSetName(set)][strings.TrimSuffix(model, authors)]
	return p, ok
}

// factSetName returns the name of a set in the source.
func factSetName(set string) string {
	return strings.TrimPrefix(strings.ToLower(set), "padia-")
}

var table4 = map[string]map[string]PublishedFacts{
	"kinship": {
		"rescal-als": {93.24, 81.31, 74.54, 93.7, 96.1, 97.9}, "nn-rescal": {92.19, 77.23, 71.29, 0, 0, 0},
		"linear-reg": {93.99, 81.54, 74.77, 93.6, 96.4, 98.1}, "quadratic-reg": {93.89, 81.38, 74.6, 93.9, 94.8, 97.5},
		"linear-con": {92.87, 78.46, 71.5, 92.8, 95.8, 97.6}, "quadratic-con": {93.84, 81.23, 74.37, 93.4, 94.3, 97.0},
	},
	"umls": {
		"rescal-als": {88.53, 67.71, 51.85, 87.4, 94.6, 96.9}, "nn-rescal": {88.37, 69.43, 55.87, 0, 0, 0},
		"linear-reg": {88.22, 68.04, 53.55, 88.6, 91.8, 96.0}, "quadratic-reg": {88.11, 67.35, 52.09, 89.0, 92.6, 96.3},
		"linear-con": {84.71, 58.73, 37.55, 87.5, 87.3, 94.2}, "quadratic-con": {86.17, 62.0, 42.15, 84.5, 87.2, 93.6},
	},
	"wn18": {
		"rescal-als": {62.13, 40.01, 3.01, 80.0, 50.0, 60.0}, "nn-rescal": {83.93, 63.69, 51.67, 0, 0, 0},
		"linear-reg": {81.86, 60.31, 46.44, 81.5, 71.9, 82.1}, "quadratic-reg": {84.41, 64.09, 52.26, 83.0, 77.3, 85.7},
		"linear-con": {80.18, 57.04, 42.62, 59.3, 49.3, 60.5}, "quadratic-con": {91.07, 79.62, 78.21, 90.7, 14.4, 45.6},
	},
	"fb13": {
		"rescal-als": {65.37, 47.04, 18.53, 0, 0, 0}, "nn-rescal": {79.13, 58.28, 40.13, 0, 0, 0},
		"linear-reg": {80.07, 57.96, 38.43, 0, 0, 0}, "quadratic-reg": {79.12, 57.22, 37.79, 0, 0, 0},
		"linear-con": {75.79, 49.15, 27.9, 0, 0, 0}, "quadratic-con": {85.15, 67.88, 62.41, 0, 0, 0},
	},
	"wn18rr": {
		"rescal-als": {66.63, 56.57, 40.45, 78.4, 63.8, 76.2}, "nn-rescal": {68.49, 52.35, 32.49, 0, 0, 0},
		"linear-reg": {69.15, 47.58, 24.01, 74.3, 64.2, 74.8}, "quadratic-reg": {66.73, 44.92, 20.53, 64.0, 55.6, 65.9},
		"linear-con": {66.46, 46.05, 26.82, 60.8, 50.7, 60.8}, "quadratic-con": {72.62, 68.01, 63.5, 84.6, 33.8, 58.0},
	},
	"fb15k-237": {
		"rescal-als": {92.56, 78.84, 69.71, 91.6, 95.5, 97.7}, "nn-rescal": {93.03, 79.45, 70.6, 0, 0, 0},
		"linear-reg": {90.00, 70.80, 55.38, 65.8, 58.3, 66.3}, "quadratic-reg": {93.07, 79.70, 71.19, 81.0, 65.1, 76.1},
		"linear-con": {81.88, 13.70, 46.80, 0, 0, 0}, "quadratic-con": {86.47, 59.59, 36.63, 80.4, 61.0, 76.7},
	},
}

// PublishedAccuracyOf returns the published accuracies on a labelled set.
func PublishedAccuracyOf(set string) []PublishedAccuracy { return accuracies[factSetName(set)] }

var accuracies = map[string][]PublishedAccuracy{
	"wn11": {
		{"NTN", "Socher et al. 2013", 86.2, 0}, {"TransE", "Wang et al. 2014", 75.9, 0}, {"TransH", "Wang et al. 2014", 78.8, 0},
		{"TransD", "Ji et al. 2015", 86.4, 0},
	},
	"fb13": {
		{"NTN", "Socher et al. 2013", 90.0, 0}, {"TransE", "Wang et al. 2014", 81.5, 0}, {"TransH", "Wang et al. 2014", 83.3, 0},
		{"TransD", "Ji et al. 2015", 89.1, 0},
	},
	"codex-s": {
		{"RESCAL", "Safavi, Koutra 2020", 84.3, 85.2}, {"TransE", "Safavi, Koutra 2020", 82.9, 83.7},
		{"ComplEx", "Safavi, Koutra 2020", 83.6, 84.6}, {"ConvE", "Safavi, Koutra 2020", 84.1, 84.6},
		{"TuckER", "Safavi, Koutra 2020", 84.0, 84.6},
	},
}
