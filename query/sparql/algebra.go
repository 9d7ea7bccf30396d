package sparql

import "github.com/inklingdb/inkling/store/rdf"

// Op is an operator of the algebra (SPARQL 1.1 §18.2). An operator tree is immutable once Parse returns it.
type Op interface {
	Node
	op()
}

// The operators. Bag semantics throughout: duplicates count.
type (
	// BGP is a basic graph pattern; no Triple has a Path. With no triples it yields one empty solution.
	BGP struct {
		Pos
		Triples []TriplePattern
	}
	// PathMatch matches a property path between S and O.
	PathMatch struct {
		Pos
		S, O VarOrTerm
		Path Path
	}
	// Join yields the compatible unions of L and R.
	Join struct {
		Pos
		L, R Op
	}
	// LeftJoin is OPTIONAL; every one of Conditions must hold for a row of R to extend one of L. Conditions see
	// the variables of both sides.
	LeftJoin struct {
		Pos
		L, R       Op
		Conditions []Expr
	}
	// Filter keeps the rows on which every condition is true; an error is not true.
	Filter struct {
		Pos
		Input      Op
		Conditions []Expr
	}
	// Union concatenates its inputs, at least two.
	Union struct {
		Pos
		Inputs []Op
	}
	// Minus removes the rows of L that are compatible with a row of R and share a bound variable with it.
	Minus struct {
		Pos
		L, R Op
	}
	// Graph evaluates Input against the graph Name, or against each named graph in turn when it is a variable.
	Graph struct {
		Pos
		Name  VarOrTerm
		Input Op
	}
	// Extend adds Var with the value of Expr; an error leaves it unbound.
	Extend struct {
		Pos
		Input Op
		Var   string
		Expr  Expr
	}
	// Group partitions Input by the key expressions and yields a row a group: keys and aggregates. A key that
	// errs is unbound. With no keys there is exactly one group, even of an empty input.
	Group struct {
		Pos
		Input      Op
		Keys       []GroupBinding
		Aggregates []AggregateBinding
	}
	// OrderBy sorts, stably.
	OrderBy struct {
		Pos
		Input Op
		Keys  []OrderKey
	}
	// Project keeps Vars, in this order; one that Input never binds is an unbound column. A Project below another
	// operator is a subselect: variables of Input outside Vars have nothing to do with the same names outside.
	Project struct {
		Pos
		Input Op
		Vars  []string
	}
	// Distinct drops repeated rows.
	Distinct struct {
		Pos
		Input Op
	}
	// Reduced may drop repeated rows.
	Reduced struct {
		Pos
		Input Op
	}
	// Slice skips Offset rows and yields at most Limit; Limit -1 is no limit.
	Slice struct {
		Pos
		Input         Op
		Offset, Limit int64
	}
	// Table is inline data; the zero Term is unbound. With no Vars and one empty row it is the join's identity.
	Table struct {
		Pos
		Vars []string
		Rows [][]rdf.Term
	}
	// Service evaluates Input at the endpoint Name. Source is the pattern as written, to be sent there or to be
	// read for parameters.
	Service struct {
		Pos
		Silent bool
		Name   VarOrTerm
		Input  Op
		Source *GroupPattern
	}
)

// GroupBinding is a key of Group: Var is the variable's own name, the AS name, or an internal one (".k0").
type GroupBinding struct {
	Var  string
	Expr Expr
}

// AggregateBinding is an aggregate of Group under an internal name (".a0").
type AggregateBinding struct {
	Var       string
	Aggregate *Aggregate
}

func (*BGP) op()       {}
func (*PathMatch) op() {}
func (*Join) op()      {}
func (*LeftJoin) op()  {}
func (*Filter) op()    {}
func (*Union) op()     {}
func (*Minus) op()     {}
func (*Graph) op()     {}
func (*Extend) op()    {}
func (*Group) op()     {}
func (*OrderBy) op()   {}
func (*Project) op()   {}
func (*Distinct) op()  {}
func (*Reduced) op()   {}
func (*Slice) op()     {}
func (*Table) op()     {}
func (*Service) op()   {}
