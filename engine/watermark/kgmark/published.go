package kgmark

// Published is what the source's Tables 1 and 3 say of a method on a graph: the AUC without attack and the cosine at 75
// steps, 0 where the table has none. Its dimension is 4096, its positives, negatives and unit are not defined.
type Published struct{ AUC, Cosine float64 }

// published holds the figures by graph and method.
var published = map[string]map[string]Published{
	"alibaba-ifashion": {
		"dwt-dct": {0.9837, 0.8251}, "dct-qim": {0.9749, 0.7653}, "tree-ring": {0.9814, 0.9071}, "gaussian-shading": {0.9882, 0.3538},
		"without-lawmm": {0.9980, 0.8643}, "community-only": {AUC: 0.9942}, "vertex-only": {AUC: 0.9828}, "kgmark": {0.9991, 0.9482},
		"none": {Cosine: 0.9674},
	},
	"mind": {
		"dwt-dct": {0.9793, 0.8312}, "dct-qim": {0.9785, 0.7703}, "tree-ring": {0.9862, 0.8581}, "gaussian-shading": {0.9903, 0.3728},
		"without-lawmm": {0.9984, 0.8902}, "community-only": {AUC: 0.9973}, "vertex-only": {AUC: 0.9956}, "kgmark": {0.9987, 0.9397},
		"none": {Cosine: 0.9579},
	},
	"last-fm": {
		"dwt-dct": {0.9801, 0.8433}, "dct-qim": {0.9842, 0.7679}, "tree-ring": {0.9879, 0.8364}, "gaussian-shading": {0.9795, 0.4184},
		"without-lawmm": {0.9982, 0.8948}, "community-only": {AUC: 0.9962}, "vertex-only": {AUC: 0.9929}, "kgmark": {0.9976, 0.9161},
		"none": {Cosine: 0.9410},
	},
}

// PublishedFigures returns the source's figures of a method on a graph, named as its folder is.
func PublishedFigures(graph, method string) Published { return published[graph][method] }
