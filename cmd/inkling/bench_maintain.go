package main

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"github.com/inklingdb/inkling/engine/factor"
	"github.com/inklingdb/inkling/engine/maintain"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

type benchMaintain struct {
	Folder    string `arg:"" help:"A folder with train, valid and test as .tsv or .tsv.gz."`
	Model     string `placeholder:"FAMILY" help:"${families}, or a factorization; without it the preset's, or complex."`
	Preset    string `placeholder:"NAME" help:"Settings, one of ${presets}; without it the folder's name and the family, or defaults by size."`
	Dim       int    `placeholder:"N" help:"Dimension, or rank, instead of the preset's."`
	Epochs    int    `placeholder:"N" help:"Passes of the training, or iterations, instead of the preset's."`
	Adds      int    `default:"1000" placeholder:"N" help:"Held-out triples to add, one commit each (${default})."`
	Removals  int    `default:"100" placeholder:"N" help:"Trained triples to remove after that (${default})."`
	Commits   int    `default:"0" placeholder:"N" help:"Commits after that which remove triples and put them back, to see drift (${default})."`
	Sizes     []int  `default:"1,100,10000" placeholder:"N,…" help:"Triples of a commit whose times are taken; by the last one the last fifth of the triples is streamed (${default})."`
	NoStream  bool   `help:"Leave the streaming out."`
	NoRetrain bool   `help:"Leave the full retraining on the added triples out."`
	Workers   int    `placeholder:"N" help:"Goroutines that train and study large commits; all processors without it."`
}

// Run trains, then edits the graph and looks at the model.
func (c *benchMaintain) Run(a *app) error {
	a.machine()
	if c.Workers == 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	o := maintain.MeasureOptions{
		Folder: c.Folder, Commits: c.Adds, Removals: c.Removals, Churn: c.Commits, Retrain: !c.NoRetrain, Sizes: c.Sizes,
		Maintain: maintain.Options{Workers: c.Workers}, Processor: processorTime,
	}
	if c.NoStream {
		o.Sizes = nil
	}
	if err := c.settle(&o); err != nil {
		return err
	}
	b := a.newBar("train and maintain")
	o.Train.Progress = func(p train.Progress) {
		b.set(float64(p.Epoch-1)/float64(max(1, p.Epochs)), fmt.Sprintf("training, epoch %d/%d", p.Epoch, p.Epochs))
	}
	o.Progress = func(doing string, done int) { b.set(0.5, fmt.Sprintf("%s: %d", doing, done)) }
	m, err := maintain.Measure(a.ctx, o)
	if err != nil {
		b.fail()
		return err
	}
	b.done(plural(int64(m.Commits), "commit"))
	fmt.Fprintln(a.out, m)
	if m.Retraining > 0 && m.P50 > 0 {
		fmt.Fprintf(a.out, "baseline, a full retraining (%s): a commit is followed %s times faster\n",
			m.Retraining.Round(time.Second), grouped(int64(m.Retraining/m.P50)))
	}
	fmt.Fprintf(a.out, "%.0f s of processor time in all, peak memory %s\n", processorTime(), sizeText(peakMemory()))
	return nil
}

// settle finds the settings of the model.
func (c *benchMaintain) settle(o *maintain.MeasureOptions) error {
	if m, ok := factor.MethodByName(c.Model); ok {
		o.Fit = func(ctx context.Context, d train.Data) (*model.Embedding, error) {
			f := factor.Options{Method: m.Name, Rank: c.Dim, Workers: c.Workers, Progress: o.Train.Progress}
			f.Iterations = c.Epochs
			return factor.Fit(ctx, d, f)
		}
		o.Train.Workers = c.Workers
		return nil
	}
	name := c.Preset
	if name == "" {
		name = train.PresetName(filepath.Base(c.Folder), c.Model)
	}
	preset, err := train.PresetByName(name)
	if err != nil && c.Preset != "" {
		return usageError{err}
	}
	o.Train = train.Options{Family: c.Model, Dim: c.Dim, Epochs: c.Epochs, Workers: c.Workers}.Over(preset)
	return nil
}
