package results

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"github.com/inklingdb/inkling/store/rdf"
)

// csvWriter writes SPARQL 1.1 Query Results CSV: values without their kinds, lines that end in CR LF.
type csvWriter struct {
	columns
	w *bufio.Writer
}

func newCSV(w io.Writer, _ WriterOptions) Writer { return &csvWriter{w: bufio.NewWriter(w)} }

func (c *csvWriter) Header(vars []string) error {
	c.vars = vars
	for i, v := range vars {
		if i > 0 {
			c.w.WriteByte(',')
		}
		c.field(v, len(vars) == 1)
	}
	_, err := c.w.WriteString("\r\n")
	return err
}

func (c *csvWriter) Row(row []rdf.Term) error {
	if err := c.check(row); err != nil {
		return err
	}
	for i, t := range row {
		if i > 0 {
			c.w.WriteByte(',')
		}
		value := t.Value
		if t.Kind == rdf.Blank {
			value = "_:" + value
		}
		c.field(value, len(row) == 1)
	}
	_, err := c.w.WriteString("\r\n")
	return err
}

// field writes a value, quoted where RFC 4180 asks it, and where an only, empty field would read as no line at all.
func (c *csvWriter) field(s string, only bool) {
	if !strings.ContainsAny(s, ",\"\r\n") && (s != "" || !only) {
		c.w.WriteString(s)
		return
	}
	c.w.WriteByte('"')
	c.w.WriteString(strings.ReplaceAll(s, `"`, `""`))
	c.w.WriteByte('"')
}

func (c *csvWriter) Boolean(yes bool) error {
	_, err := fmt.Fprintf(c.w, "boolean\r\n%t\r\n", yes) // the standard has no form for ASK
	return err
}

func (c *csvWriter) Close() error { return c.w.Flush() }

func readCSV(r io.Reader) (*Result, error) {
	b := bufio.NewReader(r)
	if first, err := b.Peek(1); err == nil && (first[0] == '\n' || first[0] == '\r') {
		return readNoColumns(b)
	}
	lines := csv.NewReader(b)
	vars, err := lines.Read()
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	out := &Result{Vars: vars, Rows: [][]rdf.Term{}}
	for {
		fields, err := lines.Read() // refuses lines of another width
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		row := make([]rdf.Term, len(fields))
		for i, f := range fields {
			switch {
			case strings.HasPrefix(f, "_:"):
				row[i] = rdf.NewBlank(f[2:])
			case f != "":
				row[i] = rdf.NewString(f)
			}
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

// readNoColumns reads CSV or TSV without variables, where each empty line after the first is a row.
func readNoColumns(r io.Reader) (*Result, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	out := &Result{Rows: [][]rdf.Term{}}
	for range strings.Count(string(text), "\n") - 1 {
		out.Rows = append(out.Rows, []rdf.Term{})
	}
	if strings.Trim(string(text), "\r\n") != "" {
		return nil, checkColumns(1, 0, len(out.Rows))
	}
	return out, nil
}
