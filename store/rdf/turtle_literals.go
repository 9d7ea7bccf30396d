package rdf

import "unicode/utf8"

// literal reads a quoted string with its language tag or datatype.
func (p *turtleParser) literal(quote int) (Term, error) {
	value, err := p.quoted(quote)
	if err != nil {
		return Term{}, err
	}
	switch p.skip() {
	case '@':
		return p.tagged(value)
	case '^':
		if p.at(1) != '^' {
			return Term{}, p.expected(1, `"^^"`)
		}
		p.advance(2)
		datatype := Term{}
		if p.skip() == '<' {
			datatype, err = p.iri()
		} else {
			var word []byte
			if datatype, word, err = p.name("a datatype"); len(word) > 0 {
				err = p.fail(0, "expected a datatype, found %q", word)
			}
		}
		return Term{Kind: Literal, Value: value, Datatype: datatype.Value}, err
	}
	return Term{Kind: Literal, Value: value, Datatype: XSDString}, nil
}

// tagged reads a language tag.
func (p *turtleParser) tagged(value string) (Term, error) {
	n := 1
	for c := p.at(n); c == '-' || c >= 0 && class[c]&(letter|digit) != 0; c = p.at(n) {
		n++
	}
	if n = tagLength(p.bytes(n)[1:]) + 1; n == 1 {
		return Term{}, p.expected(1, "a language tag")
	}
	tag := lowerASCII(p.tags.get(p.bytes(n)[1:]))
	p.advance(n)
	return Term{Kind: Literal, Value: value, Datatype: RDFLangString, Lang: tag}, nil
}

// quoted reads a string in one of the four kinds of quotes.
func (p *turtleParser) quoted(quote int) (string, error) {
	width := 1
	if p.at(1) == quote && p.at(2) == quote {
		width = 3
	}
	end, plain, err := p.closing(quote, width)
	if err != nil {
		return "", err
	}
	raw := p.bytes(end)[width:]
	if !utf8.Valid(raw) {
		return "", p.fail(width+validLength(raw), "expected UTF-8")
	}
	if !plain {
		out, at, err := unescape(p.scratch[:0], raw)
		if err != nil {
			return "", p.fail(width+at, "%v", err)
		}
		p.scratch, raw = out, out
	}
	var value string
	if len(raw) > longLiteral {
		value = string(raw)
	} else {
		value = p.nodes.get(raw)
	}
	p.advanceText(end + width)
	return value, nil
}

// closing returns the offset of the quotes that end the string at the next token, and whether it holds no escape.
func (p *turtleParser) closing(quote, width int) (end int, plain bool, err error) {
	plain = true
	for n := width; ; n++ {
		switch c := p.at(n); {
		case c == quote:
			if width == 1 || p.at(n+1) == quote && p.at(n+2) == quote {
				return n, plain, nil
			}
		case c == '\\':
			plain = false
			n++
		case c < 0:
			return 0, false, p.fail(0, "expected the end of this string, found the end of the text")
		case width == 1 && (c == '\n' || c == '\r'):
			return 0, false, p.fail(n, "expected the string to end on its line")
		}
	}
}

// validLength returns how many leading bytes of b are valid UTF-8.
func validLength(b []byte) int {
	i := 0
	for i < len(b) {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	return i
}

// number reads an integer, decimal or double.
func (p *turtleParser) number() (Term, error) {
	n := 0
	if c := p.at(0); c == '+' || c == '-' {
		n = 1
	}
	whole := p.digits(n)
	n += whole
	datatype := XSDInteger
	fraction := 0
	if p.at(n) == '.' {
		fraction = p.digits(n + 1)
		if fraction > 0 {
			n, datatype = n+1+fraction, XSDDecimal
		} else if e := p.exponent(n + 1); whole > 0 && e > 0 {
			return p.numeral(n+1+e, XSDDouble)
		}
	}
	if whole+fraction == 0 {
		return Term{}, p.expected(n, "an object")
	}
	if e := p.exponent(n); e > 0 {
		n, datatype = n+e, XSDDouble
	}
	return p.numeral(n, datatype)
}

// digits returns how many digits stand from an offset on.
func (p *turtleParser) digits(i int) (count int) {
	for c := p.at(i); c >= '0' && c <= '9'; c = p.at(i + count) {
		count++
	}
	return count
}

// exponent returns the length of the exponent at an offset, 0 when there is none.
func (p *turtleParser) exponent(i int) int {
	if c := p.at(i); c != 'e' && c != 'E' {
		return 0
	}
	sign := 0
	if c := p.at(i + 1); c == '+' || c == '-' {
		sign = 1
	}
	if d := p.digits(i + 1 + sign); d > 0 {
		return 1 + sign + d
	}
	return 0
}

// numeral takes the next n bytes as a literal.
func (p *turtleParser) numeral(n int, datatype string) (Term, error) {
	t := Term{Kind: Literal, Value: p.nodes.get(p.bytes(n)), Datatype: datatype}
	p.advance(n)
	return t, nil
}
