package sparql

import "github.com/inklingdb/inkling/store/rdf"

// ParseTerm reads one RDF term as it stands in a query: <iri>, prefix:name, "text", "text"@en, "1"^^xsd:byte, 12, 1.5,
// true, _:label. The error is an *Error.
func ParseTerm(text string, opt Options) (rdf.Term, error) {
	p, err := newParser(text, opt)
	if err != nil {
		return rdf.Term{}, err
	}
	var t rdf.Term
	switch {
	case p.isIRI():
		t = rdf.NewIRI(p.iri(""))
	case p.tok.kind == tokBlank:
		t = rdf.NewBlank(p.tok.text)
		p.next()
	default:
		var ok bool
		if t, ok = p.literal(); !ok {
			p.fail("an IRI, a literal or a blank node")
		}
	}
	p.expectEnd()
	if p.err != nil {
		return rdf.Term{}, p.err
	}
	return t, nil
}

// TermString returns a term as it would stand in a query: numbers and booleans in short where that reads back the
// same. The zero Term gives the empty string.
func TermString(t rdf.Term) string {
	var p printer
	p.term(t)
	return p.Builder.String()
}

// IsShort reports whether the lexical form of t alone reads back as t: 12, 1.5, 1e3, true.
func IsShort(t rdf.Term) bool { return t.Kind == rdf.Literal && hasShortForm(t) }
