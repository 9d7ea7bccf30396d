package growing

import "slices"

// PublishedFact is a figure of a paper. Only what was read in the source named is here; docs/continual.md tells what is missing.
type PublishedFact struct {
	Method   string   `json:"method"`
	Datasets []string `json:"-"`      // it is about
	About    string   `json:"about"`  // what was measured
	Value    float64  `json:"value"`  // as a share
	Source   string   `json:"source"` //
}

const fastKGE = "Liu et al., Fast and Continual Knowledge Graph Embedding via Incremental LoRA, IJCAI 2024, abstract (doi 10.24963/ijcai.2024/243)"

const incDE = "Liu et al., Towards Continual Knowledge Graph Embedding via Incremental Distillation, AAAI 2024, as its author confirms in github.com/seukgcode/IncDE, issue 1"

// fourSets are the data sets of Cui et al. 2023; their publications average over them.
var fourSets = []string{"ENTITY", "RELATION", "FACT", "HYBRID"}

var facts = []PublishedFact{
	{"FastKGE", fourSets, "MRR after the last snapshot, mean of ENTITY, RELATION, FACT and HYBRID", 0.210, fastKGE},
	{"the best model FastKGE is compared with", fourSets, "MRR after the last snapshot, mean of ENTITY, RELATION, FACT and HYBRID", 0.211, fastKGE},
	{"IncDE", []string{"ENTITY"}, "MRR after the last snapshot", 0.253, incDE},
}

// publishedOf returns what is published about a data set.
func publishedOf(dataset string) []PublishedFact {
	list := []PublishedFact{}
	for _, f := range facts {
		if slices.Contains(f.Datasets, dataset) {
			list = append(list, f)
		}
	}
	return list
}
