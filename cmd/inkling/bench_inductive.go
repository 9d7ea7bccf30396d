package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/inklingdb/inkling/cmd/inkling/growing"
	"github.com/inklingdb/inkling/engine/train"
)

type benchInductive struct {
	Folder    []string `arg:"" help:"Folders of GraIL (train, valid, ind_train, ind_valid, ind_test) or ILPC (train, inference, inference_validation, inference_test)."`
	Model     string   `placeholder:"FAMILY" help:"${families}; without it the preset's, or complex."`
	Preset    string   `placeholder:"NAME" help:"Settings, one of ${presets}; without it defaults by size."`
	Commit    int      `default:"100" placeholder:"N" help:"Triples of a commit (${default}); 0 commits the new graph at once."`
	Sampled   int      `default:"50" placeholder:"N" help:"Sampled entities that each end competes with (${default})."`
	NoRetrain bool     `help:"Leave out training anew on both graphs."`
	Seed      uint64   `default:"1" placeholder:"N"`
	JSON      string   `placeholder:"FILE" help:"Write all figures as JSON, - for standard output."`
	trainFlags
}

// Run measures each folder.
func (c *benchInductive) Run(a *app) error {
	preset, err := train.PresetByName(c.Preset)
	if err != nil && c.Preset != "" {
		return usageError{err}
	}
	o := growing.InductiveOptions{Train: c.options(c.Model, c.Seed).Over(preset), Commit: c.Commit, Negatives: c.Sampled, NoRetrain: c.NoRetrain}
	if o.Train.Workers == 0 {
		o.Train.Workers = runtime.GOMAXPROCS(0)
	}
	report := reportTo(a.out, c.JSON)
	if report == a.out {
		a.machine()
	}
	var reports []growing.InductiveReport
	for _, folder := range c.Folder {
		b := a.newBar(folder)
		o.Progress = b.set
		r, err := growing.Inductive(a.ctx, folder, o)
		if err != nil {
			b.fail()
			return err
		}
		b.done(plural(int64(r.Committed), "triple") + " followed")
		reports = append(reports, r)
		printInductive(report, r)
	}
	return saveJSON(a.out, c.JSON, reports)
}

// printInductive writes the figures as a table.
func printInductive(out io.Writer, r growing.InductiveReport) {
	fmt.Fprintf(out, "\n%s: %s on %s of %s; then %s, of which %s of %s new nodes have rows; %d triples a commit, seed %d\n", r.Dataset, r.Family,
		plural(int64(r.Trained), "triple"), plural(int64(r.Entities), "node"), plural(int64(r.Committed), "triple"), grouped(int64(r.Known)), grouped(int64(r.New)), r.Commit, r.Seed)
	t := newTable(out, "method", "MRR", "Hits@1", "Hits@10", fmt.Sprintf("Hits@10 of %d", r.Negatives+1), "MRR of those", "seconds")
	for _, m := range r.Methods {
		t.AppendRow([]any{m.Method, figureText(m.All.MRR), figureText(m.All.Hits1), figureText(m.All.Hits10), figureText(m.Sampled.Hits10), figureText(m.Sampled.MRR),
			fmt.Sprintf("%.1f", m.Seconds)})
		if m.Stale != "" {
			defer fmt.Fprintf(out, "%s asks for a new training: %s\n", m.Method, m.Stale)
		}
	}
	t.Render()
}
