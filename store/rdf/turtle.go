package rdf

import (
	"io"
	"strconv"
)

// maxDepth bounds nested [ ] and ( ), since each level takes stack.
const maxDepth = 4096

// where a turtleParser stands between two calls of read
type place uint8

const (
	atStatement place = iota // before a statement, a directive or a graph's brace
	atVerb                   // behind a subject
	atMaybeEnd               // behind a subject [ … ], which needs no predicate
	atObject                 // behind a predicate or a comma
)

// turtleParser reads Turtle and TriG. It returns to its caller after each object of a top-level statement, so that
// a subject with a million objects streams; what stands in brackets is gathered first.
type turtleParser struct {
	window
	o             *Options
	trig          bool
	base          string
	namespaces    map[string]string
	out           []Quad // read, and from next on not yet handed out
	next          int
	place         place
	inGraph       bool
	subject, verb Term
	graph         Term
	anonymous     int
	depth         int
	tags          interner
	nodes         interner
	resolved      resolvedNames
	scratch       []byte
}

func newTurtle(r io.Reader, o *Options) parser { return newTurtleParser(r, o) }

func newTriG(r io.Reader, o *Options) parser {
	p := newTurtleParser(r, o)
	p.trig = true
	return p
}

func newTurtleParser(r io.Reader, o *Options) *turtleParser {
	return &turtleParser{window: newWindow(r), o: o, base: o.Base, namespaces: map[string]string{},
		tags: newInterner(repeatedSlots), nodes: newInterner(nodeSlots), resolved: newResolvedNames(nodeSlots)}
}

func (p *turtleParser) prefixes() map[string]string { return p.namespaces }

