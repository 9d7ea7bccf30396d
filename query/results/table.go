package results

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store/rdf"
)

// tableWriter draws a table for a terminal. Column widths need all rows, so it keeps them until Close.
type tableWriter struct {
	columns
	w     io.Writer
	opt   WriterOptions
	table table.Writer // nil without a header
	rows  int
}

func newTable(w io.Writer, opt WriterOptions) Writer {
	if opt.Width <= 0 {
		opt.Width = 60
	}
	return &tableWriter{w: w, opt: opt}
}

func (t *tableWriter) Header(vars []string) error {
	t.vars = vars
	t.table = table.NewWriter()
	t.table.SetStyle(table.StyleRounded)
	t.table.Style().Format.Header = text.FormatDefault
	header := make(table.Row, len(vars))
	configs := make([]table.ColumnConfig, len(vars))
	for i, v := range vars {
		header[i] = "?" + v
		configs[i] = table.ColumnConfig{Number: i + 1, WidthMax: t.opt.Width, WidthMaxEnforcer: text.Trim}
	}
	t.table.AppendHeader(header)
	t.table.SetColumnConfigs(configs)
	return nil
}

func (t *tableWriter) Row(row []rdf.Term) error {
	if err := t.check(row); err != nil {
		return err
	}
	cells := make(table.Row, len(row))
	for i, term := range row {
		cells[i] = Text(term, t.opt.Prefixes)
	}
	t.table.AppendRow(cells)
	t.rows++
	return nil
}

// Text returns a term as a reader likes it: IRIs by a prefix (without colon → IRI), numbers bare, control characters
// made visible. What it returns is fit for a terminal and, a prefix apart, reads back as the term.
func Text(term rdf.Term, prefixes map[string]string) string {
	s := ""
	if term.Kind == rdf.IRI {
		s = shortened(term.Value, prefixes)
	}
	if s == "" {
		s = sparql.TermString(term)
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// shortened returns the IRI by its longest prefix, or "" when it has none that leaves a readable name.
func shortened(iri string, prefixes map[string]string) string {
	longest, short := 0, ""
	for _, prefix := range slices.Sorted(maps.Keys(prefixes)) {
		base := prefixes[prefix]
		local, ok := strings.CutPrefix(iri, base)
		if ok && local != "" && len(base) > longest && !strings.ContainsAny(local, "/#? ") {
			longest, short = len(base), prefix+":"+local
		}
	}
	return short
}

func (t *tableWriter) Boolean(yes bool) error {
	answer := "no"
	if yes {
		answer = "yes"
	}
	_, err := fmt.Fprintln(t.w, answer)
	return err
}

func (t *tableWriter) Close() error {
	if t.table == nil {
		return nil
	}
	count := fmt.Sprintf("%d rows", t.rows)
	if t.rows == 1 {
		count = "1 row"
	}
	drawn := t.table.Render() + "\n"
	if len(t.vars) == 0 {
		drawn = ""
	}
	t.table = nil
	_, err := io.WriteString(t.w, drawn+count+"\n")
	return err
}
