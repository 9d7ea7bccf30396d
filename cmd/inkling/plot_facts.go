package main

import (
	"fmt"
	"os"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/experiment"
	"github.com/inklingdb/inkling/engine/figure"
	"github.com/inklingdb/inkling/engine/plot"
	"github.com/inklingdb/inkling/store/rdf"
)

type plotSimilarity struct {
	image
	Kind      string `placeholder:"NAME" help:"${similarities}; without it transitivity."`
	Graph     string `placeholder:"IRI" help:"A named graph instead of the default one."`
	Relations int    `default:"40" placeholder:"N" help:"Draw so many relations, most triples first (${default})."`
}

// Run draws a heat map.
func (c *plotSimilarity) Run(a *app) error {
	if c.Relations < 1 || c.Relations > 300 {
		return usageError{fmt.Errorf("--relations %d: draw from 1 to 300", c.Relations)}
	}
	o, err := c.look("similarity")
	if err != nil {
		return err
	}
	var graph rdf.Term
	if c.Graph != "" {
		graph = rdf.NewIRI(c.Graph)
	}
	return c.with(func(db *engine.DB) error {
		drawing, err := figure.Similarity(a.ctx, db, graph, c.Kind, c.Relations)
		if err != nil {
			return err
		}
		return c.write(a, drawing, o)
	})
}

// factResults is the arguments of plots of a benchmark's results.
type factResults struct {
	File string `arg:"" help:"What inkling bench facts --json wrote."`
	Set  string `placeholder:"NAME" help:"The folder's name, where the file has several; without it the first."`
}

// draw reads the results and writes the picture that is made of them.
func (f *factResults) draw(a *app, p *picture, kind string, make func([]experiment.FactResult) (plot.Drawing, error)) error {
	o, err := p.look(kind)
	if err != nil {
		return err
	}
	file, err := os.Open(f.File)
	if err != nil {
		return fmt.Errorf("%w: %w", engine.ErrBadInput, err)
	}
	defer file.Close()
	results, err := figure.FactResults(file, f.File)
	if err != nil {
		return err
	}
	drawing, err := make(results)
	if err != nil {
		return err
	}
	return p.write(a, drawing, o)
}

type plotFacts struct {
	picture
	factResults
	Model     string `short:"m" placeholder:"NAME" help:"The model; without it the one with the best ROC-AUC."`
	Relations int    `default:"40" placeholder:"N" help:"Draw so many relations, most facts first (${default})."`
}

// Run draws bars by relation.
func (c *plotFacts) Run(a *app) error {
	if c.Relations < 1 || c.Relations > 100 {
		return usageError{fmt.Errorf("--relations %d: draw from 1 to 100", c.Relations)}
	}
	q := figure.FactRequest{Set: c.Set, Relations: c.Relations}
	if c.Model != "" {
		q.Models = []string{c.Model}
	}
	return c.draw(a, &c.picture, "facts", func(r []experiment.FactResult) (plot.Drawing, error) { return figure.FactBars(r, q) })
}

type plotDensity struct {
	picture
	factResults
	Model  []string `short:"m" placeholder:"NAME" help:"A model; may be repeated, up to seven; without it all."`
	Metric string   `placeholder:"NAME" help:"roc_auc, ap, f1_micro, f1_macro, accuracy or step_pr_auc (the source's AUC); without it roc_auc."`
}

// Run draws lines over shares of subjects.
func (c *plotDensity) Run(a *app) error {
	q := figure.FactRequest{Set: c.Set, Models: c.Model, Metric: c.Metric}
	return c.draw(a, &c.picture, "density", func(r []experiment.FactResult) (plot.Drawing, error) { return figure.Density(r, q) })
}
