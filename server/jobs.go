package server

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/factor"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/engine/tune"
	"github.com/inklingdb/inkling/store/rdf"
)

// keptJobs is how many finished jobs can still be asked for.
const keptJobs = 50

// States of a job.
const (
	jobRunning   = "running"
	jobDone      = "done"
	jobFailed    = "failed"
	jobCancelled = "cancelled"
)

// trainRequest says what to train; absent fields are chosen by the size of the graph.
type trainRequest struct {
	Name    string  `json:"name,omitempty"`
	Preset  string  `json:"preset,omitempty"`
	Graph   string  `json:"graph,omitempty"`
	HoldOut float64 `json:"hold_out,omitempty"`
	Replace bool    `json:"replace,omitempty"`
	// Auto searches for family, loss and settings within budget_ns, or by rungs in epochs.
	Auto  bool        `json:"auto,omitempty"`
	Rungs []tune.Rung `json:"rungs,omitempty"`
	train.Options
	factor.Settings // of a factorization, whose method is named as the family
}

// job is a training as it is now.
type job struct {
	ID        string              `json:"id"`
	State     string              `json:"state"` // running, done, failed or cancelled
	Request   trainRequest        `json:"request"`
	Started   time.Time           `json:"started"`
	Ended     *time.Time          `json:"ended,omitempty"`
	Phase     string              `json:"phase,omitempty"`
	Step      string              `json:"step,omitempty"` // which trial of a search is under way
	Epoch     int                 `json:"epoch"`
	Epochs    int                 `json:"epochs"`
	Done      float64             `json:"done"` // of the phase, 0 to 1
	Loss      float64             `json:"loss,omitempty"`
	MRR       float64             `json:"mrr,omitempty"`
	Remaining float64             `json:"remaining_seconds,omitempty"`
	Curve     []engine.CurvePoint `json:"curve"` // one point per epoch so far
	Model     *engine.ModelInfo   `json:"model,omitempty"`
	Error     string              `json:"error,omitempty"`

	number int
	cancel context.CancelFunc
}

// jobs runs trainings in the background, one at a time, and remembers the latest.
type jobs struct {
	db      *engine.DB
	running sync.WaitGroup

	mu      sync.Mutex // guards what follows
	byID    map[string]*job
	next    int
	stopped bool
}

func newJobs(db *engine.DB) *jobs { return &jobs{db: db, byID: map[string]*job{}} }

// start begins a training and returns its job; a problem when one is running already or the server stops.
func (j *jobs) start(ctx context.Context, q trainRequest, graph rdf.Term) (job, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.stopped {
		return job{}, problemf(http.StatusServiceUnavailable, "the server is stopping")
	}
	for _, other := range j.byID {
		if other.State == jobRunning {
			return job{}, problemf(http.StatusConflict, "job %s is training already; cancel it or wait", other.ID)
		}
	}
	j.next++
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	entry := &job{ID: strconv.Itoa(j.next), State: jobRunning, Request: q, Started: time.Now(), Phase: "reading",
		Curve: []engine.CurvePoint{}, number: j.next, cancel: cancel}
	j.byID[entry.ID] = entry
	j.forget()
	j.running.Go(func() { j.train(ctx, entry, graph) })
	return entry.copy(), nil
}

// forget drops the oldest jobs beyond keptJobs; the caller holds the lock.
func (j *jobs) forget() {
	for id, entry := range j.byID {
		if entry.number <= j.next-keptJobs && entry.State != jobRunning {
			delete(j.byID, id)
		}
	}
}

