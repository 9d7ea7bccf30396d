package results

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/inklingdb/inkling/store/rdf"
)

// jsonWriter writes SPARQL 1.1 Query Results JSON, a row a line.
type jsonWriter struct {
	columns
	w    *bufio.Writer
	rows int
	buf  []byte // of one row
	keys [][]byte
	open bool // the list of rows is to be closed
}

func newJSON(w io.Writer, _ WriterOptions) Writer { return &jsonWriter{w: bufio.NewWriter(w)} }

func (j *jsonWriter) Header(vars []string) error {
	j.vars, j.open = vars, true
	b := append(j.buf[:0], `{"head":{"vars":[`...)
	for i, v := range vars {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, v)
		j.keys = append(j.keys, append(appendString(nil, v), ':'))
	}
	b = append(b, `]},"results":{"bindings":[`...)
	j.buf = b
	_, err := j.w.Write(b)
	return err
}

func (j *jsonWriter) Row(row []rdf.Term) error {
	if err := j.check(row); err != nil {
		return err
	}
	b := j.buf[:0]
	if j.rows > 0 {
		b = append(b, ',')
	}
	b = append(b, '\n', '{')
	first := true
	for i, t := range row {
		if t.Kind == rdf.None {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, j.keys[i]...)
		b = appendTerm(b, t)
	}
	j.rows++
	j.buf = append(b, '}')
	_, err := j.w.Write(j.buf)
	return err
}

func (j *jsonWriter) Boolean(yes bool) error {
	_, err := fmt.Fprintf(j.w, "{\"head\":{},\"boolean\":%t}\n", yes)
	return err
}

func (j *jsonWriter) Close() error {
	if j.open {
		j.open = false
		j.w.WriteString("\n]}}\n") // an error stays with j.w until Flush
	}
	return j.w.Flush()
}

// appendTerm appends the JSON object of a term.
func appendTerm(b []byte, t rdf.Term) []byte {
	switch t.Kind {
	case rdf.IRI:
		b = append(b, `{"type":"uri","value":`...)
	case rdf.Blank:
		b = append(b, `{"type":"bnode","value":`...)
	default:
		b = append(b, `{"type":"literal","value":`...)
	}
	b = appendString(b, t.Value)
	switch {
	case t.Lang != "":
		b = append(b, `,"xml:lang":`...)
		b = appendString(b, t.Lang)
	case t.Kind == rdf.Literal && t.Datatype != rdf.XSDString:
		b = append(b, `,"datatype":`...)
		b = appendString(b, t.Datatype)
	}
	return append(b, '}')
}

// appendString appends s as a JSON string; bytes that are no UTF-8 become U+FFFD.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\ufffd")
	}
	clean := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c != 0x7f {
			continue
		}
		b = append(b, s[clean:i]...)
		clean = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\t':
			b = append(b, '\\', 't')
		case '\r':
			b = append(b, '\\', 'r')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(b, s[clean:]...), '"')
}

// jsonTerm is a term as the JSON format writes it.
type jsonTerm struct {
	Type     string `json:"type"`
	Value    string `json:"value"`
	Lang     string `json:"xml:lang"`
	Datatype string `json:"datatype"`
}

func readJSON(r io.Reader) (*Result, error) {
	var doc struct {
		Head struct {
			Vars []string `json:"vars"`
		} `json:"head"`
		Boolean *bool `json:"boolean"`
		Results *struct {
			Bindings []map[string]jsonTerm `json:"bindings"`
		} `json:"results"`
	}
	if err := json.NewDecoder(r).Decode(&doc); err != nil {
		return nil, err
	}
	if doc.Boolean != nil {
		return &Result{Boolean: doc.Boolean}, nil
	}
	if doc.Results == nil {
		return nil, errors.New(`neither "boolean" nor "results"`)
	}
	out := &Result{Vars: doc.Head.Vars, Rows: [][]rdf.Term{}}
	for n, binding := range doc.Results.Bindings {
		row := make([]rdf.Term, len(out.Vars))
		bound := 0
		for i, v := range out.Vars {
			t, ok := binding[v]
			if !ok {
				continue
			}
			bound++
			var err error
			if row[i], err = t.term(); err != nil {
				return nil, fmt.Errorf("row %d, variable %s: %w", n+1, v, err)
			}
		}
		if bound < len(binding) {
			return nil, fmt.Errorf("row %d binds a variable that the head does not list", n+1)
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

func (t jsonTerm) term() (rdf.Term, error) {
	switch t.Type {
	case "uri":
		return rdf.NewIRI(t.Value), nil
	case "bnode":
		return rdf.NewBlank(t.Value), nil
	case "literal", "typed-literal":
		return literal(t.Value, t.Lang, t.Datatype), nil
	}
	return rdf.Term{}, fmt.Errorf("unknown type %q of term", t.Type)
}

// literal returns the literal with a language tag or a datatype, or the plain one.
func literal(value, lang, datatype string) rdf.Term {
	switch {
	case lang != "":
		return rdf.NewLang(value, lang)
	case datatype != "":
		return rdf.NewTyped(value, datatype)
	}
	return rdf.NewString(value)
}
