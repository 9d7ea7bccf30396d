package engine

import (
	"context"
	"fmt"
	"io"

	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// ExportRequest says what Export writes.
type ExportRequest struct {
	Format string // a name of rdf.Formats; "" means "nq"
	// Publish writes the copy to give away: of graphs whose triples are marked, the facts that copies lack are left out.
	// It takes the key. Without it every fact is written.
	Publish bool
	Graph   *rdf.Term // only that graph (the zero Term: the default one), written without its name; nil writes all
}

// Export writes the graph as it is now, in SPO order graph by graph, and returns the number of statements written.
// A format that holds no named graphs can only write one graph.
func (db *DB) Export(ctx context.Context, w io.Writer, r ExportRequest) (int64, error) {
	if r.Format == "" {
		r.Format = "nq"
	}
	format := rdf.FormatByName(r.Format)
	if format == nil || !format.Writable() {
		return 0, fmt.Errorf("engine: export: %w: cannot write format %q; there are %s", ErrBadInput, r.Format, FormatNames())
	}
	v, err := db.store.View()
	if err != nil {
		return 0, err
	}
	defer v.Close()
	base := baseOf(v)
	out, err := rdf.NewWriter(w, format, rdf.WriterOptions{Base: base, Prefixes: prefixes(base)})
	if err != nil {
		return 0, fmt.Errorf("engine: export: %w", err)
	}
	graphs := append([]store.TermID{0}, v.Graphs()...)
	if r.Graph != nil {
		id, err := graphID(v, *r.Graph)
		if err != nil {
			return 0, fmt.Errorf("engine: export: %w", err)
		}
		graphs = []store.TermID{id}
	}
	e := exporter{db: db, view: v, out: out, unnamed: r.Graph != nil, publish: r.Publish}
	for _, g := range graphs {
		if err := e.graph(ctx, g); err != nil {
			return e.written, fmt.Errorf("engine: export: %w", err)
		}
	}
	return e.written, out.Close()
}

// exporter writes graphs one after another.
type exporter struct {
	view    *store.View
	out     *rdf.Writer
	unnamed bool // leave the graph's name out
	db      *DB
	publish bool // leave out what published copies lack
	written int64
}

func (e *exporter) graph(ctx context.Context, g store.TermID) error {
	var name rdf.Term
	var err error
	if g != 0 && !e.unnamed {
		if name, err = e.view.Term(g); err != nil {
			return err
		}
	}
	var lacking *publisher
	if e.publish {
		term := name
		if g != 0 && term.Kind == rdf.None {
			if term, err = e.view.Term(g); err != nil {
				return err
			}
		}
		if lacking, err = e.db.publisher(ctx, e.view, term.Value); err != nil {
			return err
		}
	}
	c, err := e.view.Scan(g, store.Pattern{}, store.SPO)
	if err != nil {
		return err
	}
	defer c.Close()
	triples := make([]store.Triple, 1024)
	quads := make([]rdf.Quad, 0, len(triples))
	for {
		n, err := c.Next(triples)
		if err != nil || n == 0 {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		some := triples[:n]
		if lacking != nil {
			if some, err = lacking.without(some); err != nil {
				return err
			}
		}
		if quads, err = quadsOf(e.view, some, name, quads[:0]); err != nil {
			return err
		}
		if err := e.out.Write(quads); err != nil {
			return err
		}
		e.written += int64(len(some))
	}
}

// quadsOf appends triples as text in a graph to quads.
func quadsOf(v *store.View, triples []store.Triple, g rdf.Term, quads []rdf.Quad) ([]rdf.Quad, error) {
	for _, t := range triples {
		var terms [3]rdf.Term
		if err := v.Terms([]store.TermID{t.S, t.P, t.O}, terms[:]); err != nil {
			return nil, err
		}
		quads = append(quads, rdf.Quad{S: terms[0], P: terms[1], O: terms[2], G: g})
	}
	return quads, nil
}
