package maintain

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/store"
)

const (
	// answersLimit is how many stated answers a studied question has at most; the others would count as wrong, so it is
	// beyond what a question of a graph that fits a machine has but for types and the like.
	answersLimit = 1 << 16
	// relationLimit is up to how many triples of a relation are counted: from there on its row hardly moves.
	relationLimit = 4096
)

// continuation returns the questions that the triples answer, with all the answers that the graph has, what moves when they
// are studied, and how many triples those rows have been trained on.
func (l *learner) continuation(ctx context.Context, asked []model.Triple, h *history) (train.Continuation, error) {
	c := train.Continuation{
		Met:             l.firmness(len(asked)),
		EntityTriples:   make([]float32, l.tables.Vocabulary.Entities()),
		RelationTriples: make([]float32, l.tables.Vocabulary.Relations()),
	}
	questions := map[question]bool{}
	relations := map[uint32]bool{}
	var kinds []uint32
	for _, t := range asked {
		for _, q := range []question{{t.H, t.R, false}, {t.T, t.R, true}} {
			if !questions[q] {
				questions[q] = true
				c.Questions = append(c.Questions, train.Question{Entity: q.fixed, Relation: q.relation, Heads: q.heads})
			}
		}
		c.Moves = append(c.Moves, t.H, t.T)
		if !relations[t.R] {
			relations[t.R] = true
			kinds = append(kinds, t.R)
		}
	}
	slices.Sort(c.Moves)
	c.Moves = slices.Compact(c.Moves)
	err := l.inShares(ctx, len(c.Questions), func(i int) error {
		q := &c.Questions[i]
		known, err := l.knownOf(h, query{fixed: q.Entity, relation: q.Relation, heads: q.Heads}, answersLimit)
		slices.Sort(known)
		q.Answers = slices.Compact(known)
		return err
	})
	if err == nil {
		err = l.inShares(ctx, len(c.Moves), func(i int) error {
			e := c.Moves[i]
			id := l.tables.Vocabulary.EntityID(e)
			n, err := count(h, store.Pattern{S: id}, scanLimit)
			more, err2 := count(h, store.Pattern{O: id}, scanLimit)
			c.EntityTriples[e] = float32(n + more)
			return cmp.Or(err, err2)
		})
	}
	if err == nil {
		err = l.inShares(ctx, len(kinds), func(i int) error {
			n, err := count(h, store.Pattern{P: l.tables.Vocabulary.RelationID(kinds[i])}, relationLimit)
			c.RelationTriples[kinds[i]] = float32(n)
			return err
		})
	}
	for _, t := range asked { // the rows have not been trained on them
		for _, n := range []*float32{&c.EntityTriples[t.H], &c.EntityTriples[t.T], &c.RelationTriples[t.R]} {
			*n = max(0, *n-1)
		}
	}
	c.Questions = slices.DeleteFunc(c.Questions, func(q train.Question) bool { return len(q.Answers) == 0 }) // taken back by the same commit
	return c, err
}

// count returns how many triples of a pattern there are, at most limit.
func count(h *history, p store.Pattern, limit int) (int, error) {
	found, err := h.Triples(p, store.Triple{}, limit)
	return len(found), err
}

// inShares calls do for 0..n-1, on all workers, and returns the first error.
func (l *learner) inShares(ctx context.Context, n int, do func(i int) error) error {
	workers := max(1, l.options.Workers)
	errs := make([]error, workers)
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for i := n * w / workers; i < n*(w+1)/workers; i++ {
				if errs[w] = do(i); errs[w] == nil && i%256 == 0 {
					errs[w] = ctx.Err()
				}
				if errs[w] != nil {
					return
				}
			}
		})
	}
	wait.Wait()
	return cmp.Or(errs...)
}
