package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/query/results"
	"github.com/inklingdb/inkling/store/rdf"
)

type queryCommand struct {
	database
	Query   string        `arg:"" help:"The query; @FILE reads a file, - standard input."`
	Format  string        `default:"" placeholder:"NAME" help:"table, json, xml, csv or tsv; for CONSTRUCT and DESCRIBE ttl, nt, nq, trig or tsv."`
	Explain bool          `help:"Print the executed plan with estimated and actual rows on standard error."`
	Wait    bool          `help:"Let the models catch up with the latest commits first."`
	Exact   bool          `help:"Search no model approximately."`
	Timeout time.Duration `placeholder:"TIME" help:"Give up after so long (60s)."`
	Rows    int64         `placeholder:"N" help:"Refuse answers of more rows (10,000,000)."`
}

// Run answers the query.
func (c *queryCommand) Run(a *app) error {
	text, err := a.text(c.Query)
	if err != nil {
		return err
	}
	return c.with(func(db *engine.DB) error {
		o := engine.QueryOptions{Explain: c.Explain, Wait: c.Wait, Exact: c.Exact, Limits: engine.Limits{Time: c.Timeout, Rows: c.Rows}}
		return a.query(db, text, c.Format, o)
	})
}

// query answers a query in a format.
func (a *app) query(db *engine.DB, text, format string, o engine.QueryOptions) error {
	r, err := db.Query(a.ctx, text, o)
	if err != nil {
		return err
	}
	for _, w := range r.Warnings {
		fmt.Fprintln(a.err, "warning:", w)
	}
	rows := int64(1)
	if r.Kind == engine.Graph {
		err = writeQuads(a.out, db, r, format)
	} else {
		rows, err = writeRows(a.out, db, r, format)
	}
	if err == nil && rows == 0 {
		a.hintAtThreshold(db, text, r.Versions())
	}
	if err == nil && o.Explain {
		fmt.Fprintf(a.err, "%s\n%s in %s\n", r.Plan(), versionText(r.Versions()), shortTime(r.Elapsed()))
	} else if err == nil {
		a.sayApproximate(r.Versions())
	}
	return errors.Join(err, r.Close())
}

// hintAtThreshold tells whoever asked a model and got nothing what may have held the answers back.
func (a *app) hintAtThreshold(db *engine.DB, text string, v engine.Versions) {
	if !strings.Contains(text, "predict") && !strings.Contains(text, "plausible") {
		return
	}
	for name := range v.Models {
		if m, err := db.Model(name); err == nil {
			fmt.Fprintf(a.err, "no rows: predictions below the threshold of model %s, probability %.2f, are left out unless ink:min says otherwise\n",
				name, m.Threshold)
		}
	}
}

// sayApproximate tells which models were searched approximately.
func (a *app) sayApproximate(v engine.Versions) {
	for _, name := range slices.Sorted(maps.Keys(v.Approximate)) {
		fmt.Fprintf(a.err, "approximate: model %s was searched by lists, recall@10 %.3f; --exact looks at all nodes\n", name, v.Approximate[name])
	}
}

func versionText(v engine.Versions) string {
	text := fmt.Sprintf("graph at version %d", v.Graph)
	for name, version := range v.Models {
		text += fmt.Sprintf(", model %s at %d", name, version)
	}
	return text
}

// writeRows writes the answer of SELECT or ASK and returns the number of rows, 1 for ASK.
func writeRows(out io.Writer, db *engine.DB, r *engine.Result, format string) (rows int64, err error) {
	if format == "" {
		format = "table"
	}
	f := results.ByName(format)
	if f == nil {
		return 0, usageError{fmt.Errorf("unknown format %q for rows; there are table, json, xml, csv, tsv", format)}
	}
	w := f.NewWriter(out, results.WriterOptions{Prefixes: db.Prefixes()})
	if r.Kind == engine.Boolean {
		return 1, errors.Join(w.Boolean(r.Bool), w.Close())
	}
	if err := w.Header(r.Vars); err != nil {
		return 0, err
	}
	for row, err := range r.Rows() {
		if err != nil {
			return rows, err
		}
		rows++
		if f.Name == "table" {
			roundDoubles(row)
		}
		if err := w.Row(row); err != nil {
			return rows, err
		}
	}
	return rows, w.Close()
}

// roundDoubles shortens floating-point numbers for the eye.
func roundDoubles(row []rdf.Term) {
	for i, t := range row {
		if t.Datatype != rdf.XSDDouble {
			continue
		}
		if f, err := strconv.ParseFloat(t.Value, 64); err == nil {
			row[i] = rdf.NewTyped(strconv.FormatFloat(f, 'g', 4, 64), rdf.XSDDecimal)
		}
	}
}

// writeQuads writes the answer of CONSTRUCT or DESCRIBE.
func writeQuads(out io.Writer, db *engine.DB, r *engine.Result, format string) error {
	if format == "" {
		format = "ttl"
	}
	f := rdf.FormatByName(format)
	if f == nil || !f.Writable() {
		return usageError{fmt.Errorf("unknown format %q for a graph; there are ttl, nt, nq, trig, tsv", format)}
	}
	w, err := rdf.NewWriter(out, f, rdf.WriterOptions{Base: db.Base(), Prefixes: db.Prefixes()})
	if err != nil {
		return err
	}
	for quad, err := range r.Quads() {
		if err != nil {
			return err
		}
		if err := w.Write([]rdf.Quad{quad}); err != nil {
			return err
		}
	}
	return w.Close()
}
