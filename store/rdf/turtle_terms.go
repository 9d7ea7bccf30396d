package rdf

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// freshLabel and a number label blank nodes that have no label of their own. Labels in the text that look like
// one get a u at their end, so that they stay apart.
const freshLabel = "genid"

// object reads an object at the next token.
func (p *turtleParser) object() (t Term, err error) {
	switch c := p.skip(); {
	case c == '[':
		t, _, err = p.bracket()
	case c == '(':
		t, err = p.collection()
	case c == '"' || c == '\'':
		return p.literal(c)
	case c == '+' || c == '-' || c == '.' || c >= '0' && c <= '9':
		return p.number()
	default:
		return p.resource("an object")
	}
	return t, err
}

// bracket reads [ … ]; empty when nothing stands in it.
func (p *turtleParser) bracket() (node Term, empty bool, err error) {
	p.advance(1)
	node = p.fresh()
	if p.skip() == ']' {
		p.advance(1)
		return node, true, nil
	}
	if err = p.descend(); err != nil {
		return node, false, err
	}
	defer func() { p.depth-- }()
	for {
		verb, err := p.predicate()
		if err != nil {
			return node, false, err
		}
		if err := p.objects(node, verb); err != nil {
			return node, false, err
		}
		if p.skip() != ';' || p.semicolons() {
			break
		}
	}
	if p.skip() != ']' {
		return node, false, p.expected(0, `",", ";" or "]"`)
	}
	p.advance(1)
	return node, false, nil
}

// objects reads an object list in brackets.
func (p *turtleParser) objects(subject, verb Term) error {
	for {
		object, err := p.object()
		if err != nil {
			return err
		}
		p.emit(subject, verb, object)
		if p.skip() != ',' {
			return nil
		}
		p.advance(1)
	}
}

// collection reads ( … ) and returns its first node, rdf:nil when it is empty.
func (p *turtleParser) collection() (Term, error) {
	p.advance(1)
	if err := p.descend(); err != nil {
		return Term{}, err
	}
	defer func() { p.depth-- }()
	cells := chain{to: p}
	for {
		c := p.skip()
		if c == ')' {
			p.advance(1)
			break
		}
		if c < 0 {
			return Term{}, p.expected(0, `")"`)
		}
		item, err := p.object()
		if err != nil {
			return Term{}, err
		}
		cells.add(item)
	}
	return cells.end(), nil
}

func (p *turtleParser) descend() error {
	if p.depth++; p.depth > maxDepth {
		return p.fail(0, "expected at most %d brackets one in another", maxDepth)
	}
	return nil
}

// predicate reads an IRI or the word a.
func (p *turtleParser) predicate() (Term, error) {
	if p.skip() == '<' {
		return p.iri()
	}
	t, word, err := p.name("a predicate")
	if err != nil {
		return t, err
	}
	if n := len(word); n == 1 && word[0] == 'a' {
		p.advance(n)
		return Term{Kind: IRI, Value: RDFType}, nil
	} else if n > 0 {
		return t, p.fail(0, "expected a predicate, found %q", word)
	}
	return t, nil
}

// resource reads an IRI, a prefixed name, a labelled blank node or, as an object, true or false.
func (p *turtleParser) resource(what string) (Term, error) {
	c := p.skip()
	if c == '<' {
		return p.iri()
	}
	if c == '_' {
		return p.blankLabel()
	}
	t, word, err := p.name(what)
	if err != nil || len(word) == 0 {
		return t, err
	}
	if w := string(word); what == "an object" && (w == "true" || w == "false") {
		p.advance(len(w))
		return Term{Kind: Literal, Value: w, Datatype: XSDBoolean}, nil
	}
	return t, p.fail(0, "expected %s, found %q", what, word)
}

// blankLabel reads _:label.
func (p *turtleParser) blankLabel() (Term, error) {
	if p.at(1) != ':' {
		return Term{}, p.expected(1, `":" behind "_"`)
	}
	n, end := 2, 2
	for {
		r, size := p.rune(n)
		if r < 0 || !isNameRune(r) && r != '.' || n == 2 && !isNameStart(r) && !(r >= '0' && r <= '9') {
			break
		}
		if n += size; r != '.' {
			end = n
		}
	}
	if end == 2 {
		return Term{}, p.expected(2, "a blank node label")
	}
	raw := p.bytes(end)[2:]
	p.advance(end)
	if p.o.BlankPrefix != "" || bytes.HasPrefix(raw, []byte(freshLabel)) {
		raw = append(append(p.scratch[:0], p.o.BlankPrefix...), raw...)
		if looksFresh(raw[len(p.o.BlankPrefix):]) {
			raw = append(raw, 'u')
		}
		p.scratch = raw
	}
	return Term{Kind: Blank, Value: p.nodes.get(raw)}, nil
}

// looksFresh reports whether a label is freshLabel, digits and any number of u.
func looksFresh(label []byte) bool {
	rest, ok := bytes.CutPrefix(label, []byte(freshLabel))
	rest = bytes.TrimRight(rest, "u")
	return ok && len(rest) > 0 && len(bytes.TrimLeft(rest, "0123456789")) == 0
}

