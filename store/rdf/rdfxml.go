package rdf

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// xmlParser reads RDF/XML 1.1, one element below rdf:RDF at a time. XML itself, encodings other than UTF-8 apart, is
// left to encoding/xml; names, bases and languages are resolved here, since XML literals need the prefixes that
// its Token drops. With SkipBad an element that is XML but not RDF is passed over; broken XML ends the document.
type xmlParser struct {
	decoder   *xml.Decoder
	o         *Options
	out       []Quad
	next      int
	open      []xmlScope
	rooted    bool // rdf:RDF is open
	ended     bool // the root was read
	done      bool
	ids       map[string]bool // rdf:ID values seen, resolved
	anonymous int
}

// xmlScope is an open element and what it hands down.
type xmlScope struct {
	tag        xml.Name // as written: prefix and local name
	base, lang string
	spaces     [][2]string // prefixes it declares, and their namespaces
}

// xmlElement is a start tag with its names resolved. Attributes of XML itself are not among attributes.
type xmlElement struct {
	tag        xml.Name
	space      string
	name       string // namespace and local name
	attributes []xmlAttribute
	raw        []xml.Attr
}

type xmlAttribute struct{ name, value string }

func newRDFXML(r io.Reader, o *Options) parser {
	return &xmlParser{decoder: xml.NewDecoder(r), o: o, ids: map[string]bool{}}
}

func (p *xmlParser) read(buf []Quad) (n int, err error) {
	for {
		m := copy(buf[n:], p.out[p.next:])
		n, p.next = n+m, p.next+m
		if n == len(buf) || p.done && n > 0 {
			return n, nil
		}
		if p.done {
			return 0, io.EOF
		}
		p.out, p.next = p.out[:0], 0
		if err := p.step(); err != nil {
			p.out = p.out[:0]
			p.recover(err)
			return n, err
		}
	}
}

// recover passes over the rest of a top-level element that is no RDF; after other errors nothing more is read.
func (p *xmlParser) recover(err error) {
	var syntax *SyntaxError
	if p.done = p.done || !p.rooted || !errors.As(err, &syntax); p.done {
		return
	}
	for len(p.open) > 1 {
		if _, _, err := p.token(); err != nil {
			p.done = true
			return
		}
	}
}

// step reads the next element below rdf:RDF, or the root when it is none.
func (p *xmlParser) step() error {
	e, text, err := p.token()
	switch {
	case err == io.EOF && len(p.open) == 0:
		p.done = true
		return nil
	case err != nil:
		return err
	case e == nil && text == nil: // the root's end
		p.rooted, p.ended = false, true
		return nil
	case e != nil && p.ended:
		return p.fail("expected the end of the text, found <%s>", tagText(e.tag))
	case e == nil:
		return p.onlySpace(text)
	case !p.rooted && len(p.open) == 1 && e.name == RDF+"RDF":
		p.rooted = true
		return nil
	}
	p.ended = !p.rooted
	_, err = p.node(e)
	return err
}

// entity finds the declarations of a document type's internal subset, on which OWL files lean.
var entity = regexp.MustCompile(`<!ENTITY\s+([^\s%]+)\s+(?:"([^"]*)"|'([^']*)')\s*>`)

// maxEntity bounds an entity's text, so that entities of entities cannot blow up.
const maxEntity = 64 << 10

func (p *xmlParser) declareEntities(directive string) {
	if p.decoder.Entity == nil {
		p.decoder.Entity = map[string]string{}
	}
	for _, m := range entity.FindAllStringSubmatch(directive, -1) {
		value := m[2] + m[3]
		for name, text := range p.decoder.Entity {
			if len(value) < maxEntity {
				value = strings.ReplaceAll(value, "&"+name+";", text)
			}
		}
		if len(value) < maxEntity {
			p.decoder.Entity[m[1]] = value
		}
	}
}

