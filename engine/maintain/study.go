package maintain

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/store"
)

// A large commit is applied part by part, each saved and published before the next: new terms are placed, the added
// triples are studied by the training's own passes, a portion at a time, and the removed ones are unlearnt.

const (
	// studied is how many triples are studied together: enough that passes over them cost as little a triple as in training.
	studied = 20_000
	// studiedTogether is from how many changes on a commit is not looked after as small ones are: what many triples bend
	// is what they say.
	studiedTogether = 512
	// unlearntTogether is how many removed triples make a part.
	unlearntTogether = 256
	// outgrown is by how many times the triples trained on the changes may grow before a new training is asked for.
	outgrown = 0.5
)

// large applies the part of a large commit that a stage stands before, and returns the next stage: the zero one after
// the last part.
func (l *learner) large(ctx context.Context, added, removed []store.Triple, s stage, h *history, random *rand.Rand) (stage, error) {
	adding := (len(added) + studied - 1) / studied
	parts := 1 + adding + (len(removed)+unlearntTogether-1)/unlearntTogether
	part := int(s.Part)
	var err error
	switch {
	case part == 0:
		if err = l.place(ctx, added, h, random); err == nil {
			err = l.uproot(ctx, removed, h, random)
		}
	case part <= adding:
		chunk := added[(part-1)*studied : min(part*studied, len(added))]
		l.changes += int64(len(chunk))
		err = l.study(ctx, chunk, added[min(part*studied, len(added)):], h, uint64(part))
	default:
		at := (part - 1 - adding) * unlearntTogether
		chunk := removed[at:min(at+unlearntTogether, len(removed))]
		l.changes += int64(len(chunk))
		err = l.inGroups(ctx, chunk, h, random, l.unlearn)
	}
	if err != nil {
		return s, err
	}
	if part++; part == parts {
		l.pending = 0
		return stage{}, l.conclude(ctx, len(added)+len(removed), h, random)
	}
	l.pending = len(added) + len(removed) - min((part-1)*studied, len(added)) - max(0, part-1-adding)*unlearntTogether
	return stage{Part: uint32(part)}, nil
}

// conclude ends a large commit of n changes.
func (l *learner) conclude(ctx context.Context, n int, h *history, random *rand.Rand) error {
	l.outgrow(h)
	if every := int64(l.options.RefreshEvery); n <= studiedTogether && (l.changes-int64(n))/every != l.changes/every {
		if err := l.bound(ctx, h, random); err != nil {
			return err
		}
	}
	return l.recalibrate(h)
}

// outgrow asks for a new training where much of the graph is newer than the model's.
func (l *learner) outgrow(h *history) {
	if n := l.base.Triples; n > 0 && float64(l.changes) > outgrown*float64(n) {
		l.stale = fmt.Sprintf("%d changes by version %d, to %d triples trained on", l.changes, h.version, n)
	}
}

// bulk applies one part of a bulk import: it goes on through the graph from the stage's triple until it has found a
// portion of triples that the model has no rows for or does not believe, places what is new and studies them.
func (l *learner) bulk(ctx context.Context, s stage, h *history, random *rand.Rand) (stage, error) {
	found, from, done, err := l.unbelieved(ctx, s.From, h)
	if err != nil {
		return s, err
	}
	l.changes += int64(len(found))
	if l.solver != nil {
		err = l.refit(ctx, found, nil, h, random)
	} else if err = l.place(ctx, found, h, random); err == nil {
		err = l.study(ctx, found, nil, h, uint64(s.Part))
	}
	if err != nil {
		return s, err
	}
	if done && l.solver != nil && len(found) > 0 {
		return stage{Part: s.Part + 1, From: from}, nil // R is solved for with the sums over these rows, in a part of its own
	}
	if done {
		l.pending = 0
		l.outgrow(h)
		if l.solver != nil {
			if err := l.solveRelations(ctx, h); err != nil {
				return s, err
			}
		}
		return stage{}, l.recalibrate(h)
	}
	l.pending = studied // at least; the log does not say
	return stage{Part: s.Part + 1, From: from}, nil
}

