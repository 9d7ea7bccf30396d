package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/inklingdb/inkling/engine/hook"
	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// HookRun is one thing that a hook did or failed to do.
type HookRun struct {
	Time    time.Time     `json:"time"`
	Version store.Version `json:"version"` // of the last commit that it is about; of a rejection, what it would have been
	Outcome string        `json:"outcome"` // OutcomeDone and the like
	Changes int           `json:"changes"`
	Change  string        `json:"change,omitempty"` // the first one, by names
	Problem string        `json:"problem,omitempty"`
	Took    time.Duration `json:"took_ns,omitempty"`
}

// Outcomes of a HookRun.
const (
	OutcomeDone     = "done"     // an after-hook's action succeeded
	OutcomeWarned   = "warned"   // a commit went through with a warning
	OutcomeRejected = "rejected" // a commit was refused
	OutcomeFault    = "fault"    // the condition could not be told
	OutcomeFailed   = "failed"   // an attempt of an action failed
	OutcomeDead     = "dead"     // the action was given up: a dead letter holds it
)

// HookCounts counts what a hook did since it was added, changes by outcome; Failed counts attempts. After a crash the
// counts of the last second may be missing; positions and dead letters never are.
type HookCounts struct {
	Done     int64         `json:"done"`
	Warned   int64         `json:"warned"`
	Rejected int64         `json:"rejected"`
	Faults   int64         `json:"faults"`
	Failed   int64         `json:"failed"`
	Dead     int64         `json:"dead"`
	Took     time.Duration `json:"took_ns"` // by actions
}

// keptRuns is how many runs a hook's log holds.
const keptRuns = 100

// hookLog is a hook's latest runs and counts.
type hookLog struct {
	mu    sync.Mutex
	kept  keptLog
	dirty bool
}

// keptLog is what the metadata keeps of a hookLog.
type keptLog struct {
	Counts HookCounts `json:"counts"`
	Runs   []HookRun  `json:"runs"` // the latest last
}

func readHookLog(v *store.View, name string) (*hookLog, error) {
	l := &hookLog{}
	if value := v.Meta(metaHookLog + name); value != nil {
		if err := json.Unmarshal(value, &l.kept); err != nil {
			return nil, fmt.Errorf("metadata of the log of hook %s: %w", name, err)
		}
	}
	return l, nil
}

func (l *hookLog) counted() HookCounts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept.Counts
}

// longestText bounds the texts of a run: the log lies in the metadata, which is held in memory.
const longestText = 500

func shortText(s string) string {
	if runes := []rune(s); len(runes) > longestText {
		return string(runes[:longestText]) + "…"
	}
	return s
}

func (l *hookLog) add(r HookRun) {
	r.Time, r.Problem, r.Change = time.Now().UTC(), shortText(r.Problem), shortText(r.Change)
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &l.kept.Counts
	switch r.Outcome {
	case OutcomeDone:
		c.Done += int64(r.Changes)
	case OutcomeWarned:
		c.Warned += int64(r.Changes)
	case OutcomeRejected:
		c.Rejected += int64(r.Changes)
	case OutcomeFault:
		c.Faults += int64(r.Changes)
	case OutcomeFailed:
		c.Failed++
	case OutcomeDead:
		c.Dead += int64(r.Changes)
	}
	c.Took += r.Took
	if len(l.kept.Runs) >= keptRuns {
		l.kept.Runs = slices.Delete(l.kept.Runs, 0, len(l.kept.Runs)-keptRuns+1)
	}
	l.kept.Runs = append(l.kept.Runs, r)
	l.dirty = true
}

// take returns the log's text if it changed since it was taken.
func (l *hookLog) take() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.dirty {
		return nil
	}
	l.dirty = false
	text, err := json.Marshal(l.kept)
	if err != nil {
		return nil // numbers and texts always marshal
	}
	return text
}

// ran notes a run in a hook's log.
func (db *DB) ran(name string, r HookRun) {
	db.hooks.mu.Lock()
	l := db.hooks.logs[name]
	db.hooks.mu.Unlock()
	if l != nil {
		l.add(r)
	}
}

// HookLog returns a hook's latest runs, at most 100, the latest last, and its counts.
func (db *DB) HookLog(name string) ([]HookRun, HookCounts, error) {
	if _, err := db.hook(name); err != nil {
		return nil, HookCounts{}, err
	}
	db.hooks.mu.Lock()
	l := db.hooks.logs[name]
	db.hooks.mu.Unlock()
	if l == nil {
		return nil, HookCounts{}, nil // it is being removed
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]HookRun{}, l.kept.Runs...), l.kept.Counts, nil
}