// token returns the next start tag, or text; neither at an end tag. Comments and instructions are passed over.
func (p *xmlParser) token() (*xmlElement, []byte, error) {
	for {
		t, err := p.decoder.RawToken()
		if err != nil {
			return nil, nil, p.broken(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			e, err := p.start(t)
			return e, nil, err
		case xml.EndElement:
			last := len(p.open) - 1
			if last < 0 {
				p.done = true
				return nil, nil, p.fail("expected an element, found </%s>", tagText(t.Name))
			}
			if p.open[last].tag != t.Name {
				p.done = true
				return nil, nil, p.fail("expected </%s>, found </%s>", tagText(p.open[last].tag), tagText(t.Name))
			}
			p.open = p.open[:last]
			return nil, nil, nil
		case xml.CharData:
			return nil, append(make([]byte, 0, len(t)+1), t...), nil
		case xml.Directive:
			p.declareEntities(string(t))
		}
	}
}

// broken turns what stopped the decoder into an error with a place; a failing stream's error stays what it is.
func (p *xmlParser) broken(err error) error {
	if err == io.EOF && len(p.open) == 0 {
		return err
	}
	p.done = true
	var syntax *xml.SyntaxError
	switch {
	case err == io.EOF:
		return p.fail("expected </%s>, found the end of the text", tagText(p.open[len(p.open)-1].tag))
	case errors.As(err, &syntax):
		return p.fail("%s", syntax.Msg)
	}
	return err
}

// start opens an element.
func (p *xmlParser) start(t xml.StartElement) (*xmlElement, error) {
	scope := xmlScope{tag: t.Name, base: p.o.Base}
	if n := len(p.open); n > 0 {
		scope.base, scope.lang = p.open[n-1].base, p.open[n-1].lang
	}
	for _, a := range t.Attr {
		switch {
		case a.Name.Space == "xmlns":
			scope.spaces = append(scope.spaces, [2]string{a.Name.Local, a.Value})
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			scope.spaces = append(scope.spaces, [2]string{"", a.Value})
		case a.Name.Space == "xml" && a.Name.Local == "lang":
			scope.lang = a.Value
		case a.Name.Space == "xml" && a.Name.Local == "base":
			base, err := ResolveIRI(scope.base, a.Value)
			if err != nil {
				return nil, p.fail("%v: xml:base %q", err, a.Value)
			}
			scope.base = base
		}
	}
	if p.open = append(p.open, scope); len(p.open) > maxDepth {
		p.done = true
		return nil, p.fail("expected at most %d elements one in another", maxDepth)
	}
	space, ok := p.namespace(t.Name.Space)
	if !ok {
		return nil, p.fail("the prefix of <%s> is not declared", tagText(t.Name))
	}
	return &xmlElement{tag: t.Name, space: space, name: space + t.Name.Local, raw: t.Attr}, nil
}

// bareAttributes are those that old documents write without a prefix and mean rdf:.
var bareAttributes = map[string]bool{"ID": true, "about": true, "resource": true, "parseType": true, "type": true}

// readAttributes fills e.attributes. Names must have a namespace, which those inside an XML literal need not.
func (p *xmlParser) readAttributes(e *xmlElement) error {
	if e.space == "" {
		return p.fail("<%s> has no namespace", tagText(e.tag))
	}
	for _, a := range e.raw {
		reserved := a.Name.Space
		if reserved == "" {
			reserved = a.Name.Local
		}
		if strings.HasPrefix(strings.ToLower(reserved), "xml") {
			continue
		}
		space, ok := p.namespace(a.Name.Space)
		if a.Name.Space == "" {
			space, ok = RDF, bareAttributes[a.Name.Local]
		}
		if !ok {
			return p.fail("the attribute %s has no namespace", tagText(a.Name))
		}
		e.attributes = append(e.attributes, xmlAttribute{space + a.Name.Local, a.Value})
	}
	return nil
}

// namespace returns what a prefix stands for; the empty one may stand for none.
func (p *xmlParser) namespace(prefix string) (string, bool) {
	if prefix == "xml" {
		return "http://www.w3.org/XML/1998/namespace", true
	}
	for i := len(p.open) - 1; i >= 0; i-- {
		for _, s := range p.open[i].spaces {
			if s[0] == prefix {
				return s[1], true
			}
		}
	}
	return "", prefix == ""
}

func tagText(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

// top returns the scope of the innermost open element.
func (p *xmlParser) top() *xmlScope { return &p.open[len(p.open)-1] }

// resolve returns the term of an IRI reference in the scope of the innermost open element.
func (p *xmlParser) resolve(ref string) (Term, error) {
	base := ""
	if len(p.open) > 0 {
		base = p.top().base
	}
	iri, err := ResolveIRI(base, ref)
	if err != nil {
		return Term{}, p.fail("%v: %q", err, ref)
	}
	return NewIRI(iri), nil
}

func (p *xmlParser) fresh() Term {
	p.anonymous++
	return NewBlank(p.o.BlankPrefix + freshLabel + strconv.Itoa(p.anonymous))
}

func (p *xmlParser) emit(s, v, o Term) { p.out = append(p.out, Quad{S: s, P: v, O: o}) }

func (p *xmlParser) onlySpace(text []byte) error {
	if s := strings.TrimSpace(string(text)); s != "" {
		return p.fail("expected an element, found the text %.20q", s)
	}
	return nil
}

func (p *xmlParser) fail(format string, args ...any) error {
	line, column := p.decoder.InputPos() // the column is in bytes, and 0 when a line end was just given back
	return &SyntaxError{Line: line, Column: max(column, 1), Message: fmt.Sprintf(format, args...)}
}
