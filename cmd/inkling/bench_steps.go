package main

import (
	"fmt"
	"runtime"
	"text/tabwriter"
	"time"

	"github.com/inklingdb/inkling/engine/train"
)

type benchSteps struct {
	Folder    string `arg:"" help:"A folder with train as .tsv or .tsv.gz, such as ../shared/data/FB15k-237."`
	Steps     int    `default:"50" placeholder:"N" help:"Steps to time (${default})."`
	Dim       int    `default:"200" placeholder:"N" help:"Dimension (${default})."`
	Batch     int    `default:"1024" placeholder:"N" help:"Answers a step (${default})."`
	Negatives int    `default:"256" placeholder:"N" help:"Negatives an answer (${default})."`
}

// pytorch holds the steps a second of PyTorch's reference code for these models (self-adversarial negative sampling,
// batch 1,024 × 256, dimension 200, FB15k-237) on two cores of this machine's kind.
var pytorch = map[string]float64{"transe-l1": 2.4, "distmult": 2.9, "complex": 1.1, "rotate": 0.24}

// Run times steps of negative sampling.
func (c *benchSteps) Run(a *app) error {
	a.machine()
	d, err := train.ReadSplits(c.Folder)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "negative sampling, batch %d × %d negatives, dimension %d, self-adversarial loss, Adam\n", c.Batch, c.Negatives, c.Dim)
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "model\tsteps/s\tms a step\tmemory limit\tarithmetic limit\tof the limit\tPyTorch steps/s\ttimes PyTorch")
	for _, family := range []string{"transe-l1", "transe", "distmult", "complex", "rotate", "rotate-l2"} {
		s, err := train.MeasureSteps(a.ctx, d, train.Options{
			Family: family, Loss: train.SelfAdversarial, Optimiser: train.Adam, Dim: c.Dim, Batch: c.Batch, Negatives: c.Negatives,
			N3: -1, Margin: 9, Workers: runtime.GOMAXPROCS(0),
		}, c.Steps)
		if err != nil {
			return err
		}
		ms := func(d time.Duration) string { return fmt.Sprintf("%.2f ms", d.Seconds()*1e3) }
		rate := 1 / s.PerStep.Seconds()
		baseline, times := "", ""
		if p := pytorch[family]; p > 0 && c.Dim == 200 && c.Batch == 1024 && c.Negatives == 256 {
			baseline, times = fmt.Sprint(p), fmt.Sprintf("%.0f×", rate/p)
		}
		fmt.Fprintf(w, "%s\t%.1f\t%s\t%s\t%s\t%.0f%%\t%s\t%s\n", family, rate, ms(s.PerStep), ms(s.Memory), ms(s.Compute), 100*s.Limit(), baseline, times)
	}
	return w.Flush()
}