// iri reads <…>, resolved against the base.
func (p *turtleParser) iri() (Term, error) {
	n, plain := 1, true
	for c := p.at(n); c != '>'; c = p.at(n) {
		if c < 0 || class[c]&inIRI == 0 && c != '\\' {
			return Term{}, p.expected(n, `">" or a character that an IRI may hold`)
		}
		plain = plain && c != '\\'
		n++
	}
	raw := p.bytes(n) // with the first bracket, which no prefixed name begins with
	slot, known := p.nodes.find(raw[1:])
	if known && schemeLength(*slot) > 0 {
		p.advance(n + 1)
		return Term{Kind: IRI, Value: *slot}, nil
	}
	entry, known := p.resolved.find(raw)
	if known {
		p.advance(n + 1)
		return Term{Kind: IRI, Value: entry.iri}, nil
	}
	var ref string
	if plain {
		ref = string(raw[1:])
	} else {
		out, at, err := unescapeIRI(p.scratch[:0], raw[1:])
		if err != nil {
			return Term{}, p.fail(1+at, "%v", err)
		}
		p.scratch, ref = out, string(out)
	}
	iri, err := ResolveIRI(p.base, ref)
	if err != nil {
		return Term{}, p.fail(0, "%v: <%s>", err, ref)
	}
	if plain && iri == ref {
		*slot = iri
	} else {
		*entry = resolvedName{string(raw), iri}
	}
	p.advance(n + 1)
	return Term{Kind: IRI, Value: iri}, nil
}

// prefixLength returns the length of the PN_PREFIX, which may be empty, or bare word at the next token.
func (p *turtleParser) prefixLength() (int, error) {
	n := 0
	for {
		c := p.at(n)
		if c >= 0 && c < utf8.RuneSelf {
			if class[c]&nameByte == 0 && c != '.' {
				break
			}
			if n == 0 && class[c]&letter == 0 {
				return 0, p.expected(0, "a name")
			}
			n++
			continue
		}
		r, size := p.rune(n)
		if c < 0 || !isNameRune(r) || n == 0 && !isNameBase(r) {
			break
		}
		n += size
	}
	if n > 0 && p.at(n) == ':' && p.at(n-1) == '.' {
		return 0, p.fail(n-1, `expected a prefix that does not end in "."`)
	}
	return n, nil
}

// name reads a prefixed name; or returns the bare word that stands there, not yet passed over.
func (p *turtleParser) name(what string) (t Term, word []byte, err error) {
	n, err := p.prefixLength()
	if err != nil {
		return t, nil, p.expected(0, what)
	}
	if p.at(n) != ':' {
		word = bytes.TrimRight(p.bytes(n), ".")
		if len(word) == 0 {
			return t, nil, p.expected(0, what)
		}
		return t, word, nil
	}
	end, plain, err := p.localEnd(n + 1)
	if err != nil {
		return t, nil, err
	}
	raw := p.bytes(end)
	entry, known := p.resolved.find(raw)
	if !known {
		namespace, ok := p.namespaces[string(raw[:n])]
		if !ok {
			return t, nil, p.fail(0, "the prefix %q is not declared", string(raw[:n+1]))
		}
		local := string(raw[n+1:])
		if !plain {
			local = unescapeLocal(local)
		}
		*entry = resolvedName{string(raw), namespace + local}
	}
	p.advance(end)
	return Term{Kind: IRI, Value: entry.iri}, nil, nil
}

// localEnd returns where the PN_LOCAL that begins at an offset ends, and whether it holds no backslash.
func (p *turtleParser) localEnd(start int) (end int, plain bool, err error) {
	n := start
	end, plain = start, true
	for {
		c := p.at(n)
		switch {
		case c < 0:
			return end, plain, nil
		case c == '.' && n > start:
			n++
			continue
		case c == '\\':
			if e := p.at(n + 1); e < 0 || e >= utf8.RuneSelf || class[e]&escapable == 0 {
				return 0, false, p.expected(n+1, "a character that may be escaped in a name")
			}
			n, plain = n+2, false
		case c == '%':
			if !p.isHex(n+1) || !p.isHex(n+2) {
				return 0, false, p.fail(n, `expected two hexadecimal digits behind "%%"`)
			}
			n += 3
		case c < utf8.RuneSelf:
			if c != ':' && (class[c]&nameByte == 0 || n == start && c == '-') {
				return end, plain, nil
			}
			n++
		default:
			r, size := p.rune(n)
			if !isNameRune(r) || n == start && !isNameStart(r) {
				return end, plain, nil
			}
			n += size
		}
		end = n
	}
}

func (p *turtleParser) isHex(i int) bool {
	c := p.at(i)
	return c >= 0 && hexValue(byte(c)) >= 0
}

// unescapeLocal takes the backslashes out of a local name.
func unescapeLocal(local string) string {
	var b strings.Builder
	for i := 0; i < len(local); i++ {
		if local[i] == '\\' {
			i++
		}
		b.WriteByte(local[i])
	}
	return b.String()
}
