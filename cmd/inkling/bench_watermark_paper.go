package main

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/engine/watermark/kgmark"
)

type benchWatermarkPaper struct {
	Folder      string   `arg:"" help:"A folder with kg_final.txt.gz, such as ../shared/data/mind."`
	Dim         int      `default:"256" placeholder:"N" help:"Real numbers of a row and of a latent (${default})."`
	Communities int      `default:"12" placeholder:"N" help:"Communities that are marked, 0 for all (${default})."`
	Min         int      `default:"100" placeholder:"N" help:"Entities of a community at least (${default})."`
	Max         int      `default:"200" placeholder:"N" help:"Entities of a community at most (${default}; the paper's have 420 to 524)."`
	Fresh       int      `default:"20" placeholder:"N" help:"Fresh keys, each tested on every unmarked community (${default})."`
	Epochs      int      `default:"10" placeholder:"N" help:"Epochs of RotatE (${default})."`
	VAE         int      `name:"vae" default:"40" placeholder:"N" help:"Epochs of the autoencoder (${default})."`
	Predictor   int      `default:"40" placeholder:"N" help:"Epochs of the noise predictor (${default})."`
	FixedPoint  int      `default:"2" placeholder:"N" help:"Fixed-point iterations of a step of the inversion; negative: none (${default})."`
	Bases       int      `placeholder:"N" help:"So many matrices that a relation's weight mixes, instead of a diagonal."`
	Test        string   `default:"likelihood" enum:"likelihood,ncx2,code" help:"likelihood, ncx2 or code (${default})."`
	ByShape     bool     `help:"The detector finds communities and entities by the graph's shape, as the paper has it, not by name."`
	Method      []string `placeholder:"NAME" help:"Methods; without it all."`
	Literal     []string `placeholder:"FLAW" help:"Bring a flaw back: ${flaws}, or all."`
	Inversion   bool     `help:"Also measure how exact the inversion is by its fixed-point iterations."`
	Seed        uint64   `default:"0" placeholder:"N"`
}

// Run trains on the folder's graph, marks it by each method and shows what a detector finds.
func (c *benchWatermarkPaper) Run(a *app) error {
	o, methods, err := c.settings()
	if err != nil {
		return usageError{err}
	}
	a.machine()
	g, err := kgmark.ReadFolder(c.Folder)
	if err != nil {
		return err
	}
	b := a.newBar("watermark")
	start := time.Now()
	g, err = g.TrainTable(a.ctx, c.Dim, train.Options{Epochs: c.Epochs, Seed: c.Seed, Workers: runtime.GOMAXPROCS(0), Progress: func(p train.Progress) {
		b.set(0.3*float64(p.Epoch)/float64(p.Epochs), fmt.Sprintf("RotatE epoch %d/%d loss %.3f", p.Epoch, p.Epochs, p.Loss))
	}})
	if err != nil {
		b.fail()
		return err
	}
	table := time.Since(start)
	o.Progress = func(what string, done float64) { b.set(0.3, fmt.Sprintf("%s %.0f%%", what, 100*done)) }
	start = time.Now()
	p, err := kgmark.Train(a.ctx, g, o)
	if err != nil {
		b.fail()
		return err
	}
	networks := time.Since(start)
	outcomes, err := p.Compare(a.ctx, g, methods, fmt.Appendf(nil, "bench %d", c.Seed), c.Fresh, nil)
	if err != nil {
		b.fail()
		return err
	}
	b.done(plural(int64(len(outcomes)), "method"))
	entities := 0
	for _, community := range p.Communities() {
		entities += len(community)
	}
	fmt.Fprintf(a.out, "%s: %d entities, %d triples; marked %d in %d communities at dimension %d; RotatE %.1f s, networks %.1f s\n",
		filepath.Base(c.Folder), len(g.Names), len(g.Triples), entities, len(p.Communities()), c.Dim, table.Seconds(), networks.Seconds())
	fmt.Fprintf(a.out, "autoencoder MSE %.4f, noise predictor MSE %.4f; test %s, %s\n", p.AutoencoderError, p.PredictorError, c.Test, pickText(c.ByShape, "by shape", "by name"))
	c.print(a, outcomes)
	fmt.Fprintf(a.out, "%.0f s of processor time in all, peak memory %s\n", processorTime(), sizeText(peakMemory()))
	if c.Inversion {
		return c.inversion(a, p)
	}
	return nil
}

func pickText(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// settings returns the options and the methods asked for.
func (c *benchWatermarkPaper) settings() (o kgmark.Options, methods []kgmark.Method, err error) {
	o = kgmark.Options{
		Latent: c.Dim, CommunityMin: c.Min, CommunityMax: c.Max, Communities: c.Communities, VAEEpochs: c.VAE, PredictorEpochs: c.Predictor,
		FixedPoint: c.FixedPoint, Test: kgmark.Test(c.Test), ByNames: !c.ByShape, Seed: c.Seed,
	}
	if o.FixedPoint == 0 {
		o.FixedPoint = -1
	}
	if c.Bases > 0 {
		o.Relations, o.Bases = kgmark.Bases, c.Bases
	}
	if o.Literal, err = kgmark.LiteralByNames(c.Literal); err != nil {
		return o, nil, err
	}
	for _, name := range c.Method {
		if _, err := kgmark.MethodByName(name); err != nil {
			return o, nil, err
		}
	}
	for _, m := range kgmark.Methods {
		if len(c.Method) == 0 || slices.Contains(c.Method, m.Name) {
			methods = append(methods, m)
		}
	}
	return o, methods, nil
}

// print writes the table.
func (c *benchWatermarkPaper) print(a *app, outcomes []kgmark.Outcome) {
	t := newTable(a.out, "method", "carriers", "AUC", "published", "median log10 p", "found", "false", "original", "cosine", "published", "mark s", "detect s")
	for _, o := range outcomes {
		paper := kgmark.PublishedFigures(filepath.Base(c.Folder), o.Method.Name)
		t.AppendRow([]any{
			o.Method.Title, o.Carriers, fmt.Sprintf("%.4f", o.AUC), optional(paper.AUC), fmt.Sprintf("%.1f", o.Median),
			fmt.Sprintf("%.2f", o.Found), fmt.Sprintf("%.4f", o.False), fmt.Sprintf("%.1f", o.Original),
			fmt.Sprintf("%.4f", o.Cosine), optional(paper.Cosine), fmt.Sprintf("%.1f", o.Mark.Seconds()), fmt.Sprintf("%.1f", o.Detect.Seconds()),
		})
	}
	t.Render()
	fmt.Fprintf(a.out, "found and false: shares of marked communities with the key, and of unmarked ones with fresh keys, at p <= %g; original: the unmarked table with the key\n", kgmark.Significance)
}

func optional(x float64) string {
	if x == 0 {
		return ""
	}
	return fmt.Sprintf("%.4f", x)
}

// inversion writes the errors of the inversion by fixed-point iterations.
func (c *benchWatermarkPaper) inversion(a *app, p *kgmark.Pipeline) error {
	measured, err := p.Inversions(a.ctx, 0, 1, 2, 5)
	if err != nil {
		return err
	}
	t := newTable(a.out, "fixed-point iterations", "round trip", "at the detector", "predictor calls")
	for _, i := range measured {
		t.AppendRow([]any{i.Iterations, fmt.Sprintf("%.1e", i.RoundTrip), fmt.Sprintf("%.1e", i.Detector), i.Calls})
	}
	t.Render()
	return nil
}
