package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/store/rdf"
)

type exportCommand struct {
	database
	Format  string `default:"nq" placeholder:"NAME" help:"nq, nt, ttl, trig or tsv (${default})."`
	Graph   string `placeholder:"IRI" help:"Only this named graph; \"default\" is the default graph. nt and ttl hold one graph only."`
	Publish bool   `help:"Write the copy to give away: without the facts that copies of a marked graph lack. It takes the key."`
	Output  string `short:"o" placeholder:"FILE" help:"Write to a file instead of standard output, compressed when it is named .gz or .zst."`
}

// Run writes the graph.
func (c *exportCommand) Run(a *app) error {
	return c.with(func(db *engine.DB) error {
		request := engine.ExportRequest{Format: c.Format, Publish: c.Publish}
		if c.Graph == "default" {
			request.Graph = &rdf.Term{}
		} else if c.Graph != "" {
			g := rdf.NewIRI(c.Graph)
			request.Graph = &g
		}
		if c.Output == "" {
			_, err := db.Export(a.ctx, a.out, request)
			return err
		}
		if f := rdf.FormatByName(c.Format); f == nil || !f.Writable() { // before a file that is there is emptied
			return usageError{fmt.Errorf("unknown format %q for a graph; there are nq, nt, ttl, trig, tsv", c.Format)}
		}
		f, err := os.Create(c.Output)
		if err != nil {
			return err
		}
		n, err := exportCompressed(a, db, f, request)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		fmt.Fprintf(a.err, "%s written to %s\n", plural(n, "triple"), c.Output)
		return nil
	})
}

// exportCompressed writes the graph to a file as its name asks and returns the number of triples.
func exportCompressed(a *app, db *engine.DB, f *os.File, request engine.ExportRequest) (int64, error) {
	w, err := rdf.NewCompressor(f, f.Name())
	if err != nil {
		return 0, err
	}
	n, err := db.Export(a.ctx, w, request)
	return n, errors.Join(err, w.Close())
}
