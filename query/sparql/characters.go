package sparql

import (
	"strings"
	"unicode/utf8"
)

// The character classes of SPARQL 1.1 §19.8; each …Length function returns how many bytes of s the production
// takes, 0 when it does not match.

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func isHex(c byte) bool {
	return isDigit(rune(c)) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// isNameBase is PN_CHARS_BASE.
func isNameBase(r rune) bool {
	if r < 0x80 {
		return isLetter(byte(r))
	}
	for _, span := range nameBase {
		if r < span[0] {
			return false
		}
		if r <= span[1] {
			return true
		}
	}
	return false
}

// nameBase are the spans of PN_CHARS_BASE beyond ASCII.
var nameBase = [][2]rune{
	{0xC0, 0xD6}, {0xD8, 0xF6}, {0xF8, 0x2FF}, {0x370, 0x37D}, {0x37F, 0x1FFF}, {0x200C, 0x200D},
	{0x2070, 0x218F}, {0x2C00, 0x2FEF}, {0x3001, 0xD7FF}, {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF},
}

// isNameStart is PN_CHARS_U.
func isNameStart(r rune) bool { return r == '_' || isNameBase(r) }

// isVarChar is what VARNAME may go on with: PN_CHARS without the hyphen.
func isVarChar(r rune) bool {
	return isNameStart(r) || isDigit(r) || r == 0xB7 || r >= 0x300 && r <= 0x36F || r == 0x203F || r == 0x2040
}

// isNameChar is PN_CHARS.
func isNameChar(r rune) bool { return r == '-' || isVarChar(r) }

// iriLength matches IRIREF, angle brackets included.
func iriLength(s string) int {
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '>':
			return i + 1
		case c <= ' ' || strings.IndexByte("<\"{}|^`\\", c) >= 0:
			return 0
		}
	}
	return 0
}

func variableLength(s string) int {
	for i, r := range s {
		if !isVarChar(r) || i == 0 && !isNameStart(r) && !isDigit(r) {
			return i
		}
	}
	return len(s)
}

// languageLength matches LANGTAG without the at sign.
func languageLength(s string) int {
	n := 0
	for n < len(s) && isLetter(s[n]) {
		n++
	}
	if n == 0 {
		return 0
	}
	for n < len(s) && s[n] == '-' {
		m := n + 1
		for m < len(s) && (isLetter(s[m]) || isDigit(rune(s[m]))) {
			m++
		}
		if m == n+1 {
			break
		}
		n = m
	}
	return n
}

// labelLength matches BLANK_NODE_LABEL without "_:"; a dot may not end it.
func labelLength(s string) int {
	end := 0
	for i, r := range s {
		switch {
		case i == 0 && !isNameStart(r) && !isDigit(r):
			return 0
		case isNameChar(r):
			end = i + utf8.RuneLen(r)
		case r != '.':
			return end
		}
	}
	return end
}

// prefixLength matches PN_PREFIX; a dot may not end it.
func prefixLength(s string) int {
	end := 0
	for i, r := range s {
		switch {
		case i == 0 && !isNameBase(r):
			return 0
		case isNameChar(r):
			end = i + utf8.RuneLen(r)
		case r != '.':
			return end
		}
	}
	return end
}

// localEscapes are the characters that a backslash lets into a local name.
const localEscapes = "_~.-!$&'()*+,;=/?#@%"

// localName matches PN_LOCAL, which may be empty; it returns the length and the name without backslashes.
func localName(s string) (int, string) {
	var b strings.Builder
	end, kept := 0, 0 // up to the last character that may end the name
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\\':
			if i+1 >= len(s) || strings.IndexByte(localEscapes, s[i+1]) < 0 {
				return end, b.String()[:kept]
			}
			b.WriteByte(s[i+1])
			i += 2
		case r == '%':
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return end, b.String()[:kept]
			}
			b.WriteString(s[i : i+3])
			i += 3
		case r == '.' && i > 0:
			b.WriteByte('.')
			i++
			continue
		case r == ':' || isDigit(r) || isNameStart(r) || i > 0 && isNameChar(r):
			b.WriteRune(r)
			i += n
		default:
			return end, b.String()[:kept]
		}
		end, kept = i, b.Len()
	}
	return end, b.String()[:kept]
}

// scanNumber matches an unsigned INTEGER, DECIMAL or DOUBLE at s, which begins with a digit or with a dot and a digit.
func scanNumber(s string) (tokenKind, int) {
	n := digits(s, 0)
	kind := tokInteger
	if n < len(s) && s[n] == '.' {
		if m := digits(s, n+1); m > n+1 {
			kind, n = tokDecimal, m
		} else if exponent(s, n+1) > 0 {
			n++
		}
	}
	if m := exponent(s, n); m > 0 {
		kind, n = tokDouble, m
	}
	return kind, n
}

// digits returns the end of the digits from i on.
func digits(s string, i int) int {
	for i < len(s) && isDigit(rune(s[i])) {
		i++
	}
	return i
}

// exponent returns the end of the exponent at i, or 0.
func exponent(s string, i int) int {
	if i >= len(s) || s[i] != 'e' && s[i] != 'E' {
		return 0
	}
	i++
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	if end := digits(s, i); end > i {
		return end
	}
	return 0
}
