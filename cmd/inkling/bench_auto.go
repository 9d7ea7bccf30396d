package main

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/engine/tune"
)

type benchAuto struct {
	Folder []string      `arg:"" help:"Folders with train, valid and test as .tsv or .tsv.gz, such as ../shared/data/UMLS."`
	Budget time.Duration `placeholder:"TIME" help:"For the search and the training it chooses; without it by size."`
	Rungs  string        `placeholder:"PLAN" help:"A schedule in epochs instead; see inkling train."`
	Model  string        `placeholder:"FAMILY" help:"Search among settings of this family only."`
	Seed   uint64        `default:"0" placeholder:"N"`
	Report bool          `help:"Show each search's report."`
}

// Run trains with the preset or the defaults, then with what a search finds, and ranks the test split with both.
func (c *benchAuto) Run(a *app) error {
	var rungs []tune.Rung
	var err error
	if c.Rungs != "" {
		if rungs, err = tune.ParseRungs(c.Rungs); err != nil {
			return usageError{err}
		}
	}
	a.machine()
	t := newTable(a.out, "graph", "settings", "model", "dim", "valid MRR", "test MRR", "Hits@1", "Hits@10", "seconds")
	for _, folder := range c.Folder {
		if err := c.compare(a, folder, rungs, func(row ...any) { t.AppendRow(row) }); err != nil {
			return err
		}
	}
	t.Render()
	return nil
}

// compare measures one folder and adds its two rows.
func (c *benchAuto) compare(a *app, folder string, rungs []tune.Rung, add func(row ...any)) error {
	graph := filepath.Base(folder)
	base := train.Options{Family: c.Model, Seed: c.Seed, Workers: runtime.GOMAXPROCS(0)}
	settings := train.PresetName(graph, c.Model)
	preset, err := train.PresetByName(settings)
	if err != nil {
		settings, preset = "defaults", train.Options{}
	}
	b := a.newBar(graph)
	o := base.Over(preset)
	o.Progress = func(p train.Progress) {
		b.set(float64(p.Epoch-1)/float64(p.Epochs), fmt.Sprintf("%s epoch %d/%d", settings, p.Epoch, p.Epochs)+withMRR(p.ValidMRR))
	}
	m, err := train.Measure(a.ctx, folder, o)
	if err != nil {
		b.fail()
		return err
	}
	add(c.row(graph, settings, m.Embedding, m.Report.Ranking, m.Train)...)
	base.Budget = c.Budget
	start := time.Now()
	e, report, err := tune.Search(a.ctx, m.Data, tune.Options{Base: base, Rungs: rungs, Progress: func(p tune.Progress) {
		b.set(p.Done, fmt.Sprintf("rung %d/%d, trial %d/%d: %s, best MRR %.3f", p.Rung, p.Rungs, p.Trial, p.Trials, p.Candidate, p.BestMRR))
	}})
	if err != nil {
		b.fail()
		return err
	}
	took := time.Since(start)
	known := eval.NewKnown(m.Data.Train, m.Data.Valid, m.Data.Test)
	found, err := eval.Rank(a.ctx, e, m.Data.Vocabulary.Entities(), m.Data.Test, known, eval.Options{Workers: base.Workers})
	if err != nil {
		b.fail()
		return err
	}
	b.done(report.Chosen)
	if c.Report {
		printReport(a.out, report)
	}
	add(c.row(graph, "auto: "+report.Chosen, e, found.Ranking, took)...)
	return nil
}

// row returns a line of the table.
func (c *benchAuto) row(graph, settings string, e *model.Embedding, r eval.Ranking, took time.Duration) []any {
	return []any{graph, strings.ToLower(settings), e.Family.Name, e.Dim, fmt.Sprintf("%.4f", e.Metadata.Metrics["valid_mrr"]),
		fmt.Sprintf("%.4f", r.MRR), fmt.Sprintf("%.4f", r.Hits1), fmt.Sprintf("%.4f", r.Hits10), fmt.Sprintf("%.1f", took.Seconds())}
}
