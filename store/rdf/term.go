// Package rdf holds RDF terms and quads as text, and the streaming parsers and writers of their file formats.
// It knows nothing of identifiers or storage: package store interns what is read here.
package rdf

// Kind says what sort of RDF term a Term is.
type Kind uint8

const (
	None    Kind = iota // the zero Term: no term; in a Quad's G, the default graph
	IRI                 // Value is the IRI without angle brackets
	Blank               // Value is the label without "_:"
	Literal             // Value is the lexical form
)

// Term is an RDF 1.1 term. It is comparable: two Terms are equal exactly when the RDF terms are.
// A literal always has its Datatype set (XSDString when plain, RDFLangString when Lang is set);
// Lang is kept in lower case.
type Term struct {
	Kind     Kind
	Value    string
	Datatype string
	Lang     string
}

// Quad is a statement in a graph; the zero G is the default graph.
type Quad struct {
	S, P, O, G Term
}

// Datatype IRIs that the language itself gives a meaning to.
const (
	XSD           = "http://www.w3.org/2001/XMLSchema#"
	RDF           = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	XSDString     = XSD + "string"
	XSDBoolean    = XSD + "boolean"
	XSDInteger    = XSD + "integer"
	XSDDecimal    = XSD + "decimal"
	XSDDouble     = XSD + "double"
	XSDFloat      = XSD + "float"
	XSDDate       = XSD + "date"
	XSDDateTime   = XSD + "dateTime"
	RDFLangString = RDF + "langString"
	RDFType       = RDF + "type"
	RDFFirst      = RDF + "first"
	RDFRest       = RDF + "rest"
	RDFNil        = RDF + "nil"
)

// NewIRI returns the term for an absolute IRI.
func NewIRI(iri string) Term { return Term{Kind: IRI, Value: iri} }

// NewBlank returns the blank node with a label.
func NewBlank(label string) Term { return Term{Kind: Blank, Value: label} }

// NewString returns a plain literal.
func NewString(s string) Term { return Term{Kind: Literal, Value: s, Datatype: XSDString} }

// NewTyped returns a literal of a datatype.
func NewTyped(lexical, datatype string) Term {
	return Term{Kind: Literal, Value: lexical, Datatype: datatype}
}
