package server

import (
	"net/http"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/hook"
	"github.com/prometheus/client_golang/prometheus"
)

// hookRequest is a hook to add or to test.
type hookRequest struct {
	Ready     string            `json:"ready,omitempty"` // begin with a ready-made hook of this name
	Name      string            `json:"name,omitempty"`
	When      string            `json:"when,omitempty"` // before or after
	On        string            `json:"on,omitempty"`   // insert, delete or both
	Condition string            `json:"condition,omitempty"`
	Relations []string          `json:"relations,omitempty"`
	Graphs    []string          `json:"graphs,omitempty"`
	Action    string            `json:"action,omitempty"`
	Params    map[string]string `json:"params,omitempty"` // the secret of a webhook among them; it is never shown
	Message   string            `json:"message,omitempty"`
	OnError   string            `json:"on_error,omitempty"` // reject, warn or ignore
	CostLimit uint64            `json:"cost_limit,omitempty"`
	TimeLimit int64             `json:"time_limit_ms,omitempty"`
	Attempts  int               `json:"attempts,omitempty"`
	Commits   int               `json:"commits,omitempty"` // of a test: how many of the latest; 0 means 100
}

// definition returns the hook that a request describes.
func (q hookRequest) definition() (d hook.Definition, err error) {
	if q.Ready != "" {
		if d, err = hook.ReadyByName(q.Ready); err != nil {
			return d, problemf(http.StatusBadRequest, "%v", err)
		}
	}
	for _, f := range []struct {
		field *string
		value string
	}{{&d.Name, q.Name}, {&d.When, q.When}, {&d.On, q.On}, {&d.Condition, q.Condition}, {&d.Action, q.Action},
		{&d.Message, q.Message}, {&d.OnError, q.OnError}} {
		if f.value != "" {
			*f.field = f.value
		}
	}
	if q.Relations != nil {
		d.Relations = q.Relations
	}
	if q.Graphs != nil {
		d.Graphs = q.Graphs
	}
	params := map[string]string{}
	for _, from := range []map[string]string{d.Params, q.Params} {
		for name, value := range from {
			params[name] = value
		}
	}
	d.Params, d.CostLimit, d.TimeLimit, d.Attempts = params, q.CostLimit, time.Duration(q.TimeLimit)*time.Millisecond, q.Attempts
	return d, nil
}

type hooksAnswer struct {
	Hooks []engine.HookInfo `json:"hooks"`
	Ready []hook.ReadyMade  `json:"ready"` // what may be added by name
}

func (s *Server) listHooks(w http.ResponseWriter, _ *http.Request) error {
	list, err := s.db.Hooks()
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, hooksAnswer{list, hook.Ready})
}

func (s *Server) showHook(w http.ResponseWriter, r *http.Request) error {
	info, err := s.db.Hook(r.PathValue("name"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, info)
}

func (s *Server) addHook(w http.ResponseWriter, r *http.Request) error {
	var q hookRequest
	ctx, done, err := s.question(w, r, &q)
	if err != nil {
		return err
	}
	defer done()
	d, err := q.definition()
	if err != nil {
		return err
	}
	info, err := s.db.AddHook(ctx, d)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, info)
}

// testHook shows what a hook would have done. It is asked for by POST, but changes nothing.
func (s *Server) testHook(w http.ResponseWriter, r *http.Request) error {
	var q hookRequest
	ctx, done, err := s.question(w, r, &q)
	if err != nil {
		return err
	}
	defer done()
	d, err := q.definition()
	if err != nil {
		return err
	}
	if q.Name != "" && q.Ready == "" && q.Action == "" { // a stored one
		info, err := s.db.Hook(q.Name)
		if err != nil {
			return err
		}
		d = info.Definition
	} else if d.Name == "" {
		d.Name = "inline"
	}
	setDefault(&q.Commits, 100)
	trial, err := s.db.TestHook(ctx, d, q.Commits)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, trial)
}

