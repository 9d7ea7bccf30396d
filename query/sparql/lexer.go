package sparql

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// tokenKind is the class of a token.
type tokenKind uint8

const (
	tokEnd      tokenKind = iota
	tokIRI                // text is between the angle brackets
	tokPrefixed           // text is prefix, local the part after the colon, unescaped
	tokBlank              // text is the label
	tokVar                // text is the name
	tokString             // text is the unescaped value
	tokLang               // text is the language tag
	tokInteger            // text as written, unsigned; so the next two
	tokDecimal
	tokDouble
	tokWord  // text is a keyword or function name as written
	tokPunct // text is the symbol
)

// token is a lexical unit; adjacent says that no space stands before it.
type token struct {
	kind     tokenKind
	text     string
	local    string
	pos      Pos
	adjacent bool
	raw      string // as written, for error messages
}

// lexer cuts text into tokens, one at a time.
type lexer struct {
	text    string
	off     int
	pos     Pos
	widths  map[int]int // offset of a character that was written as an escape → its further columns
	skipped bool        // spaces were passed before the current token
}

// newLexer returns a lexer over text with codepoint escapes replaced.
func newLexer(text string) (*lexer, *Error) {
	l := &lexer{text: text, pos: Pos{Line: 1, Column: 1}}
	if !utf8.ValidString(text) {
		return nil, l.invalidUTF8()
	}
	l.text = strings.TrimPrefix(l.text, "\ufeff")
	l.replaceEscapes()
	return l, nil
}

// invalidUTF8 returns the error for the first byte that is not UTF-8.
func (l *lexer) invalidUTF8() *Error {
	for i, r := range l.text {
		if r == utf8.RuneError && !strings.HasPrefix(l.text[i:], "\ufffd") {
			l.advance(i)
			break
		}
	}
	return l.fail("text in UTF-8", "a byte that is not")
}

// replaceEscapes replaces \uXXXX and \UXXXXXXXX anywhere in the text (SPARQL 1.1 §19.2), in one pass.
func (l *lexer) replaceEscapes() {
	text := l.text
	if !strings.Contains(text, `\u`) && !strings.Contains(text, `\U`) {
		return
	}
	var b strings.Builder
	widths := map[int]int{}
	for i := 0; i < len(text); {
		digits := 0
		if text[i] == '\\' && i+1 < len(text) {
			switch text[i+1] {
			case 'u':
				digits = 4
			case 'U':
				digits = 8
			default:
				b.WriteString(text[i : i+2])
				i += 2
				continue
			}
		}
		if digits == 0 {
			b.WriteByte(text[i])
			i++
			continue
		}
		r, ok := escapedRune(text[i+2:], digits)
		if !ok { // harmless in a comment; anywhere else the backslash is an error
			b.WriteString(text[i : i+2])
			i += 2
			continue
		}
		widths[b.Len()] = digits + 1
		b.WriteRune(r)
		i += 2 + digits
	}
	l.text, l.widths = b.String(), widths
}

// escapedRune reads the digits of a codepoint escape.
func escapedRune(s string, digits int) (rune, bool) {
	if len(s) < digits {
		return 0, false
	}
	n, err := strconv.ParseUint(s[:digits], 16, 32)
	if err != nil || n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
		return 0, false
	}
	return rune(n), true
}

// advance moves to offset to, keeping line and column.
func (l *lexer) advance(to int) {
	for i := l.off; i < to; i++ {
		switch c := l.text[i]; {
		case c == '\n':
			l.pos.Line++
			l.pos.Column = 1
		case c&0xC0 != 0x80: // not inside a character
			l.pos.Column++
			if l.widths != nil {
				l.pos.Column += l.widths[i]
			}
		}
	}
	l.off = to
}

// fail returns an error at the current place.
func (l *lexer) fail(expected, found string) *Error {
	return &Error{Line: l.pos.Line, Column: l.pos.Column, Expected: expected, Found: found}
}

// skipSpace passes white space and comments.
func (l *lexer) skipSpace() {
	i := l.off
	for i < len(l.text) {
		switch l.text[i] {
		case ' ', '\t', '\r', '\n':
			i++
			continue
		case '#':
			for i < len(l.text) && l.text[i] != '\n' && l.text[i] != '\r' {
				i++
			}
			continue
		}
		break
	}
	l.skipped = i > l.off
	l.advance(i)
}

// next returns the next token.
func (l *lexer) next() (token, *Error) {
	l.skipSpace()
	t := token{pos: l.pos, adjacent: !l.skipped}
	rest := l.text[l.off:]
	if rest == "" {
		return t, nil
	}
	n, err := l.scan(&t, rest)
	if err != nil {
		return t, err
	}
	t.raw = rest[:n]
	l.advance(l.off + n)
	return t, nil
}

