// Package expr evaluates expressions over batches of solutions: SPARQL 1.1 expressions compiled to closures over
// columns of term identifiers, and CEL over the same columns.
//
// Value is a decoded RDF term or the outcome of an operator; the zero Value is the SPARQL type error, so that an
// error in one row is a value and never a Go error. Terms translates between identifiers, terms and values for one
// query and gives terms computed at run time identifiers of their own. Runtime holds what is fixed for a query (NOW,
// the random seed, the base IRI). Compile turns an expression into an Expr.
//
// Numbers: xsd:integer is exact without bound (an int64 until it overflows), xsd:decimal is exact and unbounded
// except that a quotient is rounded half-even at 18 fractional digits, xsd:float and xsd:double are IEEE 754.
// Dates and times keep nanoseconds; finer fractions are cut off.
//
// It does not plan or join: package exec does, and supplies EXISTS, extension functions and CEL through Hooks.
package expr
