package rdf

import "strings"

// ParseTerm reads one term in N-Triples form, as Term.String writes it.
func ParseTerm(s string) (Term, error) {
	p := lineParser{o: &Options{}, line: []byte(s), repeated: newInterner(1), nodes: newInterner(1), texts: newInterner(1)}
	p.number = 1
	if i := strings.IndexAny(s, "\r\n"); i >= 0 {
		return Term{}, p.fail(i, "expected one line, found a line's end")
	}
	if err := p.checkText(); err != nil {
		return Term{}, err
	}
	var t Term
	var err error
	if p.peek() == '"' {
		t, err = p.literal()
	} else {
		t, err = p.node(`<iri>, _:label or "literal"`)
	}
	if err == nil && p.peek() != 0 {
		err = p.expected("the end of the term")
	}
	return t, err
}