// scan recognises the token at the start of rest, fills in t and returns its length in bytes.
func (l *lexer) scan(t *token, rest string) (int, *Error) {
	c := rest[0]
	switch {
	case c == '<':
		if n := iriLength(rest); n > 0 {
			t.kind, t.text = tokIRI, rest[1:n-1]
			return n, nil
		}
	case c == '"' || c == '\'':
		return l.scanString(t, rest)
	case c == '?' || c == '$':
		if n := variableLength(rest[1:]); n > 0 {
			t.kind, t.text = tokVar, rest[1:1+n]
			return n + 1, nil
		}
	case c == '@':
		if n := languageLength(rest[1:]); n > 0 {
			t.kind, t.text = tokLang, rest[1:1+n]
			return n + 1, nil
		}
		return 0, l.fail("a language tag", quote(rest))
	case c >= '0' && c <= '9', c == '.' && len(rest) > 1 && isDigit(rune(rest[1])):
		kind, n := scanNumber(rest)
		t.kind, t.text = kind, rest[:n]
		return n, nil
	case c == '_' && strings.HasPrefix(rest, "_:"):
		n := labelLength(rest[2:])
		if n == 0 {
			return 0, l.fail("a blank node label", quote(rest))
		}
		t.kind, t.text = tokBlank, rest[2:2+n]
		return n + 2, nil
	}
	if n, ok := l.scanName(t, rest); ok {
		return n, nil
	}
	return l.scanPunct(t, rest)
}

// symbols are the punctuation tokens, longer ones before their prefixes.
var symbols = []string{
	"^^", "&&", "||", "!=", "<=", ">=",
	"{", "}", "(", ")", "[", "]", ";", ",", ".", "=", "<", ">", "+", "-", "*", "/", "!", "|", "^", "?",
}

func (l *lexer) scanPunct(t *token, rest string) (int, *Error) {
	for _, s := range symbols {
		if strings.HasPrefix(rest, s) {
			t.kind, t.text = tokPunct, s
			return len(s), nil
		}
	}
	return 0, &Error{Line: t.pos.Line, Column: t.pos.Column, Found: "unexpected character " + quote(firstRune(rest))}
}

// scanName recognises a keyword or a prefixed name.
func (l *lexer) scanName(t *token, rest string) (int, bool) {
	n := prefixLength(rest)
	if n < len(rest) && rest[n] == ':' {
		m, local := localName(rest[n+1:])
		t.kind, t.text, t.local = tokPrefixed, rest[:n], local
		return n + 1 + m, true
	}
	n = 0
	for n < len(rest) && (isLetter(rest[n]) || rest[n] == '_' || n > 0 && isDigit(rune(rest[n]))) {
		n++
	}
	t.kind, t.text = tokWord, rest[:n]
	return n, n > 0
}

// scanString recognises a short or long string with either quote.
func (l *lexer) scanString(t *token, rest string) (int, *Error) {
	delimiter := rest[:1]
	long := strings.HasPrefix(rest[1:], delimiter+delimiter)
	if long {
		delimiter = rest[:3]
	}
	var b strings.Builder
	i := len(delimiter)
	for i < len(rest) {
		switch c := rest[i]; {
		case strings.HasPrefix(rest[i:], delimiter):
			t.kind, t.text = tokString, b.String()
			return i + len(delimiter), nil
		case c == '\\':
			var r byte
			if i+1 < len(rest) {
				r = unescaped(rest[i+1])
			}
			if r == 0 {
				l.advance(l.off + i)
				return 0, l.fail(`an escape such as \n, \" or \u00e9`, quote(rest[i:]))
			}
			b.WriteByte(r)
			i += 2
		case !long && (c == '\n' || c == '\r'):
			return 0, &Error{Line: t.pos.Line, Column: t.pos.Column, Found: "a string that does not end on its line",
				Hint: `strings over several lines are written """…"""`}
		default:
			b.WriteByte(c)
			i++
		}
	}
	return 0, &Error{Line: t.pos.Line, Column: t.pos.Column, Found: "a string without end"}
}

// unescaped returns the character that a backslash and c stand for, or 0.
func unescaped(c byte) byte {
	switch c {
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 'f':
		return '\f'
	case '\\', '"', '\'':
		return c
	}
	return 0
}

// quote returns the beginning of s in quotes for an error message.
func quote(s string) string {
	if i := strings.IndexAny(s, "\n\r"); i >= 0 {
		s = s[:i]
	}
	const most = 24 // characters, enough to find the place
	for i := range s {
		if utf8.RuneCountInString(s[:i]) == most {
			s = s[:i] + "…"
			break
		}
	}
	return `"` + s + `"`
}

// firstRune returns the first character of s.
func firstRune(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return s[:n]
}
