package maintain

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/store"
)

const (
	// answersLimit is how many stated answers a studied question has at most. Others would count as wrong, so only
	// the likes of types have as many.
	answersLimit = 1 << 16
	// relationLimit is up to how many triples of a relation are counted: from there on its row hardly moves.
	relationLimit = 4096
)

// continuation returns the questions that the triples answer, with all the answers that the graph has, what moves when they
// are studied, and how many triples those rows have been trained on.
//
// later are triples of the same commit that are studied after these: the graph has them, but no row was trained on them.
func (l *learner) continuation(ctx context.Context, asked, later []model.Triple, h *history) (train.Continuation, error) {
	c := train.Continuation{
		Met:             l.firmness(len(asked)),
		EntityTriples:   make([]float32, l.tables.Vocabulary.Entities()),
		RelationTriples: make([]float32, l.tables.Vocabulary.Relations()),
	}
	questions := map[question]bool{}
	var relations []uint32
	for _, t := range asked {
		for _, q := range []question{{t.H, t.R, false}, {t.T, t.R, true}} {
			if !questions[q] {
				questions[q] = true
				c.Questions = append(c.Questions, train.Question{Entity: q.fixed, Relation: q.relation, Heads: q.heads})
			}
		}
		c.Moves = append(c.Moves, t.H, t.T)
		relations = append(relations, t.R)
	}
	slices.Sort(c.Moves)
	slices.Sort(relations)
	c.Moves, relations = slices.Compact(c.Moves), slices.Compact(relations)
	err := l.inShares(ctx, len(c.Questions), func(i int) error {
		q := &c.Questions[i]
		known, err := l.knownOf(h, query{fixed: q.Entity, relation: q.Relation, heads: q.Heads}, answersLimit)
		slices.Sort(known)
		q.Answers = known
		return err
	})
	if err != nil {
		return c, err
	}
	// A commit that takes back what it adds leaves questions without an answer.
	c.Questions = slices.DeleteFunc(c.Questions, func(q train.Question) bool { return len(q.Answers) == 0 })
	return c, l.countTrained(ctx, &c, relations, slices.Concat(asked, later), h)
}

// countTrained sets of how many triples the rows that move, and those of some relations, have been trained: the graph's
// without the untrained ones, scanLimit at most in each role of an entity and relationLimit of a relation.
func (l *learner) countTrained(ctx context.Context, c *train.Continuation, relations []uint32, untrained []model.Triple, h *history) error {
	v := l.tables.Vocabulary
	fullEntity, fullRelation := make([]bool, len(c.EntityTriples)), make([]bool, len(c.RelationTriples))
	err := l.inShares(ctx, len(c.Moves), func(i int) error {
		id := v.EntityID(c.Moves[i])
		out, err := h.Triples(store.Pattern{S: id}, store.Triple{}, scanLimit)
		if err != nil {
			return err
		}
		in, err := h.Triples(store.Pattern{O: id}, store.Triple{}, scanLimit)
		c.EntityTriples[c.Moves[i]] = float32(links(out) + len(in))
		fullEntity[c.Moves[i]] = len(out) == scanLimit || len(in) == scanLimit
		return err
	})
	if err != nil {
		return err
	}
	err = l.inShares(ctx, len(relations), func(i int) error {
		found, err := h.Triples(store.Pattern{P: v.RelationID(relations[i])}, store.Triple{}, relationLimit)
		c.RelationTriples[relations[i]] = float32(links(found))
		fullRelation[relations[i]] = len(found) == relationLimit
		return err
	})
	// What fills its limit has more triples than were counted: too few to take any from.
	for _, t := range untrained {
		for _, e := range []uint32{t.H, t.T} {
			if !fullEntity[e] {
				c.EntityTriples[e] = max(0, c.EntityTriples[e]-1)
			}
		}
		if !fullRelation[t.R] {
			c.RelationTriples[t.R] = max(0, c.RelationTriples[t.R]-1)
		}
	}
	return err
}

// links counts the triples that a training sees: those whose object is an entity.
func links(triples []store.Triple) int {
	n := 0
	for _, t := range triples {
		if isEntity(t.O) {
			n++
		}
	}
	return n
}

// inShares calls do for 0..n-1, on all workers, and returns the first error.
func (l *learner) inShares(ctx context.Context, n int, do func(i int) error) error {
	workers := max(1, l.options.Workers)
	g, ctx := errgroup.WithContext(ctx)
	for w := range workers {
		g.Go(func() error {
			for i := n * w / workers; i < n*(w+1)/workers; i++ {
				if i%256 == 0 && ctx.Err() != nil {
					return ctx.Err()
				}
				if err := do(i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}
