package train

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/inklingdb/inkling/engine/model"
)

const (
	// continuedShare is the share of the learning rate that a trained model goes on with, and continuedMost the rate at most
	// under Adagrad, whose steps are of that length whatever the gradients'. It falls to continuedDecay; Adam, which begins
	// without moments, falls to decayByAdam. With a quarter more triples at once CoDEx-S, trained at 0.1 to a test MRR of 0.387, goes to
	// 0.412, 0.418 and 0.423 by a fifth, a third and half of its rate; two commits of 10,000 triples take FB15k-237, trained at 0.2, from 0.3263 to 0.3290, 0.3286 and
	// 0.3280 (6,000 test triples).
	continuedShare, continuedMost = 0.5, 0.045
	continuedDecay, decayByAdam   = 0.5, 0.1
	// continuedPairs lowers the rate further where each answer has negatives of its own: there are as many steps more as a
	// question has answers. Without it TransE by the Manhattan norm and TransR lose a tenth of the MRR of trained triples to those of a new relation in the conformance test.
	continuedPairs = 0.4
	// gauged is how many questions the mean squared gradient is taken over.
	gauged = 256
)

// Question asks for one end of triples: for the tails of (Entity, Relation, ?), or with Heads the heads of (?, Relation,
// Entity). Answers are all the stated ones, ascending.
type Question struct {
	Entity, Relation uint32
	Heads            bool
	Answers          []uint32
}

// Continuation is what a trained model goes on with.
type Continuation struct {
	Questions []Question // no two the same
	Moves     []uint32   // entities whose rows move, each once; the others keep theirs
	// EntityTriples and RelationTriples say, by entity and by relation, of how many triples a row has been trained.
	EntityTriples, RelationTriples []float32
	// Met is how many times Adagrad is to have met the gradients of each of those triples; the more, the shorter the steps.
	Met float64
}

// Continue takes trained tables through o.Epochs more passes over the continuation's questions and returns new tables. See
// OptionsOf for the settings, of which the rate is lowered. Adagrad's sums of squares are not kept with a model: a row's
// begin as if the mean squared gradient of one triple had been met Met times for each triple that the row was trained
// on, so that rows of many triples, which the new ones say little about, move little, and those of few move far. There is
// no validation. The same arguments give the same tables, whatever the number of workers. Cancelling ctx ends it within
// a batch with ctx's error.
func Continue(ctx context.Context, tables model.Tables, c Continuation, o Options) (model.Tables, error) {
	order, at := c.order(tables.Vocabulary.Entities())
	d := Data{Vocabulary: tables.Vocabulary, Train: c.triples()}
	epochs, batch := max(1, o.Epochs), o.Batch
	o.Family, o.Dim, o.NoReciprocal = tables.Family.Name, tables.Dim, !tables.Reciprocal
	o.Schedule, o.DecayTo, o.Warmup = Linear, continuedDecay, 0
	o.QueryTargets = allTargets // a question is asked once
	o = o.Defaults(d)
	o.Epochs, o.LearningRate = epochs, o.LearningRate*continuedShare
	switch kind, _ := o.Loss.kind(); {
	case o.Optimiser == Adam:
		o.DecayTo = decayByAdam
	case kind == paired:
		o.LearningRate *= continuedPairs
	default:
		o.LearningRate = min(o.LearningRate, continuedMost)
	}
	if batch > 0 {
		o.Batch = min(batch, len(c.Questions))
	}
	if err := o.check(d); err != nil {
		return model.Tables{}, err
	}
	if err := o.checkLoss(tables.Family); err != nil {
		return model.Tables{}, err
	}
	t := newContinued(d, o, tables.Family, c.groups(tables, at))
	t.params.take(tables, order, len(c.Moves))
	if err := t.gauge(ctx, c, order); err != nil {
		return model.Tables{}, err
	}
	if err := t.run(ctx); err != nil {
		return model.Tables{}, err
	}
	return t.params.give(tables, order), nil
}

