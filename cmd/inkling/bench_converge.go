package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/inklingdb/inkling/engine/factor"
	"github.com/inklingdb/inkling/engine/plot"
	"github.com/inklingdb/inkling/engine/train"
)

type benchConverge struct {
	Folder     string    `arg:"" help:"A folder with train as .tsv or .tsv.gz, such as ../shared/data/Kinship."`
	Rho        []float64 `default:"0.01,0.1,1,10" placeholder:"X,…" help:"How freely unknowns move in an iteration, a run each (${default})."`
	Dim        int       `placeholder:"N" help:"Rank; without it as many as there are relations."`
	Iterations int       `default:"5000" placeholder:"N" help:"Iterations at most (${default})."`
	Tolerance  float64   `default:"1e-4" placeholder:"X" help:"Stop at this largest relative change of the unknowns (${default})."`
	Start      string    `default:"eigen" placeholder:"NAME" help:"eigen or random (${default})."`
	Precision  string    `default:"float32" placeholder:"NAME" help:"float32 or float64 (${default})."`
	Seed       uint64    `default:"1" placeholder:"N" help:"Seed of the start (${default})."`
	Out        string    `short:"o" placeholder:"FILE" help:"Draw the changes, .png or .svg."`
}

// Run iterates linear-reg at each rho and shows how the unknowns settle.
func (c *benchConverge) Run(a *app) error {
	a.machine()
	format := strings.ToLower(strings.TrimPrefix(filepath.Ext(c.Out), "."))
	if c.Out != "" && format != "png" && format != "svg" {
		return usageError{fmt.Errorf("the picture %s must end in .png or .svg", c.Out)}
	}
	d, err := train.ReadSplits(c.Folder)
	if err != nil {
		return err
	}
	picture := &plot.Convergence{Title: "Linear + Regularized on " + filepath.Base(c.Folder), Tolerance: c.Tolerance}
	t := newTable(a.out, "rho", "change after 1", "10", "100", "1,000", "at last", "iterations", "rises", "objective", "an iteration")
	b := a.newBar("converge")
	for i, rho := range c.Rho {
		start := time.Now()
		run, err := factor.Converge(a.ctx, d, factor.Options{
			Rank: c.Dim, Precision: factor.Precision(c.Precision), Seed: c.Seed, Workers: runtime.GOMAXPROCS(0),
			Settings: factor.Settings{Rho: rho, Iterations: c.Iterations, Tolerance: c.Tolerance, Start: factor.Start(c.Start)},
		}, func(n int, change float64) {
			b.set((float64(i)+float64(n)/float64(c.Iterations))/float64(len(c.Rho)), fmt.Sprintf("rho %g, iteration %d: %.1e", rho, n, change))
		})
		if err != nil {
			b.fail()
			return err
		}
		picture.Runs = append(picture.Runs, plot.ConvergenceRun{Name: fmt.Sprintf("rho %g", run.Rho), Changes: run.Changes})
		t.AppendRow(convergenceRow(run, time.Since(start)))
	}
	b.done(plural(int64(len(c.Rho)), "run"))
	t.Render()
	if c.Out == "" {
		return nil
	}
	var image bytes.Buffer
	if err := plot.Write(&image, picture, plot.Options{Format: format}); err != nil {
		return err
	}
	return os.WriteFile(c.Out, image.Bytes(), 0o644)
}

// convergenceRow is a run's line of the table.
func convergenceRow(run factor.Convergence, took time.Duration) []any {
	n := len(run.Changes)
	row := []any{fmt.Sprintf("%g", run.Rho)}
	for _, at := range []int{1, 10, 100, 1000} {
		text := ""
		if at <= n {
			text = fmt.Sprintf("%.1e", run.Changes[at-1])
		}
		row = append(row, text)
	}
	iterations := fmt.Sprint(n)
	if run.Reached == 0 {
		iterations += ", not reached"
	}
	return append(row, fmt.Sprintf("%.1e", run.Changes[n-1]), iterations, run.Rises, fmt.Sprintf("%.4f", run.Losses[n-1]),
		(took / time.Duration(n)).Round(10*time.Microsecond))
}
