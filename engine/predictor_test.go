package engine

import (
	"context"
	"testing"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/udf"
)

// hopeless is a scorer whose probabilities are too small for a float.
type hopeless struct{ udf.Scorer }

func (hopeless) ScoreTriples(triples []udf.Rows, out []float32) {}

func (hopeless) Prob(float32) float64 { return model.Calibration{Slope: 1, Intercept: -800}.Prob(0) }

// TestImprobableIsNotUnknown holds that queries can tell a triple of probability 0 from one that the model does not know: the
// first is the most doubtful there is.
func TestImprobableIsNotUnknown(t *testing.T) {
	v, err := model.NewVocabulary([]store.TermID{1, 2}, []store.TermID{3})
	if err != nil {
		t.Fatal(err)
	}
	p := predictor{model: &udf.Model{Vocabulary: v, Scorer: hopeless{}}}
	probs, err := p.Prob(context.Background(), []store.Triple{{S: 1, P: 3, O: 2}, {S: 1, P: 3, O: 9}})
	if err != nil || !(probs[0] > 0 && probs[0] < 1e-300) || probs[1] != 0 {
		t.Errorf("%v, %v", probs, err)
	}
}
