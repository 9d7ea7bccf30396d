package maintain

import (
	"math"
	"math/rand/v2"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/store"
)

// probe is a triple whose probability calibration is held by: stated ones of the sample and corruptions of them.
type probe struct {
	Triple store.Triple
	Stated bool
	Prob   float64 // by the model as trained, on its logistic curve
}

const (
	// probed is how many stated triples are probes, each with four corruptions: a random and a likely one of either end.
	probed = 96
	// probedTogether is how many triples' corruptions are scored by one product.
	probedTogether = 32
)

// drawProbes draws probes from the sample, sets their probabilities and returns them with the mean score of the random
// corruptions.
func (l *learner) drawProbes(h *history, random *rand.Rand) (probes []probe, low float32, err error) {
	e := model.Embedding{Tables: l.tables, Calibration: l.calibration}
	e.Calibration.Knots = nil
	var sum float64
	count := 0
	add := func(t model.Triple, stated bool) {
		v := l.tables.Vocabulary
		id := store.Triple{S: v.EntityID(t.H), P: v.RelationID(t.R), O: v.EntityID(t.T)}
		probes = append(probes, probe{id, stated, e.Prob(t.H, t.R, t.T)})
	}
	sample := l.rowsOf(l.base.Sample)
	sample = sample[:min(probed, len(sample))]
	for from := 0; from < len(sample); from += probedTogether {
		p := newProblem(l)
		part := sample[from:min(from+probedTogether, len(sample))]
		for _, t := range part {
			p.ask(t)
			add(t, true)
		}
		likely, err := l.likely(p.queries, h, random)
		if err != nil {
			return nil, 0, err
		}
		for i, q := range p.queries {
			t, stated := part[q.triple], map[uint32]bool{}
			known, err := l.known(h, q)
			if err != nil {
				return nil, 0, err
			}
			for _, row := range known {
				stated[row] = true
			}
			drawn := uint32(random.IntN(l.tables.Vocabulary.Entities()))
			for k, row := range []uint32{drawn, likely[i]} {
				if stated[row] || row == q.answer {
					continue
				}
				wrong := t
				if q.heads {
					wrong.H = row
				} else {
					wrong.T = row
				}
				add(wrong, false)
				if k == 0 {
					sum += float64(e.Score(wrong.H, wrong.R, wrong.T))
					count++
				}
			}
		}
	}
	return probes, float32(sum / math.Max(1, float64(count))), nil
}

// likely returns one of the best unstated answers to each query, the query's own answer where there is none.
func (l *learner) likely(queries []query, h *history, random *rand.Rand) ([]uint32, error) {
	out := make([]uint32, len(queries))
	best, err := l.hardest(queries, h, random)
	if err != nil {
		return nil, err
	}
	for i, q := range queries {
		out[i] = q.answer
		if n := len(best[i]); n > 0 {
			out[i] = best[i][random.IntN(n)]
		}
	}
	return out, nil
}

// recalibrate moves the calibration with the scores: the probes that are stated or unstated as they were are to have the
// probabilities that they had when trained. An isotonic curve moves with the logistic one. The threshold is a probability and stays; the score that it stands for moves.
func (l *learner) recalibrate(h *history) error {
	if !l.calibration.Fitted() {
		return nil
	}
	e := model.Embedding{Tables: l.tables}
	var scores, targets []float64
	for _, p := range l.base.Probes {
		rows, known := l.tables.Vocabulary.Triple(p.Triple)
		if !known {
			continue
		}
		stated, err := h.states(p.Triple)
		if err != nil {
			return err
		}
		if stated == p.Stated {
			scores, targets = append(scores, float64(e.Score(rows.H, rows.R, rows.T))), append(targets, p.Prob)
		}
	}
	slope, intercept := train.FitLogistic(scores, targets, l.calibration.Slope, l.calibration.Intercept)
	if slope > 0 && !math.IsInf(slope, 0) && !math.IsNaN(intercept) {
		l.calibration, l.recalibrated = l.noted.Moved(slope, intercept), true
	}
	return nil
}

// states reports whether a triple is there.
func (h *history) states(t store.Triple) (bool, error) {
	found, err := h.Triples(store.Pattern{S: t.S, P: t.P}, t, 1)
	return len(found) == 1 && found[0] == t, err
}
