package train

import (
	"context"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
)

func someTriples(n int, seed uint64) ([]model.Triple, Data) {
	random := rand.New(rand.NewPCG(seed, 0))
	seen := map[model.Triple]bool{}
	var triples []model.Triple
	for range n {
		t := model.Triple{H: random.Uint32N(30), R: random.Uint32N(3), T: random.Uint32N(30)}
		if !seen[t] {
			seen[t] = true
			triples = append(triples, t)
		}
	}
	v, _ := model.NewVocabulary(numbers(0, 30), numbers(30, 3))
	return triples, Data{Vocabulary: v, Train: triples}
}

// TestOptionsOfATraining trains with settings of each kind and wants the same training from what the model tells.
func TestOptionsOfATraining(t *testing.T) {
	_, d := someTriples(200, 1)
	for _, o := range []Options{
		{Dim: 4, Epochs: 2, N3: -1, L2: 0.01},
		{Family: "transe", Loss: Margin, Dim: 4, Epochs: 2, Margin: 2, Negatives: 3, Subsample: true, Unfiltered: true, Sampling: Bernoulli},
		{Dim: 4, Epochs: 2, DecayTo: 0.5, CalibrationOptions: CalibrationOptions{IsotonicCurve, RelationThreshold, eval.ByAccuracy}},
		{Family: "distmult", Dim: 4, Epochs: 2, Dropout: 0.1, EntityDropout: 0.2, NoReciprocal: true, LabelSmoothing: 0.05, Loss: KvsAll},
	} {
		first, err := Train(context.Background(), d, o)
		if err != nil {
			t.Fatal(err)
		}
		second, err := Train(context.Background(), d, OptionsOf(first))
		if err != nil {
			t.Fatal(err)
		}
		if !first.Calibration.Equal(second.Calibration) {
			t.Errorf("%+v: another calibration comes of\n%v\n%v", o, first.Calibration, second.Calibration)
		}
		if !reflect.DeepEqual(first.Entities, second.Entities) || !reflect.DeepEqual(first.Metadata.Settings, second.Metadata.Settings) {
			t.Errorf("%+v: another training comes of\n%v\n%v", o, first.Metadata.Settings, second.Metadata.Settings)
		}
	}
}

func TestFoldsLeaveNothingUnknown(t *testing.T) {
	for seed := range uint64(10) {
		triples, _ := someTriples(60+int(seed)*40, seed)
		k := 2 + int(seed)%4
		fold := Folds(triples, k, seed)
		sizes := make([]int, k)
		for f := range k {
			entities, relations := map[uint32]bool{}, map[uint32]bool{}
			for i, x := range triples {
				if fold[i] != f {
					entities[x.H], entities[x.T], relations[x.R] = true, true, true
				}
			}
			for i, x := range triples {
				if fold[i] == f {
					sizes[f]++
					if !entities[x.H] || !entities[x.T] || !relations[x.R] {
						t.Fatalf("seed %d: without fold %d nothing is known of %v", seed, f, x)
					}
				}
			}
			if sizes[f] > len(triples)/k+1 {
				t.Errorf("fold %d has %d of %d triples", f, sizes[f], len(triples))
			}
		}
		if !reflect.DeepEqual(fold, Folds(triples, k, seed)) {
			t.Error("the same seed gives other folds")
		}
	}
}
