package sparql

import (
	"fmt"

	"github.com/inklingdb/inkling/store/rdf"
)

// expression reads an expression.
func (p *parser) expression() Expr {
	p.enter()
	defer p.leave()
	return p.binary(0)
}

// precedence lists the binary operators that associate to the left, the loosest level first. Comparisons and IN
// do not chain and stand between && and +.
var precedence = [][]Operator{{Or}, {And}, nil, {Add, Subtract}, {Multiply, Divide}}

// comparisons are the operators of the level that does not chain.
var comparisons = []Operator{Equal, NotEqual, Less, Greater, LessOrEqual, GreaterOrEqual}

// binary reads operators of a level of precedence and those that bind closer.
func (p *parser) binary(level int) Expr {
	if level == len(precedence) {
		return p.unary()
	}
	left := p.binary(level + 1)
	if precedence[level] == nil {
		return p.relation(left)
	}
	for n := 0; ; n++ {
		op, pos, ok := p.acceptOperator(precedence[level])
		if !ok {
			return left
		}
		if n == maxChain {
			p.wrong(pos, "more than %d operators in one expression", maxChain)
		}
		left = &Binary{Pos: pos, Operator: op, L: left, R: p.binary(level + 1)}
	}
}

// acceptOperator takes one of ops.
func (p *parser) acceptOperator(ops []Operator) (Operator, Pos, bool) {
	pos := p.tok.pos
	for _, op := range ops {
		if p.accept(string(op)) {
			return op, pos, true
		}
	}
	return "", pos, false
}

// relation reads at most one comparison or IN after left.
func (p *parser) relation(left Expr) Expr {
	if op, pos, ok := p.acceptOperator(comparisons); ok {
		return &Binary{Pos: pos, Operator: op, L: left, R: p.binary(3)}
	}
	pos := p.tok.pos
	switch {
	case p.acceptWord("IN"):
		return &In{Pos: pos, X: left, List: p.expressions()}
	case p.acceptWord("NOT"):
		p.expectWord("IN")
		return &In{Pos: pos, X: left, Not: true, List: p.expressions()}
	}
	return left
}

// expressions reads ( expression, … ), which may be empty.
func (p *parser) expressions() []Expr {
	p.expect("(")
	list := []Expr{}
	if p.accept(")") {
		return list
	}
	for p.err == nil {
		list = append(list, p.expression())
		if !p.accept(",") {
			break
		}
	}
	p.expect(")", `","`)
	return list
}

// unary reads a sign or negation before a primary expression.
func (p *parser) unary() Expr {
	pos := p.tok.pos
	for _, op := range []Operator{Not, Add, Subtract} {
		if !p.accept(string(op)) {
			continue
		}
		if op != Not && p.isNumber() && p.tok.adjacent {
			return &Constant{Pos: pos, Term: p.number(string(op))}
		}
		return &Unary{Pos: pos, Operator: op, X: p.primary()}
	}
	return p.primary()
}

// primary reads a parenthesis, a call, a constant or a variable.
func (p *parser) primary() Expr {
	pos := p.tok.pos
	switch {
	case p.is("("):
		return p.bracketed()
	case p.tok.kind == tokVar:
		return &Variable{Pos: pos, Name: p.variable()}
	case p.isIRI():
		iri := p.iri("")
		if p.is("(") {
			return p.call(pos, iri)
		}
		return &Constant{Pos: pos, Term: rdf.NewIRI(iri)}
	}
	if !p.is("+") && !p.is("-") {
		if t, ok := p.literal(); ok {
			return &Constant{Pos: pos, Term: t}
		}
	}
	if p.tok.kind == tokWord {
		return p.word()
	}
	p.fail("an expression")
	return &Constant{Pos: pos}
}

// bracketed reads ( expression ).
func (p *parser) bracketed() Expr {
	p.expect("(")
	e := p.expression()
	p.expect(")", "an operator")
	return e
}

