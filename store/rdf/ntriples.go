package rdf

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// Table sizes of the interners, in strings: what repeats (predicates, datatypes, graphs, language tags) stays
// apart from nodes, so that a stream of new nodes does not push it out. 8,192 string headers are 128 KiB: L2.
const (
	repeatedSlots = 1 << 10
	nodeSlots     = 1 << 13
	longLiteral   = 64 // longer ones seldom repeat and are not interned
)

// lineParser reads N-Triples and N-Quads.
type lineParser struct {
	lines
	o        *Options
	graphs   bool
	line     []byte
	at       int      // of the next byte in line
	repeated interner // IRIs that were found valid
	nodes    interner // the same
	texts    interner // literals, labels and tags
	scratch  []byte
}

func newLineParser(r io.Reader, o *Options) *lineParser {
	return &lineParser{lines: newLines(r), o: o, repeated: newInterner(repeatedSlots),
		nodes: newInterner(nodeSlots), texts: newInterner(nodeSlots)}
}

func newNTriples(r io.Reader, o *Options) parser { return newLineParser(r, o) }

func newNQuads(r io.Reader, o *Options) parser {
	p := newLineParser(r, o)
	p.graphs = true
	return p
}

func (p *lineParser) read(buf []Quad) (n int, err error) {
	for n < len(buf) {
		if p.line, err = p.next(); err != nil {
			if n > 0 && err == io.EOF {
				return n, nil
			}
			return n, err
		}
		ok, err := p.statement(&buf[n])
		if err != nil {
			return n, err
		}
		if ok {
			n++
		}
	}
	return n, nil
}

// statement reads the current line into q; false when it is empty or a comment.
func (p *lineParser) statement(q *Quad) (bool, error) {
	p.at = 0
	if c := p.peek(); c == '#' || p.at == len(p.line) {
		return false, p.checkText()
	}
	if err := p.checkText(); err != nil {
		return false, err
	}
	var err error
	if q.S, err = p.node("a subject: <iri> or _:label"); err != nil {
		return false, err
	}
	if p.peek() != '<' {
		return false, p.expected("a predicate: <iri>")
	}
	if q.P, err = p.iri(&p.repeated); err != nil {
		return false, err
	}
	if p.peek() == '"' {
		q.O, err = p.literal()
	} else {
		q.O, err = p.node(`an object: <iri>, _:label or "literal"`)
	}
	if err != nil {
		return false, err
	}
	q.G = Term{}
	if c := p.peek(); p.graphs && c != '.' {
		if q.G, err = p.graph(c); err != nil {
			return false, err
		}
	}
	return true, p.end()
}

// end reads the dot and what may follow it.
func (p *lineParser) end() error {
	if p.peek() != '.' {
		return p.expected(`"."`)
	}
	p.at++
	if c := p.peek(); c != '#' && p.at < len(p.line) {
		return p.expected("the end of the line")
	}
	return nil
}

// checkText demands valid UTF-8 of the current line.
func (p *lineParser) checkText() error {
	if utf8.Valid(p.line) {
		return nil
	}
	for i := 0; i < len(p.line); {
		r, n := utf8.DecodeRune(p.line[i:])
		if r == utf8.RuneError && n == 1 {
			return p.fail(i, "expected UTF-8, found byte 0x%02X", p.line[i])
		}
		i += n
	}
	return nil
}

// peek passes over blanks and returns the next byte; 0 at the end of the line.
func (p *lineParser) peek() byte {
	for p.at < len(p.line) {
		if c := p.line[p.at]; c != ' ' && c != '\t' {
			return c
		}
		p.at++
	}
	return 0
}

func (p *lineParser) node(what string) (Term, error) {
	switch p.peek() {
	case '<':
		return p.iri(&p.nodes)
	case '_':
		return p.blank()
	}
	return Term{}, p.expected(what)
}

func (p *lineParser) graph(c byte) (Term, error) {
	switch c {
	case '<':
		return p.iri(&p.repeated)
	case '_':
		return p.blank()
	}
	return Term{}, p.expected(`a graph or "."`)
}

// iri reads <…> at p.at.
func (p *lineParser) iri(in *interner) (Term, error) {
	start := p.at + 1
	length := bytes.IndexByte(p.line[start:], '>')
	if length < 0 {
		return Term{}, p.expected(`an IRI that ends in ">" on its line`)
	}
	raw := p.line[start : start+length]
	slot, known := in.find(raw)
	if known {
		p.at = start + length + 1
		return Term{Kind: IRI, Value: *slot}, nil
	}
	for i, c := range raw {
		if class[c]&inIRI == 0 {
			if c != '\\' {
				return Term{}, p.fail(start+i, "%v", forbidden(rune(c)))
			}
			return p.escapedIRI(start, raw)
		}
	}
	s := string(raw)
	if schemeLength(s) == 0 {
		return Term{}, p.fail(start, "expected an absolute IRI, found <%s>", s)
	}
	*slot = s
	p.at = start + length + 1
	return Term{Kind: IRI, Value: s}, nil
}

