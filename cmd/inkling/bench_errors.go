package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/inklingdb/inkling/engine/doubt"
	"github.com/inklingdb/inkling/engine/train"
)

type benchErrors struct {
	Folder string   `arg:"" help:"A folder with train, valid and test as .tsv or .tsv.gz, such as ../shared/data/UMLS."`
	Share  float64  `default:"0.02" placeholder:"SHARE" help:"Share of the triples that are made wrong (${default})."`
	Kind   []string `placeholder:"KIND" help:"uniform (any entity in place of the right one) or fitting (one that stands there elsewhere); without it both."`
	Folds  []int    `default:"0,5" placeholder:"K" help:"Ways to judge: 0 by a model trained on all triples, K by K models each trained without the part it judges (0,5)."`
	Preset string   `placeholder:"NAME" help:"Settings, one of ${presets}; without it the folder's name and the family, or defaults by size."`
	Model  string   `placeholder:"FAMILY" help:"${families}; without it the preset's, or complex."`
	Seed   uint64   `default:"0" placeholder:"N"`
	trainFlags
}

// Run plants errors and looks for them.
func (c *benchErrors) Run(a *app) error {
	request := doubt.MeasureOptions{Share: c.Share, Folds: c.Folds}
	for _, name := range c.Kind {
		kind, err := doubt.KindByName(name)
		if err != nil {
			return usageError{err}
		}
		request.Kinds = append(request.Kinds, kind)
	}
	name := c.Preset
	if name == "" {
		name = train.PresetName(filepath.Base(c.Folder), c.Model)
	}
	preset, err := train.PresetByName(name)
	if err != nil && c.Preset != "" {
		return usageError{err}
	}
	request.Seed, request.Train = c.Seed, c.options(c.Model, c.Seed).Over(preset)
	if request.Train.Workers == 0 {
		request.Train.Workers = runtime.GOMAXPROCS(0)
	}
	a.machine()
	b := a.newBar("judge")
	request.Progress = func(p doubt.Progress) {
		b.set(p.Done(), fmt.Sprintf("model %d/%d, epoch %d/%d", p.Fold, p.Folds, p.Epoch, p.Epochs))
	}
	t := newTable(a.out, "errors", "judged by", "triples", "wrong", "judged", "AUC", "precision@n", "precision@100", "average precision", "doubted", "precision", "recall", "seconds")
	err = doubt.Measure(a.ctx, c.Folder, request, func(r doubt.Result) {
		t.AppendRow([]any{r.Kind, r.Method, r.Triples, r.Wrong, r.Judged, figureText(r.AUC), figureText(r.AtN), figureText(r.At100), figureText(r.Average),
			r.Doubted, figureText(r.Precise), figureText(r.Recalled), fmt.Sprintf("%.1f", r.Seconds)})
	})
	if err != nil {
		b.fail()
		if errors.Is(err, train.ErrOptions) {
			return usageError{err}
		}
		return err
	}
	b.done("errors judged")
	t.Render()
	fmt.Fprintln(a.out, "baseline: random verdicts; n is the number of planted errors, so precision@n is the recall at n too; precision and recall are of those below the threshold")
	return nil
}
