package sparql

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/inklingdb/inkling/store/rdf"
)

// Options are the declarations a text starts with; the zero value has none.
type Options struct {
	Base     string            // resolves relative IRIs; empty leaves them as written
	Prefixes map[string]string // prefix without colon → IRI; the text may redeclare them
}

// Error is a syntax error. Line and Column count from 1, columns in characters.
type Error struct {
	Line, Column int
	Expected     string // what would have been right; empty when Found says what is wrong by itself
	Found        string // the text there, quoted, or what is wrong
	Hint         string // how to mend it; may be empty
}

// Error prints "sparql: line 3, column 14: expected …, found …".
func (e *Error) Error() string {
	s := fmt.Sprintf("sparql: line %d, column %d: ", e.Line, e.Column)
	if e.Expected != "" {
		s += "expected " + e.Expected + ", found "
	}
	s += e.Found
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Parse reads one query; the error is an *Error.
func Parse(text string, opt Options) (*Query, error) {
	p, err := newParser(text, opt)
	if err != nil {
		return nil, err
	}
	p.prologue()
	q := p.query()
	q.Base = p.base
	p.expectEnd()
	if p.err != nil {
		return nil, p.err
	}
	if err := checkQuery(q); err != nil {
		return nil, err
	}
	translateQuery(q)
	return q, nil
}

// ParseUpdate reads an update request, which may be empty; the error is an *Error.
func ParseUpdate(text string, opt Options) (*Update, error) {
	p, err := newParser(text, opt)
	if err != nil {
		return nil, err
	}
	u := p.update()
	p.expectEnd()
	if p.err != nil {
		return nil, p.err
	}
	if err := checkUpdate(u); err != nil {
		return nil, err
	}
	translateUpdate(u)
	return u, nil
}

// Limits that keep recursion over a tree within the goroutine's stack, whatever the text.
const (
	maxDepth = 200  // nested groups, parentheses, lists
	maxChain = 4000 // operators in one chain, elements in one group
)

// parser is a recursive-descent parser. The first error sticks: from then on the current token is the end of the
// text, so every loop comes to its end, and what the methods return is of no use.
type parser struct {
	lex      *lexer
	tok      token // the current one
	err      *Error
	base     string
	prefixes map[string]string
	depth    int
	fresh    string // prefix of labels for unnamed blank nodes
	blanks   int    // how many there are
}

// newParser returns a parser at the first token. A nil error here is a nil interface.
func newParser(text string, opt Options) (*parser, error) {
	lex, err := newLexer(text)
	if err != nil {
		return nil, err
	}
	p := &parser{lex: lex, base: opt.Base, prefixes: maps.Clone(opt.Prefixes), fresh: "b"}
	if p.prefixes == nil {
		p.prefixes = map[string]string{}
	}
	for strings.Contains(lex.text, "_:"+p.fresh) {
		p.fresh += "b"
	}
	p.next()
	if p.err != nil {
		return nil, p.err
	}
	return p, nil
}

// next moves to the next token.
func (p *parser) next() {
	if p.err != nil {
		return
	}
	t, err := p.lex.next()
	if err != nil {
		p.stop(err)
		return
	}
	p.tok = t
}

// stop makes err the outcome.
func (p *parser) stop(err *Error) {
	if p.err == nil {
		p.err = err
		p.tok = token{pos: p.tok.pos}
	}
}

// fail stops at the current token, which should have been what expected says.
func (p *parser) fail(expected string) { p.failHint(expected, "") }

func (p *parser) failHint(expected, hint string) {
	found := quote(p.tok.raw)
	if p.tok.kind == tokEnd {
		found = "the end of the text"
	}
	if hint == "" && p.tok.kind == tokIRI && strings.Contains(p.tok.text, "?") && !strings.Contains(p.tok.text, ":") {
		hint = `"<" up to ">" without a space reads as an IRI: put a space after "<"`
	}
	p.stop(&Error{Line: p.tok.pos.Line, Column: p.tok.pos.Column, Expected: expected, Found: found, Hint: hint})
}

// wrong stops at pos, saying what is wrong there.
func (p *parser) wrong(pos Pos, format string, args ...any) {
	p.stop(wrongAt(pos, format, args...))
}

// wrongAt returns an error that says what is wrong at pos.
func wrongAt(pos Pos, format string, args ...any) *Error {
	return &Error{Line: pos.Line, Column: pos.Column, Found: fmt.Sprintf(format, args...)}
}

// enter counts a level of nesting; leave takes it back.
func (p *parser) enter() {
	p.depth++
	if p.depth > maxDepth {
		p.wrong(p.tok.pos, "nesting deeper than %d levels", maxDepth)
	}
}

func (p *parser) leave() { p.depth-- }

// is reports whether the current token is the symbol s.
func (p *parser) is(s string) bool { return p.tok.kind == tokPunct && p.tok.text == s }

// accept takes the symbol s if it is the current token.
func (p *parser) accept(s string) bool {
	if !p.is(s) {
		return false
	}
	p.next()
	return true
}

// expect takes the symbol s, or fails; or names what else could have stood there.
func (p *parser) expect(s string, or ...string) {
	if !p.accept(s) {
		p.fail(alternatives(append([]string{`"` + s + `"`}, or...)))
	}
}

// alternatives joins words as a sentence does: "a, b or c".
func alternatives(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// isWord reports whether the current token is the keyword w, in any case.
func (p *parser) isWord(w string) bool {
	return p.tok.kind == tokWord && strings.EqualFold(p.tok.text, w)
}

// acceptWord takes the keyword w if it is the current token.
func (p *parser) acceptWord(w string) bool {
	if !p.isWord(w) {
		return false
	}
	p.next()
	return true
}

// expectWord takes the keyword w, or fails.
func (p *parser) expectWord(w string) {
	if !p.acceptWord(w) {
		p.fail(w)
	}
}

func (p *parser) expectEnd() {
	if p.err == nil && p.tok.kind != tokEnd {
		p.fail("the end of the text")
	}
}

// prologue reads BASE and PREFIX declarations.
func (p *parser) prologue() {
	for {
		switch {
		case p.acceptWord("BASE"):
			p.base = p.iriRef()
		case p.isWord("PREFIX"):
			p.next()
			if p.tok.kind != tokPrefixed || p.tok.raw != p.tok.text+":" {
				p.fail(`a prefix and a colon, as in "ex:"`)
				return
			}
			name := p.tok.text
			p.next()
			p.prefixes[name] = p.iriRef()
		default:
			return
		}
	}
}

// iriRef takes an IRI in angle brackets and returns it resolved against the base.
func (p *parser) iriRef() string {
	if p.tok.kind != tokIRI {
		p.fail("an IRI in angle brackets")
		return ""
	}
	iri := p.resolve(p.tok.text)
	p.next()
	return iri
}

// resolve returns ref resolved against the base, if there is one.
func (p *parser) resolve(ref string) string {
	if p.base == "" {
		return ref
	}
	iri, err := rdf.ResolveIRI(p.base, ref)
	if err != nil {
		p.wrong(p.tok.pos, "IRI %s cannot be resolved against the base %q: %v", quote(ref), p.base, err)
	}
	return iri
}

// isIRI reports whether the current token is an IRI or a prefixed name.
func (p *parser) isIRI() bool { return p.tok.kind == tokIRI || p.tok.kind == tokPrefixed }

// iri takes an IRI or a prefixed name and returns the IRI.
func (p *parser) iri(expected string) string {
	switch p.tok.kind {
	case tokIRI:
		return p.iriRef()
	case tokPrefixed:
		base, ok := p.prefixes[p.tok.text]
		if !ok {
			p.stop(&Error{Line: p.tok.pos.Line, Column: p.tok.pos.Column,
				Found: fmt.Sprintf("prefix %q is not declared", p.tok.text+":"), Hint: p.prefixHint()})
		}
		iri := p.resolve(base + p.tok.local) // in case the prefix stands for a relative IRI
		p.next()
		return iri
	}
	p.fail(expected)
	return ""
}

// prefixHint lists the declared prefixes.
func (p *parser) prefixHint() string {
	if len(p.prefixes) == 0 {
		return "declare it: PREFIX name: <iri>"
	}
	names := slices.Sorted(maps.Keys(p.prefixes))
	return "declared are " + strings.Join(names, ":, ") + ":; add one by PREFIX name: <iri>"
}

// blank returns a new unnamed blank node.
func (p *parser) blank(pos Pos) VarOrTerm {
	t := rdf.NewBlank(p.fresh + strconv.Itoa(p.blanks))
	p.blanks++
	return VarOrTerm{Pos: pos, Term: t}
}
