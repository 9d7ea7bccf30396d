package tune

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// searcher is the state of one search.
type searcher struct {
	data    train.Data
	options Options
	now     func() time.Time
	train   func(context.Context, train.Data, train.Options) (*model.Embedding, error)

	started  time.Time
	timed    bool // rungs end by the clock
	budget   time.Duration
	report   Report
	searched float64       // share of the budget after which all rungs but the last end
	reserve  time.Duration // of the budget for the final training, once an epoch's time is known
	best     *outcome      // of all trials so far
	told     Progress
}

// entrant is a candidate in a rung, with what its latest trial showed.
type entrant struct {
	Candidate
	perEpoch time.Duration // at dim; 0 before its first trial
	dim      int
	result   outcome
}

// outcome is what a trial came to.
type outcome struct {
	Trial
	options   train.Options
	ok        bool             // it came to a model
	embedding *model.Embedding // held of the best trial only
}

// search runs all rungs and returns the model to publish; the report is left in s.
func (s *searcher) search(ctx context.Context) (*model.Embedding, error) {
	s.started = s.now()
	rungs, err := s.prepare()
	if err != nil {
		return nil, err
	}
	if s.report.Evidence, err = look(ctx, s.data, s.options.Base.Workers); err != nil {
		return nil, err
	}
	s.report.Candidates = candidates(s.report.Evidence, s.data, s.options.Base)
	var field []entrant
	for _, c := range s.report.Candidates {
		if c.Refused == "" {
			field = append(field, entrant{Candidate: c})
		}
	}
	if len(field) == 0 {
		return nil, fmt.Errorf("%w: the fixed settings leave nothing to try: %s", train.ErrOptions, s.refusals())
	}
	for i, r := range rungs[:len(rungs)-1] {
		if r.Vary {
			field = s.withVariants(field, r)
		}
		if field, err = s.rung(ctx, i, r, field); err != nil {
			return nil, err
		}
	}
	e, err := s.final(ctx, rungs[len(rungs)-1], field[0])
	s.report.Seconds = s.now().Sub(s.started).Seconds()
	return e, err
}

// prepare checks the input and returns the schedule.
func (s *searcher) prepare() ([]Rung, error) {
	if err := s.data.Check(); err != nil {
		return nil, err
	}
	if len(s.data.Valid) == 0 {
		return nil, ErrNoValidation
	}
	base := &s.options.Base
	if f, err := model.FamilyByName(base.Family); err == nil {
		base.Family = f.Name // in the letters of the table
	}
	if base.Budget < 0 {
		return nil, fmt.Errorf("%w: a budget of %v", train.ErrOptions, base.Budget)
	}
	rungs := s.options.Rungs
	if s.timed = len(rungs) == 0; s.timed {
		rungs = defaultRungs(len(s.data.Train))
		if s.budget = base.Budget; s.budget == 0 {
			s.budget = DefaultBudget(len(s.data.Train))
		}
		s.report.Budget = s.budget.Seconds()
	} else if err := checkRungs(rungs); err != nil {
		return nil, err
	}
	s.told.Rungs = len(rungs)
	s.searched = rungs[len(rungs)-2].until
	return rungs, nil
}

func (s *searcher) refusals() string {
	text := ""
	for i, c := range s.report.Candidates {
		if i > 0 {
			text += "; "
		}
		text += c.Refused
	}
	return text
}

// varied is how many of the best entrants get variants.
const varied = 2

// withVariants returns the field with the best entrants' variants behind it, the best one's first.
func (s *searcher) withVariants(field []entrant, r Rung) []entrant {
	all := slices.Clone(field)
	for _, e := range field[:min(len(field), varied)] {
		for _, v := range e.variants(s.data, s.options.Base) {
			cut := r.Dim > 0 && v.Options.Dim > r.Dim && v.Options.Dim != e.Options.Dim // to the dimension of the entrant
			if cut || s.known(v.Name) {
				continue
			}
			s.report.Candidates = append(s.report.Candidates, v)
			all = append(all, entrant{Candidate: v, perEpoch: e.perEpoch, dim: e.dim})
		}
	}
	return all
}