func (p *lineParser) escapedIRI(start int, raw []byte) (Term, error) {
	out, i, err := unescapeIRI(p.scratch[:0], raw)
	if err != nil {
		return Term{}, p.fail(start+i, "%v", err)
	}
	p.scratch = out
	if s := string(out); schemeLength(s) > 0 {
		p.at = start + len(raw) + 1
		return Term{Kind: IRI, Value: s}, nil
	}
	return Term{}, p.fail(start, "expected an absolute IRI, found <%s>", out)
}

// blank reads _:label at p.at.
func (p *lineParser) blank() (Term, error) {
	if !bytes.HasPrefix(p.line[p.at:], []byte("_:")) {
		return Term{}, p.expected(`"_:"`)
	}
	n := labelLength(p.line[p.at+2:])
	if n == 0 {
		p.at += 2
		return Term{}, p.expected("a blank node label")
	}
	label := p.line[p.at+2 : p.at+2+n]
	p.at += 2 + n
	if p.o.BlankPrefix != "" {
		p.scratch = append(append(p.scratch[:0], p.o.BlankPrefix...), label...)
		label = p.scratch
	}
	return Term{Kind: Blank, Value: p.texts.get(label)}, nil
}

// labelLength returns the length of the blank node label at the start of b, 0 when there is none.
func labelLength(b []byte) int {
	i, end := 0, 0 // end: behind the last character that may end a label
	for i < len(b) {
		c := b[i]
		if c < utf8.RuneSelf {
			if class[c]&nameByte == 0 && (c != '.' || i == 0) || c == '-' && i == 0 {
				break
			}
			if i++; c != '.' {
				end = i
			}
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if !isNameRune(r) || i == 0 && !isNameStart(r) {
			break
		}
		i += n
		end = i
	}
	return end
}

// literal reads "…" with its tag or datatype at p.at.
func (p *lineParser) literal() (Term, error) {
	value, err := p.quoted()
	if err != nil {
		return Term{}, err
	}
	switch p.peek() {
	case '@':
		n := tagLength(p.line[p.at+1:])
		if n == 0 {
			p.at++
			return Term{}, p.expected("a language tag")
		}
		tag := p.texts.get(p.line[p.at+1 : p.at+1+n])
		p.at += 1 + n
		return Term{Kind: Literal, Value: value, Datatype: RDFLangString, Lang: lowerASCII(tag)}, nil
	case '^':
		if !bytes.HasPrefix(p.line[p.at:], []byte("^^")) {
			return Term{}, p.expected(`"^^"`)
		}
		p.at += 2
		if p.peek() != '<' {
			return Term{}, p.expected("a datatype: <iri>")
		}
		datatype, err := p.iri(&p.repeated)
		return Term{Kind: Literal, Value: value, Datatype: datatype.Value}, err
	}
	return Term{Kind: Literal, Value: value, Datatype: XSDString}, nil
}

// quoted reads what stands between double quotes.
func (p *lineParser) quoted() (string, error) {
	start := p.at + 1
	length := bytes.IndexByte(p.line[start:], '"')
	if length < 0 {
		return "", p.fail(p.at, `expected a string that ends in '"' on its line`)
	}
	raw := p.line[start : start+length]
	if bytes.IndexByte(raw, '\\') < 0 {
		p.at = start + length + 1
		return p.text(raw), nil
	}
	end := start
	for end < len(p.line) && p.line[end] != '"' {
		if p.line[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(p.line) {
		return "", p.fail(p.at, `expected a string that ends in '"' on its line`)
	}
	out, i, err := unescape(p.scratch[:0], p.line[start:end])
	if err != nil {
		return "", p.fail(start+i, "%v", err)
	}
	p.scratch = out
	p.at = end + 1
	return p.text(out), nil
}

func (p *lineParser) text(b []byte) string {
	if len(b) > longLiteral {
		return string(b)
	}
	return p.texts.get(b)
}

// tagLength returns the length of the language tag at the start of b: letters, then groups of letters and digits
// behind hyphens.
func tagLength(b []byte) int {
	end, mask := 0, uint8(letter)
	for i := 0; ; i++ {
		if i < len(b) && class[b[i]]&mask != 0 {
			end = i + 1
			continue
		}
		if i == len(b) || b[i] != '-' || end != i || i == 0 {
			return end
		}
		mask = letter | digit
	}
}

// expected says that what must stand at p.at and does not.
func (p *lineParser) expected(what string) error {
	return p.fail(p.at, "expected %s, found %s", what, found(p.line[min(p.at, len(p.line)):]))
}

func (p *lineParser) fail(at int, format string, args ...any) error {
	return &SyntaxError{Line: p.number, Column: column(p.line, at), Message: fmt.Sprintf(format, args...)}
}

// found names the first character of b for an error.
func found(b []byte) string {
	if len(b) == 0 {
		return "the end of the line"
	}
	r, _ := utf8.DecodeRune(b)
	return fmt.Sprintf("%q", r)
}
