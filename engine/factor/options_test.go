package factor

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/inklingdb/inkling/engine/train"
)

func TestNonsenseIsRefusedWithItsReason(t *testing.T) {
	d := randomGraph(12, 3, 40, 1)
	for _, c := range []struct {
		o    Options
		says string
	}{
		{Options{Method: "tucker"}, "rescal-als"},
		{Options{Method: "rescal-als", Settings: Settings{LambdaS: 1}}, "lambda-s is for linear-reg and quadratic-reg"},
		{Options{Method: "quadratic-reg", Settings: Settings{LambdaE: 1}}, "lambda-e"},
		{Options{Method: "quadratic-con", Settings: Settings{Rho: 1}}, "rho is for linear-reg"},
		{Options{Method: "quadratic-reg", Settings: Settings{Solver: Adam}}, "adam"},
		{Options{Method: "quadratic-reg", Settings: Settings{StepMu: 1}}, "step-mu"},
		{Options{Method: "linear-con", Settings: Settings{StepA: 1}}, "step-a"},
		{Options{Method: "rescal-als", Settings: Settings{Similarity: "agency"}}, "similarity"},
		{Options{Method: "nn-rescal", Settings: Settings{Start: Eigen}}, "may be negative"},
		{Options{Method: "rescal-als", Settings: Settings{Start: Warm}}, "warm"},
		{Options{Method: "quadratic-reg", Settings: Settings{Similarity: "cosine"}}, "transitivity"},
		{Options{Method: "rescal-als", Settings: Settings{Solver: "sgd"}}, "als and adam"},
		{Options{Method: "rescal-als", Settings: Settings{Start: "zero"}}, "eigen"},
		{Options{Method: "rescal-als", Precision: "fast"}, "float64"},
		{Options{Method: "rescal-als", Rank: -1}, "rank"},
		{Options{Method: "rescal-als", Rank: 13}, "12 entities"},
		{Options{Method: "rescal-als", Settings: Settings{Iterations: -1}}, "iterations"},
		{Options{Method: "rescal-als", Settings: Settings{LambdaA: math.NaN()}}, "lambda-a NaN"},
		{Options{Method: "quadratic-con", Settings: Settings{Solver: Adam, StepA: -1}}, "negative"},
		{Options{Method: "quadratic-reg", Matrix: mat.NewSymDense(2, nil)}, "2 relations"},
		{Options{Method: "quadratic-reg", Matrix: mat.NewSymDense(3, []float64{1, 2, 0, 2, 1, 0, 0, 0, 1})}, "[0, 1]"},
	} {
		_, err := Fit(context.Background(), d, c.o)
		if !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v, want %q", c.o, err, c.says)
		}
	}
	d.Vocabulary = randomGraph(4000, 4000, 1, 1).Vocabulary
	if err := (Options{Method: "rescal-als", Rank: 4000}).Check(d); !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), "GB") {
		t.Errorf("too large for the machine: %v", err)
	}
	d.Vocabulary = randomGraph(20, 400_000, 1, 1).Vocabulary
	for method, fits := range map[string]bool{"rescal-als": true, "quadratic-reg": false, "linear-con": false} {
		if err := (Options{Method: method, Rank: 1}).Check(d); (err == nil) != fits {
			t.Errorf("%s with a similarity of 400,000 relations: %v", method, err)
		}
	}
	if _, err := Fit(context.Background(), train.Data{}, Options{Method: "rescal-als"}); !errors.Is(err, train.ErrNoData) {
		t.Errorf("no data: %v", err)
	}
}

func TestTrainingsOfOneKindRefuseTheOthersSettings(t *testing.T) {
	_, err := From(train.Options{Family: "rescal-als", Loss: train.Margin, N3: 0.1, Negatives: 4}, Settings{})
	if !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), "loss, negatives, n3") {
		t.Errorf("a gradient's settings: %v", err)
	}
	if _, err := From(train.Options{Family: "rescal-als", Epochs: 5}, Settings{Iterations: 6}); !errors.Is(err, ErrOptions) {
		t.Errorf("epochs and iterations: %v", err)
	}
	if _, err := From(train.Options{Family: "complex"}, Settings{}); !errors.Is(err, ErrOptions) {
		t.Errorf("no method: %v", err)
	}
	o, err := From(train.Options{Family: "RESCAL-ALS", Epochs: 5, Dim: 3, Seed: 7, Budget: time.Second, ValidEvery: 2}, Settings{LambdaA: 2})
	if err != nil || o.Method != "rescal-als" || o.Iterations != 5 || o.Rank != 3 || o.Seed != 7 || o.LambdaA != 2 || o.Budget != time.Second || o.ValidEvery != 2 {
		t.Errorf("%+v: %v", o, err)
	}
	err = Settings{LambdaA: 1, StepMu: 2}.CheckUnused("complex")
	if !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), "lambda-a, step-mu") {
		t.Errorf("a factorization's settings: %v", err)
	}
	if err := (Settings{}).CheckUnused("complex"); err != nil {
		t.Error(err)
	}
}