func (s *searcher) known(name string) bool {
	return slices.ContainsFunc(s.report.Candidates, func(c Candidate) bool { return c.Name == name })
}

// rung tries the field and returns those that go on, best first. Where no trial came to a model all go on.
func (s *searcher) rung(ctx context.Context, number int, r Rung, field []entrant) ([]entrant, error) {
	s.told.Rung, s.told.Trials = number+1, len(field)
	tried := 0
	var good []entrant
	for i := range field {
		e := &field[i]
		s.told.Trial, s.told.Candidate = i+1, e.Name
		a := s.plan(e, r, s.end(r), len(field)-i)
		var err error
		if e.result, err = s.attempt(ctx, e, a); err != nil {
			return nil, err
		}
		if a.skip == "" {
			tried++
		}
		if e.result.ok {
			good = append(good, *e)
		}
	}
	slices.SortStableFunc(good, func(a, b entrant) int { return cmp.Compare(b.result.MRR, a.result.MRR) })
	good = good[:min(len(good), cmp.Or(r.Keep, (tried+1)/2))]
	s.record(number, r, field, good)
	if len(good) == 0 {
		return field, nil
	}
	return good, nil
}

// end returns when a rung is over: after its share of the budget, or earlier where little of that is left beside a full
// training, which is better than much comparing.
func (s *searcher) end(r Rung) time.Time {
	share := r.until
	if s.budget > 0 {
		search := 1 - float64(s.reserve)/float64(s.budget)
		share *= min(1, max(leastSearch, search)/s.searched)
	}
	return s.started.Add(time.Duration(share * float64(s.budget)))
}

// leastSearch is the share of the budget that the search has in any case.
const leastSearch = 0.3

// record writes a rung into the report.
func (s *searcher) record(number int, r Rung, field, stay []entrant) {
	report := RungReport{Number: number + 1, Final: number+1 == s.told.Rungs, Rung: r}
	for _, e := range field {
		t := e.result.Trial
		t.GoesOn = slices.ContainsFunc(stay, func(other entrant) bool { return other.Name == e.Name })
		report.Trials = append(report.Trials, t)
	}
	s.report.Rungs = append(s.report.Rungs, report)
}

// allowance is what a trial may use.
type allowance struct {
	dim, epochs int
	soft        time.Duration // after the epoch in which so much has passed it ends; 0: no limit
	until       time.Time     // when it is broken off; zero: never
	skip        string        // why it is not begun at all
}

// plan returns what the entrant may use of the time until a rung's end, that others wait for too.
func (s *searcher) plan(e *entrant, r Rung, end time.Time, waiting int) allowance {
	full := e.Options.Defaults(s.data)
	a := allowance{dim: full.Dim, epochs: r.Epochs}
	if r.Dim > 0 {
		a.dim = min(a.dim, r.Dim)
	}
	if against(full.Loss) {
		a.epochs *= pairedPace
	}
	if most := s.options.Base.Epochs; most > 0 {
		a.epochs = min(a.epochs, most)
	}
	if !s.timed {
		return a
	}
	left := end.Sub(s.now())
	if left <= 0 {
		a.skip = noTime
		return a
	}
	a.until, a.soft = end.Add(s.budget/grace), left/time.Duration(waiting)
	if e.perEpoch == 0 {
		return a
	}
	s.fit(e, &a, left)
	return a
}

// fit cuts the epochs of an entrant whose speed is known to the time it has, of what is left of its rung.
func (s *searcher) fit(e *entrant, a *allowance, left time.Duration) {
	epoch := e.epochAt(a.dim)
	least := (a.epochs + 1) / 2 // with fewer epochs than half the rung's it would be compared unfairly
	if s.told.Trial == 1 {
		least = min(least, int(left/epoch)) // but one there must be
	}
	if least < 1 || time.Duration(least)*epoch > left {
		a.skip = fmt.Sprintf(noTime+" for %d epochs of %v", max(1, least), epoch.Round(time.Millisecond))
		return
	}
	a.epochs = min(a.epochs, max(least, int(a.soft/epoch)))
	// It ends after the epoch that passes the soft limit: where the estimate is too low, before it is broken off.
	a.soft = max(epoch, min(max(a.soft, time.Duration(a.epochs)*epoch), left-epoch))
}

