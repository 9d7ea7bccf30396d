package main

import (
	"fmt"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/store/rdf"
)

type statsCommand struct {
	database
	Relations int  `default:"20" placeholder:"N" help:"Show so many relations, most triples first (${default})."`
	JSON      bool `help:"Print as JSON."`
}

// Run counts what the database holds.
func (c *statsCommand) Run(a *app) error {
	return c.with(func(db *engine.DB) error {
		s, err := db.Stats(a.ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.out, s)
		}
		fmt.Fprintf(a.out, "%s, %s, version %d, %s on disk, base <%s>\n", plural(s.Triples, "triple"),
			plural(s.Terms, "term"), s.Version, sizeText(s.DiskBytes), s.Base)
		for _, g := range s.Graphs[1:] {
			fmt.Fprintf(a.out, "graph <%s>: %s\n", g.Graph, plural(g.Triples, "triple"))
		}
		t := newTable(a.out, "relation", "triples", "subjects", "objects", "functionality", "")
		shorten := db.Shortener()
		for i, r := range s.Relations {
			if i < c.Relations {
				functional := ""
				if r.Functional {
					functional = "functional"
				}
				t.AppendRow([]any{shorten(rdf.NewIRI(r.Relation)), r.Triples, r.Subjects, r.Objects, figureText(r.Functionality), functional})
			}
		}
		if len(s.Relations) > 0 {
			t.Render()
		}
		if more := len(s.Relations) - c.Relations; more > 0 {
			fmt.Fprintf(a.out, "and %s\n", plural(int64(more), "more relation"))
		}
		return nil
	})
}
