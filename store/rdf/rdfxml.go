package rdf

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	knakk "github.com/knakk/rdf"
)

// xmlParser reads RDF/XML through knakk/rdf. Differences from the specification are that library's: it does not
// demand that ids are unique. A broken document cannot be gone on with: SkipBad counts the fault and ends.
type xmlParser struct {
	decoder knakk.TripleDecoder
	place   *lineCounter
	o       *Options
	failed  bool
}

// lineCounter counts lines as they pass to the decoder, which reads byte by byte and so is never far ahead.
type lineCounter struct {
	r            io.ByteReader
	line, column int
	err          error // what stopped the stream, io.EOF apart
}

func (c *lineCounter) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	switch {
	case err == io.EOF:
	case err != nil:
		c.err = err
	case b == '\n':
		c.line, c.column = c.line+1, 0
	case b&0xC0 != 0x80:
		c.column++
	}
	return b, err
}

// Read satisfies io.Reader; encoding/xml prefers ReadByte where there is one.
func (c *lineCounter) Read(p []byte) (int, error) {
	for i := range p {
		b, err := c.ReadByte()
		if err != nil {
			return i, err
		}
		p[i] = b
	}
	return len(p), nil
}

func newRDFXML(r io.Reader, o *Options) parser {
	place := &lineCounter{r: r.(io.ByteReader), line: 1}
	p := &xmlParser{decoder: knakk.NewTripleDecoder(place, knakk.RDFXML), place: place, o: o}
	if iri, err := knakk.NewIRI(o.Base); o.Base != "" && err == nil {
		_ = p.decoder.SetOption(knakk.Base, iri) // fails for other options only
	}
	return p
}

func (p *xmlParser) read(buf []Quad) (n int, err error) {
	for n < len(buf) {
		if p.failed {
			return n, io.EOF
		}
		t, err := p.decode()
		if err != nil {
			p.failed = true
			if p.place.err != nil {
				return n, p.place.err
			}
			var syntax *xml.SyntaxError
			if err == io.EOF && n > 0 {
				return n, nil
			} else if err == io.EOF {
				return n, err
			} else if errors.As(err, &syntax) {
				return n, &SyntaxError{Line: syntax.Line, Column: p.place.column, Message: syntax.Msg}
			}
			return n, &SyntaxError{Line: p.place.line, Column: p.place.column, Message: err.Error()}
		}
		q, err := p.quad(t)
		if err != nil {
			return n, err
		}
		buf[n] = q
		n++
	}
	return n, nil
}

// decode returns the library's next triple; its panics on odd documents become errors.
func (p *xmlParser) decode() (t knakk.Triple, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("the document cannot be read: %v", fault)
		}
	}()
	return p.decoder.Decode()
}

func (p *xmlParser) quad(t knakk.Triple) (q Quad, err error) {
	if q.S, err = p.term(t.Subj); err != nil {
		return q, err
	}
	if q.P, err = p.term(t.Pred); err != nil {
		return q, err
	}
	q.O, err = p.term(t.Obj)
	return q, err
}

func (p *xmlParser) term(t knakk.Term) (Term, error) {
	switch v := t.(type) {
	case knakk.IRI:
		iri, err := ResolveIRI(p.o.Base, v.String())
		if err != nil {
			err = &SyntaxError{Line: p.place.line, Column: p.place.column, Message: fmt.Sprintf("%v: <%s>", err, v)}
		}
		return NewIRI(iri), err
	case knakk.Blank:
		return NewBlank(p.o.BlankPrefix + strings.TrimPrefix(v.String(), "_:")), nil
	case knakk.Literal:
		if v.Lang() != "" {
			return NewLang(v.String(), v.Lang()), nil
		}
		return NewTyped(v.String(), v.DataType.String()), nil
	}
	return Term{}, &SyntaxError{Line: p.place.line, Column: p.place.column, Message: fmt.Sprintf("unknown term %v", t)}
}
