package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/factor"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/index/pattern"
)

type benchTrain struct {
	Folder    string `arg:"" help:"A folder with train, valid and test as .tsv or .tsv.gz, such as ../shared/data/FB15k-237."`
	Preset    string `placeholder:"NAME" help:"Settings, one of ${presets}; of a factorization, ${factorpresets}; without it the folder's name and the family, or defaults by size."`
	Model     string `placeholder:"FAMILY" help:"${families}, or a factorization: ${methods}; without it the preset's, or complex."`
	Seed      uint64 `default:"0" placeholder:"N"`
	ByPattern bool   `help:"Sum the figures up by the patterns of the relations in the training triples."`
	trainFlags
	factorFlags
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
	if o, ok, err := c.factorization(name); ok || err != nil {
		if err != nil {
			return err
		}
		return c.factorize(a, o)
	}
	if s, file := c.settings(); file != "" || s != (factor.Settings{}) {
		return usageError{fmt.Errorf("a factorization's flags are given, and no factorization as --model")}
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
		b.set(done, fmt.Sprintf("epoch %d/%d loss %.3f", p.Epoch, p.Epochs, p.Loss)+withMRR(p.ValidMRR))
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

// factorization returns the options of a factorization with those of its preset, if there is one of that name; ok is false
// where neither the model nor the preset is a factorization.
func (c *benchTrain) factorization(preset string) (o factor.Options, ok bool, err error) {
	known, err := factor.PresetByName(preset)
	if _, other := train.PresetByName(preset); err != nil && other != nil && c.Preset != "" {
		return o, false, usageError{err}
	}
	t := c.options(cmp.Or(c.Model, known.Method), c.Seed)
	if _, ok := factor.MethodByName(t.Family); !ok {
		return o, false, nil
	}
	if t.Workers == 0 {
		t.Workers = runtime.GOMAXPROCS(0)
	}
	s, _ := c.settings()
	if o, err = factor.From(t, s); err != nil {
		return o, true, usageError{err}
	}
	if o, err = o.Over(known); err != nil {
		err = usageError{err}
	}
	return o, true, err
}

// factorize fits a factorization and ranks the test split.
func (c *benchTrain) factorize(a *app, o factor.Options) error {
	b := a.newBar("factorize")
	o.Progress = func(p train.Progress) {
		b.set(float64(p.Epoch)/float64(p.Epochs), fmt.Sprintf("iteration %d/%d loss %.4f", p.Epoch, p.Epochs, p.Loss)+withMRR(p.ValidMRR))
	}
	_, file := c.settings()
	var took time.Duration // by iteration
	m, err := train.MeasureFit(a.ctx, c.Folder, o.Workers, func(ctx context.Context, d train.Data, names train.Names) (*model.Embedding, error) {
		if file != "" {
			similarity, err := readSimilarity(file, names)
			if err != nil {
				return nil, err
			}
			o.Matrix = similarity
		}
		return factor.Fit(ctx, d, o)
	})
	if err != nil {
		b.fail()
		return err
	}
	b.done(fmt.Sprintf("%d iterations", m.Embedding.Metadata.Epochs))
	if times := m.Embedding.Timing.Epochs; len(times) > 1 {
		took = (times[len(times)-1] - times[0]) / time.Duration(len(times)-1)
	}
	fmt.Fprintf(a.out, "%s\n%v an iteration, %.0f s of processor time in all, peak memory %s\n", m, took.Round(10*time.Microsecond), processorTime(), sizeText(peakMemory()))
	fmt.Fprintln(a.out, figuresText(m.Embedding.Metadata.Metrics))
	if c.ByPattern {
		return a.byPattern(m)
	}
	return nil
}

// readSimilarity reads a file of similarities of relations by a benchmark's names.
func readSimilarity(path string, names train.Names) (*mat.SymDense, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c, _, err := factor.ReadSimilarity(f, len(names.Relations), func(name string) (int, bool) {
		row, ok := names.Relations[name]
		return int(row), ok
	})
	if err != nil {
		return nil, usageError{fmt.Errorf("%s: %w", path, err)}
	}
	return c, nil
}

// figuresText writes a model's figures in the order of their names.
func figuresText(figures map[string]float64) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(figures)) {
		words = append(words, fmt.Sprintf("%s %.4g", name, figures[name]))
	}
	return strings.Join(words, ", ")
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