func (p *turtleParser) read(buf []Quad) (n int, err error) {
	for {
		m := copy(buf[n:], p.out[p.next:])
		n, p.next = n+m, p.next+m
		if n == len(buf) || err == io.EOF && n > 0 {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		p.out, p.next = p.out[:0], 0
		if err = p.step(); err != nil && err != io.EOF {
			p.resume()
			// What stood in brackets before the error is dropped with them.
			p.out = p.out[:0]
		}
	}
}

// step reads up to the end of the next object, directive or brace.
func (p *turtleParser) step() error {
	switch p.place {
	case atStatement:
		return p.statement()
	case atMaybeEnd:
		if c := p.skip(); c == '.' || c == '}' && p.inGraph {
			return p.endStatement()
		}
		fallthrough
	case atVerb:
		if err := p.readVerb(); err != nil {
			return err
		}
		p.place = atObject
	}
	object, err := p.object()
	if err != nil {
		return err
	}
	p.emit(p.subject, p.verb, object)
	switch p.skip() {
	case ',':
		p.advance(1)
	case ';':
		p.place = atVerb
		if p.semicolons() {
			return p.endStatement()
		}
	default:
		return p.endStatement()
	}
	return nil
}

func (p *turtleParser) readVerb() (err error) {
	p.verb, err = p.predicate()
	return err
}

// semicolons passes over the semicolons behind an object list and reports whether no predicate follows.
func (p *turtleParser) semicolons() (last bool) {
	c := p.skip()
	for c == ';' {
		p.advance(1)
		c = p.skip()
	}
	return c == '.' || c == ']' || c == '}' || c < 0
}

// endStatement reads the dot, which may lack before the brace that closes a graph.
func (p *turtleParser) endStatement() error {
	switch c := p.skip(); {
	case c == '.':
		p.advance(1)
	case c == '}' && p.inGraph:
	default:
		return p.expected(0, `",", ";" or "."`)
	}
	p.place = atStatement
	return nil
}

// statement reads a directive, a brace, or a subject and what names a graph.
func (p *turtleParser) statement() error {
	c := p.skip()
	switch {
	case c < 0 && p.inGraph:
		return p.expected(0, `"}" at the end of the graph`)
	case c < 0 && p.err == io.EOF:
		return io.EOF
	case c < 0:
		return p.err
	case c == '}' && p.inGraph:
		p.advance(1)
		p.inGraph, p.graph = false, Term{}
		return nil
	case p.inGraph:
	case c == '@':
		return p.directive()
	case c == '{' && p.trig:
		return p.openGraph(Term{})
	default:
		if done, err := p.keyword(); done || err != nil {
			return err
		}
	}
	return p.subjectOrGraph(c)
}

// subjectOrGraph reads a subject, or in TriG a graph's name and its opening brace.
func (p *turtleParser) subjectOrGraph(c int) (err error) {
	p.place = atVerb
	name := c != '('
	switch c {
	case '[':
		var empty bool
		if p.subject, empty, err = p.bracket(); !empty {
			p.place, name = atMaybeEnd, false
		}
	case '(':
		p.subject, err = p.collection()
	default:
		p.subject, err = p.resource("a subject")
	}
	if err != nil {
		return err
	}
	if p.trig && !p.inGraph && name && p.skip() == '{' {
		p.place = atStatement
		return p.openGraph(p.subject)
	}
	return nil
}

// openGraph reads the brace that opens a graph.
func (p *turtleParser) openGraph(name Term) error {
	if p.skip() != '{' {
		return p.expected(0, `"{"`)
	}
	p.advance(1)
	p.inGraph, p.graph = true, name
	return nil
}

// keyword reads BASE, PREFIX or GRAPH with what belongs to it; done when one was there.
func (p *turtleParser) keyword() (done bool, err error) {
	n := 0
	for c := p.at(0); c >= 0 && c < 0x80 && class[c]&letter != 0; c = p.at(n) {
		n++
	}
	if r, _ := p.rune(n); n < 4 || n > 6 || r == ':' || r == '.' || r >= 0 && isNameRune(r) {
		return false, nil
	}
	switch word := lowerASCII(string(p.bytes(n))); {
	case word == "base":
		p.advance(n)
		return true, p.baseDirective()
	case word == "prefix":
		p.advance(n)
		return true, p.prefixDirective()
	case word == "graph" && p.trig:
		p.advance(n)
		return true, p.namedGraph()
	}
	return false, nil
}

func (p *turtleParser) namedGraph() (err error) {
	var name Term
	if c := p.skip(); c == '[' {
		var empty bool
		unnamed := p.expected(0, "a graph's name")
		if name, empty, err = p.bracket(); err == nil && !empty {
			err = unnamed
		}
	} else {
		name, err = p.resource("a graph's name")
	}
	if err != nil {
		return err
	}
	return p.openGraph(name)
}

// directive reads @base or @prefix with its dot.
func (p *turtleParser) directive() (err error) {
	n := 1
	for c := p.at(n); c >= 0 && c < 0x80 && class[c]&letter != 0; c = p.at(n) {
		n++
	}
	switch string(p.bytes(n)) {
	case "@base":
		p.advance(n)
		err = p.baseDirective()
	case "@prefix":
		p.advance(n)
		err = p.prefixDirective()
	default:
		return p.fail(0, "expected @prefix or @base, found %q", p.bytes(n))
	}
	if err != nil {
		return err
	}
	if p.skip() != '.' {
		return p.expected(0, `"." behind the directive`)
	}
	p.advance(1)
	return nil
}

func (p *turtleParser) baseDirective() error {
	if p.skip() != '<' {
		return p.expected(0, "the base: <iri>")
	}
	iri, err := p.iri()
	if err == nil {
		p.base = iri.Value
		p.resolved.forget()
	}
	return err
}

func (p *turtleParser) prefixDirective() error {
	p.skip()
	n, err := p.prefixLength()
	if err != nil {
		return err
	}
	if p.at(n) != ':' {
		return p.expected(n, `":" behind the prefix`)
	}
	prefix := string(p.bytes(n))
	p.advance(n + 1)
	if p.skip() != '<' {
		return p.expected(0, "the prefix's namespace: <iri>")
	}
	iri, err := p.iri()
	if err == nil {
		p.namespaces[prefix] = iri.Value
		p.resolved.forget()
	}
	return err
}

// resume passes over the rest of a broken statement: up to a dot that ends a line, or in a graph to the brace that
// begins one.
func (p *turtleParser) resume() {
	p.place, p.depth = atStatement, 0
	lineBegins := false
	for first := true; ; first = false {
		switch c := p.at(0); {
		case c < 0:
			p.inGraph, p.graph = false, Term{}
			return
		case c == '\n':
			p.newline()
			lineBegins = true
			continue
		case c == '.' && p.endsLine():
			p.advance(1)
			return
		case c == '}' && p.inGraph && lineBegins && !first:
			return
		case class[c]&blank == 0:
			lineBegins = false
		}
		p.advance(1)
	}
}

// endsLine reports whether only blanks or a comment follow the next byte on its line.
func (p *turtleParser) endsLine() bool {
	i := 1
	for c := p.at(i); c == ' ' || c == '\t' || c == '\r'; c = p.at(i) {
		i++
	}
	c := p.at(i)
	return c < 0 || c == '\n' || c == '#' && i > 1
}

// fresh returns a new blank node.
func (p *turtleParser) fresh() Term {
	p.anonymous++
	return Term{Kind: Blank, Value: p.o.BlankPrefix + freshLabel + strconv.Itoa(p.anonymous)}
}

func (p *turtleParser) emit(s, v, o Term) {
	p.out = append(p.out, Quad{S: s, P: v, O: o, G: p.graph})
}
