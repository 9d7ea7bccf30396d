package rdf

import "unicode/utf8"

// NewLang returns a language-tagged string; the tag is kept in lower case, as RDF 1.1 compares it.
func NewLang(s, lang string) Term {
	return Term{Kind: Literal, Value: s, Datatype: RDFLangString, Lang: lowerASCII(lang)}
}

// String returns the term in canonical N-Triples form; the zero Term gives the empty string.
func (t Term) String() string { return string(AppendTerm(nil, t)) }

// String returns the quad as a canonical N-Quads line without the line's end.
func (q Quad) String() string { return string(AppendQuad(nil, q)) }

// AppendTerm appends the canonical N-Triples form of t to dst and returns it. ParseTerm reads it back.
func AppendTerm(dst []byte, t Term) []byte {
	switch t.Kind {
	case IRI:
		return appendIRI(dst, t.Value)
	case Blank:
		return appendBlank(dst, t.Value)
	case Literal:
		dst = append(dst, '"')
		dst = appendEscaped(dst, t.Value)
		dst = append(dst, '"')
		if t.Lang != "" {
			dst = append(dst, '@')
			return append(dst, t.Lang...)
		}
		if t.Datatype != XSDString && t.Datatype != "" {
			dst = append(dst, '^', '^')
			return appendIRI(dst, t.Datatype)
		}
	}
	return dst
}

// AppendQuad appends a canonical N-Quads statement, " ." included and the line's end not.
func AppendQuad(dst []byte, q Quad) []byte {
	dst = append(AppendTerm(dst, q.S), ' ')
	dst = append(AppendTerm(dst, q.P), ' ')
	dst = append(AppendTerm(dst, q.O), ' ')
	if q.G.Kind != None {
		dst = append(AppendTerm(dst, q.G), ' ')
	}
	return append(dst, '.')
}

// appendIRI writes <iri>, escaping what the grammar forbids inside angle brackets, so that a line stays readable
// whatever a caller put into a Term.
func appendIRI(dst []byte, iri string) []byte {
	dst = append(dst, '<')
	clean := 0
	for i := 0; i < len(iri); i++ {
		if class[iri[i]]&inIRI != 0 {
			continue
		}
		dst = append(dst, iri[clean:i]...)
		dst = appendHex4(dst, iri[i])
		clean = i + 1
	}
	return append(append(dst, iri[clean:]...), '>')
}

// appendEscaped writes a literal's text with the canonical escapes: \" \\ \n \r and, beyond what canonical
// N-Triples asks, \t \b \f, so that TSV columns and terminals stay whole.
func appendEscaped(dst []byte, s string) []byte {
	clean := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c != 0x7f {
			continue
		}
		dst = append(dst, s[clean:i]...)
		clean = i + 1
		if e := shortEscape[c]; e != 0 {
			dst = append(dst, '\\', e)
		} else {
			dst = appendHex4(dst, c)
		}
	}
	return append(dst, s[clean:]...)
}

// appendHex4 writes one byte below 0x80 as \u00XX.
func appendHex4(dst []byte, c byte) []byte {
	const digits = "0123456789ABCDEF"
	return append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
}

// strangeLabel begins the labels under which blank nodes are written whose own label no grammar allows.
const strangeLabel = "x-ink-"

// appendBlank writes _:label. A label that the grammars forbid is written as its bytes in hexadecimal; labels that
// look like such a one are too, so that two labels never become one.
func appendBlank(dst []byte, label string) []byte {
	dst = append(dst, '_', ':')
	if ValidLabel(label) && !(len(label) >= len(strangeLabel) && label[:len(strangeLabel)] == strangeLabel) {
		return append(dst, label...)
	}
	const digits = "0123456789abcdef"
	dst = append(dst, strangeLabel...)
	for i := 0; i < len(label); i++ {
		dst = append(dst, digits[label[i]>>4], digits[label[i]&15])
	}
	return dst
}

// ValidLabel reports whether a blank node label may be written after "_:" as it is.
func ValidLabel(label string) bool {
	if label == "" || label[len(label)-1] == '.' || !utf8.ValidString(label) {
		return false
	}
	for i, r := range label {
		switch {
		case i == 0 && !isNameStart(r) && !(r >= '0' && r <= '9'):
			return false
		case i > 0 && !isNameRune(r) && r != '.':
			return false
		}
	}
	return true
}

// lowerASCII returns s in lower case, s itself when it already is.
func lowerASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if b[i] >= 'A' && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
