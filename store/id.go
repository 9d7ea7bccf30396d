package store

import "github.com/inklingdb/inkling/store/rdf"

// Kind says what a TermID stands for; it is the identifier's top byte. Values are written to disk: never renumber.
type Kind uint8

const (
	KindNone     Kind = 0
	KindIRI      Kind = 1 // dictionary
	KindBlank    Kind = 2 // dictionary
	KindString   Kind = 3 // dictionary: xsd:string
	KindLang     Kind = 4 // dictionary: rdf:langString
	KindTyped    Kind = 5 // dictionary: a literal of any other datatype, or one whose text is not canonical
	KindInteger  Kind = 6 // inline: value + 2^55
	KindDecimal  Kind = 7 // inline: mantissa + 2^51, then 4 bits of scale
	KindBoolean  Kind = 8 // inline: 0 or 1
	KindDate     Kind = 9 // inline: days since 0001-01-01, then 8 bits of zone
	KindDateTime Kind = 10
)

const (
	kindShift   = 56
	payloadMask = 1<<kindShift - 1
	maxKind     = 15 // the block codec keeps four bits
)

// Kind returns what the identifier stands for.
func (t TermID) Kind() Kind { return Kind(t >> kindShift) }

// Number returns the dense dictionary number, from 1; 0 for inline values and for no term.
func (t TermID) Number() uint32 {
	if k := t.Kind(); k < KindIRI || k > KindTyped {
		return 0
	}
	return uint32(t)
}

// IsInline reports whether the identifier holds its value, so that no dictionary is needed to read it.
func (t TermID) IsInline() bool { return t.Kind() >= KindInteger }

// IsLiteral reports whether the term is a literal.
func (t TermID) IsLiteral() bool { return t.Kind() >= KindString }

// IsNode reports whether the term is an IRI or a blank node, and so may be a subject or a graph.
func (t TermID) IsNode() bool { k := t.Kind(); return k == KindIRI || k == KindBlank }

func makeID(k Kind, payload uint64) TermID { return TermID(uint64(k)<<kindShift | payload) }

// dictionaryKind returns the kind under which a term is interned.
func dictionaryKind(t rdf.Term) Kind {
	switch {
	case t.Kind == rdf.IRI:
		return KindIRI
	case t.Kind == rdf.Blank:
		return KindBlank
	case t.Kind != rdf.Literal:
		return KindNone
	case t.Lang != "":
		return KindLang
	case t.Datatype == rdf.XSDString || t.Datatype == "":
		return KindString
	}
	return KindTyped
}

// allowed reports whether the three may form a triple: node, IRI, anything.
func (t Triple) allowed() bool {
	return t.S.IsNode() && t.P.Kind() == KindIRI && t.O.Kind() != KindNone
}
