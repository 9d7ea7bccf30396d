package watermark

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/inklingdb/inkling/store/rdf"
)

// CanonicalIRI returns the one spelling under which an IRI is marked: Unicode in NFC, scheme and host in lower case, a
// default port left out, %XX in upper case, and unreserved characters that were escaped put back (RFC 3986, section 6.2.2).
// The path is left as it is: dots in it may be part of a name.
func CanonicalIRI(iri string) string {
	if plain(iri) {
		return iri
	}
	iri = normaliseEscapes(norm.NFC.String(iri))
	colon := strings.IndexByte(iri, ':')
	if colon <= 0 || strings.ContainsAny(iri[:colon], "/?#") {
		return iri
	}
	scheme, rest := strings.ToLower(iri[:colon]), iri[colon+1:]
	if !strings.HasPrefix(rest, "//") {
		return scheme + ":" + rest
	}
	end := 2 + strings.IndexAny(rest[2:]+"/", "/?#")
	authority, tail := rest[2:end], rest[end:]
	user := strings.LastIndexByte(authority, '@') + 1
	host := authority[:user] + strings.ToLower(authority[user:])
	if port, ok := defaultPorts[scheme]; ok {
		for bare := ""; bare != host; { // of "host:80:80" nothing may be left that is shortened the next time
			bare, host = host, strings.TrimSuffix(strings.TrimSuffix(host, port), ":")
		}
		if tail == "" {
			tail = "/"
		}
	}
	return scheme + "://" + host + tail
}

// defaultPorts are the ports that need not be stated.
var defaultPorts = map[string]string{"http": ":80", "https": ":443", "ftp": ":21"}

// plain reports whether an IRI is canonical at first sight: ASCII, no escape, and nothing but lower case, digits, dots
// and hyphens up to the path.
func plain(iri string) bool {
	slashes := 0
	for i := range len(iri) {
		c := iri[i]
		switch {
		case c >= 0x80 || c == '%':
			return false
		case slashes >= 3:
		case c == '/':
			slashes++
		case c == ':' && slashes > 0, c >= 'A' && c <= 'Z', c == '@', c == '?', c == '#':
			return false
		}
	}
	return slashes >= 3
}

// normaliseEscapes writes %XX in upper case, and as the character itself where that is unreserved.
func normaliseEscapes(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' || i+2 >= len(s) || hexDigit(s[i+1]) < 0 || hexDigit(s[i+2]) < 0 {
			b = append(b, s[i])
			continue
		}
		c := byte(hexDigit(s[i+1])<<4 | hexDigit(s[i+2]))
		if unreserved(c) {
			b = append(b, c)
		} else {
			const digits = "0123456789ABCDEF"
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
		i += 2
	}
	return string(b)
}

// hexDigit returns a hexadecimal digit's value, −1 for another byte.
func hexDigit(c byte) int {
	if c < '0' {
		return -1
	}
	return strings.IndexByte("0123456789abcdef", c|0x20)
}

func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// CanonicalName returns the name under which a term's row is marked: the canonical IRI, "_:" for any blank node, and ""
// for what has no row of its own.
func CanonicalName(t rdf.Term) string {
	switch t.Kind {
	case rdf.IRI:
		return CanonicalIRI(t.Value)
	case rdf.Blank:
		return "_:"
	}
	return ""
}

// TermDigest stands for a term in a Triple: the first 16 bytes of the SHA-256 of its canonical N-Triples form. It needs
// no key, so it may be kept by term and used with many keys. The zero digest is a term without identity.
type TermDigest struct{ a, b uint64 }

// DigestTerm returns a term's digest: of its canonical IRI, or of a literal's text in NFC with its datatype or language.
func DigestTerm(t rdf.Term) TermDigest {
	switch t.Kind {
	case rdf.IRI:
		t.Value = CanonicalIRI(t.Value)
	case rdf.Literal:
		t.Value = norm.NFC.String(t.Value)
	default:
		return TermDigest{}
	}
	var buffer [256]byte
	sum := sha256.Sum256(rdf.AppendTerm(buffer[:0], t))
	return TermDigest{binary.LittleEndian.Uint64(sum[:8]), binary.LittleEndian.Uint64(sum[8:16])}
}