// order returns the entities with those that move first, and where each of them is.
func (c Continuation) order(n int) (order, at []uint32) {
	order, at = make([]uint32, 0, n), make([]uint32, n)
	moves := make([]bool, n)
	for _, e := range c.Moves {
		moves[e] = true
	}
	order = append(order, c.Moves...)
	for e, moving := range moves {
		if !moving {
			order = append(order, uint32(e))
		}
	}
	for i, e := range order {
		at[e] = uint32(i)
	}
	return order, at
}

// groups returns the questions by the places of entities.
func (c Continuation) groups(tables model.Tables, at []uint32) []group {
	out := make([]group, len(c.Questions))
	for i, q := range c.Questions {
		g := group{entity: at[q.Entity], relation: q.Relation, targets: make([]uint32, len(q.Answers)), heads: q.Heads}
		if q.Heads && tables.Reciprocal {
			g.relation, g.heads = tables.Reverse(q.Relation), false
		}
		for k, e := range q.Answers {
			g.targets[k] = at[e]
		}
		slices.Sort(g.targets)
		out[i] = g
	}
	return out
}

// triples returns one of each question.
func (c Continuation) triples() []model.Triple {
	out := make([]model.Triple, len(c.Questions))
	for i, q := range c.Questions {
		out[i] = model.Triple{H: q.Entity, R: q.Relation, T: q.Answers[0]}
		if q.Heads {
			out[i].H, out[i].T = out[i].T, out[i].H
		}
	}
	return out
}

// newContinued returns a trainer of questions that are given whole.
func newContinued(d Data, o Options, family model.Family, whole []group) *trainer {
	t := beginTrainer(d, o, family)
	t.prepare(func(limit int) []group { return inPieces(whole, limit) })
	return t
}

// inPieces returns groups of at most limit answers.
func inPieces(whole []group, limit int) []group {
	out := make([]group, 0, len(whole))
	for _, g := range whole {
		for part := range slices.Chunk(g.targets, limit) {
			piece := g
			piece.targets = part
			out = append(out, piece)
		}
	}
	return out
}

// gauge takes steps of length 0 to see how large gradients are, and sets Adagrad's sums of squares by them.
func (t *trainer) gauge(ctx context.Context, c Continuation, order []uint32) error {
	if t.options.Optimiser != Adagrad || len(t.groups) == 0 {
		return nil
	}
	random := rand.New(rand.NewPCG(t.options.Seed, 7))
	var ends, triples float64
	for left := min(gauged, len(t.groups)); left > 0; left -= t.options.Batch {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("train: continue: %w", err)
		}
		groups := make([]group, min(left, t.options.Batch))
		for i := range groups {
			groups[i] = t.groups[random.IntN(len(t.groups))]
			triples += float64(len(groups[i].targets))
			ends += t.movingEnds(groups[i])
		}
		t.objective.step(groups, 0)
	}
	entities, relations := &t.params.entities, &t.params.relations
	each := float32(mean(entities.second, ends*float64(t.params.entityWidth)))
	for i := range order[:t.params.moving] {
		met := 2*float64(c.EntityTriples[order[i]])*c.Met + 1 // two directions
		fill(entities.second[i*t.params.entityWidth:(i+1)*t.params.entityWidth], max(each*float32(met), adagradEps))
	}
	each = float32(mean(relations.second, triples*float64(t.params.relWidth)))
	for r := range t.params.RelationRows() {
		met := float64(c.RelationTriples[r%t.params.Vocabulary.Relations()])*c.Met + 1
		fill(relations.second[r*t.params.relWidth:(r+1)*t.params.relWidth], max(each*float32(met), adagradEps))
	}
	return nil
}

// movingEnds returns how many ends of a group's triples are rows that move, the question's own counted once.
func (t *trainer) movingEnds(g group) (n float64) {
	for _, e := range append(g.targets[:len(g.targets):len(g.targets)], g.entity) {
		if int(e) < t.params.moving {
			n++
		}
	}
	return n
}

// mean returns the sum of squares by their number; 0 where there are none.
func mean(squares []float32, n float64) float64 {
	var sum float64
	for _, v := range squares {
		sum += float64(v)
	}
	return sum / max(n, 1)
}

func fill(row []float32, value float32) {
	for i := range row {
		row[i] = value
	}
}
