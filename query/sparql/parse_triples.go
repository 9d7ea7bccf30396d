package sparql

import "github.com/inklingdb/inkling/store/rdf"

// triplesReader collects the triples of one block; lists and [ … ] become triples with new blank nodes.
type triplesReader struct {
	*parser
	paths bool // property paths may be predicates
	out   []TriplePattern
}

// triples reads triples separated by dots, to the first token that begins none.
func (p *parser) triples(paths bool) []TriplePattern {
	r := &triplesReader{parser: p, paths: paths}
	for r.startsTriples() {
		r.sameSubject()
		if !r.accept(".") {
			break
		}
	}
	return r.out
}

// template reads the triples of a template up to the symbol end, which it leaves.
func (p *parser) template(end string) []TriplePattern {
	if p.is(end) {
		return nil
	}
	t := p.triples(false)
	if len(t) == 0 {
		p.fail(`a triple or "` + end + `"`)
	}
	return t
}

// startsTriples reports whether a subject can begin here.
func (p *parser) startsTriples() bool {
	switch p.tok.kind {
	case tokVar, tokIRI, tokPrefixed, tokBlank, tokString, tokInteger, tokDecimal, tokDouble:
		return true
	case tokPunct:
		return p.is("(") || p.is("[") || p.is("+") || p.is("-")
	case tokWord:
		return p.isWord("true") || p.isWord("false")
	}
	return false
}

// sameSubject reads a subject with its predicates.
func (r *triplesReader) sameSubject() {
	before := len(r.out)
	s := r.node()
	expanded := len(r.out) > before // a list or a node with properties says something by itself
	if expanded && !r.startsVerb() {
		return
	}
	r.properties(s)
}

// startsVerb reports whether a predicate can begin here.
func (r *triplesReader) startsVerb() bool {
	if r.tok.kind == tokVar || r.isIRI() || r.isA() {
		return true
	}
	return r.paths && (r.is("^") || r.is("!") || r.is("("))
}

// isA reports whether the current token is the keyword a, which is written in lower case.
func (p *parser) isA() bool { return p.tok.kind == tokWord && p.tok.text == "a" }

// properties reads a predicate and its objects, and more of them after semicolons.
func (r *triplesReader) properties(s VarOrTerm) {
	for {
		t := TriplePattern{Pos: s.Pos, S: s}
		r.verb(&t)
		r.objects(t)
		if !r.is(";") {
			return
		}
		for r.accept(";") {
		}
		if !r.startsVerb() {
			return
		}
	}
}

// verb sets the predicate of t.
func (r *triplesReader) verb(t *TriplePattern) {
	pos := r.tok.pos
	if r.tok.kind == tokVar || !r.startsVerb() {
		t.P = r.varOrIRI(`a predicate`)
		return
	}
	if !r.paths {
		t.P = VarOrTerm{Pos: pos, Term: rdf.NewIRI(r.predicate())}
		if r.is("*") || r.is("/") || r.is("|") || r.is("?") {
			r.failHint("an object", "property paths stand in patterns only, not in templates or data")
		}
		return
	}
	path := r.path()
	if iri, ok := path.(*PathIRI); ok {
		t.P = VarOrTerm{Pos: pos, Term: rdf.NewIRI(iri.IRI)}
		return
	}
	t.Path = path
}

// predicate takes an IRI or the keyword a.
func (p *parser) predicate() string {
	if p.isA() {
		p.next()
		return rdf.RDFType
	}
	return p.iri(`a predicate`)
}

// objects reads objects separated by commas and emits t with each.
func (r *triplesReader) objects(t TriplePattern) {
	for {
		at := len(r.out)
		r.out = append(r.out, t)
		o := r.node()
		r.out[at].O = o
		if !r.accept(",") {
			return
		}
	}
}

// node reads a subject or object, and emits the triples of a list or [ … ].
func (r *triplesReader) node() VarOrTerm {
	pos := r.tok.pos
	switch {
	case r.accept("["):
		r.enter()
		defer r.leave()
		b := r.blank(pos)
		if r.accept("]") {
			return b
		}
		r.properties(b)
		r.expect("]", `";"`)
		return b
	case r.accept("("):
		r.enter()
		defer r.leave()
		return r.list(pos)
	case r.tok.kind == tokVar:
		return VarOrTerm{Pos: pos, Var: r.variable()}
	case r.isIRI():
		return VarOrTerm{Pos: pos, Term: rdf.NewIRI(r.iri(""))}
	case r.tok.kind == tokBlank:
		b := VarOrTerm{Pos: pos, Term: rdf.NewBlank(r.tok.text)}
		r.next()
		return b
	}
	if t, ok := r.literal(); ok {
		return VarOrTerm{Pos: pos, Term: t}
	}
	r.fail(`a variable, an IRI, a literal, a blank node, "[" or "("`)
	return VarOrTerm{Pos: pos}
}

// list reads the elements of ( … ) after the parenthesis and emits its links.
func (r *triplesReader) list(pos Pos) VarOrTerm {
	nilTerm := VarOrTerm{Pos: pos, Term: rdf.NewIRI(rdf.RDFNil)}
	if r.accept(")") {
		return nilTerm
	}
	first := VarOrTerm{Pos: pos, Term: rdf.NewIRI(rdf.RDFFirst)}
	rest := VarOrTerm{Pos: pos, Term: rdf.NewIRI(rdf.RDFRest)}
	head := r.blank(pos)
	for link := head; r.err == nil; {
		at := len(r.out)
		r.out = append(r.out, TriplePattern{Pos: r.tok.pos, S: link, P: first})
		o := r.node()
		r.out[at].O = o
		next := nilTerm
		done := r.accept(")")
		if !done {
			next = r.blank(r.tok.pos)
		}
		r.out = append(r.out, TriplePattern{Pos: r.tok.pos, S: link, P: rest, O: next})
		if done {
			break
		}
		link = next
	}
	return head
}

// varOrIRI takes a variable or an IRI.
func (p *parser) varOrIRI(expected string) VarOrTerm {
	v := VarOrTerm{Pos: p.tok.pos}
	if p.tok.kind == tokVar {
		v.Var = p.variable()
		return v
	}
	v.Term = rdf.NewIRI(p.iri(expected))
	return v
}
