// Package tune searches for the model, loss and settings that suit a graph. It looks at the graph first (Evidence:
// size, density, the relation patterns of index/pattern), derives candidates with a reason each (Candidate), and
// compares them by successive halving on validation MRR: all are trained for a few epochs at a small dimension, the
// better half goes on with more epochs and a larger dimension, and the best one is trained in full. A Report says what
// was seen, tried and chosen. The package trains through engine/train and knows no store; its comparisons are only as
// good as the validation triples are many.
package tune

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// Options of a search. The zero value works.
type Options struct {
	// Base holds settings that are not searched for: what is not zero there is the same in every trial. Its Dim and
	// Epochs are the final training's, and bound the trials'; its Budget is the time for everything from the look at
	// the graph to the calibrated model, DefaultBudget unless given. Its Progress is not called.
	Base train.Options
	// Rungs is the schedule by epochs: with it the clock plays no part, and the same data, options and seed give the
	// same model and, but for seconds, the same report. Without it the rungs are chosen by size and cut by Budget.
	Rungs []Rung
	// Progress is called from the searching goroutine a few times a second; may be nil.
	Progress func(Progress)
}

// Progress is how far a search has come.
type Progress struct {
	Rung, Rungs   int // from 1; the last one is the final training. 0 while the graph is looked at
	Trial, Trials int // of this rung, from 1
	Candidate     string
	Done          float64        // of the whole search, 0 to 1: of its budget, or of its trials with a schedule by epochs
	BestMRR       float64        // of the trials so far
	Training      train.Progress // of the trial under way
}

// Final reports whether the chosen candidate is being trained in full.
func (p Progress) Final() bool { return p.Rung > 0 && p.Rung == p.Rungs }

// ErrNoValidation is returned for data without validation triples: nothing can be compared then.
var ErrNoValidation = errors.New("no validation triples to compare candidates by: hold some out, or name a file of them")

// DefaultBudget returns the time a search is given for a graph of that size: two minutes and three more seconds for every
// thousand training triples, at most an hour. The five epochs or so of FB15k-237's 272,115 triples that each of the
// last trials needs then fit on two cores.
func DefaultBudget(triples int) time.Duration {
	return min(2*time.Minute+time.Duration(triples)*3*time.Millisecond, time.Hour)
}

// Search finds settings for the data and returns the model trained with them, calibrated, with the report in its
// metadata (see ReportOf). A trial that diverges or runs out of time counts as the worst. Errors: train.ErrNoData,
// train.ErrOptions where the fixed settings leave no candidate, ErrNoValidation, and ctx's when cancelled.
func Search(ctx context.Context, d train.Data, o Options) (*model.Embedding, *Report, error) {
	s := searcher{data: d, options: o, now: time.Now, train: train.Train}
	e, err := s.search(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("tune: %w", err)
	}
	if err := s.report.attach(e); err != nil {
		return nil, nil, fmt.Errorf("tune: %w", err)
	}
	return e, &s.report, nil
}
