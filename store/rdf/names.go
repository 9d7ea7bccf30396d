package rdf

import (
	"strings"
	"unicode/utf8"
)

// DefaultBase is the IRI under which plain names stand when no other base is stated.
const DefaultBase = "http://inkling.example/"

// schemes are those that make a plain word an absolute IRI without angle brackets. Others stay names: "gene:TP53"
// or "/m/027rn" are more often names than IRIs.
var schemes = []string{"http://", "https://", "ftp://", "file://", "urn:", "mailto:", "tag:", "doi:", "info:"}

// LooksAbsolute reports whether a word without angle brackets is read as an absolute IRI: one of http, https, ftp,
// file (with "//"), urn, mailto, tag, doi, info.
func LooksAbsolute(word string) bool {
	for _, s := range schemes {
		if len(word) > len(s) && word[:len(s)] == s {
			return true
		}
	}
	return false
}

// NameIRI returns the IRI of a plain name under a base: base followed by the name in which each byte that an IRI
// may not hold, and the percent sign, is written as %XX. Different names give different IRIs.
func NameIRI(base, name string) string {
	return base + EscapeIRI(name, true)
}

// IRIName returns the plain name of an IRI under a base, and false when NameIRI would not give that IRI back.
func IRIName(base, iri string) (string, bool) {
	rest, ok := strings.CutPrefix(iri, base)
	if !ok || rest == "" {
		return "", false
	}
	if strings.IndexByte(rest, '%') < 0 {
		return rest, validReference(rest) == nil
	}
	name := make([]byte, 0, len(rest))
	for i := 0; i < len(rest); i++ {
		c := rest[i]
		if c == '%' {
			if i+2 >= len(rest) {
				return "", false
			}
			hi, lo := hexValue(rest[i+1]), hexValue(rest[i+2])
			if hi < 0 || lo < 0 {
				return "", false
			}
			c, i = byte(hi<<4|lo), i+2
		}
		name = append(name, c)
	}
	s := string(name)
	return s, utf8.ValidString(s) && EscapeIRI(s, true) == rest
}

// EscapeIRI returns s with each byte that an IRI may not hold written as %XX; with percent, the sign % itself too,
// unless that would be to escape twice what the caller already escaped.
func EscapeIRI(s string, percent bool) string {
	i := 0
	for i < len(s) && class[s[i]]&inIRI != 0 && !(percent && s[i] == '%') {
		i++
	}
	if i == len(s) {
		return s
	}
	const digits = "0123456789ABCDEF"
	b := append(make([]byte, 0, len(s)+8), s[:i]...)
	for ; i < len(s); i++ {
		if c := s[i]; class[c]&inIRI != 0 && !(percent && c == '%') {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}

// hexValue returns the value of a hexadecimal digit, -1 for another byte.
func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
