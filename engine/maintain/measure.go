package maintain

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// MeasureOptions say what Measure does. Zero counts take the default, in brackets.
type MeasureOptions struct {
	Folder   string           // of a benchmark's splits, see train.ReadSplits
	Train    train.Options    // of the model to maintain
	Model    *model.Embedding // trained on Folder before, instead
	Maintain Options
	Commits  int                          // held-out triples added, one commit each [1,000, at most half of the test split]
	Removals int                          // trained triples removed after that, one commit each [100]
	Rest     int                          // of the remaining test split and of the training triples, so many are ranked [2,000]
	Churn    int                          // commits of one triple after that, each removing a trained one or putting one back [0]
	Sizes    []int                        // of commits, triples, whose times are taken; the largest is what the last fifth is streamed by [none]
	Retrain  bool                         // train again on the graph with the added triples, to compare
	Progress func(doing string, done int) // commits so far; may be nil
	// Processor returns the processor time that the process has taken, in seconds; nil is none.
	Processor func() float64
	// Fit trains a model, for one that train.Train does not; nil is train.Train with the options Train.
	Fit func(context.Context, train.Data) (*model.Embedding, error)
}

func (o MeasureOptions) tell(doing string, done int) {
	if o.Progress != nil {
		o.Progress(doing, done)
	}
}

// processor is Processor, 0 where there is none.
func (o MeasureOptions) processor() float64 {
	if o.Processor == nil {
		return 0
	}
	return o.Processor()
}

// Measurement is what maintenance did to a model.
type Measurement struct {
	Commits               int
	P50, P99              time.Duration // of a commit: applied, saved and published
	Added, Rest, Trained  Comparison    // filtered MRR of the added triples, the other held-out ones, the trained ones
	Removed               int
	FactsBefore, FactsNow int // of the removed triples, those the model takes for facts
	TrainedAfterRemovals  float64
	Drift                 float64 // after the additions
	Retraining            time.Duration
	Churned               Churn
	Sizes                 []CommitTime
	Streamed              *Stream // nil when no sizes were given
}

// Comparison is one figure before maintenance, after it, and of a model trained anew.
type Comparison struct{ Before, After, Retrained float64 }

// String returns the figures in a few lines.
func (m Measurement) String() string {
	var b strings.Builder
	line := func(name string, c Comparison) {
		fmt.Fprintf(&b, "MRR of %-18s %.4f before, %.4f after", name, c.Before, c.After)
		if m.Retraining > 0 {
			fmt.Fprintf(&b, ", %.4f retrained", c.Retrained)
		}
		fmt.Fprintln(&b)
	}
	fmt.Fprintf(&b, "%d triples added, one commit each: p50 %v, p99 %v a commit; drift %.3f\n", m.Commits,
		m.P50.Round(10*time.Microsecond), m.P99.Round(10*time.Microsecond), m.Drift)
	line("the added triples", m.Added)
	line("other held-out", m.Rest)
	line("trained triples", m.Trained)
	fmt.Fprintf(&b, "%d trained triples removed: %d facts before, %d after; MRR of trained triples that stayed %.4f\n",
		m.Removed, m.FactsBefore, m.FactsNow, m.TrainedAfterRemovals)
	if m.Retraining > 0 {
		fmt.Fprintf(&b, "retraining took %v\n", m.Retraining.Round(10*time.Millisecond))
	}
	if m.Churned.Commits > 0 {
		fmt.Fprintln(&b, m.Churned)
	}
	for _, s := range m.Sizes {
		fmt.Fprintln(&b, s)
	}
	if m.Streamed != nil {
		fmt.Fprintln(&b, m.Streamed)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Measure trains on a benchmark's training split held in a store in memory, then adds held-out triples and removes
// trained ones, one commit at a time, and ranks before and after.
func Measure(ctx context.Context, o MeasureOptions) (Measurement, error) {
	set(&o.Commits, 1000)
	set(&o.Removals, 100)
	set(&o.Rest, 2000)
	d, err := train.ReadSplits(o.Folder)
	if err != nil {
		return Measurement{}, err
	}
	g, err := newStage(ctx, d, o)
	if err != nil {
		return Measurement{}, err
	}
	defer g.close()
	if err := g.add(ctx); err != nil {
		return g.result, err
	}
	if err := g.remove(ctx); err != nil {
		return g.result, err
	}
	if err := g.churn(ctx); err != nil {
		return g.result, err
	}
	if err := g.retrain(ctx); err != nil || len(o.Sizes) == 0 {
		return g.result, err
	}
	return g.result, g.stream(ctx)
}

// add commits the held-out triples one by one.
func (g *rehearsal) add(ctx context.Context) error {
	if err := g.compare(ctx, g.follower.Embedding(), func(c *Comparison) *float64 { return &c.Before }); err != nil {
		return err
	}
	var times []time.Duration
	for i, t := range g.added {
		if err := g.write(ctx, nil, []model.Triple{t}); err != nil {
			return err
		}
		took, err := g.follow(ctx)
		if err != nil {
			return err
		}
		times = append(times, took)
		g.options.tell("commits", i+1)
	}
	g.result.P50, g.result.P99 = percentiles(times)
	g.result.Commits, g.result.Drift = len(times), g.follower.Status().Drift
	return g.compare(ctx, g.follower.Embedding(), func(c *Comparison) *float64 { return &c.After })
}

// remove takes trained triples out again, one commit each.
func (g *rehearsal) remove(ctx context.Context) error {
	removed := spread(g.data.Train, g.options.Removals)
	facts := func() (n int) {
		e := g.follower.Embedding()
		for _, t := range removed {
			if e.IsFact(t.H, t.R, t.T) {
				n++
			}
		}
		return n
	}
	g.result.Removed, g.result.FactsBefore = len(removed), facts()
	g.gone = map[model.Triple]bool{}
	for _, t := range removed {
		g.gone[t] = true
		if err := g.write(ctx, []model.Triple{t}, nil); err != nil {
			return err
		}
		if err := g.follower.catchUp(ctx); err != nil {
			return err
		}
	}
	g.result.FactsNow = facts()
	stayed := slices.DeleteFunc(slices.Clone(g.trained), func(t model.Triple) bool { return g.gone[t] })
	var err error
	g.result.TrainedAfterRemovals, err = g.mrr(ctx, g.follower.Embedding(), stayed)
	return err
}

// retrain trains on the graph with the added triples.
func (g *rehearsal) retrain(ctx context.Context) error {
	if !g.options.Retrain {
		return nil
	}
	d := g.data
	d.Train = slices.Concat(d.Train, g.added)
	start := time.Now()
	e, err := g.options.train(ctx, d)
	if err != nil {
		return err
	}
	g.result.Retraining = time.Since(start)
	return g.compare(ctx, e, func(c *Comparison) *float64 { return &c.Retrained })
}
