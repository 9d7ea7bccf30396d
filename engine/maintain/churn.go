package maintain

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/inklingdb/inkling/engine/model"
)

// Churn is what many commits did to a model that end where they began: the graph is the one that it was trained on, so
// that all that has changed is drift.
type Churn struct {
	Commits       int
	Took          time.Duration
	P50, P99      time.Duration // of a commit
	Drift         float64       // at the end
	WorstDrift    float64       // of the looks at every thousandth commit
	Rest, Trained Comparison    // filtered MRR
}

// String returns the figures in a line.
func (c Churn) String() string {
	return fmt.Sprintf("%d commits that end where they began, in %v (p50 %v, p99 %v): drift %.3f, at worst %.3f; MRR of held-out triples %.4f before, %.4f after, of trained ones %.4f, %.4f",
		c.Commits, c.Took.Round(time.Second), c.P50.Round(10*time.Microsecond), c.P99.Round(10*time.Microsecond), c.Drift, c.WorstDrift,
		c.Rest.Before, c.Rest.After, c.Trained.Before, c.Trained.After)
}

// away is how many triples are missing from the graph at a time while it churns.
const away = 64

// churn removes random trained triples and puts them back.
func (g *rehearsal) churn(ctx context.Context) error {
	if g.options.Churn == 0 {
		return nil
	}
	r := &g.result.Churned
	if err := g.compareChurn(ctx, func(c *Comparison) *float64 { return &c.Before }); err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(g.options.Maintain.Seed, 11))
	var gone []model.Triple
	missing := map[model.Triple]bool{}
	var times []time.Duration
	start := time.Now()
	for i := range g.options.Churn {
		left := g.options.Churn - i
		var err error
		if len(gone) >= min(away, left) && len(gone) > 0 {
			at := random.IntN(len(gone))
			t := gone[at]
			gone[at] = gone[len(gone)-1]
			gone = gone[:len(gone)-1]
			delete(missing, t)
			err = g.write(ctx, nil, []model.Triple{t})
		} else if t := g.data.Train[random.IntN(len(g.data.Train))]; !missing[t] && !g.gone[t] && left > 1 {
			gone, missing[t] = append(gone, t), true
			err = g.write(ctx, []model.Triple{t}, nil)
		}
		if err != nil {
			return err
		}
		took, err := g.follow(ctx)
		if err != nil {
			return err
		}
		times = append(times, took)
		g.options.tell("churn", i+1)
		if (i+1)%1000 == 0 {
			r.WorstDrift = max(r.WorstDrift, g.follower.Status().Drift)
		}
	}
	r.Commits, r.Took, r.Drift = len(times), time.Since(start), g.follower.Status().Drift
	r.WorstDrift = max(r.WorstDrift, r.Drift)
	r.P50, r.P99 = percentiles(times)
	return g.compareChurn(ctx, func(c *Comparison) *float64 { return &c.After })
}

func (g *rehearsal) compareChurn(ctx context.Context, field func(*Comparison) *float64) error {
	e := g.follower.Embedding()
	for _, x := range []struct {
		triples []model.Triple
		into    *Comparison
	}{{g.rest, &g.result.Churned.Rest}, {g.trained, &g.result.Churned.Trained}} {
		m, err := g.mrr(ctx, e, x.triples)
		if err != nil {
			return err
		}
		*field(x.into) = m
	}
	return nil
}
