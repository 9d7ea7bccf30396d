package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/hook"
)

type hookCommand struct {
	List   hookList   `cmd:"" default:"withargs" help:"List the hooks and how they fare."`
	Add    hookAdd    `cmd:"" help:"Add a hook, or replace the one of that name."`
	Test   hookTest   `cmd:"" help:"Show what a hook would have done over the latest commits; changes nothing."`
	Log    hookLog    `cmd:"" help:"Show what a hook did."`
	Dead   hookDead   `cmd:"" help:"List, retry or drop what hooks gave up."`
	Remove hookRemove `cmd:"" help:"Remove a hook with its log and dead letters."`
}

// hookFlags are a hook's definition.
type hookFlags struct {
	Ready    string            `placeholder:"NAME" help:"Begin with a ready-made hook: ${ready}."`
	If       string            `placeholder:"CEL" help:"The condition over change (op, h, r, t, graph, time, source), h, r and t, such as is_functional(r) && has_other(h, r, t); without one every change matches. @FILE reads a file."`
	Do       string            `placeholder:"ACTION" help:"What it does: ${actions}."`
	When     string            `placeholder:"WHEN" help:"before: inside the commit; after: following the log. Goes by the action."`
	On       string            `placeholder:"OP" help:"insert (the default), delete or both (the default where the condition looks at change.op)."`
	Relation []string          `placeholder:"NAME" help:"Only changes with this relation; may be repeated."`
	Graph    []string          `placeholder:"IRI" help:"Only changes of this graph, default for the default graph; may be repeated."`
	Param    map[string]string `placeholder:"NAME=VALUE" help:"A parameter of the action, such as url=http://localhost:8080/; may be repeated."`
	Secret   string            `placeholder:"@FILE" help:"The key of a webhook's signature, from a file or - for standard input; it is kept in a file only you can read."`
	Message  string            `help:"What a rejection or warning says."`
	OnError  string            `placeholder:"POLICY" help:"What a before-hook does when its condition fails: reject (the default), warn or ignore."`
	Cost     uint64            `placeholder:"STEPS" help:"Most steps of the condition on one change (100,000)."`
	Time     time.Duration     `placeholder:"TIME" help:"Most time of the condition on 1,024 changes, and of one attempt of the action (5s)."`
	Attempts int               `placeholder:"N" help:"Attempts of an after-hook's action before it becomes a dead letter (8)."`
}

// definition returns the hook that the flags describe.
func (f *hookFlags) definition(a *app, name string) (d hook.Definition, err error) {
	if f.Ready != "" {
		if d, err = hook.ReadyByName(f.Ready); err != nil {
			return d, usageError{err}
		}
	}
	if f.Secret != "" && f.Secret != "-" && f.Secret[0] != '@' {
		return d, usageError{fmt.Errorf("--secret takes @FILE or -, so that the key is not seen among the processes")}
	}
	set := func(field *string, value string) {
		if value != "" {
			*field = value
		}
	}
	set(&d.Name, name)
	condition, err := a.text(f.If)
	if err != nil {
		return d, err
	}
	set(&d.Condition, condition)
	set(&d.Action, f.Do)
	set(&d.When, f.When)
	set(&d.On, f.On)
	set(&d.Message, f.Message)
	set(&d.OnError, f.OnError)
	if f.Relation != nil {
		d.Relations = f.Relation
	}
	if f.Graph != nil {
		d.Graphs = f.Graph
	}
	params := map[string]string{}
	for _, from := range []map[string]string{d.Params, f.Param} {
		for key, value := range from {
			params[key] = value
		}
	}
	if f.Secret != "" {
		if params["secret"], err = a.text(f.Secret); err != nil {
			return d, err
		}
	}
	d.Params, d.CostLimit, d.TimeLimit, d.Attempts = params, f.Cost, f.Time, f.Attempts
	if d.Action == "" {
		return d, usageError{fmt.Errorf("say what the hook does with --do, or begin with --ready")}
	}
	return d, nil
}

type hookAdd struct {
	database
	hookFlags
	Name          string `arg:"" optional:"" help:"The hook's name; a ready-made one has its own."`
	AllowWebhooks bool   `help:"Let the webhook reach other machines; whoever serves the database must allow it too."`
}