// saveEvery is how often positions and logs are saved; saveSoon how soon after an action that reached beyond this store,
// since that is repeated when a crash comes first. Actions that write to this store save their position themselves.
const (
	saveEvery = time.Second
	saveSoon  = 50 * time.Millisecond
)

func (db *DB) saveHooksNowAndThen() {
	defer db.background.Done()
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	for {
		select {
		case <-db.hooks.acted:
			select {
			case <-time.After(saveSoon):
			case <-db.running.Done():
			}
		case <-tick.C:
		case <-db.running.Done():
		}
		if db.running.Err() != nil {
			return
		}
		if err := db.saveHooks(db.running); err != nil && db.running.Err() == nil {
			db.log.Warn("saving how far the hooks have come", "problem", err)
		}
	}
}

// saveHooks saves what changed of logs and positions, in one commit, and removes what no hook needs any more.
func (db *DB) saveHooks(ctx context.Context) error {
	db.hooks.saving.Lock()
	defer db.hooks.saving.Unlock()
	db.hooks.mu.Lock()
	logs, followers := maps.Clone(db.hooks.logs), maps.Clone(db.hooks.followers)
	db.hooks.mu.Unlock()
	values := map[string][]byte{}
	for name, l := range logs {
		if text := l.take(); text != nil {
			values[metaHookLog+name] = text
		}
	}
	saved := map[string]position{}
	for name, f := range followers {
		if at, moved := f.unsaved(); moved {
			values[metaPosition+name], saved[name] = at.text(), at
		}
	}
	if len(values) > 0 {
		_, err := db.store.Update(ctx, "hook-log", func(tx *store.Tx) error {
			v := tx.View()
			for key, value := range values {
				if at, ours := saved[strings.TrimPrefix(key, metaPosition)]; ours && strings.HasPrefix(key, metaPosition) {
					if known, err := parsePosition(v.Meta(key)); err != nil || !known.before(at) {
						continue // an action saved a later one, or the hook is gone
					}
				}
				if name, ours := strings.CutPrefix(key, metaHookLog); ours && v.Meta(metaHook+name) == nil {
					continue // the hook is gone
				}
				if err := tx.SetMeta(key, value); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			for name, l := range logs {
				l.mu.Lock()
				l.dirty = l.dirty || values[metaHookLog+name] != nil
				l.mu.Unlock()
			}
			return fmt.Errorf("engine: saving hooks: %w", err)
		}
	}
	for name, at := range saved {
		followers[name].markSaved(at)
	}
	return db.dropDoneSpools()
}

// dropDoneSpools removes the kept changes of imports that all after-hooks are done with.
func (db *DB) dropDoneSpools() error {
	v, err := db.store.View()
	if err != nil {
		return err
	}
	defer v.Close()
	done := v.Version()
	for _, key := range v.MetaNames() {
		if strings.HasPrefix(key, metaPosition) {
			at, err := parsePosition(v.Meta(key))
			if err != nil {
				return err
			}
			done = min(done, at.version)
		}
	}
	db.dropSpools(done)
	return nil
}

// changeText writes a change by names.
func changeText(n names, c store.Change) string {
	name := func(id store.TermID) string {
		text, err := n.Name(id)
		if err != nil {
			return fmt.Sprintf("%#x", uint64(id))
		}
		return text
	}
	sign := "+"
	if c.Removed {
		sign = "-"
	}
	text := fmt.Sprintf("%s(%s, %s, %s)", sign, name(c.Triple.S), name(c.Triple.P), name(c.Triple.O))
	if c.Graph != 0 {
		text += " in " + name(c.Graph)
	}
	return text
}

// changesByTerm returns changes of a commit as editors and verifiers see them.
func changesByTerm(d expr.Dictionary, c store.Commit, list []store.Change) ([]hook.Change, error) {
	out := make([]hook.Change, len(list))
	for i, x := range list {
		q, err := quadOf(d, x)
		if err != nil {
			return nil, err
		}
		out[i] = hook.Change{Op: opOf(x), Quad: q, Time: c.Time, Source: c.Source}
	}
	return out, nil
}

func opOf(x store.Change) string {
	if x.Removed {
		return hook.Delete
	}
	return hook.Insert
}

// quadOf returns a change's triple and graph by terms.
func quadOf(d expr.Dictionary, x store.Change) (q rdf.Quad, err error) {
	for _, part := range []struct {
		id store.TermID
		to *rdf.Term
	}{{x.Triple.S, &q.S}, {x.Triple.P, &q.P}, {x.Triple.O, &q.O}, {x.Graph, &q.G}} {
		if part.id == 0 {
			continue
		}
		if *part.to, err = d.Term(part.id); err != nil {
			return q, err
		}
	}
	return q, nil
}
