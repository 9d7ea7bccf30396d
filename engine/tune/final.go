package tune

import (
	"context"
	"fmt"
	"time"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// final trains the chosen candidate for as long as is left and returns that model, or the best trial's where the long
// training comes to less.
func (s *searcher) final(ctx context.Context, r Rung, chosen entrant) (*model.Embedding, error) {
	s.told.Rung, s.told.Trial, s.told.Trials, s.told.Candidate = s.told.Rungs, 1, 1, chosen.Name
	a, stand := s.planFinal(&chosen, r)
	before := s.best
	if stand == "" {
		var err error
		if chosen.result, err = s.attempt(ctx, &chosen, a); err != nil {
			return nil, err
		}
		s.record(s.told.Rungs-1, r, []entrant{chosen}, nil)
	}
	best := s.best
	if best == nil {
		return nil, fmt.Errorf("%w: no trial came to a model: %s %s", train.ErrDiverged, chosen.Name, chosen.result.Note)
	}
	last := &s.report.Rungs[len(s.report.Rungs)-1]
	s.report.Chosen, s.report.MRR, s.report.Dim = best.Candidate, best.MRR, best.Dim
	s.report.Epochs, s.report.Options = best.Epochs, best.options
	s.report.Options.Progress, s.report.Options.Budget, s.report.Options.Workers = nil, 0, 0
	s.report.Why = s.reason(chosen, before, stand)
	for i := range last.Trials {
		last.Trials[i].GoesOn = stand == "" && best != before
	}
	return best.embedding, nil
}

// quickDim is the dimension of a model for which there was hardly time.
const quickDim = 32

// planFinal returns what the last training may use; stand says why there is none because the best trial will do.
func (s *searcher) planFinal(chosen *entrant, r Rung) (a allowance, stand string) {
	a = s.plan(chosen, Rung{Dim: r.Dim, Epochs: r.Epochs}, s.started.Add(s.budget), 1)
	if !s.timed {
		return a, ""
	}
	a.skip = ""
	left := s.budget - s.now().Sub(s.started)
	if s.best == nil { // a model there must be: it trains as long as is left, an epoch at least
		a.until, a.soft, a.dim = time.Time{}, max(left, time.Millisecond), min(a.dim, quickDim)
		return a, ""
	}
	if chosen.perEpoch > 0 {
		a.epochs = min(a.epochs, int(0.9*float64(left)/float64(chosen.epochAt(a.dim))))
	}
	if a.epochs < 1 || s.best.Candidate == chosen.Name && s.best.Dim == a.dim && a.epochs <= s.best.Epochs {
		return a, "no time is left to train it longer"
	}
	// It ends after the epoch that passes the soft limit: before it is broken off, should the epochs take longer.
	a.soft = max(left-chosen.epochAt(a.dim)*3/2, left/2)
	a.until = s.started.Add(s.budget + s.budget/grace)
	return a, ""
}

// reason says in words why the model was chosen.
func (s *searcher) reason(chosen entrant, before *outcome, stand string) string {
	trials := 0
	var rival *Trial
	for _, r := range s.report.Rungs {
		for i, t := range r.Trials {
			if t.Note == "" {
				trials++
			}
			if t.Note == "" && familyOf(t.Candidate) != familyOf(s.report.Chosen) && (rival == nil || t.MRR > rival.MRR) {
				rival = &r.Trials[i]
			}
		}
	}
	text := fmt.Sprintf("the best validation MRR of %d trainings, %.4f", trials, s.report.MRR)
	if rival != nil {
		text += fmt.Sprintf("; the best with another model or loss: %s, %.4f", rival.Candidate, rival.MRR)
	}
	switch {
	case stand != "":
		text += fmt.Sprintf("; it is the trial's model, for %s", stand)
	case s.best == before:
		text += fmt.Sprintf("; it is the trial's model, for the last training of %s came to less", chosen.Name)
	}
	return text
}
