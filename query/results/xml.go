package results

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/inklingdb/inkling/store/rdf"
)

const xmlNamespace = "http://www.w3.org/2005/sparql-results#"

// xmlWriter writes SPARQL Query Results XML, a row a line. Characters that XML 1.0 cannot hold become U+FFFD.
type xmlWriter struct {
	columns
	w    *bufio.Writer
	open bool // the list of rows is to be closed
}

func newXML(w io.Writer, _ WriterOptions) Writer { return &xmlWriter{w: bufio.NewWriter(w)} }

// write appends parts; an error stays with x.w and is returned by its last call.
func (x *xmlWriter) write(parts ...string) {
	for _, s := range parts {
		x.w.WriteString(s)
	}
}

// err returns the error that the stream below has met.
func (x *xmlWriter) err() error {
	_, err := x.w.Write(nil)
	return err
}

func (x *xmlWriter) Header(vars []string) error {
	x.vars, x.open = vars, true
	x.write(xml.Header, `<sparql xmlns="`, xmlNamespace, `"><head>`)
	for _, v := range vars {
		x.write(`<variable name="`)
		x.text(v)
		x.write(`"/>`)
	}
	x.write("</head><results>")
	return x.err()
}

func (x *xmlWriter) Row(row []rdf.Term) error {
	if err := x.check(row); err != nil {
		return err
	}
	x.write("\n<result>")
	for i, t := range row {
		if t.Kind == rdf.None {
			continue
		}
		x.write(`<binding name="`)
		x.text(x.vars[i])
		x.write(`">`)
		x.term(t)
		x.write("</binding>")
	}
	x.write("</result>")
	return x.err()
}

// xmlNames are the elements of the kinds of terms.
var xmlNames = [...]string{rdf.IRI: "uri", rdf.Blank: "bnode", rdf.Literal: "literal"}

func (x *xmlWriter) term(t rdf.Term) {
	name := xmlNames[t.Kind]
	x.write("<", name)
	switch {
	case t.Lang != "":
		x.write(` xml:lang="`)
		x.text(t.Lang)
		x.write(`"`)
	case t.Kind == rdf.Literal && t.Datatype != rdf.XSDString:
		x.write(` datatype="`)
		x.text(t.Datatype)
		x.write(`"`)
	}
	x.write(">")
	x.text(t.Value)
	x.write("</", name, ">")
}

// text writes s with what XML needs escaped.
func (x *xmlWriter) text(s string) {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c > '~' || c == '<' || c == '>' || c == '&' || c == '"' || c == '\'' {
			_ = xml.EscapeText(x.w, []byte(s)) // the error stays with x.w
			return
		}
	}
	x.write(s)
}

func (x *xmlWriter) Boolean(yes bool) error {
	x.write(xml.Header, `<sparql xmlns="`, xmlNamespace, `"><head/><boolean>`, fmt.Sprint(yes), "</boolean></sparql>\n")
	return x.err()
}

func (x *xmlWriter) Close() error {
	if x.open {
		x.open = false
		x.write("\n</results></sparql>\n")
	}
	return x.w.Flush()
}

// xmlDocument is what readXML takes of a document.
type xmlDocument struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/sparql-results# sparql"`
	Head    struct {
		Variables []struct {
			Name string `xml:"name,attr"`
		} `xml:"variable"`
	} `xml:"head"`
	Boolean *bool `xml:"boolean"`
	Results *struct {
		Result []struct {
			Binding []struct {
				Name    string   `xml:"name,attr"`
				URI     *string  `xml:"uri"`
				Blank   *string  `xml:"bnode"`
				Literal *xmlText `xml:"literal"`
			} `xml:"binding"`
		} `xml:"result"`
	} `xml:"results"`
}

type xmlText struct {
	Lang     string `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
	Datatype string `xml:"datatype,attr"`
	Value    string `xml:",chardata"`
}

func readXML(r io.Reader) (*Result, error) {
	var doc xmlDocument
	if err := xml.NewDecoder(r).Decode(&doc); err != nil {
		return nil, err
	}
	if doc.Boolean != nil {
		return &Result{Boolean: doc.Boolean}, nil
	}
	if doc.Results == nil {
		return nil, errors.New("neither boolean nor results")
	}
	out := &Result{Rows: [][]rdf.Term{}}
	for _, v := range doc.Head.Variables {
		out.Vars = append(out.Vars, v.Name)
	}
	for n, result := range doc.Results.Result {
		row := make([]rdf.Term, len(out.Vars))
		for _, b := range result.Binding {
			i := slices.Index(out.Vars, b.Name)
			if i < 0 {
				return nil, fmt.Errorf("row %d binds %q, which the head does not list", n+1, b.Name)
			}
			switch {
			case b.URI != nil:
				row[i] = rdf.NewIRI(*b.URI)
			case b.Blank != nil:
				row[i] = rdf.NewBlank(*b.Blank)
			case b.Literal != nil:
				row[i] = literal(b.Literal.Value, b.Literal.Lang, b.Literal.Datatype)
			default:
				return nil, fmt.Errorf("row %d binds %q to no term", n+1, b.Name)
			}
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}
