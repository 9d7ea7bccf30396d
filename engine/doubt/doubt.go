// Package doubt looks for triples that a graph states and a model takes to be false. A model scores high what it was
// trained on, wrong or not, so that a triple is best judged by a model that has not seen it: CrossScore trains one model
// for each of k parts of the graph without that part. Plant, Detect and Measure tell how well that, or any other verdict,
// finds errors that were put in. It takes triples by rows; package engine reads the graph and gives the reasons.
package doubt

import (
	"context"
	"fmt"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// Verdict is what a model makes of a stated triple.
type Verdict struct {
	Judged    bool    // false where no model can tell: it knows one of the terms from this triple alone
	Prob      float64 // calibrated probability
	Threshold float64 // the model's, from which it calls a triple a fact
}

// Doubtful reports whether the model takes the triple to be false.
func (v Verdict) Doubtful() bool { return v.Judged && v.Prob < v.Threshold }

// Options of a cross-scoring.
type Options struct {
	Folds    int           // parts, from 2 on; as many models are trained
	Seed     uint64        // of the parts and, through Train, of the trainings
	Train    train.Options // Seed is set from Seed
	Fit      Fit           // nil means train.Train
	Progress func(p Progress)
}

// Fit trains a model; train.Train is one.
type Fit func(ctx context.Context, d train.Data, o train.Options) (*model.Embedding, error)

// Progress is how far a cross-scoring has come.
type Progress struct {
	Fold, Folds int // from 1
	train.Progress
}

// Done returns the share of the work that is done.
func (p Progress) Done() float64 {
	epoch := (float64(p.Epoch-1) + float64(p.Batch)/float64(max(1, p.Batches))) / float64(max(1, p.Epochs))
	return (float64(p.Fold-1) + max(0, epoch)) / float64(max(1, p.Folds))
}

// validShare is the share of a training's triples that stop and calibrate it.
const validShare = 0.05

// CrossScore judges each triple by a model trained without it: on the triples of all parts but its own, of which one in
// twenty stops the training and calibrates. Verdict i is of triples[i].
func CrossScore(ctx context.Context, vocabulary *model.Vocabulary, triples []model.Triple, o Options) ([]Verdict, error) {
	if o.Folds < 2 || o.Folds > len(triples) {
		return nil, fmt.Errorf("doubt: %w: %d folds of %d triples: take from 2 to as many as there are triples", train.ErrOptions, o.Folds, len(triples))
	}
	fit := o.Fit
	if fit == nil {
		fit = train.Train
	}
	fold := train.Folds(triples, o.Folds, o.Seed)
	verdicts := make([]Verdict, len(triples))
	for f := range o.Folds {
		var seen []model.Triple
		for i, t := range triples {
			if fold[i] != f {
				seen = append(seen, t)
			}
		}
		d := train.HoldOut(seen, validShare, 0, o.Seed)
		d.Vocabulary = vocabulary
		settings := o.Train
		settings.Seed = o.Seed
		if o.Progress != nil {
			settings.Progress = func(p train.Progress) { o.Progress(Progress{f + 1, o.Folds, p}) }
		}
		e, err := fit(ctx, d, settings)
		if err != nil {
			return nil, fmt.Errorf("doubt: fold %d of %d: %w", f+1, o.Folds, err)
		}
		for i, t := range triples {
			if fold[i] == f {
				verdicts[i] = Judge(e, t)
			}
		}
	}
	return verdicts, nil
}

// Judge returns an embedding's verdict on a triple of its vocabulary.
func Judge(e *model.Embedding, t model.Triple) Verdict {
	return Verdict{Judged: true, Prob: e.Prob(t.H, t.R, t.T), Threshold: e.Calibration.Threshold}
}