// fullTraining estimates a training of as many epochs as engine/train gives by default, at the entrant's own dimension.
func (s *searcher) fullTraining(perEpoch time.Duration, e *entrant, dim int) time.Duration {
	full := e.Options.Defaults(s.data)
	return time.Duration(float64(perEpoch) * float64(full.Epochs) * float64(full.Dim) / float64(dim))
}

// grace is the part of the budget that a rung may run over so that its last epoch is not lost.
const grace = 20

// epochAt estimates an epoch at another dimension: in proportion, as rows are read and products made.
func (e *entrant) epochAt(dim int) time.Duration {
	return time.Duration(float64(e.perEpoch) * float64(dim) / float64(max(1, e.dim)))
}

// pairedPace is how many times the epochs of a loss over all entities one against drawn negatives gets: it sees few
// of the entities in an epoch.
const pairedPace = 2

func against(l train.Loss) bool {
	return l == train.Softmax || l == train.Margin || l == train.Logistic || l == train.SelfAdversarial
}

// errLate ends a trial whose rung is over.
var errLate = errors.New("out of time")

// attempt trains an entrant. An error is one that ends the search.
func (s *searcher) attempt(ctx context.Context, e *entrant, a allowance) (outcome, error) {
	o := s.trialOptions(e, a)
	out := outcome{Trial: Trial{Candidate: e.Name, Dim: a.dim}, options: o}
	if a.skip != "" {
		out.Note = a.skip
		return out, ctx.Err()
	}
	trial, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	o.Progress = func(p train.Progress) {
		if !a.until.IsZero() && s.now().After(a.until) {
			stop(errLate)
		}
		s.tell(p, a.epochs)
	}
	start := s.now()
	embedding, err := s.train(trial, s.data, o)
	took := s.now().Sub(start)
	out.Seconds = took.Seconds()
	switch {
	case ctx.Err() != nil:
		return out, ctx.Err()
	case err != nil && errors.Is(context.Cause(trial), errLate):
		out.Note = "out of time"
		return out, nil
	case errors.Is(err, train.ErrDiverged):
		out.Note = "diverged"
		return out, nil
	case err != nil:
		return out, fmt.Errorf("%s: %w", e.Name, err)
	}
	out.ok, out.Epochs, out.MRR = true, embedding.Metadata.Epochs, embedding.Metadata.Metrics["valid_mrr"]
	if math.IsNaN(out.MRR) {
		out.MRR = 0
	}
	if s.timed && s.reserve == 0 {
		s.reserve = s.fullTraining(took/time.Duration(max(1, out.Epochs)), e, a.dim)
	}
	e.perEpoch, e.dim = max(1, took/time.Duration(max(1, out.Epochs))), a.dim
	if s.best == nil || out.MRR > s.best.MRR {
		best := out
		best.embedding = embedding
		s.best, s.told.BestMRR = &best, out.MRR
	}
	return out, nil
}

// trialOptions returns the settings of a trial.
func (s *searcher) trialOptions(e *entrant, a allowance) train.Options {
	base, o := s.options.Base, e.Options
	o.Dim, o.Epochs, o.Seed, o.Workers, o.Budget = a.dim, a.epochs, base.Seed, base.Workers, a.soft
	if base.Margin == 0 {
		o.Margin *= marginFactor(o)
	}
	if base.ValidEvery == 0 {
		o.ValidEvery = max(1, a.epochs/validations)
	}
	return o
}

// marginDim is the dimension that the candidates' margins are for.
const marginDim = 64

// marginFactor returns how a margin grows to the options' dimension: as the distance does that it is compared with, a
// sum over the dimensions or the root of one. RotatE of dimension 16 reached an MRR of 0.03 on the generated
// compositions in 12 epochs with margin 9, and 0.95 with 3.
func marginFactor(o train.Options) float64 {
	f, err := model.FamilyByName(o.Family)
	size := float64(o.Dim) / marginDim
	switch {
	case err != nil || f.Similarity == model.Dot:
		return 1
	case f.Similarity == model.NegL2:
		return math.Sqrt(size)
	}
	return size
}

// validations is how many times about a trial is validated: its best epoch counts.
const validations = 8
