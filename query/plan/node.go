package plan

import (
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// Info is what is known about an operator's rows before it runs.
type Info struct {
	Certain  Set     // slots bound in every row
	Possible Set     // slots bound in some row
	Rows     float64 // estimated
}

// About returns the info, of every node.
func (i *Info) About() *Info { return i }

// Node is a physical operator, one of those below.
type Node interface {
	About() *Info
}

// Position is the subject, predicate or object of a pattern: a constant, or a slot when ID is 0.
type Position struct {
	ID   store.TermID
	Slot int
	Term rdf.Term // of a constant
}

// GraphKind says where a pattern's triples come from.
type GraphKind uint8

// The kinds of graph.
const (
	DefaultGraph  GraphKind = iota // the dataset's default graph
	ConstantGraph                  // GRAPH <iri>
	CurrentGraph                   // GRAPH ?g: the graph in a register
	Plausible                      // stated and predicted triples
	Doubtful                       // stated triples that a model takes to be false
)

// Graph is the active graph of a pattern.
type Graph struct {
	Kind     GraphKind
	ID       store.TermID // ConstantGraph
	Register int          // CurrentGraph
	Predict  *Prediction  // Plausible, Doubtful
}

// judged reports whether a model has a say in the graph.
func (g Graph) judged() bool { return g.Kind == Plausible || g.Kind == Doubtful }

// MostQuestions is how many open ends one row of a plausible pattern asks a model for.
const MostQuestions = 100_000

// Prediction is the parameters of ink:plausible or ink:predict; ink:doubtful has a Model only.
type Prediction struct {
	Model    string // "" is the default one
	K        int
	MinProb  float64 // negative: the model's threshold
	Stated   bool    // stated triples match too
	Exact    bool    // no approximate search of the model
	ProbSlot int     // binds the probability; -1 for none
}

// Expression is an expression where it stands. Exists holds the plan of each EXISTS in it.
type Expression struct {
	Expr    sparql.Expr
	Scope   *Scope
	Visible Set // slots that may be bound where it stands
	Exists  map[*sparql.Exists]*ExistsPlan
}

// ExistsPlan runs Body seeded with rows numbered in RowSlot.
type ExistsPlan struct {
	Body    Node
	RowSlot int
}

// The operators.
type (
	// Unit yields one row that binds nothing.
	Unit struct{ Info }
	// Seed yields the rows that the enclosing operator feeds in.
	Seed struct{ Info }
	// Values yields inline data.
	Values struct {
		Info
		Slots []int
		Data  [][]store.TermID
	}
	// Scan extends each row of Input by the matching triples.
	Scan struct {
		Info
		Input   Node
		Graph   Graph
		S, P, O Position
		NotP    []store.TermID // predicates that do not match
		Empty   bool           // a constant is unknown to the store: nothing matches
		Once    bool           // one match a row is enough
	}
	// PathScan extends each row of Input by the pairs of nodes that a repeated path connects, each pair once.
	PathScan struct {
		Info
		Input Node
		Graph Graph
		S, O  Position
		Path  sparql.Path
	}
	// HashJoin builds a table of R keyed by On, bound in every row of both sides, and probes it with L; the slots
	// of Check may be unbound on either side and are compared row by row.
	HashJoin struct {
		Info
		L, R      Node
		On, Check []int
	}
	// LeftJoin is HashJoin that keeps rows of L without a match that meets Conditions.
	LeftJoin struct {
		Info
		L, R       Node
		On, Check  []int
		Conditions []Expression
	}
	// Optional is LeftJoin with Body seeded by the rows of L, numbered in RowSlot.
	Optional struct {
		Info
		L, Body    Node
		RowSlot    int
		Conditions []Expression
	}
	// Minus drops the rows of L that are compatible with a row of R and share a bound slot with it.
	Minus struct {
		Info
		L, R       Node
		On, Shared []int
	}
	// Union runs each branch, seeded with the rows of Input.
	Union struct {
		Info
		Input    Node
		Branches []Node
	}
	// GraphEach runs Body, seeded with the rows of Input, in each named graph in turn, binding Slot to it.
	GraphEach struct {
		Info
		Input    Node
		Body     Node
		Slot     int
		Register int
	}
	// Filter keeps the rows in which all conditions are true.
	Filter struct {
		Info
		Input      Node
		Conditions []Expression
	}
	// Extend binds slots to expressions, in order.
	Extend struct {
		Info
		Input    Node
		Bindings []Binding
	}
	// Group makes a row of each group.
	Group struct {
		Info
		Input      Node
		Keys       []Binding
		Aggregates []Aggregation
	}
	// Sort orders rows; Limit ≥ 0 keeps the first so many only.
	Sort struct {
		Info
		Input Node
		Keys  []SortKey
		Limit int64
	}
	// Project keeps the columns of Slots.
	Project struct {
		Info
		Input Node
		Slots []int
	}
	// Distinct drops rows whose Slots were seen before.
	Distinct struct {
		Info
		Input Node
		Slots []int
	}
	// Slice skips Offset rows and yields at most Limit, -1 for all.
	Slice struct {
		Info
		Input         Node
		Offset, Limit int64
	}
)

// Binding is a slot and the expression it gets.
type Binding struct {
	Slot int
	Expr Expression
}

// Aggregation is an aggregate and the slot it is bound to. Arg is nil for COUNT(*).
type Aggregation struct {
	Slot      int
	Aggregate *sparql.Aggregate
	Arg       *Expression
}

// SortKey is an ORDER BY condition.
type SortKey struct {
	Expr       Expression
	Descending bool
}

// Inputs returns the operands of an operator.
func Inputs(n Node) []Node {
	switch n := n.(type) {
	case *Scan:
		return []Node{n.Input}
	case *PathScan:
		return []Node{n.Input}
	case *HashJoin:
		return []Node{n.L, n.R}
	case *LeftJoin:
		return []Node{n.L, n.R}
	case *Optional:
		return []Node{n.L, n.Body}
	case *Minus:
		return []Node{n.L, n.R}
	case *Union:
		return append([]Node{n.Input}, n.Branches...)
	case *GraphEach:
		return []Node{n.Input, n.Body}
	case *Filter:
		return []Node{n.Input}
	case *Extend:
		return []Node{n.Input}
	case *Group:
		return []Node{n.Input}
	case *Sort:
		return []Node{n.Input}
	case *Project:
		return []Node{n.Input}
	case *Distinct:
		return []Node{n.Input}
	case *Slice:
		return []Node{n.Input}
	}
	return nil
}
