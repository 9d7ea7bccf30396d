package factor

import (
	"context"
	"reflect"
	"testing"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// TestOptionsOfAFactorization fits each method, with weights of its own and without some, and wants the same model from what
// the first one tells.
func TestOptionsOfAFactorization(t *testing.T) {
	d := randomGraph(14, 3, 60, 1)
	for _, m := range Methods {
		for _, s := range []Settings{{}, {LambdaA: -1, LambdaR: 0.5, Iterations: 4, Tolerance: -1}} {
			o := Options{Method: m.Name, Rank: 3, Settings: s, Seed: 3}
			o.Threshold = train.RelationThreshold
			if m.constrained && s.LambdaR != 0 {
				o.Solver, o.StepR, o.Similarity = Adam, 0.02, Symmetric.Name
			}
			first, err := Fit(context.Background(), d, o)
			if err != nil {
				t.Fatal(err)
			}
			again, ok := OptionsOf(first)
			again.Seed = 3
			second, err := Fit(context.Background(), d, again)
			if !ok || err != nil {
				t.Fatal(m.Name, err)
			}
			if !reflect.DeepEqual(first.Entities, second.Entities) || !reflect.DeepEqual(first.Metadata.Settings, second.Metadata.Settings) ||
				!first.Calibration.Equal(second.Calibration) {
				t.Errorf("%s: another model comes of\n%v\n%v", m.Name, first.Metadata.Settings, second.Metadata.Settings)
			}
		}
	}
	if _, ok := OptionsOf(&model.Embedding{}); ok {
		t.Error("a model of no method is a factorization")
	}
}
