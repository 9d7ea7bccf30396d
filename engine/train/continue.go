package train

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/inklingdb/inkling/engine/model"
)

const (
	// continuedRate is the share of the learning rate that a trained model goes on with.
	continuedRate = 0.5
	// gaugedBatches is how many batches the mean squared gradient is taken over.
	gaugedBatches = 4
)

// Continue takes trained tables through o.Epochs more passes over the questions that asked's triples are answers to, in
// both directions, with all the answers that d.Train has to them, and returns new tables. Entities of none of asked's
// triples keep their rows. The rate falls from half of the training's; see OptionsOf for the other settings. Adagrad's sums
// of squares are not kept: they begin as if the table's mean squared gradient had been met so many steps before; the more,
// the shorter the steps. There is no validation. The same arguments give the same tables, whatever the number of workers.
// Cancelling ctx ends it within a batch with ctx's error.
func Continue(ctx context.Context, tables model.Tables, d Data, asked []model.Triple, met float64, o Options) (model.Tables, error) {
	epochs := max(1, o.Epochs)
	d.Vocabulary, d.Valid, d.Test = tables.Vocabulary, nil, nil
	o.Family, o.Dim, o.NoReciprocal = tables.Family.Name, tables.Dim, !tables.Reciprocal
	o.Schedule, o.DecayTo, o.Warmup = Linear, 0.1, 0
	o.QueryTargets = allTargets // a question is asked once
	o = o.Defaults(d)
	o.Epochs, o.LearningRate = epochs, o.LearningRate*continuedRate
	if err := o.check(d); err != nil {
		return model.Tables{}, err
	}
	if err := o.checkLoss(tables.Family); err != nil {
		return model.Tables{}, err
	}
	t := newTrainer(d, o, tables.Family)
	copy(t.params.Entities, tables.Entities)
	copy(t.params.Relations, tables.Relations)
	t.params.renorm()
	t.askOnly(asked)
	t.holdStill(asked)
	if err := t.gauge(ctx, met); err != nil {
		return model.Tables{}, err
	}
	if err := t.run(ctx); err != nil {
		return model.Tables{}, err
	}
	return t.params.Tables, nil
}

// askOnly leaves out the questions that none of the triples is an answer to.
func (t *trainer) askOnly(asked []model.Triple) {
	wanted := make(map[question]bool, 2*len(asked))
	for _, x := range asked {
		wanted[question{entity: x.H, relation: x.R}] = true
		wanted[question{entity: x.T, relation: x.R + t.reverse, heads: t.reverse == 0}] = true
	}
	kept := t.groups[:0]
	for _, g := range t.groups {
		if wanted[g.question()] {
			kept = append(kept, g)
		}
	}
	t.groups = kept
	t.progress.Batches = (len(t.groups) + t.options.Batch - 1) / t.options.Batch
}

// holdStill keeps the rows of entities that none of the triples has.
func (t *trainer) holdStill(asked []model.Triple) {
	still := make([]bool, t.params.Vocabulary.Entities())
	for i := range still {
		still[i] = true
	}
	for _, x := range asked {
		still[x.H], still[x.T] = false, false
	}
	t.params.still = still
}

// gauge takes a few steps of length 0 to see how large gradients are, and begins Adagrad's sums as if they had been met
// that many times. Rows that stand still do not count.
func (t *trainer) gauge(ctx context.Context, met float64) error {
	if t.options.Optimiser != Adagrad || len(t.groups) == 0 {
		return nil
	}
	random := rand.New(rand.NewPCG(t.options.Seed, 7))
	for range gaugedBatches {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("train: continue: %w", err)
		}
		groups := make([]group, min(t.options.Batch, len(t.groups)))
		for i := range groups {
			groups[i] = t.groups[random.IntN(len(t.groups))]
		}
		t.objective.step(groups, 0)
	}
	moving := 0
	for _, still := range t.params.still {
		if !still {
			moving++
		}
	}
	numbers := []int{moving * t.params.entityWidth, len(t.params.relations.second)}
	for i, s := range []*state{&t.params.entities, &t.params.relations} {
		var sum float64
		for _, v := range s.second {
			sum += float64(v)
		}
		mean := float32(sum / float64(max(1, numbers[i])) / gaugedBatches * met)
		for i := range s.second {
			s.second[i] = max(mean, adagradEps)
		}
	}
	return nil
}
