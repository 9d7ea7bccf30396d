package main

import (
	"bufio"
	"fmt"

	"github.com/inklingdb/inkling/engine"
)

type suggestCommand struct {
	database
	Model       string   `placeholder:"NAME" help:"The model to ask; without it the default one."`
	Relation    []string `placeholder:"NAME" help:"Only triples of these relations."`
	PerRelation int      `default:"5" placeholder:"N" help:"At most so many of a relation (${default})."`
	Limit       int      `default:"20" placeholder:"N" help:"Show so many, the most probable (${default})."`
	Least       float64  `placeholder:"P" help:"Only triples at least so probable; without it the model's threshold."`
	Heads       int      `default:"10000" placeholder:"N" help:"Ask about at most so many heads of a relation, evenly spread (${default})."`
	Format      string   `default:"table" enum:"table,json,tsv" placeholder:"NAME" help:"table, json or tsv (head, relation, tail, probability)."`
	Wait        bool     `help:"Let the models catch up with the latest commits first."`
	Exact       bool     `help:"Search no model approximately."`
}

// Run lists triples that may be missing.
func (c *suggestCommand) Run(a *app) error {
	return c.with(func(db *engine.DB) error {
		b := a.newBar("suggest")
		r, err := db.Suggest(a.ctx, engine.SuggestRequest{
			Model: c.Model, Relations: c.Relation, PerRelation: c.PerRelation, Limit: c.Limit, Least: c.Least, Heads: c.Heads, Exact: c.Exact, Wait: c.Wait,
			Progress: func(p engine.SearchProgress) { b.set(p.Done, p.Phase) },
		})
		if err != nil {
			b.fail()
			return err
		}
		b.done(plural(r.Asked, "head") + " asked about")
		a.sayApproximate(r.Versions)
		switch c.Format {
		case "json":
			return printJSON(a.out, r)
		case "tsv":
			w := bufio.NewWriter(a.out)
			for _, s := range r.Suggestions {
				fmt.Fprintf(w, "%s\t%s\t%s\t%.6g\n", tsvField(s.Head), tsvField(s.Relation), tsvField(s.Tail), s.Probability)
			}
			return w.Flush()
		}
		t := newTable(a.out, "probability", "head", "relation", "tail")
		for _, s := range r.Suggestions {
			t.AppendRow([]any{figureText(s.Probability), s.Head, s.Relation, s.Tail})
		}
		if len(r.Suggestions) > 0 {
			t.Render()
		}
		fmt.Fprintf(a.out, "%s from probability %s on, of %s asked about %s\n", plural(int64(len(r.Suggestions)), "suggestion"),
			figureText(r.Least), plural(int64(r.Relations), "relation"), plural(r.Asked, "head"))
		if r.Skipped > 0 {
			fmt.Fprintf(a.out, "%s were not asked about; --heads raises the bound\n", plural(r.Skipped, "further head"))
		}
		return nil
	})
}