// unbelieved returns a portion of the triples from one on that the model lacks terms of or takes for false, and the
// triple after them; done says that there are no more.
func (l *learner) unbelieved(ctx context.Context, from store.Triple, h *history) (out []store.Triple, next store.Triple, done bool, err error) {
	const page = 4096
	e := model.Embedding{Tables: l.tables}
	least := map[uint32]float32{} // by relation
	for {
		if err := ctx.Err(); err != nil {
			return nil, from, false, err
		}
		triples, err := h.Triples(store.Pattern{}, from, page)
		if err != nil {
			return nil, from, false, err
		}
		for _, t := range triples {
			if !isEntity(t.O) {
				continue
			}
			if rows, known := l.tables.Vocabulary.Triple(t); known {
				if _, told := least[rows.R]; !told {
					least[rows.R] = l.least(rows.R)
				}
				if e.Score(rows.H, rows.R, rows.T) >= least[rows.R] {
					continue
				}
			}
			if out = append(out, t); len(out) == studied {
				t.O++
				return out, t, false, nil
			}
		}
		if len(triples) > 0 {
			from = triples[len(triples)-1]
			from.O++
		}
		if len(triples) < page {
			return out, from, true, nil
		}
	}
}

// study takes the training's passes over the questions that triples answer, with the other answers that the graph has;
// later triples of the commit have a part of their own.
func (l *learner) study(ctx context.Context, triples, later []store.Triple, h *history, part uint64) error {
	asked := l.rowsOf(triples)
	if len(asked) == 0 {
		return nil
	}
	c, err := l.continuation(ctx, asked, l.rowsOf(later), h)
	if err != nil || len(c.Questions) == 0 {
		return err
	}
	o := l.training
	o.Workers = l.options.Workers
	set(&o.Batch, studyBatch)
	o.Batch = max(o.Batch, min(2*o.Batch, studyScores/l.tables.Vocabulary.Entities()))
	o.Batch = min(o.Batch, max(studyBatch/8, 2*len(asked)/studySteps))
	steps := studySteps * o.Batch / (2 * len(asked))
	o.Epochs = max(1, int(math.Round(studiedShare*float64(o.Epochs))), steps)
	o.Seed = l.options.Seed ^ uint64(h.version)<<20 ^ part
	o.Progress = func(train.Progress) { l.options.Yield(ctx) }
	t, err := train.Continue(ctx, l.tables, c, o)
	if err != nil {
		return fmt.Errorf("maintain: version %d: %w", h.version, err)
	}
	l.adopt(t, c.Moves)
	return nil
}

const (
	// studiedShare is the share of the training's passes that are taken over a portion, and studySteps how many steps at
	// least, with twice the training's questions each where their scores are not more than studyScores, or twice studyBatch.
	studiedShare = 0.1
	studySteps   = 24
	studyBatch   = 256
	studyScores  = 1 << 28
	// loosest and firmest bound how firm rows are, firm being it for as many new triples as the training had.
	loosest, firm, firmest = 0.035, 0.0175, 0.35
	// settledTriples is from how many trained triples on rows are firmer in proportion, up to mostSettled times: more
	// triples make up for shorter steps. The last fifth of FB15k-237 in commits of 10,000, at test MRR 0.3263 before, of 6,000 triples:
	// 0.3310 at 8.7 times, the added ones at 0.442, 0.3309 at half of that, the added ones at 0.459.
	settledTriples, mostSettled = 25_000, 6
)

// firmness returns how many times a row counts as having met the gradients of each of its trained triples when so many
// new ones are studied: the smaller their share of the graph, the shorter the steps.
func (l *learner) firmness(studied int) float64 {
	share := float64(studied) / float64(max(1, l.base.Triples))
	settled := min(max(1, float64(l.base.Triples)/settledTriples), mostSettled)
	return max(loosest, min(firm/math.Sqrt(share), firmest)*settled)
}

// adopt takes over tables of the same shape, in which these entities' rows may differ, and notes which rows do.
func (l *learner) adopt(t model.Tables, moved []uint32) {
	for _, e := range moved {
		if !slices.Equal(t.Entity(e), l.tables.Entity(e)) {
			l.touch(rowKey{row: e})
		}
	}
	for r := range uint32(t.RelationRows()) {
		if !slices.Equal(t.Relation(r), l.tables.Relation(r)) {
			l.touch(rowKey{true, r})
		}
	}
	l.tables = t
}