// train runs one training to its end.
func (j *jobs) train(ctx context.Context, entry *job, graph rdf.Term) {
	defer entry.cancel()
	q := entry.Request
	card, err := j.db.Train(ctx, engine.TrainRequest{
		Name: q.Name, Preset: q.Preset, Graph: graph, HoldOut: q.HoldOut, Replace: q.Replace, Auto: q.Auto, Rungs: q.Rungs, Options: q.Options, Settings: q.Settings,
		Progress: func(p engine.TrainProgress) { j.progress(entry, p) },
	})
	j.mu.Lock()
	defer j.mu.Unlock()
	now := time.Now()
	entry.Ended, entry.Remaining = &now, 0
	switch {
	case err == nil:
		entry.State, entry.Model, entry.Done = jobDone, &card, 1
		entry.Curve = card.Curve
	case errors.Is(err, context.Canceled):
		entry.State = jobCancelled
	default:
		entry.State, entry.Error = jobFailed, err.Error()
	}
}

func (j *jobs) progress(entry *job, p engine.TrainProgress) {
	j.mu.Lock()
	defer j.mu.Unlock()
	entry.Phase, entry.Step, entry.Done, entry.Remaining = p.Phase, p.Step, p.Done, p.Remaining.Seconds()
	if p.Phase != "training" {
		return
	}
	if p.Epoch > entry.Epoch && p.Loss != 0 {
		entry.Curve = append(entry.Curve, engine.CurvePoint{Epoch: p.Epoch})
	}
	if last := len(entry.Curve) - 1; last >= 0 && entry.Curve[last].Epoch == p.Epoch {
		point := &entry.Curve[last]
		point.Seconds, point.Loss = time.Since(entry.Started).Seconds(), p.Loss
		if p.MRR != entry.MRR {
			point.MRR = p.MRR
		}
	}
	entry.Epoch, entry.Epochs, entry.Loss, entry.MRR = p.Epoch, p.Epochs, p.Loss, p.MRR
}

// copy returns the job as it is now, safe to read without the lock; the caller holds it.
func (e *job) copy() job {
	out := *e
	out.Curve = slices.Clone(e.Curve)
	return out
}

func (j *jobs) get(id string) (job, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	entry := j.byID[id]
	if entry == nil {
		return job{}, problemf(http.StatusNotFound, "no job %q", id)
	}
	return entry.copy(), nil
}

// list returns all jobs, latest first.
func (j *jobs) list() []job {
	j.mu.Lock()
	defer j.mu.Unlock()
	all := make([]job, 0, len(j.byID))
	for _, entry := range j.byID {
		all = append(all, entry.copy())
	}
	slices.SortFunc(all, func(a, b job) int { return cmp.Compare(b.number, a.number) })
	return all
}

// stop cancels all trainings, waits for them, and lets none begin.
func (j *jobs) stop() {
	j.mu.Lock()
	j.stopped = true
	for _, entry := range j.byID {
		entry.cancel()
	}
	j.mu.Unlock()
	j.running.Wait()
}

func (s *Server) train(w http.ResponseWriter, r *http.Request) error {
	var q trainRequest
	if err := s.readJSON(w, r, &q); err != nil {
		return err
	}
	var graph rdf.Term
	if q.Graph != "" {
		var err error
		if graph, err = graphTerm(q.Graph); err != nil {
			return err
		}
	}
	started, err := s.jobs.start(r.Context(), q, graph)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/jobs/"+started.ID)
	return writeJSON(w, http.StatusAccepted, started)
}

type jobsAnswer struct {
	Jobs []job `json:"jobs"`
}

func (s *Server) listJobs(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, jobsAnswer{s.jobs.list()})
}

func (s *Server) showJob(w http.ResponseWriter, r *http.Request) error {
	entry, err := s.jobs.get(r.PathValue("id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, entry)
}

// cancelJob asks a job to end and answers how it stands; its state says "cancelled" once it has.
func (s *Server) cancelJob(w http.ResponseWriter, r *http.Request) error {
	s.jobs.mu.Lock()
	entry := s.jobs.byID[r.PathValue("id")]
	s.jobs.mu.Unlock()
	if entry != nil {
		entry.cancel()
	}
	return s.showJob(w, r)
}
