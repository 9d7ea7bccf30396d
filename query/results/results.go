// Package results writes and reads the answers of SELECT and ASK in the W3C formats (JSON, XML, CSV, TSV) and as a
// table for a terminal, and chooses a format by a request's Accept header. Graphs, the answers of CONSTRUCT and
// DESCRIBE, are store/rdf's.
package results

import (
	"fmt"
	"io"
	"strings"

	"github.com/inklingdb/inkling/store/rdf"
)

// Result is a whole answer: rows under variables, or yes or no.
type Result struct {
	Vars    []string
	Rows    [][]rdf.Term // the zero Term is unbound
	Boolean *bool        // the answer of ASK; nil for rows
}

// Writer writes one answer: Header and any number of Rows, or Boolean, then Close. It writes as rows come, except
// for the table. A writer is for one goroutine; an error of the stream below is returned by Close at the latest.
type Writer interface {
	// Header starts an answer with columns.
	Header(vars []string) error
	// Row writes one solution of as many terms as there are columns; the zero Term is unbound. It keeps nothing of row.
	Row(row []rdf.Term) error
	// Boolean writes yes or no.
	Boolean(yes bool) error
	// Close ends the answer and flushes it; it does not close the stream below.
	Close() error
}

// Format is one result format.
type Format struct {
	Name       string   // as --format takes it
	Extension  string   // of file names, with the dot
	MediaTypes []string // the first is the one to answer with
	write      func(io.Writer, WriterOptions) Writer
	read       func(io.Reader) (*Result, error)
}

// WriterOptions say how an answer is shown; only the table heeds them.
type WriterOptions struct {
	Prefixes map[string]string // prefix without colon → IRI; IRIs are shortened by these
	Width    int               // characters a column may take; 0 is 60
}

// Formats lists every result format, the preferred one first. To add one, write its file and a line here.
var Formats = []*Format{
	{Name: "json", Extension: ".srj", MediaTypes: []string{"application/sparql-results+json", "application/json"},
		write: newJSON, read: readJSON},
	{Name: "xml", Extension: ".srx", MediaTypes: []string{"application/sparql-results+xml", "application/xml", "text/xml"},
		write: newXML, read: readXML},
	{Name: "csv", Extension: ".csv", MediaTypes: []string{"text/csv"}, write: newCSV, read: readCSV},
	{Name: "tsv", Extension: ".tsv", MediaTypes: []string{"text/tab-separated-values"}, write: newTSV, read: readTSV},
	{Name: "table", Extension: ".txt", MediaTypes: []string{"text/plain"}, write: newTable},
}

// ByName returns the format of a name or a file extension, in any case; nil when there is none.
func ByName(name string) *Format {
	for _, f := range Formats {
		if strings.EqualFold(name, f.Name) || strings.EqualFold(name, f.Extension) {
			return f
		}
	}
	return nil
}

// NewWriter returns a writer of one answer to w.
func (f *Format) NewWriter(w io.Writer, opt WriterOptions) Writer { return f.write(w, opt) }

// Readable reports whether Read works: the table is for eyes only.
func (f *Format) Readable() bool { return f.read != nil }

// Read reads one answer. CSV does not tell kinds of terms apart: "_:x" is a blank node, an empty field unbound and
// all else a plain literal.
func (f *Format) Read(r io.Reader) (*Result, error) {
	if f.read == nil {
		return nil, fmt.Errorf("results: %s cannot be read back", f.Name)
	}
	result, err := f.read(r)
	if err != nil {
		return nil, fmt.Errorf("results: reading %s: %w", f.Name, err)
	}
	return result, nil
}

// Write writes a whole answer to w and closes it.
func (r *Result) Write(w Writer) error {
	if r.Boolean != nil {
		if err := w.Boolean(*r.Boolean); err != nil {
			return err
		}
		return w.Close()
	}
	if err := w.Header(r.Vars); err != nil {
		return err
	}
	for _, row := range r.Rows {
		if err := w.Row(row); err != nil {
			return err
		}
	}
	return w.Close()
}

// columns is the part of a writer that knows the header.
type columns struct {
	vars []string
}

// check refuses a row of another width.
func (c *columns) check(row []rdf.Term) error {
	if len(row) != len(c.vars) {
		return fmt.Errorf("results: a row of %d terms under %d columns", len(row), len(c.vars))
	}
	return nil
}

// checkColumns refuses rows that do not fit the header; n is the number of the row, from 1.
func checkColumns(got, want, n int) error {
	if got != want {
		return fmt.Errorf("row %d has %d fields for %d columns", n, got, want)
	}
	return nil
}
