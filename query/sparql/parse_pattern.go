package sparql

import (
	"strings"

	"github.com/inklingdb/inkling/store/rdf"
)

// upper returns s in ASCII upper case, as keywords and function names are compared.
func upper(s string) string { return strings.ToUpper(s) }

// group reads { … }, which may be a subselect.
func (p *parser) group() *GroupPattern {
	p.enter()
	defer p.leave()
	g := &GroupPattern{Pos: p.tok.pos}
	p.expect("{")
	if p.isWord("SELECT") {
		g.Elements = []Pattern{p.subSelect()}
		p.expect("}")
		return g
	}
	for p.err == nil && !p.is("}") {
		if p.startsTriples() {
			t := &TriplesPattern{Pos: p.tok.pos, Triples: p.triples(true)}
			g.Elements = append(g.Elements, t)
			if p.is("}") {
				break
			}
		}
		e := p.element()
		if e == nil {
			break
		}
		g.Elements = append(g.Elements, e)
		p.accept(".")
		if len(g.Elements) > maxChain {
			p.wrong(e.Position(), "more than %d elements in one group", maxChain)
		}
	}
	if _, builtin := Builtins[upper(p.tok.text)]; builtin && p.tok.kind == tokWord {
		p.failHint("a pattern", "conditions stand in FILTER(…), values in BIND(… AS ?name)")
	}
	p.expect("}", "a triple pattern", "FILTER", "OPTIONAL", "GRAPH", "BIND", "VALUES", "another pattern")
	return g
}

// subSelect reads a SELECT inside braces.
func (p *parser) subSelect() *SubSelect {
	q := &Query{Pos: p.tok.pos, Limit: -1}
	p.selectClause(q)
	if p.isWord("FROM") {
		p.wrong(p.tok.pos, "FROM in a subselect; it belongs to the outermost query")
	}
	q.Where = p.where()
	p.modifiers(q)
	if p.isWord("VALUES") {
		q.Values = p.values()
	}
	return &SubSelect{Pos: q.Pos, Query: q}
}

// element reads one pattern other than triples, or returns nil when none begins here.
func (p *parser) element() Pattern {
	pos := p.tok.pos
	if p.is("{") {
		return p.groupOrUnion()
	}
	if p.tok.kind != tokWord {
		return nil
	}
	switch upper(p.tok.text) {
	case "OPTIONAL":
		p.next()
		return &OptionalPattern{Pos: pos, Group: p.group()}
	case "MINUS":
		p.next()
		return &MinusPattern{Pos: pos, Group: p.group()}
	case "GRAPH":
		p.next()
		name := p.varOrIRI("a variable or the IRI of a graph")
		return &GraphPattern{Pos: pos, Name: name, Group: p.group()}
	case "SERVICE":
		p.next()
		silent := p.acceptWord("SILENT")
		name := p.varOrIRI("a variable or the IRI of a service")
		return &ServicePattern{Pos: pos, Silent: silent, Name: name, Group: p.group()}
	case "FILTER":
		p.next()
		if !p.startsConstraint() {
			p.fail(`"(" or a function call after FILTER`)
		}
		return &FilterPattern{Pos: pos, Expr: p.constraint()}
	case "BIND":
		p.next()
		p.expect("(")
		e := p.expression()
		p.expectWord("AS")
		b := &BindPattern{Pos: pos, Expr: e, Var: p.variable()}
		p.expect(")")
		return b
	case "VALUES":
		return p.values()
	}
	return nil
}

// groupOrUnion reads { … } or { … } UNION { … } ….
func (p *parser) groupOrUnion() Pattern {
	pos := p.tok.pos
	first := p.group()
	if !p.isWord("UNION") {
		return first
	}
	u := &UnionPattern{Pos: pos, Alternatives: []*GroupPattern{first}}
	for p.acceptWord("UNION") {
		u.Alternatives = append(u.Alternatives, p.group())
	}
	return u
}

// values reads VALUES with one variable or a list of them.
func (p *parser) values() *ValuesPattern {
	v := &ValuesPattern{Pos: p.tok.pos}
	p.expectWord("VALUES")
	single := p.tok.kind == tokVar
	if single {
		v.Vars = []string{p.variable()}
	} else {
		p.expect("(", "a variable")
		for p.tok.kind == tokVar {
			v.Vars = append(v.Vars, p.variable())
		}
		p.expect(")", "a variable")
	}
	p.expect("{")
	for p.err == nil && !p.is("}") {
		if single {
			v.Rows = append(v.Rows, []rdf.Term{p.dataValue()})
			continue
		}
		v.Rows = append(v.Rows, p.dataRow(len(v.Vars)))
	}
	p.expect("}")
	return v
}

// dataRow reads ( value … ) of n values.
func (p *parser) dataRow(n int) []rdf.Term {
	pos := p.tok.pos
	p.expect("(", `"}"`)
	row := make([]rdf.Term, 0, n)
	for p.err == nil && !p.is(")") {
		row = append(row, p.dataValue())
	}
	p.expect(")")
	if len(row) != n {
		p.wrong(pos, "a row of %d values for %d variables", len(row), n)
	}
	return row
}

// dataValue takes an IRI, a literal or UNDEF, which is the zero Term.
func (p *parser) dataValue() rdf.Term {
	if p.acceptWord("UNDEF") {
		return rdf.Term{}
	}
	if p.isIRI() {
		return rdf.NewIRI(p.iri(""))
	}
	if t, ok := p.literal(); ok {
		return t
	}
	p.fail("an IRI, a literal or UNDEF")
	return rdf.Term{}
}

// literal takes a literal if one begins here.
func (p *parser) literal() (rdf.Term, bool) {
	switch p.tok.kind {
	case tokString:
		return p.stringLiteral(), true
	case tokInteger, tokDecimal, tokDouble:
		return p.number(""), true
	case tokWord:
		for _, b := range []string{"true", "false"} {
			if p.acceptWord(b) {
				return rdf.NewTyped(b, rdf.XSDBoolean), true
			}
		}
	case tokPunct:
		if sign := p.tok.text; sign == "+" || sign == "-" {
			p.next()
			if p.isNumber() && p.tok.adjacent {
				return p.number(sign), true
			}
			p.fail("a number right after the sign")
			return rdf.Term{}, true
		}
	}
	return rdf.Term{}, false
}

// isNumber reports whether the current token is a number.
func (p *parser) isNumber() bool { return p.tok.kind >= tokInteger && p.tok.kind <= tokDouble }

// number takes the current number, signed.
func (p *parser) number(sign string) rdf.Term {
	datatype := map[tokenKind]string{
		tokInteger: rdf.XSDInteger, tokDecimal: rdf.XSDDecimal, tokDouble: rdf.XSDDouble,
	}[p.tok.kind]
	t := rdf.NewTyped(sign+p.tok.text, datatype)
	p.next()
	return t
}

// stringLiteral takes a string with its language tag or datatype.
func (p *parser) stringLiteral() rdf.Term {
	s := p.tok.text
	p.next()
	switch {
	case p.tok.kind == tokLang:
		t := rdf.Term{Kind: rdf.Literal, Value: s, Datatype: rdf.RDFLangString, Lang: strings.ToLower(p.tok.text)}
		p.next()
		return t
	case p.accept("^^"):
		return rdf.NewTyped(s, p.iri("the IRI of a datatype"))
	}
	return rdf.NewString(s)
}
