package engine

import (
	"cmp"
	"context"
	"sync"

	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/udf"
)

// judgeBatch is how many triples one goroutine judges at a time: 100 KB of them, and a few hundred microseconds.
const judgeBatch = 4096

// byModel judges the graph's triples by the model as it stands: one goroutine reads, two score, as for any query.
func (x *errorSearch) byModel(ctx context.Context) ([]doubted, error) {
	m := x.published.functions
	x.report.Method, x.report.Note, x.report.Below = "model", noteModel, cmp.Or(x.request.Below, m.Threshold)
	patterns := []store.Pattern{{}}
	if len(x.relations) > 0 {
		patterns = patterns[:0]
		for _, r := range x.relations {
			patterns = append(patterns, store.Pattern{P: r})
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	batches, spare := make(chan []store.Triple), make(chan []store.Triple, scoreWorkers+1)
	var judges sync.WaitGroup
	defer judges.Wait()
	found := make([]judging, scoreWorkers)
	for i := range found {
		found[i] = judging{model: m, below: x.request.Below, first: newLeaders(x.request.Limit, byDoubt)}
		judges.Go(func() {
			for batch := range batches {
				found[i].judge(batch)
				spare <- batch[:0]
			}
		})
		spare <- make([]store.Triple, 0, judgeBatch)
	}
	spare <- make([]store.Triple, 0, judgeBatch)
	err := x.read(ctx, patterns, batches, spare)
	close(batches)
	judges.Wait()
	if err != nil {
		return nil, err
	}
	all := newLeaders(x.request.Limit, byDoubt)
	for i := range found {
		x.report.Judged += found[i].judged
		x.report.Doubtful += found[i].doubtful
		for _, d := range found[i].first.list() {
			all.add(d)
		}
	}
	return all.list(), nil
}

// read hands the triples of the patterns to the judges, a batch at a time.
func (x *errorSearch) read(ctx context.Context, patterns []store.Pattern, batches chan<- []store.Triple, spare <-chan []store.Triple) error {
	total := int64(0)
	for _, p := range patterns {
		n, _ := x.snapshot.view.Count(x.graph, p)
		total += n
	}
	batch := <-spare
	for _, p := range patterns {
		err := graph{x.snapshot.view}.Match(x.graph, p, func(t store.Triple) bool {
			batch = append(batch, t)
			x.report.Triples++
			if len(batch) < judgeBatch {
				return true
			}
			batches <- batch
			batch = <-spare
			x.progress("judging", min(1, float64(x.report.Triples)/float64(max(1, total))))
			return ctx.Err() == nil
		})
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
	batches <- batch
	return nil
}

// judging is what one goroutine has judged.
type judging struct {
	model            *udf.Model
	below            float64 // 0: each relation's threshold
	probs            []float64
	judged, doubtful int64
	first            *leaders[doubted]
}

func (j *judging) judge(batch []store.Triple) {
	if cap(j.probs) < len(batch) {
		j.probs = make([]float64, judgeBatch)
	}
	probs := j.probs[:len(batch)]
	udf.Plausible(j.model, batch, probs)
	for i, t := range batch {
		if probs[i] < 0 {
			continue // a literal, or a term that the model does not know
		}
		j.judged++
		threshold := j.model.ThresholdFor(t.P)
		if probs[i] < cmp.Or(j.below, threshold) || j.below == 1 {
			j.doubtful++
			j.first.add(doubted{t, probs[i], threshold})
		}
	}
}
