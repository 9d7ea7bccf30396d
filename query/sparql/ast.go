// Package sparql reads SPARQL 1.1 Query and Update text: a syntax tree that prints back to the same query, and the
// algebra of SPARQL 1.1 §18.2 that an evaluator runs.
//
// Parse returns a *Query (its Algebra is ready to evaluate), ParseUpdate an *Update. Prefixed and relative IRIs are
// already resolved. A syntax error is an *Error with line, column, what was expected and what was found. The package
// evaluates nothing and knows no store.
package sparql

import "github.com/inklingdb/inkling/store/rdf"

// Pos is a place in the query text; both count from 1, columns in characters. The zero Pos is no place.
type Pos struct {
	Line, Column int
}

// Position returns p; every node embeds a Pos.
func (p Pos) Position() Pos { return p }

// Node is any part of a query: syntax, algebra, expression, path, update operation. Walk visits them.
type Node interface {
	Position() Pos
}

// VarOrTerm is one position of a triple pattern: a variable when Var is set, otherwise an RDF term.
// The zero value is neither; as a quad's graph it is the default graph.
// In the syntax tree a blank node is a Term; in the algebra's patterns it is the variable "_:label",
// a name no query can write, so it is never projected by SELECT *. In templates it stays a Term.
type VarOrTerm struct {
	Pos
	Var  string // without ? or $
	Term rdf.Term
}

// IsVar reports whether v is a variable.
func (v VarOrTerm) IsVar() bool { return v.Var != "" }

// IsZero reports whether v is neither a variable nor a term.
func (v VarOrTerm) IsZero() bool { return v.Var == "" && v.Term.Kind == rdf.None }

// TriplePattern is a triple with variables. Path is set, and P zero, when the predicate is a property path
// other than a single IRI.
type TriplePattern struct {
	Pos
	S, P, O VarOrTerm
	Path    Path
}

// QuadPattern is a triple pattern of an update template in graph G; a zero G is the default graph, or WITH's.
type QuadPattern struct {
	TriplePattern
	G VarOrTerm
}

// Form is the kind of a query.
type Form uint8

// The query forms.
const (
	Select Form = iota
	Construct
	Describe
	Ask
)

// Query is a whole query, or a subselect within one.
type Query struct {
	Pos
	Base      string // what IRI("relative") resolves against; empty: nothing. Empty in subselects
	Form      Form
	Distinct  bool
	Reduced   bool
	Star      bool            // SELECT * or DESCRIBE *
	Items     []SelectItem    // SELECT, in order; empty when Star
	Template  []TriplePattern // CONSTRUCT; blank nodes are new ones in each solution
	Resources []VarOrTerm     // DESCRIBE; empty when Star
	Dataset   []DatasetClause // FROM and FROM NAMED, in order
	Where     *GroupPattern   // nil for a DESCRIBE without WHERE
	GroupBy   []GroupKey
	Having    []Expr
	OrderBy   []OrderKey
	Limit     int64 // -1 without LIMIT
	Offset    int64
	Values    *ValuesPattern // the trailing VALUES; may be nil

	// Vars are the result's columns for SELECT, the variables in scope after WHERE for other forms.
	Vars []string
	// Algebra yields the result rows of SELECT; the solutions that the template, the resources or the yes-no
	// answer of the other forms are made from.
	Algebra Op
}

// SelectItem is a variable of SELECT, with the expression it names, or nil.
type SelectItem struct {
	Pos
	Var  string
	Expr Expr
}

// DatasetClause is FROM or FROM NAMED; in an update USING or USING NAMED.
type DatasetClause struct {
	Pos
	IRI   string
	Named bool
}

// GroupKey is a GROUP BY condition; Var names it, or is empty. A plain variable is a *Variable with Var empty.
type GroupKey struct {
	Pos
	Expr Expr
	Var  string
}

// OrderKey is an ORDER BY condition.
type OrderKey struct {
	Pos
	Expr       Expr
	Descending bool
}

// Pattern is an element of a group graph pattern.
type Pattern interface {
	Node
	pattern()
}

// The syntactic patterns.
type (
	// GroupPattern is { … }; filters stay where they were written.
	GroupPattern struct {
		Pos
		Elements []Pattern
	}
	// TriplesPattern is a run of triples without another element between; lists and [ … ] are expanded.
	TriplesPattern struct {
		Pos
		Triples []TriplePattern
	}
	// OptionalPattern is OPTIONAL { … }.
	OptionalPattern struct {
		Pos
		Group *GroupPattern
	}
	// UnionPattern is { … } UNION { … } … with at least two alternatives.
	UnionPattern struct {
		Pos
		Alternatives []*GroupPattern
	}
	// MinusPattern is MINUS { … }.
	MinusPattern struct {
		Pos
		Group *GroupPattern
	}
	// GraphPattern is GRAPH name { … }.
	GraphPattern struct {
		Pos
		Name  VarOrTerm
		Group *GroupPattern
	}
	// ServicePattern is SERVICE [SILENT] name { … }.
	ServicePattern struct {
		Pos
		Silent bool
		Name   VarOrTerm
		Group  *GroupPattern
	}
	// FilterPattern is FILTER expr.
	FilterPattern struct {
		Pos
		Expr Expr
	}
	// BindPattern is BIND(expr AS ?var).
	BindPattern struct {
		Pos
		Expr Expr
		Var  string
	}
	// ValuesPattern is VALUES: rows of len(Vars) terms; the zero Term is UNDEF.
	ValuesPattern struct {
		Pos
		Vars []string
		Rows [][]rdf.Term
	}
	// SubSelect is { SELECT … }.
	SubSelect struct {
		Pos
		Query *Query
	}
)

func (*GroupPattern) pattern()    {}
func (*TriplesPattern) pattern()  {}
func (*OptionalPattern) pattern() {}
func (*UnionPattern) pattern()    {}
func (*MinusPattern) pattern()    {}
func (*GraphPattern) pattern()    {}
func (*ServicePattern) pattern()  {}
func (*FilterPattern) pattern()   {}
func (*BindPattern) pattern()     {}
func (*ValuesPattern) pattern()   {}
func (*SubSelect) pattern()       {}

// Path is a property path.
type Path interface {
	Node
	path()
}

// The property paths of SPARQL 1.1 §9.
type (
	// PathIRI is one predicate.
	PathIRI struct {
		Pos
		IRI string
	}
	// PathInverse is ^path.
	PathInverse struct {
		Pos
		Path Path
	}
	// PathSequence is a/b/…, at least two.
	PathSequence struct {
		Pos
		Paths []Path
	}
	// PathAlternative is a|b|…, at least two.
	PathAlternative struct {
		Pos
		Paths []Path
	}
	// PathRepeat is path? (AtLeastOnce and Unbounded false), path* (Unbounded), path+ (both).
	PathRepeat struct {
		Pos
		Path        Path
		AtLeastOnce bool
		Unbounded   bool
	}
	// PathNegated is !(…): any predicate but Forward, or, when Inverse has members, any reversed predicate
	// but those. With both lists empty, !(), every forward predicate matches.
	PathNegated struct {
		Pos
		Forward []string
		Inverse []string
	}
)

func (*PathIRI) path()         {}
func (*PathInverse) path()     {}
func (*PathSequence) path()    {}
func (*PathAlternative) path() {}
func (*PathRepeat) path()      {}
func (*PathNegated) path()     {}
