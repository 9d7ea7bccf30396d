package sparql

import "github.com/inklingdb/inkling/store/rdf"

// Update is a sequence of operations, each seeing the effect of those before it.
type Update struct {
	Pos
	Operations []Operation
}

// Operation is one update operation.
type Operation interface {
	Node
	operation()
}

// GraphRef names graphs for graph management: one graph, DEFAULT, NAMED or ALL.
type GraphRef struct {
	Kind GraphRefKind
	IRI  string // for OneGraph
}

// GraphRefKind says which graphs a GraphRef names.
type GraphRefKind uint8

// The kinds of GraphRef.
const (
	OneGraph GraphRefKind = iota
	DefaultGraph
	NamedGraphs // every named graph, not the default one
	AllGraphs
)

// The update operations of SPARQL 1.1 Update §3.
type (
	// InsertData adds quads; a zero G is the default graph. Each blank node label is one new node per request.
	InsertData struct {
		Pos
		Quads []rdf.Quad
	}
	// DeleteData removes quads; none has a blank node.
	DeleteData struct {
		Pos
		Quads []rdf.Quad
	}
	// Modify is DELETE/INSERT … WHERE. Delete and Insert are instantiated for each solution of Algebra (against
	// the state before the operation), deletions first; a triple with an unbound variable or an ill-typed
	// position is left out, a blank node in Insert is new in each solution.
	// DELETE WHERE { … } is a Modify whose pattern is its template.
	Modify struct {
		Pos
		Base    string // what IRI("relative") resolves against; empty: nothing
		With    string // graph IRI for templates and pattern without GRAPH, or empty
		Delete  []QuadPattern
		Insert  []QuadPattern
		Using   []DatasetClause // overrides With for the pattern
		Where   *GroupPattern
		Algebra Op
	}
	// Load reads a document into a graph; Into empty is the default graph.
	Load struct {
		Pos
		Silent bool
		Source string
		Into   string
	}
	// ClearGraphs empties graphs.
	ClearGraphs struct {
		Pos
		Silent bool
		Target GraphRef
	}
	// DropGraphs removes graphs.
	DropGraphs struct {
		Pos
		Silent bool
		Target GraphRef
	}
	// CreateGraph makes an empty graph.
	CreateGraph struct {
		Pos
		Silent bool
		IRI    string
	}
	// AddGraph inserts all of From into To; both are OneGraph or DefaultGraph.
	AddGraph struct {
		Pos
		Silent   bool
		From, To GraphRef
	}
	// MoveGraph replaces To by From and removes From.
	MoveGraph struct {
		Pos
		Silent   bool
		From, To GraphRef
	}
	// CopyGraph replaces To by From.
	CopyGraph struct {
		Pos
		Silent   bool
		From, To GraphRef
	}
)

func (*InsertData) operation()  {}
func (*DeleteData) operation()  {}
func (*Modify) operation()      {}
func (*Load) operation()        {}
func (*ClearGraphs) operation() {}
func (*DropGraphs) operation()  {}
func (*CreateGraph) operation() {}
func (*AddGraph) operation()    {}
func (*MoveGraph) operation()   {}
func (*CopyGraph) operation()   {}
