package exec

import (
	"context"
	"fmt"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/plan"
	"github.com/inklingdb/inkling/store"
)

// mostQuestions is how many open ends a pattern asks a model for, of one row: some 12 seconds on two cores at 14,541 entities.
const mostQuestions = plan.MostQuestions

// openQuestions are the ends that a pattern without a known node, or without a relation, asks for, one after another: a
// LIMIT may want few of them.
type openQuestions struct {
	pattern store.Triple // whose questions are gathered
	of      int          // of them so far
	cut     bool         // there were more than mostQuestions
	pending []question
	seen    map[question]struct{}
	asked   int   // at once next time
	held    int64 // by the operator before the first answers
}

// more reports whether there is something left to ask, or to fail on.
func (o *openQuestions) more() bool { return len(o.pending) > 0 || o.cut }

// complete returns an error when the questions were cut off.
func (o *openQuestions) complete() error {
	if !o.cut {
		return nil
	}
	return fmt.Errorf("exec: a plausible pattern would ask the model for more than %d open ends: %w (bind its subject, object or relation by the patterns around it, or add a LIMIT)",
		mostQuestions, ErrLimit)
}

// add notes a question unless it is there already; false when there are too many.
func (o *openQuestions) add(t store.Triple) bool {
	q := question{t, o.pattern}
	if _, there := o.seen[q]; there {
		return true
	}
	if o.of == mostQuestions {
		o.cut = true
		return false
	}
	o.of++
	o.seen[q] = struct{}{}
	o.pending = append(o.pending, q)
	return true
}

// openEnds gathers the questions of a pattern that lacks both ends, its relation, or all: for each stated triple that
// matches it, the tails of its subject by its relation, or where only the object is known its heads.
func (p *plausible) openEnds(pattern store.Triple) error {
	p.open.pattern, p.open.of, p.open.asked = pattern, 0, firstRun
	if p.open.seen == nil {
		p.open.seen = map[question]struct{}{}
	}
	if len(p.q.graphs) == 0 {
		return nil
	}
	c, err := p.q.scanGraphs(p.q.graphs, store.Pattern(pattern))
	if err != nil {
		return err
	}
	defer c.Close()
	var buf [256]store.Triple
	for {
		n, err := c.Next(buf[:])
		if err != nil {
			return err
		}
		for _, t := range buf[:n] {
			asked := store.Triple{S: t.S, P: t.P}
			if pattern.S == 0 && pattern.O != 0 {
				asked = store.Triple{P: t.P, O: t.O}
			}
			if !p.open.add(asked) {
				n = 0
				break
			}
		}
		if n == 0 {
			err := p.keep(int64(p.open.of) * 2 * questionBytes)
			p.open.held = p.held
			return err
		}
	}
}

// questionBytes is what a question takes, in the list and about as much again in the set.
const questionBytes = 48

// askOpen asks the next of the open questions and makes their answers the matches of the row, which is the only one of
// its run.
func (p *plausible) askOpen(ctx context.Context) error {
	if err := p.q.check(ctx); err != nil {
		return err
	}
	if len(p.open.pending) == 0 {
		return p.open.complete()
	}
	p.q.bytes -= p.held - p.open.held // of the answers before
	p.held = p.open.held
	n := min(p.open.asked, len(p.open.pending))
	part := p.open.pending[:n]
	p.open.pending, p.open.asked = p.open.pending[n:], min(4*p.open.asked, expr.BatchRows)
	answers := map[store.Triple][]match{}
	if err := p.predict(ctx, part, answers); err != nil {
		return err
	}
	p.matches[0], p.at = answers[p.open.pattern], 0
	return nil
}

// facts appends the whole triples that a pattern with both ends known asks for and that are not stated: by its relation,
// or by each that the model knows.
func (p *plausible) facts(pattern store.Triple, to []question) ([]question, error) {
	relations := []store.TermID{pattern.P}
	if pattern.P == 0 {
		relations = p.predictor.Relations()
	}
	for _, r := range relations {
		t := store.Triple{S: pattern.S, P: r, O: pattern.O}
		known, err := p.isStated(t)
		if err != nil {
			return to, err
		}
		if !known {
			to = append(to, question{t, pattern})
		}
	}
	return to, nil
}