// Run adds a hook.
func (c *hookAdd) Run(a *app) error {
	d, err := c.definition(a, c.Name)
	if err != nil {
		return err
	}
	if !engine.Exists(c.DB) {
		return c.with(func(*engine.DB) error { return nil }) // the usual error
	}
	db, err := c.create(engine.Options{AllowWebhooks: c.AllowWebhooks})
	if err != nil {
		return err
	}
	defer db.Close()
	info, err := db.AddHook(a.ctx, d)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "hook %s: %s\n", info.Name, describeHook(info.Definition))
	return db.Close()
}

// describeHook returns a definition as a sentence.
func describeHook(d hook.Definition) string {
	text := d.When + " " + d.On
	if d.On == hook.Both {
		text = d.When + " insert or delete"
	}
	if d.Relations != nil {
		text += " of " + strings.Join(d.Relations, ", ")
	}
	if d.Graphs != nil {
		text += " in " + strings.Join(d.Graphs, ", ")
	}
	if d.Condition != "" {
		text += " when " + d.Condition
	}
	return text + " then " + d.Action
}

type hookList struct {
	database
	Ready bool `help:"List the ready-made hooks instead."`
	JSON  bool `help:"Print as JSON."`
}

// Run lists hooks.
func (c *hookList) Run(a *app) error {
	if c.Ready {
		for _, r := range hook.Ready {
			fmt.Fprintf(a.out, "%s: %s\n    %s\n", r.Definition.Name, r.Doc, describeHook(r.Definition))
		}
		return nil
	}
	return c.with(func(db *engine.DB) error {
		soon, cancel := context.WithTimeout(a.ctx, time.Second)
		defer cancel()
		if err := db.WaitHooks(soon); err != nil && soon.Err() == nil { // those that lag longer are shown as they are
			return err
		}
		list, err := db.Hooks()
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.out, list)
		}
		for _, h := range list {
			fmt.Fprintf(a.out, "%s: %s\n    %s", h.Name, describeHook(h.Definition), h.State)
			if h.When == hook.After {
				fmt.Fprintf(a.out, ", %s behind, %s", plural(int64(h.Lag), "commit"), plural(int64(h.DeadLetters), "dead letter"))
			}
			fmt.Fprintf(a.out, "; %s\n", countsText(h.Counts))
			if h.Problem != "" {
				fmt.Fprintf(a.out, "    %s\n", h.Problem)
			}
		}
		if len(list) == 0 {
			fmt.Fprintln(a.out, "no hooks; inkling hook list --ready shows ready-made ones")
		}
		return nil
	})
}

func countsText(c engine.HookCounts) string {
	parts := []string{}
	for _, p := range []struct {
		n    int64
		what string
	}{{c.Done, "done"}, {c.Warned, "warned of"}, {c.Rejected, "rejected"}, {c.Faults, "not told"}, {c.Dead, "given up"}} {
		if p.n > 0 {
			parts = append(parts, grouped(p.n)+" "+p.what)
		}
	}
	if c.Failed > 0 {
		parts = append(parts, plural(c.Failed, "failed attempt"))
	}
	if len(parts) == 0 {
		return "no changes yet"
	}
	return "changes: " + strings.Join(parts, ", ")
}

type hookTest struct {
	database
	hookFlags
	Name          string `arg:"" optional:"" help:"A stored hook; or describe one with the flags."`
	Commits       int    `short:"n" default:"100" placeholder:"N" help:"How many of the latest commits that changed the graph (${default})."`
	AllowWebhooks bool   `help:"Test a webhook that reaches other machines; nothing is sent."`
	JSON          bool   `help:"Print as JSON."`
}

// Run shows what a hook would have done.
func (c *hookTest) Run(a *app) error {
	if !engine.Exists(c.DB) {
		return c.with(func(*engine.DB) error { return nil })
	}
	db, err := c.create(engine.Options{AllowWebhooks: c.AllowWebhooks})
	if err != nil {
		return err
	}
	defer db.Close()
	var d hook.Definition
	if c.Name != "" && c.Ready == "" && c.Do == "" {
		info, err := db.Hook(c.Name)
		if err != nil {
			return err
		}
		d = info.Definition
	} else {
		name := c.Name
		if name == "" && c.Ready == "" {
			name = "inline"
		}
		if d, err = c.definition(a, name); err != nil {
			return err
		}
	}
	t, err := db.TestHook(a.ctx, d, c.Commits)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(a.out, t)
	}
	printTrial(a.out, t)
	return nil
}

