package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/bundle"
	"github.com/inklingdb/inkling/store/rdf"
)

type importCommand struct {
	database
	Files   []string `arg:"" placeholder:"FILE" help:"Files to read: TSV, N-Triples, N-Quads, Turtle, TriG, RDF/XML, plain, .gz or .zst; - is standard input."`
	Format  string   `placeholder:"NAME" help:"nt, nq, ttl, trig, tsv or rdf; without it the file's name says."`
	Graph   string   `placeholder:"IRI" help:"Put triples into this named graph instead of the default one."`
	Base    string   `placeholder:"IRI" help:"Resolve relative IRIs, and make plain names IRIs, under this base. An empty database keeps it as its own."`
	SkipBad bool     `help:"Count and list broken lines instead of refusing the file."`
	Risk    bool     `name:"risk-losing-recent-commits" help:"Do not sync each commit to disk: faster, but a power cut may undo the last ones."`
	JSON    bool     `help:"Print the report as JSON."`
}

// Run imports the files as one commit.
func (c *importCommand) Run(a *app) error {
	request := engine.ImportRequest{Paths: c.Files, Format: c.Format, Base: c.Base, SkipBad: c.SkipBad}
	if c.Graph != "" {
		request.Graph = rdf.NewIRI(c.Graph)
	}
	if slices.Contains(c.Files, "-") {
		if len(c.Files) > 1 {
			return usageError{errors.New("standard input (-) cannot be imported together with files")}
		}
		request.Paths, request.Reader = nil, a.in
	}
	for _, path := range c.Files {
		if bundle.Is(path) {
			return usageError{fmt.Errorf("%s is a bundle: inkling bundle import reads it", path)}
		}
	}
	db, err := c.create(engine.Options{RiskLosingRecentCommits: c.Risk})
	if err != nil {
		return err
	}
	b := a.newBar("import")
	request.Progress = func(p engine.ImportProgress) {
		share := 0.0
		if p.TotalBytes > 0 {
			share = float64(p.ReadBytes) / float64(p.TotalBytes)
		}
		b.set(share, plural(p.Triples, "triple"))
	}
	report, err := db.Import(a.ctx, request)
	if err != nil {
		b.fail()
		return errors.Join(err, db.Close())
	}
	b.done(plural(report.Read, "triple") + " read")
	a.printWarnings(report.Warnings)
	a.printVerdicts(report.Verdicts)
	if err := db.WaitHooks(a.ctx); err != nil {
		return errors.Join(err, db.Close())
	}
	if err := db.Close(); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(a.out, report)
	}
	fmt.Fprintf(a.out, "%s added to %s (%s read)\n", plural(report.Added, "triple"), c.DB, grouped(report.Read))
	for _, bad := range report.Bad {
		fmt.Fprintf(a.err, "skipped %s:%d:%d: %s\n", bad.File, bad.Line, bad.Column, bad.Problem)
	}
	if report.Skipped > 0 {
		fmt.Fprintf(a.err, "%s skipped\n", plural(report.Skipped, "broken line"))
	}
	return nil
}