// TestPresetsAreWhole checks that every preset of the note is there and can be fitted.
func TestPresetsAreWhole(t *testing.T) {
	if len(Presets) != 6+5+5+5+6+6 {
		t.Errorf("%d presets", len(Presets))
	}
	d := randomGraph(40, 4, 200, 2)
	for _, p := range Presets {
		if err := p.Options.Check(d); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		o, err := PresetByName(strings.ToUpper(p.Name))
		if err != nil || o.Method == "" || !strings.HasSuffix(p.Name, o.Method) {
			t.Errorf("%s: %+v, %v", p.Name, o, err)
		}
	}
	o, _ := PresetByName("fb13-linear-con")
	if o.LambdaA != 10 || o.LambdaE != 5 || o.LambdaR != 1000 || o.StepA != 1e-4 || o.StepR != 0.1 || o.StepMu != 1e-4 || o.Solver != Adam {
		t.Errorf("fb13-linear-con is %+v", o)
	}
	if o, _ = PresetByName("fb13-linear-reg"); o.LambdaA != 10 || o.LambdaR != .2 || o.LambdaS != 2e-5 || o.LambdaE != 1 || o.Rho != 1 {
		t.Errorf("fb13-linear-reg is %+v", o)
	}
	adam, err := Options{Settings: Settings{LambdaR: 3}}.Over(o)
	if err != nil || adam.LambdaR != 3 || adam.LambdaA != 10 || adam.Method != "linear-reg" {
		t.Errorf("over a preset: %+v, %v", adam, err)
	}
	constrained, _ := PresetByName("umls-quadratic-con")
	als, err := Options{Settings: Settings{Solver: ALS}}.Over(constrained)
	if err != nil || als.StepA != 0 || als.StepMu != 0 || als.Iterations != 0 || als.LambdaR != 100 || als.Check(d) != nil {
		t.Errorf("another solver than the preset's: %+v, %v, %v", als, err, als.Check(d))
	}
	if _, err := (Options{Method: "rescal-als"}).Over(constrained); !errors.Is(err, ErrOptions) {
		t.Errorf("another method than the preset's: %v", err)
	}
	if _, err := PresetByName("kinship-complex"); !errors.Is(err, ErrOptions) {
		t.Errorf("unknown preset: %v", err)
	}
}

func TestStoppingAndValidation(t *testing.T) {
	d := randomGraph(40, 4, 300, 6)
	d.Train, d.Valid = d.Train[:270], d.Train[270:]
	e, err := Fit(context.Background(), d, Options{Method: "rescal-als", Rank: 5, ValidEvery: 1, Patience: 2, Settings: Settings{Iterations: 400, Tolerance: -1}})
	if err != nil {
		t.Fatal(err)
	}
	m := e.Metadata
	best := 0.0
	for _, p := range m.Curve {
		best = math.Max(best, p.ValidMRR)
	}
	if m.Epochs != m.BestEpoch+2 || m.Curve[m.BestEpoch-1].ValidMRR != best || m.Metrics["valid_mrr"] != best {
		t.Errorf("%d iterations, the best %d, MRR %v", m.Epochs, m.BestEpoch, m.Metrics)
	}
	var told []int
	e, err = Fit(context.Background(), d, Options{Method: "quadratic-reg", Rank: 5, Settings: Settings{Iterations: 400, Tolerance: 1e-3},
		Progress: func(p train.Progress) { told = append(told, p.Epoch) }})
	if err != nil || e.Metadata.Epochs >= 400 || e.Metadata.Metrics["converged"] != 1 || len(told) != e.Metadata.Epochs || e.Metadata.Metrics["valid_mrr"] != 0 {
		t.Errorf("by tolerance: %+v, %v", e.Metadata.Metrics, err)
	}
	e, err = Fit(context.Background(), d, Options{Method: "nn-rescal", Rank: 5, Budget: 1})
	if err != nil || e.Metadata.Epochs != 1 {
		t.Errorf("by budget: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Fit(ctx, d, Options{Method: "rescal-als"}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	_, err = Fit(context.Background(), d, Options{Method: "quadratic-con", Rank: 5, Settings: Settings{Solver: Adam, StepA: 1e30, StepR: 1e30}})
	if !errors.Is(err, train.ErrDiverged) {
		t.Errorf("steps of 1e30: %v", err)
	}
}