func printTrial(out io.Writer, t engine.HookTrial) {
	for _, f := range t.Findings {
		what := "would " + f.Would
		if f.Problem != "" {
			what = "cannot tell: " + strings.ReplaceAll(f.Problem, "\n", "\n    ")
		}
		fmt.Fprintf(out, "%d (%s) %s: %s\n", f.Version, f.Source, f.Change, what)
	}
	fmt.Fprintf(out, "%s of %s in %s would match", grouped(int64(t.Matched)), plural(int64(t.Changes), "change"), plural(int64(t.Commits), "commit"))
	if t.Faults > 0 {
		fmt.Fprintf(out, ", %s cannot be told", grouped(int64(t.Faults)))
	}
	fmt.Fprintln(out)
	if t.Bulk > 0 {
		fmt.Fprintf(out, "%s passed over: the log does not hold their changes\n", plural(int64(t.Bulk), "bulk import"))
	}
}

type hookLog struct {
	database
	Name string `arg:"" help:"The hook."`
	JSON bool   `help:"Print as JSON."`
}

// Run shows a hook's latest runs.
func (c *hookLog) Run(a *app) error {
	return c.with(func(db *engine.DB) error {
		runs, counts, err := db.HookLog(c.Name)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.out, struct {
				Counts engine.HookCounts `json:"counts"`
				Runs   []engine.HookRun  `json:"runs"`
			}{counts, runs})
		}
		for _, r := range runs {
			fmt.Fprintf(a.out, "%s version %d %s: %s", r.Time.Local().Format(time.DateTime), r.Version, r.Outcome, r.Change)
			if r.Changes > 1 {
				fmt.Fprintf(a.out, " and %s more", grouped(int64(r.Changes-1)))
			}
			if r.Problem != "" {
				fmt.Fprintf(a.out, ": %s", strings.ReplaceAll(r.Problem, "\n", "\n    "))
			}
			fmt.Fprintln(a.out)
		}
		fmt.Fprintln(a.out, countsText(counts))
		return nil
	})
}

type hookDead struct {
	database
	Name  string `arg:"" help:"The hook."`
	ID    string `arg:"" optional:"" help:"A dead letter; all of them without."`
	Retry bool   `xor:"what" help:"Run the action once more."`
	Drop  bool   `xor:"what" help:"Forget it."`
	JSON  bool   `help:"Print as JSON."`

	AllowWebhooks bool `help:"Let webhooks reach other machines."`
}

// Run lists, retries or drops dead letters.
func (c *hookDead) Run(a *app) (err error) {
	if !engine.Exists(c.DB) {
		return c.with(func(*engine.DB) error { return nil })
	}
	db, err := c.create(engine.Options{AllowWebhooks: c.AllowWebhooks})
	if err != nil {
		return err
	}
	defer db.Close()
	letters, err := db.DeadLetters(c.Name)
	if err != nil {
		return err
	}
	if !c.Retry && !c.Drop {
		if c.JSON {
			return printJSON(a.out, letters)
		}
		for _, l := range letters {
			fmt.Fprintf(a.out, "%s: %s, %s: %s\n", l.ID, l.Change, plural(int64(l.Attempts), "attempt"), l.Problem)
		}
		fmt.Fprintln(a.out, plural(int64(len(letters)), "dead letter"))
		return nil
	}
	settled, settle, did := 0, db.RetryDeadLetter, "retried"
	if c.Drop {
		settle, did = db.DropDeadLetter, "dropped"
	}
	if c.ID != "" {
		letters = []engine.DeadLetter{{Hook: c.Name, ID: c.ID}}
	}
	for _, l := range letters {
		if err := settle(a.ctx, l.Hook, l.ID); err != nil {
			return err
		}
		settled++
	}
	fmt.Fprintf(a.out, "%s %s\n", plural(int64(settled), "dead letter"), did)
	return nil
}

type hookRemove struct {
	database
	Name string `arg:"" help:"The hook."`
}

// Run removes a hook.
func (c *hookRemove) Run(a *app) error {
	return c.with(func(db *engine.DB) error { return db.RemoveHook(a.ctx, c.Name) })
}

// printWarnings writes what hooks say of a commit to standard error.
func (a *app) printWarnings(list []engine.HookWarning) {
	for _, w := range list {
		fmt.Fprintln(a.err, "warning:", w)
	}
}
