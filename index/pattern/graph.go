package pattern

import (
	"context"
	"fmt"

	"github.com/inklingdb/inkling/store"
)

// GraphReport is a Report about a graph of the store. Relations[i] is about IDs[i].
type GraphReport struct {
	Report
	IDs []store.TermID

	rows map[store.TermID]uint32
}

// Of returns the evidence about a relation; false when no triple of it joins two nodes.
func (g *GraphReport) Of(id store.TermID) (*Evidence, bool) {
	row, ok := g.rows[id]
	if !ok {
		return nil, false
	}
	return &g.Relations[row], true
}

// OfGraph analyses the triples of a graph that join two nodes; those with literals have no pattern to follow.
// Relations are numbered in the order in which the graph's triples, by subject, first name them.
func OfGraph(ctx context.Context, v *store.View, g store.TermID, o Options) (*GraphReport, error) {
	c, err := v.Scan(g, store.Pattern{}, store.SPO)
	if err != nil {
		return nil, fmt.Errorf("pattern: %w", err)
	}
	defer c.Close()
	var b Builder
	buf := make([]store.Triple, 1024)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n, err := c.Next(buf)
		if err != nil {
			return nil, fmt.Errorf("pattern: reading the graph: %w", err)
		}
		if n == 0 {
			return b.Analyse(ctx, o)
		}
		for _, t := range buf[:n] {
			b.Add(t)
		}
	}
}

// Builder gathers the triples of a graph for an analysis. The zero value is ready.
type Builder struct {
	report  GraphReport
	triples []Triple
}

// Add takes a triple in; one whose object is a literal is left out.
func (b *Builder) Add(t store.Triple) {
	if !t.O.IsNode() {
		return
	}
	r, ok := b.report.rows[t.P]
	if !ok {
		if b.report.rows == nil {
			b.report.rows = map[store.TermID]uint32{}
		}
		r = uint32(len(b.report.IDs))
		b.report.rows[t.P] = r
		b.report.IDs = append(b.report.IDs, t.P)
	}
	// A node's dictionary number is its own among all kinds of terms, so it can stand for the row.
	b.triples = append(b.triples, Triple{H: t.S.Number(), R: r, T: t.O.Number()})
}

// Analyse returns the report on what was added. The builder must not be used after.
func (b *Builder) Analyse(ctx context.Context, o Options) (*GraphReport, error) {
	r, err := Analyse(ctx, b.triples, len(b.report.IDs), o)
	if err != nil {
		return nil, err
	}
	b.report.Report = *r
	return &b.report, nil
}
