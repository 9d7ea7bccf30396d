package maintain

import (
	"math"
	"math/rand/v2"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
)

const (
	// margin is how far below the threshold, in log-odds, a removed triple is brought.
	margin = 0.5
	// unlearnSteps bounds the steps of unlearning; the push grows by unlearnGrowth at each.
	unlearnSteps  = 60
	unlearnGrowth = 1.15
)

// unlearn takes local steps for a group of removed triples, while replay protects their neighbours.
func (l *learner) unlearn(group []store.Triple, h *history, random *rand.Rand) error {
	p := newProblem(l)
	p.removed = l.rowsOf(group)
	if err := p.surround(p.removed, h, random); err != nil {
		return err
	}
	if err := p.ready(nil, h, random); err != nil {
		return err
	}
	p.forget()
	return nil
}

// forget steps until every removed triple is below the threshold, or the steps are used up.
func (p *problem) forget() {
	push := float32(1)
	for range unlearnSteps {
		done := true
		for _, t := range p.removed {
			done = done && p.excess(t) <= 0
		}
		if done {
			return
		}
		p.step(push)
		push *= unlearnGrowth
	}
}

// excess returns by how much a triple's score exceeds what a removed triple may have.
func (p *problem) excess(t model.Triple) float32 {
	e := model.Embedding{Tables: p.l.tables}
	return e.Score(t.H, t.R, t.T) - p.l.forgotten(t.R)
}

// forgotten returns the score that a removed triple of a relation may have at most: below the relation's threshold by the
// margin, in log-odds, or as near to that as the calibration's curve comes; for a model without calibration, midway between
// stated triples' and random ones'.
func (l *learner) forgotten(relation uint32) float32 {
	c := l.calibration
	fact := l.least(relation)
	if !l.tellsFacts(relation) || math.IsInf(float64(fact), -1) { // all scores are facts', or none is known to be
		return l.midway()
	}
	odds := math.Log(c.ThresholdOf(relation)/(1-c.ThresholdOf(relation))) - margin
	low := c.Score(1 / (1 + math.Exp(-odds)))
	if math.IsInf(float64(low), -1) { // the curve ends above
		low = fact
	}
	return min(low, math.Nextafter32(fact, -math.MaxFloat32))
}

// least returns the score from which a triple of a relation is a fact; without calibration, midway between stated
// triples' and random ones'.
func (l *learner) least(relation uint32) float32 {
	if !l.tellsFacts(relation) {
		return l.midway()
	}
	return l.calibration.Score(l.calibration.ThresholdOf(relation))
}

// tellsFacts reports whether the calibration has a score from which triples of a relation are facts.
func (l *learner) tellsFacts(relation uint32) bool {
	c := l.calibration
	threshold := c.ThresholdOf(relation)
	return c.Fitted() && c.Slope > 0 && threshold > 0 && threshold < 1
}

// midway returns the score between stated triples' and random ones'.
func (l *learner) midway() float32 { return (l.base.Typical + l.base.Low) / 2 }

// pushDown adds the gradient of a removed triple's score in both directions, while it is too high.
func (p *problem) pushDown(t model.Triple, push float32) {
	if p.excess(t) <= 0 {
		return
	}
	it := p.l.tables.Family.Interaction
	h, tail := p.l.tables.Entity(t.H), p.l.tables.Entity(t.T)
	dh, dt := p.gradOf(rowKey{row: t.H}), p.gradOf(rowKey{row: t.T})
	it.Grad(push, h, p.l.tables.Relation(t.R), tail, dh, p.gradOf(rowKey{true, t.R}), dt)
	if p.l.tables.Reciprocal {
		reverse := p.l.tables.Reverse(t.R)
		it.Grad(push, tail, p.l.tables.Relation(reverse), h, dt, p.gradOf(rowKey{true, reverse}), dh)
	}
}
