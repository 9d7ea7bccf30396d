package tune

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// world is a clock and a trainer of known speed and quality.
type world struct {
	clock    time.Time
	perEpoch func(o train.Options) time.Duration
	mrr      func(o train.Options) float64
	diverges func(o train.Options) bool
	trained  []train.Options
}

func (w *world) searcher(d train.Data, o Options) *searcher {
	return &searcher{data: d, options: o, now: func() time.Time { return w.clock }, train: w.train}
}

func (w *world) train(ctx context.Context, _ train.Data, o train.Options) (*model.Embedding, error) {
	w.trained = append(w.trained, o)
	if w.diverges != nil && w.diverges(o) {
		w.clock = w.clock.Add(w.perEpoch(o))
		return nil, fmt.Errorf("train: %w", train.ErrDiverged)
	}
	start, epochs := w.clock, 0
	for epochs < o.Epochs && (o.Budget == 0 || w.clock.Sub(start) < o.Budget) {
		for range 100 {
			w.clock = w.clock.Add(w.perEpoch(o) / 100)
			o.Progress(train.Progress{Epoch: epochs + 1, Epochs: o.Epochs})
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
		epochs++
	}
	f, err := model.FamilyByName(o.Family)
	e := &model.Embedding{Tables: model.Tables{Family: f, Dim: o.Dim}}
	e.Metadata.Epochs, e.Metadata.Metrics = epochs, map[string]float64{"valid_mrr": w.mrr(o) * float64(epochs) / float64(epochs+5)}
	return e, err
}

func newWorld() *world {
	return &world{
		clock:    time.Unix(0, 0),
		perEpoch: func(o train.Options) time.Duration { return time.Duration(o.Dim) * 5 * time.Millisecond },
		mrr: func(o train.Options) float64 {
			if o.Family == "distmult" && o.LearningRate == 0.2 {
				return 0.9
			}
			return map[string]float64{"complex": 0.5, "distmult": 0.6, "rotate-l2": 0.4}[o.Family]
		},
	}
}

func TestBudgetIsKept(t *testing.T) {
	d := patternData(t, "symmetric")
	for _, budget := range []time.Duration{100 * time.Millisecond, time.Second, 10 * time.Second, time.Minute, time.Hour} {
		for _, slow := range []time.Duration{1, 7, 60} {
			w := newWorld()
			normal := w.perEpoch
			w.perEpoch = func(o train.Options) time.Duration { return normal(o) * slow }
			s := w.searcher(d, Options{Base: train.Options{Budget: budget}})
			e, err := s.search(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			// A model there must be: where no trial came to one, a whole epoch at the full dimension is waited for.
			took, limit := w.clock.Sub(time.Unix(0, 0)), budget+budget/10
			if s.best.Epochs == 1 {
				limit += w.perEpoch(train.Options{Dim: e.Dim})
			}
			if took > limit {
				t.Errorf("budget %v, epochs of %v at dimension 64: took %v\n%+v", budget, w.perEpoch(train.Options{Dim: 64}), took, s.report.Rungs)
			}
			if budget == time.Hour && slow == 1 && (e.Family.Name != "distmult" || s.report.Options.LearningRate != 0.2 || s.report.Epochs != 80) {
				t.Errorf("with time enough: %s, %d epochs: %s", s.report.Chosen, s.report.Epochs, s.report.Why)
			}
		}
	}
}

// TestSlowCandidateIsBrokenOff gives the first candidate epochs longer than its rung.
func TestSlowCandidateIsBrokenOff(t *testing.T) {
	w := newWorld()
	normal := w.perEpoch
	w.perEpoch = func(o train.Options) time.Duration {
		if o.Family == "rotate-l2" {
			return 3 * time.Minute
		}
		return normal(o)
	}
	s := w.searcher(patternData(t, "symmetric"), Options{Base: train.Options{Budget: time.Minute}})
	if _, err := s.search(context.Background()); err != nil {
		t.Fatal(err)
	}
	notes := map[string]string{}
	for _, trial := range s.report.Rungs[0].Trials {
		notes[trial.Candidate] = trial.Note
	}
	if notes["rotate-l2 1vsall"] != "out of time" || s.report.Chosen != "complex 1vsall" && !strings.HasPrefix(s.report.Chosen, "distmult") {
		t.Errorf("chose %s; %v", s.report.Chosen, notes)
	}
	if took := w.clock.Sub(time.Unix(0, 0)); took > 70*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestDivergedCountsAsWorst(t *testing.T) {
	d := patternData(t, "symmetric")
	w := newWorld()
	w.diverges = func(o train.Options) bool { return o.Family == "distmult" || o.Epochs > 20 }
	s := w.searcher(d, Options{Rungs: []Rung{{Epochs: 5}, {Epochs: 10}, {Epochs: 40}}})
	e, err := s.search(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if e.Family.Name != "complex" || s.report.Epochs != 10 || !strings.Contains(s.report.Why, "came to less") {
		t.Errorf("the best trial must stand in for the diverged training: %s, %d epochs: %s", s.report.Chosen, s.report.Epochs, s.report.Why)
	}
	first := s.report.Rungs[0].Trials
	at := slices.IndexFunc(first, func(t Trial) bool { return t.Candidate == "distmult 1vsall" })
	if at < 0 || first[at].Note != "diverged" || first[at].GoesOn {
		t.Errorf("%+v", first)
	}
	w.diverges = func(train.Options) bool { return true }
	s = w.searcher(d, Options{Rungs: []Rung{{Epochs: 5}, {Epochs: 40}}})
	if _, err := s.search(context.Background()); err == nil || !strings.Contains(err.Error(), "no trial came to a model") {
		t.Errorf("all diverged: %v", err)
	}
}

// TestHalving checks who goes on.
func TestHalving(t *testing.T) {
	w := newWorld()
	s := w.searcher(patternData(t, "symmetric"), Options{Rungs: []Rung{{Epochs: 4}, {Epochs: 4, Vary: true, Keep: 1}, {Epochs: 9}}})
	if _, err := s.search(context.Background()); err != nil {
		t.Fatal(err)
	}
	var last []string
	for i, rung := range s.report.Rungs {
		var names, on []string
		least, most := 1.0, 0.0
		for _, trial := range rung.Trials {
			names = append(names, trial.Candidate)
			if trial.GoesOn {
				on, least = append(on, trial.Candidate), min(least, trial.MRR)
			} else {
				most = max(most, trial.MRR)
			}
		}
		for _, name := range last {
			if !slices.Contains(names, name) {
				t.Errorf("rung %d: %s is gone", i+1, name)
			}
		}
		if want := []int{(len(names) + 1) / 2, 1, 1}[i]; len(on) != want || least < most {
			t.Errorf("rung %d: of %v went on %v, want %d", i+1, names, on, want)
		}
		last = on
	}
	if s.report.Chosen != "distmult 1vsall learning_rate=0.2" {
		t.Errorf("%s: %s", s.report.Chosen, s.report.Why)
	}
}

// TestScarceTimeGoesToTheTraining gives a budget of hardly more than one training: 40 epochs of 0.32 s.
func TestScarceTimeGoesToTheTraining(t *testing.T) {
	w := newWorld()
	s := w.searcher(patternData(t, "symmetric"), Options{Base: train.Options{Budget: 15 * time.Second}})
	if _, err := s.search(context.Background()); err != nil {
		t.Fatal(err)
	}
	if s.report.Epochs < 25 || s.report.Dim != 64 {
		t.Errorf("the model has %d epochs of dimension %d: %s\n%+v", s.report.Epochs, s.report.Dim, s.report.Why, s.report.Rungs)
	}
}

// TestEpochsSlowDown makes every epoch after the first rung twice as long: the last training must come to a model.
func TestEpochsSlowDown(t *testing.T) {
	for _, budget := range []time.Duration{15 * time.Second, time.Minute, 5 * time.Minute} {
		w := newWorld()
		normal := w.perEpoch
		w.perEpoch = func(o train.Options) time.Duration {
			if w.clock.After(time.Unix(0, 0).Add(budget / 2)) {
				return 2 * normal(o)
			}
			return normal(o)
		}
		s := w.searcher(patternData(t, "symmetric"), Options{Base: train.Options{Budget: budget}})
		if _, err := s.search(context.Background()); err != nil {
			t.Fatal(err)
		}
		if last := s.report.Rungs[len(s.report.Rungs)-1]; !last.Final || last.Trials[0].Note != "" {
			t.Errorf("budget %v: %+v", budget, last)
		}
		if took := w.clock.Sub(time.Unix(0, 0)); took > budget+budget/grace {
			t.Errorf("budget %v: took %v", budget, took)
		}
	}
}
