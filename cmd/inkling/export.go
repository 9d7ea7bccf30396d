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
	Format string `default:"nq" placeholder:"NAME" help:"nq, nt, ttl, trig or tsv (${default})."`
	Graph  string `placeholder:"IRI" help:"Only this named graph; \"default\" is the default graph. nt and ttl hold one graph only."`
	Output string `short:"o" placeholder:"FILE" help:"Write to a file instead of standard output."`
}

// Run writes the graph.
func (c *exportCommand) Run(a *app) error {
	return c.with(func(db *engine.DB) error {
		request := engine.ExportRequest{Format: c.Format}
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
		f, err := os.Create(c.Output)
		if err != nil {
			return err
		}
		n, err := db.Export(a.ctx, f, request)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		fmt.Fprintf(a.err, "%s written to %s\n", plural(n, "triple"), c.Output)
		return nil
	})
}
