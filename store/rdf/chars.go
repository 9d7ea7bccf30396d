package rdf

// Classes of ASCII bytes, by the productions of the Turtle, TriG and N-Triples grammars.
const (
	inIRI     = 1 << iota // may stand between < and >; every byte from 0x80 on too
	nameStart             // PN_CHARS_U: letters and _
	nameByte              // PN_CHARS: letters, digits, _ and -
	digit                 // 0-9
	letter                // a-z A-Z
	blank                 // space, tab, carriage return, line feed
	escapable             // may follow a backslash in a local name
)

// class gives each byte's classes.
var class = classes()

// shortEscape gives the letter that stands after a backslash for a byte of a literal; longEscape is its inverse.
var (
	shortEscape = [256]byte{'\t': 't', '\b': 'b', '\n': 'n', '\r': 'r', '\f': 'f', '"': '"', '\\': '\\'}
	longEscape  = [256]byte{'t': '\t', 'b': '\b', 'n': '\n', 'r': '\r', 'f': '\f', '"': '"', '\'': '\'', '\\': '\\'}
)

func classes() (c [256]uint8) {
	for b := 0x21; b < 256; b++ {
		c[b] |= inIRI
	}
	for _, b := range []byte("<>\"{}|^`\\") {
		c[b] &^= inIRI
	}
	for b := 'a'; b <= 'z'; b++ {
		c[b] |= letter | nameStart | nameByte
		c[b-'a'+'A'] |= letter | nameStart | nameByte
	}
	for b := '0'; b <= '9'; b++ {
		c[b] |= digit | nameByte
	}
	c['_'] |= nameStart | nameByte
	c['-'] |= nameByte
	for _, b := range []byte(" \t\r\n") {
		c[b] |= blank
	}
	for _, b := range []byte("_~.-!$&'()*+,;=/?#@%") {
		c[b] |= escapable
	}
	return c
}

// isNameBase is PN_CHARS_BASE.
func isNameBase(r rune) bool {
	switch {
	case r < 0x80:
		return class[byte(r)]&letter != 0
	case r < 0x2000:
		return r >= 0xC0 && r != 0xD7 && r != 0xF7 && !(r >= 0x300 && r <= 0x36F) && r != 0x37E
	default:
		return r == 0x200C || r == 0x200D || r >= 0x2070 && r <= 0x218F || r >= 0x2C00 && r <= 0x2FEF ||
			r >= 0x3001 && r <= 0xD7FF || r >= 0xF900 && r <= 0xFDCF || r >= 0xFDF0 && r <= 0xFFFD ||
			r >= 0x10000 && r <= 0xEFFFF
	}
}

// isNameStart is PN_CHARS_U.
func isNameStart(r rune) bool { return r == '_' || isNameBase(r) }

// isNameRune is PN_CHARS.
func isNameRune(r rune) bool {
	return isNameStart(r) || r == '-' || r >= '0' && r <= '9' || r == 0xB7 ||
		r >= 0x300 && r <= 0x36F || r == 0x203F || r == 0x2040
}