// startsConstraint reports whether a constraint can begin here.
func (p *parser) startsConstraint() bool {
	if p.is("(") || p.isIRI() {
		return true
	}
	if p.tok.kind != tokWord {
		return false
	}
	name := upper(p.tok.text)
	_, ok := Builtins[name]
	return ok || Aggregates[name] || name == "EXISTS" || name == "NOT"
}

// constraint reads a parenthesis or a call.
func (p *parser) constraint() Expr {
	pos := p.tok.pos
	switch {
	case p.is("("):
		return p.bracketed()
	case p.isIRI():
		return p.call(pos, p.iri(""))
	}
	return p.word()
}

// call reads the arguments of a function named by an IRI.
func (p *parser) call(pos Pos, iri string) Expr {
	c := &Call{Pos: pos, IRI: iri}
	p.expect("(")
	if p.accept(")") {
		return c
	}
	c.Distinct = p.acceptWord("DISTINCT")
	for p.err == nil {
		c.Args = append(c.Args, p.expression())
		if !p.accept(",") {
			break
		}
	}
	p.expect(")", `","`)
	return c
}

// word reads an expression that begins with a name: a built-in function, an aggregate or EXISTS.
func (p *parser) word() Expr {
	pos, name := p.tok.pos, upper(p.tok.text)
	switch {
	case p.acceptWord("NOT"):
		p.expectWord("EXISTS")
		return &Exists{Pos: pos, Not: true, Group: p.group()}
	case p.acceptWord("EXISTS"):
		return &Exists{Pos: pos, Group: p.group()}
	case Aggregates[name]:
		return p.aggregate()
	}
	arity, ok := Builtins[name]
	if !ok {
		p.failHint("an expression", functionHint(name))
		return &Constant{Pos: pos}
	}
	p.next()
	f := &BuiltIn{Pos: pos, Name: name, Args: p.expressions()}
	if n := len(f.Args); n < arity.Least || arity.Most >= 0 && n > arity.Most {
		p.wrong(pos, "%s takes %s arguments, not %d", name, arity, n)
	}
	if name == "BOUND" && p.err == nil {
		if _, ok := f.Args[0].(*Variable); !ok {
			p.wrong(f.Args[0].Position(), "BOUND takes a variable")
		}
	}
	return f
}

// String says the numbers in words of digits: "2", "2 or 3", "any number".
func (a Arity) String() string {
	switch {
	case a.Most < 0:
		return "any number"
	case a.Least == a.Most:
		return fmt.Sprint(a.Least)
	}
	return fmt.Sprintf("%d or %d", a.Least, a.Most)
}

// functionHint suggests what a name that is no function may have meant.
func functionHint(name string) string {
	best, distance := "", 3 // more than two letters apart is another word
	for known := range Builtins {
		if d := editDistance(name, known); d < distance || d == distance && known < best {
			best, distance = known, d
		}
	}
	if best != "" && distance < 3 {
		return "did you mean " + best + "?"
	}
	return "functions outside the standard are named by an IRI, such as ink:score(…)"
}

// editDistance counts the letters to insert, delete or replace to turn a into b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// aggregate reads a set function.
func (p *parser) aggregate() Expr {
	a := &Aggregate{Pos: p.tok.pos, Name: upper(p.tok.text)}
	p.next()
	p.expect("(")
	a.Distinct = p.acceptWord("DISTINCT")
	if a.Name == "COUNT" && p.accept("*") {
		p.expect(")")
		return a
	}
	a.Arg = p.expression()
	if a.Name == "GROUP_CONCAT" {
		a.Separator = " "
		if p.accept(";") {
			p.expectWord("SEPARATOR")
			p.expect("=")
			if p.tok.kind != tokString {
				p.fail("a string")
			}
			a.Separator = p.tok.text
			p.next()
		}
	}
	p.expect(")", "an operator")
	return a
}
