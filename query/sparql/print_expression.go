package sparql

import (
	"slices"
	"strings"

	"github.com/inklingdb/inkling/store/rdf"
)

// term writes a term; numbers and booleans in short where that reads back the same.
func (p *printer) term(t rdf.Term) {
	switch t.Kind {
	case rdf.IRI:
		p.write("<", t.Value, ">")
	case rdf.Blank:
		p.write("_:", t.Value)
	case rdf.Literal:
		if hasShortForm(t) {
			p.write(t.Value)
			return
		}
		p.string(t.Value)
		switch {
		case t.Lang != "":
			p.write("@", t.Lang)
		case t.Datatype != rdf.XSDString:
			p.write("^^<", t.Datatype, ">")
		}
	}
}

// hasShortForm reports whether t reads back from its lexical form alone.
func hasShortForm(t rdf.Term) bool {
	if t.Datatype == rdf.XSDBoolean {
		return t.Value == "true" || t.Value == "false"
	}
	number := strings.TrimLeft(t.Value, "+-")
	if len(t.Value)-len(number) > 1 || number == "" {
		return false
	}
	if !isDigit(rune(number[0])) && (number[0] != '.' || len(number) < 2 || !isDigit(rune(number[1]))) {
		return false
	}
	kind, n := scanNumber(number)
	if n < len(number) {
		return false
	}
	switch t.Datatype {
	case rdf.XSDInteger:
		return kind == tokInteger
	case rdf.XSDDecimal:
		return kind == tokDecimal
	case rdf.XSDDouble:
		return kind == tokDouble
	}
	return false
}

// escapes are the characters a quoted string cannot hold as they are. A backslash before u would be read as a
// codepoint escape, and \\ keeps it from that.
var escapes = strings.NewReplacer("\\", `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\b", `\b`, "\f", `\f`)

func (p *printer) string(s string) { p.write(`"`, escapes.Replace(s), `"`) }

// How closely the syntax of a path binds, from the loosest.
const (
	alternativeLevel = iota
	sequenceLevel
	inverseLevel
	repeatLevel
	primaryLevel
)

func pathLevel(path Path) int {
	switch path.(type) {
	case *PathAlternative:
		return alternativeLevel
	case *PathSequence:
		return sequenceLevel
	case *PathInverse:
		return inverseLevel
	case *PathRepeat:
		return repeatLevel
	}
	return primaryLevel
}

// path writes a path.
func (p *printer) path(path Path) {
	switch x := path.(type) {
	case *PathIRI:
		p.write("<", x.IRI, ">")
	case *PathInverse:
		p.write("^")
		p.pathPart(x.Path, repeatLevel)
	case *PathSequence:
		p.paths(x.Paths, "/", inverseLevel)
	case *PathAlternative:
		p.paths(x.Paths, "|", sequenceLevel)
	case *PathRepeat:
		p.pathPart(x.Path, primaryLevel)
		switch {
		case x.AtLeastOnce:
			p.write("+")
		case x.Unbounded:
			p.write("*")
		default:
			p.write("?")
		}
	case *PathNegated:
		p.negated(x)
	}
}

func (p *printer) negated(x *PathNegated) {
	p.write("!(")
	for i, iri := range x.Forward {
		if i > 0 {
			p.write("|")
		}
		p.write("<", iri, ">")
	}
	for i, iri := range x.Inverse {
		if i > 0 || len(x.Forward) > 0 {
			p.write("|")
		}
		p.write("^<", iri, ">")
	}
	p.write(")")
}

func (p *printer) paths(list []Path, separator string, level int) {
	for i, x := range list {
		if i > 0 {
			p.write(separator)
		}
		p.pathPart(x, level)
	}
}

// pathPart writes x, in parentheses when it binds less than level.
func (p *printer) pathPart(x Path, level int) {
	if pathLevel(x) >= level {
		p.path(x)
		return
	}
	p.write("(")
	p.path(x)
	p.write(")")
}

// How closely the syntax of an expression binds beyond the levels of precedence.
const (
	relationLevel = 2
	unaryLevel    = 5
	operandLevel  = 6
)

func exprLevel(e Expr) int {
	switch e := e.(type) {
	case *In:
		return relationLevel
	case *Unary:
		return unaryLevel
	case *Binary:
		for level, ops := range precedence {
			if slices.Contains(ops, e.Operator) {
				return level
			}
		}
		return relationLevel
	}
	return operandLevel
}

// expr writes an expression.
func (p *printer) expr(e Expr) {
	switch e := e.(type) {
	case *Variable:
		p.write("?", e.Name)
	case *Constant:
		p.term(e.Term)
	case *Unary:
		p.unary(e)
	case *Binary:
		level := exprLevel(e)
		left := level
		if level == relationLevel {
			left++ // comparisons do not chain
		}
		p.operand(e.L, left)
		p.write(" ", string(e.Operator), " ")
		p.operand(e.R, level+1)
	case *In:
		p.operand(e.X, relationLevel+1)
		if e.Not {
			p.write(" NOT")
		}
		p.write(" IN (")
		p.list(e.List)
		p.write(")")
	case *BuiltIn:
		p.write(e.Name, "(")
		p.list(e.Args)
		p.write(")")
	case *Call:
		p.write("<", e.IRI, ">(")
		if e.Distinct {
			p.write("DISTINCT ")
		}
		p.list(e.Args)
		p.write(")")
	case *Aggregate:
		p.aggregate(e)
	case *Exists:
		if e.Not {
			p.write("NOT ")
		}
		p.write("EXISTS ")
		p.group(e.Group)
	}
}

// unary writes a sign apart from a number: "-5" is one constant.
func (p *printer) unary(e *Unary) {
	p.write(string(e.Operator), " ")
	level := operandLevel
	if c, ok := e.X.(*Constant); ok && hasShortForm(c.Term) && strings.ContainsAny(c.Term.Value[:1], "+-") {
		level++
	}
	p.operand(e.X, level)
}

func (p *printer) aggregate(a *Aggregate) {
	p.write(a.Name, "(")
	if a.Distinct {
		p.write("DISTINCT ")
	}
	if a.Arg == nil {
		p.write("*")
	} else {
		p.expr(a.Arg)
	}
	if a.Name == "GROUP_CONCAT" {
		p.write(" ; SEPARATOR = ")
		p.string(a.Separator)
	}
	p.write(")")
}

func (p *printer) list(list []Expr) {
	for i, e := range list {
		if i > 0 {
			p.write(", ")
		}
		p.expr(e)
	}
}

// operand writes e, in parentheses when it binds less than level.
func (p *printer) operand(e Expr, level int) {
	if exprLevel(e) >= level {
		p.expr(e)
		return
	}
	p.write("(")
	p.expr(e)
	p.write(")")
}

// constraint writes e as FILTER and HAVING take it.
func (p *printer) constraint(e Expr) {
	switch e.(type) {
	case *BuiltIn, *Call, *Aggregate, *Exists:
		p.expr(e)
	default:
		p.operand(e, operandLevel+1)
	}
}
