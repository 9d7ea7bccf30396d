package rdf

import (
	"bytes"
	"io"
	"strings"
)

// tsvParser reads tab-separated head, relation and tail. Each column is one of
//
//	<iri>                        an absolute IRI, with the escapes of N-Triples
//	_:label                      a blank node
//	"text"  "text"@en  "5"^^<iri>  a literal, with the escapes of N-Triples, as tail only
//	http://example.com/x         an absolute IRI of a scheme that LooksAbsolute knows
//	anything else                a plain name: NameIRI(base, name)
//
// Nothing is trimmed and no line is a comment or a header: names may begin with '#'. Empty lines are passed over.
// A fourth column is a graph and must be <iri> or _:label: what else stands there (labels 1 and -1, confidences)
// has no place in a triple, and to drop it silently would turn negative examples into facts. With Options.Labelled it is
// 1 or -1, and must be there.
type tsvParser struct {
	lineParser
	names interner // keyed by the name behind the base
	verbs interner
}

func newTSV(r io.Reader, o *Options) parser {
	if o.Base == "" {
		o.Base = DefaultBase
	}
	p := &tsvParser{lineParser: *newLineParser(r, o), names: newInterner(nodeSlots), verbs: newInterner(repeatedSlots)}
	p.names.skip, p.verbs.skip = len(o.Base), len(o.Base)
	return p
}

func (p *tsvParser) read(buf []Quad) (n int, err error) {
	for n < len(buf) {
		if p.line, err = p.next(); err != nil {
			if n > 0 && err == io.EOF {
				return n, nil
			}
			return n, err
		}
		if len(p.line) == 0 {
			continue
		}
		if err = p.row(&buf[n]); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// row reads the current line into q.
func (p *tsvParser) row(q *Quad) error {
	whole := p.line
	defer func() { p.line = whole }()
	start := 0
	q.G = Term{}
	for i := 0; i < 4; i++ {
		end := len(whole)
		if tab := bytes.IndexByte(whole[start:], '\t'); tab >= 0 {
			end = start + tab
		} else if i < 2 || i == 2 && p.o.Labelled {
			p.line = whole
			return p.fail(end, "expected %d columns separated by tabs, found %d", p.columns(), i+1)
		}
		p.line, p.at = whole[:end], start
		if err := p.column(i, q); err != nil {
			return err
		}
		if start = end + 1; end == len(whole) {
			return nil
		}
	}
	p.line = whole
	return p.fail(start-1, "expected 3 columns and at most a graph, found a fifth")
}

// columns is how many a line must have.
func (p *tsvParser) columns() int {
	if p.o.Labelled {
		return 4
	}
	return 3
}

// column reads one field into its place in q.
func (p *tsvParser) column(i int, q *Quad) (err error) {
	switch i {
	case 0:
		q.S, err = p.field(&p.names)
		if err == nil && q.S.Kind == Literal {
			err = p.fail(p.at, "expected a node as head, found a literal")
		}
	case 1:
		q.P, err = p.field(&p.verbs)
		if err == nil && q.P.Kind != IRI {
			err = p.fail(p.at, "expected an IRI or a name as relation, found a blank node or a literal")
		}
	case 2:
		q.O, err = p.field(&p.names)
	case 3:
		if p.o.Labelled {
			q.G, err = p.label()
			break
		}
		if g := p.line[p.at:]; !bytes.HasPrefix(g, []byte("<")) && !bytes.HasPrefix(g, []byte("_:")) {
			return p.expected("no fourth column, or a graph as <iri> or _:label")
		}
		q.G, err = p.field(&p.names)
	}
	return err
}

// label reads a truth.
func (p *tsvParser) label() (Term, error) {
	switch string(p.line[p.at:]) {
	case "1", "+1":
		return Term{Kind: Literal, Value: "1"}, nil
	case "-1", "0":
		return Term{Kind: Literal, Value: "-1"}, nil
	}
	return Term{}, p.expected("1 for a true triple, or -1 (or 0) for a false one")
}

// field reads the term that stands from p.at to the end of p.line.
func (p *tsvParser) field(in *interner) (Term, error) {
	raw := p.line[p.at:]
	slot, known := in.find(raw)
	if known {
		return Term{Kind: IRI, Value: *slot}, nil
	}
	if len(raw) == 0 {
		return Term{}, p.fail(p.at, "expected a name, an IRI or a literal, found an empty column")
	}
	if raw[0] == '<' || raw[0] == '"' || raw[0] == '_' && len(raw) > 1 && raw[1] == ':' {
		return p.explicit(raw[0])
	}
	if err := p.checkText(); err != nil {
		return Term{}, err
	}
	name := string(raw)
	if LooksAbsolute(name) {
		return Term{Kind: IRI, Value: EscapeIRI(name, false)}, nil
	}
	iri := NameIRI(p.o.Base, name)
	if strings.HasSuffix(iri, name) && len(iri) == len(name)+len(p.o.Base) {
		*slot = iri
	}
	return Term{Kind: IRI, Value: iri}, nil
}

// explicit reads a term in N-Triples form that must fill the field.
func (p *tsvParser) explicit(first byte) (t Term, err error) {
	if err := p.checkText(); err != nil {
		return Term{}, err
	}
	start := p.at
	switch first {
	case '<':
		t, err = p.iri(&p.nodes)
	case '"':
		t, err = p.literal()
	default:
		t, err = p.blank()
	}
	if err == nil && p.at < len(p.line) {
		err = p.expected("the end of the column")
	}
	p.at = start
	return t, err
}
