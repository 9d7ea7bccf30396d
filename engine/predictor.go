package engine

import (
	"context"
	"math"

	"github.com/inklingdb/inkling/query/exec"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/udf"
)

// predictor is a model as GRAPH ink:plausible and SERVICE ink:predict see it. It is an exec.Predictor.
type predictor struct {
	snapshot *snapshot
	graph    graph
	model    *udf.Model
}

func (s *snapshot) predictor(name string) (exec.Predictor, error) {
	p, err := s.model(name)
	if err != nil {
		return nil, err
	}
	return predictor{snapshot: s, graph: graph{s.view}, model: p.functions}, nil
}

// Predict answers each query, a triple whose S or O is zero, with candidates for that end.
func (p predictor) Predict(ctx context.Context, queries []store.Triple, o exec.PredictOptions) ([][]exec.Candidate, error) {
	asks := make([]udf.Ask, len(queries))
	for i, q := range queries {
		asks[i] = udf.Ask{Node: q.S, Relation: q.P}
		if q.S == 0 {
			asks[i] = udf.Ask{Node: q.O, Relation: q.P, Heads: true}
		}
	}
	answers := make([][]exec.Candidate, len(queries))
	wanted := udf.Wanted{K: o.K, MinProb: o.MinProb, Stated: o.Stated, Exact: o.Exact || p.snapshot.exact,
		Approximated: p.snapshot.approximated}
	err := udf.Predict(ctx, p.graph, p.model, asks, wanted, func(i int, found []udf.Item) error {
		candidates := make([]exec.Candidate, len(found))
		for j, item := range found {
			candidates[j] = exec.Candidate{ID: item.Node, Prob: item.Prob}
		}
		answers[i] = candidates
		return nil
	})
	return answers, err
}

// Prob returns the probability of each triple; 0 for one with a term that the model does not know, and more than 0 for any
// other.
func (p predictor) Prob(ctx context.Context, triples []store.Triple) ([]float64, error) {
	out := make([]float64, len(triples))
	udf.Plausible(p.model, triples, out)
	for i := range out {
		if out[i] == 0 { // too small for a float
			out[i] = math.SmallestNonzeroFloat64
		}
		out[i] = max(0, out[i])
	}
	return out, ctx.Err()
}

// Relations returns the relations that the model knows.
func (p predictor) Relations() []store.TermID { return p.model.Vocabulary.RelationIDs() }

// Threshold is the probability from which the model calls a triple of the relation a fact.
func (p predictor) Threshold(relation store.TermID) float64 {
	return p.model.ThresholdFor(relation)
}

// Model returns the model's name and the commit it has followed to.
func (p predictor) Model() (string, store.Version) { return p.model.Name, p.model.Version }
