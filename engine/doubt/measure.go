package doubt

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// MeasureOptions say what Measure plants and how it looks for it.
type MeasureOptions struct {
	Kinds []Kind  // of errors; none means all
	Share float64 // of the triples that are made wrong; 0 means 0.02
	Folds []int   // ways to judge: 0 by one model trained on all triples, k by cross-scoring
	Options
}

// Result is a line of a measurement.
type Result struct {
	Kind    Kind
	Method  string // "random", "trained on them" or "5 folds"
	Seconds float64
	Detection
}

// Measure plants errors in all triples of a benchmark's folder, judges them in each way, and by lot, and calls each with
// the results as they come.
func Measure(ctx context.Context, folder string, o MeasureOptions, each func(Result)) error {
	d, err := train.ReadSplits(folder)
	if err != nil {
		return err
	}
	if o.Share == 0 {
		o.Share = 0.02
	}
	if !(o.Share > 0 && o.Share <= 0.5) {
		return fmt.Errorf("doubt: %w: the share %g of planted errors must be above 0 and at most 0.5", train.ErrOptions, o.Share)
	}
	if len(o.Kinds) == 0 {
		o.Kinds = Kinds
	}
	graph := unique(d)
	known := eval.NewKnown(graph)
	for _, kind := range o.Kinds {
		planted, wrong := Plant(graph, known, kind, o.Share, o.Seed)
		each(Result{Kind: kind, Method: "random", Detection: Detect(byLot(len(planted), o.Share, o.Seed), wrong)})
		for _, folds := range o.Folds {
			start := time.Now()
			by := o.Options
			by.Folds = folds
			method := fmt.Sprintf("%d folds", folds)
			var verdicts []Verdict
			if folds == 0 {
				method = "trained on them"
				verdicts, err = inSample(ctx, d, planted, by)
			} else {
				verdicts, err = CrossScore(ctx, d.Vocabulary, planted, by)
			}
			if err != nil {
				return err
			}
			each(Result{kind, method, time.Since(start).Seconds(), Detect(verdicts, wrong)})
		}
	}
	return nil
}

// byLot returns verdicts that know nothing.
func byLot(n int, share float64, seed uint64) []Verdict {
	random := rand.New(rand.NewPCG(seed, 22))
	verdicts := make([]Verdict, n)
	for i := range verdicts {
		verdicts[i] = Verdict{true, random.Float64(), share}
	}
	return verdicts
}

// unique returns the triples of all splits, each once.
func unique(d train.Data) (all []model.Triple) {
	seen := map[model.Triple]bool{}
	for _, split := range [][]model.Triple{d.Train, d.Valid, d.Test} {
		for _, t := range split {
			if !seen[t] {
				seen[t] = true
				all = append(all, t)
			}
		}
	}
	return all
}

// inSample judges triples by one model that was trained on nearly all of them.
func inSample(ctx context.Context, about train.Data, triples []model.Triple, o Options) ([]Verdict, error) {
	fit := o.Fit
	if fit == nil {
		fit = train.Train
	}
	d := train.HoldOut(triples, validShare, 0, o.Seed)
	d.Vocabulary = about.Vocabulary
	settings := o.Train
	settings.Seed = o.Seed
	if o.Progress != nil {
		settings.Progress = func(p train.Progress) { o.Progress(Progress{1, 1, p}) }
	}
	e, err := fit(ctx, d, settings)
	if err != nil {
		return nil, err
	}
	verdicts := make([]Verdict, len(triples))
	for i, t := range triples {
		verdicts[i] = Judge(e, t)
	}
	return verdicts, nil
}
