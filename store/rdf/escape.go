package rdf

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Faults in escapes; the parsers put a place before them.
var (
	errShortEscape = errors.New(`expected t, b, n, r, f, ", ', \, u or U after a backslash`)
	errHexEscape   = errors.New(`expected 4 hexadecimal digits after \u, 8 after \U`)
	errCodePoint   = errors.New("the escape names no Unicode character")
)

// Unescape returns a literal's text from what stood between its quotes, backslash escapes resolved; an error
// says which escape is broken. SPARQL's strings have the same escapes.
func Unescape(raw string) (string, error) {
	out, _, err := unescape(make([]byte, 0, len(raw)), []byte(raw))
	return string(out), err
}

// unescape appends raw to dst with escapes resolved; at is where a fault stands in raw.
func unescape(dst, raw []byte) (out []byte, at int, err error) {
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			dst = append(dst, raw[i])
			i++
			continue
		}
		if i+1 < len(raw) && longEscape[raw[i+1]] != 0 {
			dst = append(dst, longEscape[raw[i+1]])
			i += 2
			continue
		}
		r, n, err := codePoint(raw[i:])
		if err != nil {
			return dst, i, err
		}
		dst = utf8.AppendRune(dst, r)
		i += n
	}
	return dst, 0, nil
}

// unescapeIRI appends raw to dst with \u and \U resolved; at is where a fault stands in raw: a character that no
// IRI may hold, escaped or not.
func unescapeIRI(dst, raw []byte) (out []byte, at int, err error) {
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			if class[raw[i]]&inIRI == 0 {
				return dst, i, forbidden(rune(raw[i]))
			}
			dst = append(dst, raw[i])
			i++
			continue
		}
		r, n, err := codePoint(raw[i:])
		if err == errShortEscape {
			err = errors.New(`expected u or U after a backslash in an IRI`)
		} else if err == nil && r < utf8.RuneSelf && class[byte(r)]&inIRI == 0 {
			err = forbidden(r)
		}
		if err != nil {
			return dst, i, err
		}
		dst = utf8.AppendRune(dst, r)
		i += n
	}
	return dst, 0, nil
}

func forbidden(r rune) error { return fmt.Errorf("character %q is not allowed in an IRI", r) }

// codePoint decodes \uXXXX or \UXXXXXXXX at the start of b and returns its length.
func codePoint(b []byte) (r rune, n int, err error) {
	n = 6
	switch {
	case len(b) > 1 && b[1] == 'U':
		n = 10
	case len(b) < 2 || b[1] != 'u':
		return 0, 0, errShortEscape
	}
	if len(b) < n {
		return 0, 0, errHexEscape
	}
	var v uint32
	for _, c := range b[2:n] {
		h := hexValue(c)
		if h < 0 {
			return 0, 0, errHexEscape
		}
		v = v<<4 | uint32(h)
	}
	if v > utf8.MaxRune || !utf8.ValidRune(rune(v)) {
		return 0, 0, errCodePoint
	}
	return rune(v), n, nil
}
