package sparql

import "github.com/inklingdb/inkling/store/rdf"

// Expr is an expression.
type Expr interface {
	Node
	expr()
}

// Operator is a unary or binary operator as written: ! - + || && = != < > <= >= + - * /.
type Operator string

// The operators. Add and Subtract are also the unary signs.
const (
	Not            Operator = "!"
	Or             Operator = "||"
	And            Operator = "&&"
	Equal          Operator = "="
	NotEqual       Operator = "!="
	Less           Operator = "<"
	Greater        Operator = ">"
	LessOrEqual    Operator = "<="
	GreaterOrEqual Operator = ">="
	Add            Operator = "+"
	Subtract       Operator = "-"
	Multiply       Operator = "*"
	Divide         Operator = "/"
)

// The expressions.
type (
	// Variable is ?name. Names that begin with "." are made by the translation to algebra (aggregates, unnamed
	// group keys); no query can write them.
	Variable struct {
		Pos
		Name string
	}
	// Constant is an IRI or a literal.
	Constant struct {
		Pos
		Term rdf.Term
	}
	// Unary is Operator X, where Operator is Not, Add or Subtract.
	Unary struct {
		Pos
		Operator Operator
		X        Expr
	}
	// Binary is L Operator R.
	Binary struct {
		Pos
		Operator Operator
		L, R     Expr
	}
	// In is X IN (…) or X NOT IN (…).
	In struct {
		Pos
		X    Expr
		Not  bool
		List []Expr
	}
	// BuiltIn calls a function of Builtins; Name is upper case as in that table. BOUND, IF and COALESCE do not
	// evaluate all of their arguments.
	BuiltIn struct {
		Pos
		Name string
		Args []Expr
	}
	// Call calls the function named by an IRI: a cast or an extension function.
	Call struct {
		Pos
		IRI      string
		Distinct bool
		Args     []Expr
	}
	// Aggregate is COUNT, SUM, MIN, MAX, AVG, SAMPLE or GROUP_CONCAT. Arg is nil for COUNT(*).
	// In the algebra it occurs in Group.Aggregates only; elsewhere a Variable stands for it.
	Aggregate struct {
		Pos
		Name      string
		Distinct  bool
		Arg       Expr
		Separator string // GROUP_CONCAT only; " " unless given
	}
	// Exists is EXISTS { … } or NOT EXISTS { … }. Op is the algebra of Group, to be evaluated with the current
	// row's variables substituted.
	Exists struct {
		Pos
		Not   bool
		Group *GroupPattern
		Op    Op
	}
)

func (*Variable) expr()  {}
func (*Constant) expr()  {}
func (*Unary) expr()     {}
func (*Binary) expr()    {}
func (*In) expr()        {}
func (*BuiltIn) expr()   {}
func (*Call) expr()      {}
func (*Aggregate) expr() {}
func (*Exists) expr()    {}
