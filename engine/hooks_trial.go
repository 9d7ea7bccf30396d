package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/inklingdb/inkling/engine/hook"
	"github.com/inklingdb/inkling/store"
)

// HookTrial is what a hook would have done over the latest commits.
type HookTrial struct {
	Definition hook.Definition `json:"definition"`
	Commits    int             `json:"commits"` // looked at
	Changes    int             `json:"changes"` // in them
	From       store.Version   `json:"from"`
	To         store.Version   `json:"to"`
	Matched    int             `json:"matched"`
	Faults     int             `json:"faults"`   // changes of which the condition could not be told
	Bulk       int             `json:"bulk"`     // imports among them whose changes the log does not hold
	Findings   []HookFinding   `json:"findings"` // the latest ones, oldest first, at most maxFindings
	Elapsed    time.Duration   `json:"elapsed_ns"`
}

// HookFinding is one change that a hook would have acted on, or could not tell.
type HookFinding struct {
	Version store.Version `json:"version"`
	Time    time.Time     `json:"time"`
	Source  string        `json:"source"`
	Change  string        `json:"change"`
	Would   string        `json:"would,omitempty"`   // what it would have done
	Problem string        `json:"problem,omitempty"` // why the condition could not be told
}

const (
	maxFindings     = 1000
	maxTrialCommits = 100_000
	maxTrialChanges = 1 << 20 // held in memory: earlier commits are left out
)

// TestHook runs a hook, stored or not, over the latest n commits that changed the graph, each on the graph as it left it,
// and tells what the hook would have done. Nothing is changed and nothing is sent.
func (db *DB) TestHook(ctx context.Context, d hook.Definition, n int) (HookTrial, error) {
	started := time.Now()
	if n < 1 || n > maxTrialCommits {
		return HookTrial{}, fmt.Errorf("engine: %w: test a hook over 1 to %d commits, not %d", ErrBadInput, maxTrialCommits, n)
	}
	h, _, err := db.compileHook(d)
	if err != nil {
		return HookTrial{}, err
	}
	models := db.models.edition()
	v, err := db.store.View()
	if err != nil {
		return HookTrial{}, err
	}
	commits, err := db.latestCommits(ctx, v.Version(), n)
	if err != nil {
		v.Close()
		return HookTrial{}, err
	}
	t := HookTrial{Definition: h.Definition, Commits: len(commits), Findings: []HookFinding{}}
	w := db.newWindow(h, v, commits, models)
	defer w.close()
	for i, c := range commits {
		if i == 0 {
			t.From = c.Version
		}
		t.To = c.Version
		w.past.at = c.Version
		if err := t.look(ctx, w, c); err != nil {
			return t, fmt.Errorf("engine: hook %s: %w", h.Name, err)
		}
	}
	t.Elapsed = time.Since(started)
	return t, nil
}

// latestCommits returns the last n commits up to a version that changed the graph, in order; fewer where they have more
// than maxTrialChanges changes, but one at least.
func (db *DB) latestCommits(ctx context.Context, to store.Version, n int) ([]store.Commit, error) {
	for span := store.Version(n); ; span *= 4 {
		from := to - min(to, span)
		var found []store.Commit
		changes, full := 0, false
		err := db.store.Changes(ctx, from, func(c store.Commit) error {
			if c.Version > to {
				return errEnough
			}
			if len(c.Changes) > 0 || c.Bulk {
				found, changes = append(found, c), changes+len(c.Changes)
			}
			for len(found) > n || changes > maxTrialChanges && len(found) > 1 {
				changes -= len(found[0].Changes)
				found[0] = store.Commit{} // so that it can be freed
				found, full = found[1:], true
			}
			return nil
		})
		if err != nil && err != errEnough {
			return nil, err
		}
		if full || len(found) == n || from == 0 {
			return found, nil
		}
	}
}

// look adds what the hook finds in a commit.
func (t *HookTrial) look(ctx context.Context, w *window, c store.Commit) error {
	if c.Bulk {
		t.Bulk++
		return nil
	}
	t.Changes += len(c.Changes)
	in := hook.NewInput(c, w.terms, w.runner)
	matched, faults, err := w.hook.Match(ctx, in)
	in.Close()
	if err != nil && !errors.Is(err, hook.ErrTimeLimit) {
		return err
	}
	if err != nil {
		faults = append(faults, hook.Fault{Change: c.Changes[0], Err: err})
	}
	t.Matched += len(matched)
	t.Faults += len(faults)
	finding := HookFinding{Version: c.Version, Time: c.Time, Source: c.Source}
	for _, x := range matched {
		f := finding
		f.Change = changeText(w.names, x)
		if f.Would, err = would(w, x); err != nil {
			return err
		}
		t.Findings = append(t.Findings, f)
	}
	for _, x := range faults {
		f := finding
		f.Change, f.Problem = changeText(w.names, x.Change), x.Err.Error()
		t.Findings = append(t.Findings, f)
	}
	if over := len(t.Findings) - maxFindings; over > 0 {
		t.Findings = slices.Delete(t.Findings, 0, over)
	}
	return nil
}

// would says what a hook's action would do with a change.
func would(w *window, x store.Change) (string, error) {
	h := w.hook
	switch h.Action {
	case "reject":
		return "reject the commit", nil
	case "warn":
		return "warn", nil
	case "tag":
		return fmt.Sprintf("tag it in <%s>", h.Param("graph", tagGraph)), nil
	case "webhook":
		return "post it to " + h.Params["url"], nil
	case "edit":
		if x.Removed {
			return "nothing: only what is inserted supersedes", nil
		}
		older, err := w.past.olderTails(x)
		if err != nil {
			return "", err
		}
		text := ""
		for _, id := range older {
			removed := x
			removed.Triple.O, removed.Removed = id, true
			text += " " + changeText(w.names, removed)
		}
		if text == "" {
			return "nothing: no older tail is left", nil
		}
		return "supersede" + text, nil
	}
	return h.Action, nil
}
