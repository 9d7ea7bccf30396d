package main

import (
	"fmt"
	"strings"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/store/rdf"
)

type patternsCommand struct {
	database
	Graph     string `placeholder:"IRI" help:"The graph; without it the default one."`
	Relations int    `default:"20" placeholder:"N" help:"Show so many relations, most triples first (${default})."`
	JSON      bool   `help:"Print everything as JSON."`
}

// Run shows the evidence of each relation's patterns.
func (c *patternsCommand) Run(a *app) error {
	return c.with(func(db *engine.DB) error {
		var graph rdf.Term
		if c.Graph != "" {
			graph = rdf.NewIRI(c.Graph)
		}
		r, err := db.Patterns(a.ctx, graph)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.out, r)
		}
		shorten := db.Shortener()
		name := func(iri string) string { return shorten(rdf.NewIRI(iri)) }
		t := newTable(a.out, "relation", "triples", "tails/head", "heads/tail", "symmetric", "antisymmetric", "depth", "patterns that hold")
		shown := max(0, min(c.Relations, len(r.Relations)))
		for i := range shown {
			p := &r.Relations[i]
			t.AppendRow([]any{name(p.Relation), p.Triples, fmt.Sprintf("%.2f", p.TailsPerHead), fmt.Sprintf("%.2f", p.HeadsPerTail),
				fmt.Sprintf("%.2f", p.Symmetric), antisymmetricText(p), p.Depth, patternText(p, name)})
		}
		if shown > 0 {
			t.Render()
		}
		if more := len(r.Relations) - shown; more > 0 {
			fmt.Fprintf(a.out, "and %s\n", plural(int64(more), "more relation"))
		}
		var shares []string
		for _, s := range r.Shares {
			shares = append(shares, fmt.Sprintf("%s %.1f%%", s.Pattern, 100*s.Share))
		}
		fmt.Fprintf(a.out, "of %s between nodes: %s\n", plural(int64(r.Triples), "triple"), strings.Join(shares, ", "))
		fmt.Fprintf(a.out, "compositions from %d sampled triples a relation and about %s joined paths each; docs/patterns.md has the definitions\n",
			r.Sample, grouped(int64(r.Paths)))
		return nil
	})
}

// antisymmetricText returns the share with its support; "–" where no pair could be reversed.
func antisymmetricText(p *engine.RelationPatterns) string {
	if p.Reversible == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f of %d", p.Antisymmetric, p.Reversible)
}

// patternText names the patterns that hold, the inverse and the best composition with their relations.
func patternText(p *engine.RelationPatterns, name func(iri string) string) string {
	var list []string
	for _, pattern := range p.Patterns {
		switch {
		case pattern == "inverse":
			pattern = fmt.Sprintf("inverse of %s (%.2f, back %.2f)", name(p.Inverse.Relation), p.Inverse.Share, p.Inverse.Back)
		case pattern == "composition":
			for _, c := range p.Compositions {
				if c.Holds {
					pattern = fmt.Sprintf("%s ∘ %s (%.2f, lift %.1f)", name(c.First), name(c.Second), c.Share, c.Lift)
					break
				}
			}
		}
		list = append(list, pattern)
	}
	return strings.Join(list, ", ")
}