type hookLogAnswer struct {
	Counts engine.HookCounts `json:"counts"`
	Runs   []engine.HookRun  `json:"runs"` // the latest last
}

func (s *Server) hookLog(w http.ResponseWriter, r *http.Request) error {
	runs, counts, err := s.db.HookLog(r.PathValue("name"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, hookLogAnswer{counts, append([]engine.HookRun{}, runs...)})
}

func (s *Server) removeHook(w http.ResponseWriter, r *http.Request) error {
	if err := s.db.RemoveHook(r.Context(), r.PathValue("name")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

type deadLettersAnswer struct {
	DeadLetters []engine.DeadLetter `json:"dead_letters"`
}

func (s *Server) deadLetters(w http.ResponseWriter, r *http.Request) error {
	list, err := s.db.DeadLetters(r.PathValue("name"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, deadLettersAnswer{list})
}

func (s *Server) retryDeadLetter(w http.ResponseWriter, r *http.Request) error {
	ctx, done, err := s.turn(r)
	if err != nil {
		return err
	}
	defer done()
	if err := s.db.RetryDeadLetter(ctx, r.PathValue("name"), r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) dropDeadLetter(w http.ResponseWriter, r *http.Request) error {
	if err := s.db.DropDeadLetter(r.Context(), r.PathValue("name"), r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// hookCollector reports the hooks as they are when asked, since they come and go.
type hookCollector struct{ s *Server }

// hookFigures are those told of each hook.
var hookFigures = struct{ changes, failed, seconds, lag, dead, active *prometheus.Desc }{
	prometheus.NewDesc("inkling_hook_changes_total", "Changes that a hook acted on or could not, by outcome.", []string{"hook", "outcome"}, nil),
	prometheus.NewDesc("inkling_hook_failed_attempts_total", "Attempts of a hook's action that failed.", []string{"hook"}, nil),
	prometheus.NewDesc("inkling_hook_action_seconds_total", "Time a hook's action took.", []string{"hook"}, nil),
	prometheus.NewDesc("inkling_hook_lag", "Commits an after-hook is not done with.", []string{"hook"}, nil),
	prometheus.NewDesc("inkling_hook_dead_letters", "Dead letters of a hook.", []string{"hook"}, nil),
	prometheus.NewDesc("inkling_hook_active", "1 unless the hook retries or is paused.", []string{"hook"}, nil),
}

// Describe sends the descriptions of the figures.
func (c hookCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{hookFigures.changes, hookFigures.failed, hookFigures.seconds, hookFigures.lag, hookFigures.dead, hookFigures.active} {
		out <- d
	}
}

// Collect sends each hook's figures.
func (c hookCollector) Collect(out chan<- prometheus.Metric) {
	list, err := c.s.db.Hooks()
	if err != nil {
		return // the database is closing
	}
	for _, h := range list {
		send := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
			out <- prometheus.MustNewConstMetric(d, kind, value, append([]string{h.Name}, labels...)...)
		}
		for outcome, n := range map[string]int64{engine.OutcomeDone: h.Counts.Done, engine.OutcomeWarned: h.Counts.Warned,
			engine.OutcomeRejected: h.Counts.Rejected, engine.OutcomeFault: h.Counts.Faults, engine.OutcomeDead: h.Counts.Dead} {
			send(hookFigures.changes, prometheus.CounterValue, float64(n), outcome)
		}
		send(hookFigures.failed, prometheus.CounterValue, float64(h.Counts.Failed))
		send(hookFigures.seconds, prometheus.CounterValue, h.Counts.Took.Seconds())
		send(hookFigures.lag, prometheus.GaugeValue, float64(h.Lag))
		send(hookFigures.dead, prometheus.GaugeValue, float64(h.DeadLetters))
		active := 0.0
		if h.State == engine.HookActive {
			active = 1
		}
		send(hookFigures.active, prometheus.GaugeValue, active)
	}
}
