package main

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/index/pattern"
)

type benchTrain struct {
	Folder    string `arg:"" help:"A folder with train, valid and test as .tsv or .tsv.gz, such as ../shared/data/FB15k-237."`
	Preset    string `placeholder:"NAME" help:"Settings, one of ${presets}; without it the folder's name and the family, or defaults by size."`
	Model     string `placeholder:"FAMILY" help:"${families}; without it the preset's, or complex."`
	Seed      uint64 `default:"0" placeholder:"N"`
	ByPattern bool   `help:"Sum the figures up by the patterns of the relations in the training triples."`
	trainFlags
}

// reference is what a C program with OpenBLAS reached on FB15k-237 with ComplEx of rank 100: ten epochs on two cores
// of the machine that the presets were measured on.
var reference = struct {
	preset           string
	mrr, hits10      float64
	seconds, threads float64
}{"fb15k-237", 0.3418, 0.523, 405, 2}

// Run trains and ranks the test split.
func (c *benchTrain) Run(a *app) error {
	a.machine()
	name := c.Preset
	if name == "" {
		name = train.PresetName(filepath.Base(c.Folder), c.Model)
	}
	preset, err := train.PresetByName(name)
	if err != nil && c.Preset != "" {
		return usageError{err}
	}
	o := c.options(c.Model, c.Seed).Over(preset)
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	b := a.newBar("train")
	o.Progress = func(p train.Progress) {
		done := (float64(p.Epoch-1) + float64(p.Batch)/float64(max(1, p.Batches))) / float64(p.Epochs)
		b.set(done, fmt.Sprintf("epoch %d/%d loss %.3f MRR %.3f", p.Epoch, p.Epochs, p.Loss, p.ValidMRR))
	}
	m, err := train.Measure(a.ctx, c.Folder, o)
	if err != nil {
		b.fail()
		return err
	}
	b.done(fmt.Sprintf("%d epochs", m.Embedding.Metadata.Epochs))
	fmt.Fprintf(a.out, "%s\n%.0f s of processor time in all, peak memory %s\n", m, processorTime(), sizeText(peakMemory()))
	if c.ByPattern {
		if err := a.byPattern(m); err != nil {
			return err
		}
	}
	if strings.EqualFold(name, reference.preset) {
		fmt.Fprintf(a.out, "baseline, a C program with OpenBLAS (ten epochs, %.0f s on two busy cores, MRR %.4f, Hits@10 %.3f): %.2f of its time, MRR %+.4f, Hits@10 %+.4f\n",
			reference.seconds, reference.mrr, reference.hits10, m.Train.Seconds()/reference.seconds,
			m.Report.MRR-reference.mrr, m.Report.Hits10-reference.hits10)
	}
	return nil
}

// byPattern writes the ranking of a measurement by the patterns that its training triples show.
func (a *app) byPattern(m train.Measurement) error {
	found, err := pattern.Analyse(a.ctx, m.Data.Train, m.Data.Vocabulary.Relations(), pattern.Options{Workers: runtime.GOMAXPROCS(0)})
	if err != nil {
		return err
	}
	groups := eval.GroupRelations(m.Report.ByRelation, pattern.GroupNames(), func(relation uint32) []string {
		return found.Relations[relation].Verdict.Groups()
	})
	t := newTable(a.out, "pattern", "relations", "triples", "MRR", "Hits@1", "Hits@10", "MRR of tails", "of heads")
	for _, g := range groups {
		t.AppendRow([]any{g.Group, g.Relations, g.Queries / 2, figureText(g.MRR), figureText(g.Hits1), figureText(g.Hits10), figureText(g.Tails.MRR), figureText(g.Heads.MRR)})
	}
	t.Render()
	return nil
}
