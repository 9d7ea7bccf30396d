package rdf

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrRelative is returned where an absolute IRI is needed and a relative reference, or no base for one, is there.
var ErrRelative = errors.New("the IRI is relative and there is no base")

// ValidIRI returns nil when iri is absolute and holds only characters that may stand between angle brackets.
func ValidIRI(iri string) error {
	if err := validReference(iri); err != nil {
		return err
	}
	if schemeLength(iri) == 0 {
		return ErrRelative
	}
	return nil
}

// IsAbsolute reports whether ref begins with a scheme and a colon.
func IsAbsolute(ref string) bool { return schemeLength(ref) > 0 }

// ResolveIRI returns ref resolved against base by RFC 3986, section 5.2. An absolute ref is returned as it is
// (its dot segments stay, so that one IRI has one spelling in all formats). The error is ErrRelative when ref is
// relative and base is not absolute, or says which character is not allowed.
func ResolveIRI(base, ref string) (string, error) {
	if err := validReference(ref); err != nil {
		return "", err
	}
	if schemeLength(ref) > 0 {
		return ref, nil
	}
	if schemeLength(base) == 0 {
		return "", ErrRelative
	}
	return resolve(splitIRI(base), ref), nil
}

// validReference checks the characters of an IRI reference.
func validReference(ref string) error {
	ascii := true
	for i := 0; i < len(ref); i++ {
		if class[ref[i]]&inIRI == 0 {
			return fmt.Errorf("character %q is not allowed in an IRI", rune(ref[i]))
		}
		ascii = ascii && ref[i] < utf8.RuneSelf
	}
	if !ascii && !utf8.ValidString(ref) {
		return errors.New("the IRI is not valid UTF-8")
	}
	return nil
}

// schemeLength returns the length of ref's scheme, the colon not counted; 0 when it has none.
func schemeLength(ref string) int {
	for i := 0; i < len(ref); i++ {
		c := ref[i]
		switch {
		case class[c]&letter != 0:
		case c == ':':
			return i
		case i > 0 && (class[c]&digit != 0 || c == '+' || c == '-' || c == '.'):
		default:
			return 0
		}
	}
	return 0
}

// parts are the five components of an IRI; the delimiters are kept with scheme, authority, query and fragment, so
// that an undefined component is an empty one and they join by concatenation.
type parts struct{ scheme, authority, path, query, fragment string }

func splitIRI(ref string) (p parts) {
	if n := schemeLength(ref); n > 0 {
		p.scheme, ref = ref[:n+1], ref[n+1:]
	}
	if i := strings.IndexByte(ref, '#'); i >= 0 {
		ref, p.fragment = ref[:i], ref[i:]
	}
	if i := strings.IndexByte(ref, '?'); i >= 0 {
		ref, p.query = ref[:i], ref[i:]
	}
	if strings.HasPrefix(ref, "//") {
		end := strings.IndexByte(ref[2:], '/')
		if end < 0 {
			end = len(ref) - 2
		}
		p.authority, ref = ref[:end+2], ref[end+2:]
	}
	p.path = ref
	return p
}

func resolve(base parts, ref string) string {
	r := splitIRI(ref)
	t := parts{scheme: base.scheme, authority: base.authority, fragment: r.fragment}
	switch {
	case r.authority != "":
		t.authority, t.path, t.query = r.authority, removeDots(r.path), r.query
	case r.path == "":
		t.path, t.query = base.path, base.query
		if r.query != "" {
			t.query = r.query
		}
	case r.path[0] == '/':
		t.path, t.query = removeDots(r.path), r.query
	default:
		t.path, t.query = removeDots(mergePaths(base, r.path)), r.query
	}
	return t.scheme + t.authority + t.path + t.query + t.fragment
}

// mergePaths is RFC 3986, section 5.2.3.
func mergePaths(base parts, path string) string {
	if base.authority != "" && base.path == "" {
		return "/" + path
	}
	return base.path[:strings.LastIndexByte(base.path, '/')+1] + path
}

// removeDots is RFC 3986, section 5.2.4.
func removeDots(in string) string {
	if !strings.Contains(in, ".") {
		return in
	}
	out := make([]byte, 0, len(in))
	for in != "" {
		switch {
		case strings.HasPrefix(in, "../"):
			in = in[3:]
		case strings.HasPrefix(in, "./"), strings.HasPrefix(in, "/./"):
			in = in[2:]
		case in == "/.":
			in = "/"
		case strings.HasPrefix(in, "/../"), in == "/..":
			if in = in[3:]; in == "" {
				in = "/"
			}
			out = out[:max(strings.LastIndexByte(string(out), '/'), 0)]
		case in == ".", in == "..":
			in = ""
		default:
			end := strings.IndexByte(in[1:], '/') + 1
			if end == 0 {
				end = len(in)
			}
			out = append(out, in[:end]...)
			in = in[end:]
		}
	}
	return string(out)
}
