package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/inklingdb/inkling/cmd/inkling/growing"
	"github.com/inklingdb/inkling/engine/plot"
	"github.com/inklingdb/inkling/engine/train"
)

type benchContinual struct {
	Path     string   `arg:"" help:"A file of snapshot, split, head, relation, tail (.tsv or .tsv.gz), such as ../shared/data/CKGE/WN_CKGE.tsv.gz, or a folder of such files."`
	Model    string   `placeholder:"FAMILY" help:"${families}; without it the preset's, or complex."`
	Preset   string   `placeholder:"NAME" help:"Settings, one of ${presets}; without it defaults by size."`
	Methods  []string `placeholder:"NAME" help:"maintain, finetune and retrain; without it all."`
	Commit   int      `default:"100" placeholder:"N" help:"Triples of a commit (${default}); 0 commits a snapshot at once."`
	Entities int      `placeholder:"N" help:"Only the triples between the N entities of most triples: a first look."`
	Test     int      `placeholder:"N" help:"Rank at most N test triples of each snapshot."`
	Seed     uint64   `default:"1" placeholder:"N"`
	JSON     string   `placeholder:"FILE" help:"Write all figures as JSON, - for standard output."`
	Plot     string   `placeholder:"FILE" help:"Draw MRR over the snapshots; .svg or .png. Of a folder, FILE-NAME.svg of each."`
	trainFlags
}

// Run measures each data set.
func (c *benchContinual) Run(a *app) error {
	preset, err := train.PresetByName(c.Preset)
	if err != nil && c.Preset != "" {
		return usageError{err}
	}
	if c.Plot != "" && !slices.Contains(plot.Formats, plotFormat(c.Plot)) {
		return usageError{fmt.Errorf("the file %s must end in .png or .svg", c.Plot)}
	}
	paths, err := dataFiles(c.Path)
	if err != nil {
		return err
	}
	o := growing.ContinualOptions{Train: c.options(c.Model, c.Seed).Over(preset), Commit: c.Commit, Methods: c.Methods, Test: c.Test}
	if o.Train.Workers == 0 {
		o.Train.Workers = runtime.GOMAXPROCS(0)
	}
	report := reportTo(a.out, c.JSON)
	if report == a.out {
		a.machine()
	}
	var reports []growing.Report
	for _, path := range paths {
		r, err := c.measure(a, path, o)
		if err != nil {
			return err
		}
		printContinual(report, r)
		reports = append(reports, r)
		if err := c.write(reports, len(paths) > 1); err != nil {
			return err
		}
	}
	if c.JSON == "-" {
		return printJSON(a.out, reports)
	}
	return nil
}

// dataFiles returns a file, or the files of triples in a folder.
func dataFiles(path string) ([]string, error) {
	about, err := os.Stat(path)
	if err != nil || !about.IsDir() {
		return []string{path}, err
	}
	paths, err := filepath.Glob(filepath.Join(path, "*.tsv*"))
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("the folder %s holds no .tsv or .tsv.gz: %w", path, os.ErrNotExist)
	}
	return paths, err
}

func (c *benchContinual) measure(a *app, path string, o growing.ContinualOptions) (growing.Report, error) {
	s, err := growing.ReadCKGE(path)
	if err == nil && c.Entities > 0 {
		s, err = s.Among(c.Entities)
	}
	if err != nil {
		return growing.Report{}, err
	}
	b := a.newBar(s.Name)
	o.Progress = b.set
	r, err := growing.Continual(a.ctx, s, o)
	if err != nil {
		b.fail()
		return r, err
	}
	b.done(plural(int64(len(r.Snapshots)), "snapshot"))
	return r, nil
}

// printContinual writes the figures as tables.
func printContinual(out io.Writer, r growing.Report) {
	last := r.Snapshots[len(r.Snapshots)-1]
	fmt.Fprintf(out, "\n%s: %s, %s and %s in the end; %s, %d triples a commit, seed %d\n", r.Dataset, plural(int64(len(r.Snapshots)), "snapshot"),
		plural(int64(last.Entities), "node"), plural(int64(last.Relations), "relation"), r.Family, r.Commit, r.Seed)
	t := newTable(out, "method", "snapshot", "MRR", "Hits@1", "Hits@10", "among all", "first's MRR", "its own", "before", "seconds")
	for _, m := range r.Methods {
		for i, s := range m.Snapshots {
			before := ""
			if i > 0 {
				before = figureText(s.Before)
			}
			t.AppendRow([]any{m.Method, i + 1, figureText(s.Whole.MRR), figureText(s.Whole.Hits1), figureText(s.Whole.Hits10), figureText(s.Among.MRR),
				figureText(s.Tests[0].MRR), figureText(s.Tests[i].MRR), before, fmt.Sprintf("%.1f", s.Seconds)})
		}
	}
	t.Render()
	for _, m := range r.Methods {
		fmt.Fprintf(out, "%s: forgetting %+.4f, forward transfer %.4f, %.1f s in all", m.Method, m.Forgetting, m.ForwardTransfer, m.Seconds)
		if m.Stale != "" {
			fmt.Fprintf(out, "; it asks for a new training: %s", m.Stale)
		}
		fmt.Fprintln(out)
	}
	for _, f := range r.Published {
		fmt.Fprintf(out, "published: %s %.3f, %s (%s)\n", f.Method, f.Value, f.About, f.Source)
	}
}

// write writes what was measured so far to files.
func (c *benchContinual) write(reports []growing.Report, many bool) error {
	if c.JSON != "-" {
		if err := saveJSON(nil, c.JSON, reports); err != nil {
			return err
		}
	}
	if c.Plot == "" {
		return nil
	}
	r := reports[len(reports)-1]
	drawing := &plot.Snapshots{Graph: r.Dataset}
	for _, m := range r.Methods {
		series := plot.SnapshotSeries{Name: m.Method}
		for _, s := range m.Snapshots {
			series.MRR = append(series.MRR, s.Whole.MRR)
		}
		drawing.Series = append(drawing.Series, series)
	}
	file := c.Plot
	if many {
		extension := filepath.Ext(file)
		file = strings.TrimSuffix(file, extension) + "-" + r.Dataset + extension
	}
	var picture bytes.Buffer
	if err := plot.Write(&picture, drawing, plot.Options{Format: plotFormat(file)}); err != nil {
		return err
	}
	return os.WriteFile(file, picture.Bytes(), 0o644)
}

func plotFormat(file string) string {
	return strings.ToLower(strings.TrimPrefix(filepath.Ext(file), "."))
}
