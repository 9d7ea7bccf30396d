package results

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store/rdf"
)

// tsvWriter writes SPARQL 1.1 Query Results TSV: terms in Turtle's syntax, numbers in short.
type tsvWriter struct {
	columns
	w   *bufio.Writer
	buf []byte // of one row
}

func newTSV(w io.Writer, _ WriterOptions) Writer { return &tsvWriter{w: bufio.NewWriter(w)} }

func (t *tsvWriter) Header(vars []string) error {
	t.vars = vars
	for i, v := range vars {
		if i > 0 {
			t.w.WriteByte('\t')
		}
		t.w.WriteString("?" + v)
	}
	return t.w.WriteByte('\n')
}

func (t *tsvWriter) Row(row []rdf.Term) error {
	if err := t.check(row); err != nil {
		return err
	}
	b := t.buf[:0]
	for i, term := range row {
		if i > 0 {
			b = append(b, '\t')
		}
		if sparql.IsShort(term) && term.Datatype != rdf.XSDBoolean {
			b = append(b, term.Value...)
			continue
		}
		b = rdf.AppendTerm(b, term)
	}
	t.buf = append(b, '\n')
	_, err := t.w.Write(t.buf)
	return err
}

func (t *tsvWriter) Boolean(yes bool) error {
	_, err := fmt.Fprintf(t.w, "?boolean\n%t\n", yes) // the standard has no form for ASK
	return err
}

func (t *tsvWriter) Close() error { return t.w.Flush() }

func readTSV(r io.Reader) (*Result, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	if lines[0] == "" {
		return readNoColumns(strings.NewReader(string(text)))
	}
	out := &Result{Rows: [][]rdf.Term{}}
	for _, v := range strings.Split(lines[0], "\t") {
		if len(v) < 2 || v[0] != '?' && v[0] != '$' {
			return nil, fmt.Errorf("%q in the header is no variable", v)
		}
		out.Vars = append(out.Vars, v[1:])
	}
	if last := len(lines) - 1; lines[last] != "" {
		return nil, errors.New("the last line has no end")
	}
	for n, line := range lines[1 : len(lines)-1] {
		fields := strings.Split(line, "\t")
		if err := checkColumns(len(fields), len(out.Vars), n+1); err != nil {
			return nil, err
		}
		row := make([]rdf.Term, len(fields))
		for i, f := range fields {
			if f = strings.TrimSpace(f); f == "" {
				continue
			}
			if row[i], err = readTerm(f); err != nil {
				return nil, fmt.Errorf("row %d, column %d: %w", n+1, i+1, err)
			}
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

// readTerm reads a term in N-Triples syntax or in one of Turtle's short forms.
func readTerm(s string) (rdf.Term, error) {
	if t, err := rdf.ParseTerm(s); err == nil {
		return t, nil
	}
	return sparql.ParseTerm(s, sparql.Options{})
}
