package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/inklingdb/inkling/engine/experiment"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/generate"
)

type benchPatterns struct {
	Model   []string `placeholder:"NAME" help:"Families; without it all."`
	Pattern []string `placeholder:"NAME" help:"Patterns: symmetric, antisymmetric, inverse, composition, 1-to-N, N-to-1; without it all."`
	Seed    uint64   `default:"0" placeholder:"N" help:"Of graphs and trainings (${default})."`
	Write   string   `placeholder:"DIR" help:"Only write the graphs as train.tsv, valid.tsv and test.tsv, a folder each."`
}

// Run trains each family on each graph and shows what it learnt.
func (c *benchPatterns) Run(a *app) error {
	if c.Write != "" {
		return c.write(a)
	}
	a.machine()
	b := a.newBar("train")
	start := time.Now()
	cells, err := experiment.Run(a.ctx, experiment.Options{
		Families: c.Model, Patterns: c.Pattern, Seed: c.Seed, Workers: runtime.GOMAXPROCS(0),
		Done: func(cell experiment.Cell, done, total int) {
			b.set(float64(done)/float64(total), fmt.Sprintf("%s on %s", cell.Family, cell.Pattern))
		},
	})
	if errors.Is(err, generate.ErrUnknownPattern) || errors.Is(err, model.ErrUnknownFamily) {
		err = usageError{err}
	}
	if err != nil {
		b.fail()
		return err
	}
	b.done(fmt.Sprintf("%d trainings in %v", len(cells), time.Since(start).Round(time.Second)))
	printPatternTable(a.out, cells)
	printPatternFigures(a.out, cells)
	return nil
}

func (c *benchPatterns) write(a *app) error {
	for _, name := range c.Pattern {
		if _, err := generate.PatternByName(name); err != nil {
			return usageError{err}
		}
	}
	for _, p := range generate.Patterns {
		if len(c.Pattern) > 0 && !slices.Contains(c.Pattern, p.Name) {
			continue
		}
		g := p.Graph(c.Seed)
		folder := filepath.Join(c.Write, p.Name)
		if err := g.WriteTSV(folder); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s: %s, %d test triples; %s\n", folder, plural(int64(len(g.Train)), "training triple"), len(g.Test), p.Doc)
	}
	return nil
}

// printPatternTable writes the lecture's table: measured, and published where that differs.
func printPatternTable(out io.Writer, cells []experiment.Cell) {
	var families, patterns []string
	for _, c := range cells {
		if !slices.Contains(families, c.Family) {
			families = append(families, c.Family)
		}
		if !slices.Contains(patterns, c.Pattern) {
			patterns = append(patterns, c.Pattern)
		}
	}
	header := []string{"pattern"}
	for _, name := range families {
		f, _ := model.FamilyByName(name)
		header = append(header, f.Title)
	}
	t := newTable(out, append(header, "learnt from", "blind guess")...)
	differ := 0
	for _, p := range patterns {
		row := []any{p}
		var last experiment.Cell
		for _, c := range cells {
			if c.Pattern != p {
				continue
			}
			mark := "✗"
			if c.Learnt {
				mark = "✓"
			}
			text := fmt.Sprintf("%s %.3f", mark, c.Score)
			if c.Differs() {
				text += fmt.Sprintf(" (published %v)", c.Published)
				differ++
			}
			row, last = append(row, text), c
		}
		t.AppendRow(append(row, fmt.Sprintf("%.3f", last.Threshold), fmt.Sprintf("%.3f", last.Blind)))
	}
	t.Render()
	fmt.Fprintf(out, "%d of %d cells differ from the published table; docs/patterns.md says why\n\n", differ, len(cells))
}

// printPatternFigures writes all that was measured.
func printPatternFigures(out io.Writer, cells []experiment.Cell) {
	t := newTable(out, "pattern", "model", "MRR", "Hits@1", "direction", "called false", "tails ranked", "told apart",
		"cosine within", "between", "trained in")
	for _, c := range cells {
		t.AppendRow([]any{c.Pattern, c.Family, figureText(c.MRR), figureText(c.Hits1), figureText(c.Direction), figureText(c.CalledFalse),
			figureText(c.Ranked), figureText(c.Apart), figureText(c.Within), figureText(c.Between), c.Training.Round(10 * time.Millisecond)})
	}
	t.Render()
}

// figureText writes a number with three decimals, nothing for NaN.
func figureText(x float64) string {
	if math.IsNaN(x) {
		return ""
	}
	return fmt.Sprintf("%.3f", x)
}
