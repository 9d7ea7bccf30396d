package sparql

import "strconv"

// query reads one of the query forms, with its trailing VALUES.
func (p *parser) query() *Query {
	q := &Query{Pos: p.tok.pos, Limit: -1}
	switch {
	case p.isWord("SELECT"):
		p.selectClause(q)
		p.dataset(q)
		q.Where = p.where()
	case p.acceptWord("CONSTRUCT"):
		q.Form = Construct
		p.construct(q)
	case p.acceptWord("DESCRIBE"):
		q.Form = Describe
		p.describe(q)
	case p.acceptWord("ASK"):
		q.Form = Ask
		p.dataset(q)
		q.Where = p.where()
	default:
		p.failHint("SELECT, CONSTRUCT, DESCRIBE or ASK", updateHint(p.tok))
		return q
	}
	p.modifiers(q)
	if p.isWord("VALUES") {
		q.Values = p.values()
	}
	return q
}

// updateHint helps who sends an update as a query.
func updateHint(t token) string {
	if t.kind == tokWord && updateKeywords[upper(t.text)] {
		return "this is an update; send it as one"
	}
	return ""
}

// selectClause reads SELECT up to its dataset clauses.
func (p *parser) selectClause(q *Query) {
	p.expectWord("SELECT")
	if p.acceptWord("DISTINCT") {
		q.Distinct = true
	} else if p.acceptWord("REDUCED") {
		q.Reduced = true
	}
	if p.accept("*") {
		q.Star = true
		return
	}
	for {
		pos := p.tok.pos
		switch {
		case p.tok.kind == tokVar:
			q.Items = append(q.Items, SelectItem{Pos: pos, Var: p.variable()})
			continue
		case p.accept("("):
			e := p.expression()
			p.expectWord("AS")
			q.Items = append(q.Items, SelectItem{Pos: pos, Var: p.variable(), Expr: e})
			p.expect(")")
			continue
		}
		if len(q.Items) == 0 {
			hint := ""
			if p.tok.kind == tokWord {
				hint = "an expression is selected as (expression AS ?name)"
			}
			p.failHint(`"*", a variable or "("`, hint)
		}
		return
	}
}

// variable takes a variable and returns its name.
func (p *parser) variable() string {
	if p.tok.kind != tokVar {
		p.fail("a variable")
		return ""
	}
	name := p.tok.text
	p.next()
	return name
}

// dataset reads FROM clauses.
func (p *parser) dataset(q *Query) {
	for p.isWord("FROM") {
		q.Dataset = append(q.Dataset, p.datasetClause())
	}
}

// datasetClause reads what follows FROM or USING, that word included.
func (p *parser) datasetClause() DatasetClause {
	c := DatasetClause{Pos: p.tok.pos}
	p.next()
	c.Named = p.acceptWord("NAMED")
	c.IRI = p.iri("NAMED or the IRI of a graph")
	return c
}

// where reads [WHERE] { … }.
func (p *parser) where() *GroupPattern {
	if !p.acceptWord("WHERE") && !p.is("{") {
		p.fail(`WHERE or "{"`)
	}
	return p.group()
}

// construct reads CONSTRUCT after its keyword, the short form included.
func (p *parser) construct(q *Query) {
	if p.is("{") {
		p.next()
		q.Template = p.template("}")
		p.expect("}")
		p.dataset(q)
		q.Where = p.where()
		return
	}
	p.dataset(q)
	pos := p.tok.pos
	if !p.acceptWord("WHERE") {
		p.fail(`"{" or WHERE`)
	}
	q.Where = &GroupPattern{Pos: p.tok.pos}
	p.expect("{")
	q.Template = p.template("}")
	p.expect("}", "a triple; the short form of CONSTRUCT takes triples only")
	if len(q.Template) > 0 {
		q.Where.Elements = []Pattern{&TriplesPattern{Pos: pos, Triples: q.Template}}
	}
}

// describe reads DESCRIBE after its keyword.
func (p *parser) describe(q *Query) {
	if q.Star = p.accept("*"); !q.Star {
		for p.tok.kind == tokVar || p.isIRI() {
			q.Resources = append(q.Resources, p.varOrIRI(""))
		}
		if len(q.Resources) == 0 {
			p.fail(`"*", a variable or an IRI`)
		}
	}
	p.dataset(q)
	if p.isWord("WHERE") || p.is("{") {
		q.Where = p.where()
	}
}

// modifiers reads GROUP BY … LIMIT.
func (p *parser) modifiers(q *Query) {
	if p.acceptWord("GROUP") {
		p.expectWord("BY")
		for p.startsGroupKey() {
			q.GroupBy = append(q.GroupBy, p.groupKey())
		}
		if len(q.GroupBy) == 0 {
			p.fail(`a variable, a function call or "("`)
		}
	}
	if p.acceptWord("HAVING") {
		for p.startsConstraint() {
			q.Having = append(q.Having, p.constraint())
		}
		if len(q.Having) == 0 {
			p.fail(`a function call or "("`)
		}
	}
	if p.acceptWord("ORDER") {
		p.expectWord("BY")
		for p.startsGroupKey() || p.isWord("ASC") || p.isWord("DESC") {
			q.OrderBy = append(q.OrderBy, p.orderKey())
		}
		if len(q.OrderBy) == 0 {
			p.fail(`ASC, DESC, a variable, a function call or "("`)
		}
	}
	p.limits(q)
}

// limits reads LIMIT and OFFSET in either order.
func (p *parser) limits(q *Query) {
	limit, offset := false, false
	for {
		switch {
		case !limit && p.acceptWord("LIMIT"):
			limit = true
			q.Limit = p.count()
		case !offset && p.acceptWord("OFFSET"):
			offset = true
			q.Offset = p.count()
		default:
			return
		}
	}
}

// count takes an unsigned integer.
func (p *parser) count() int64 {
	if p.tok.kind != tokInteger {
		p.fail("a whole number")
		return 0
	}
	n, err := strconv.ParseInt(p.tok.text, 10, 64)
	if err != nil {
		p.wrong(p.tok.pos, "the number %s is too large", p.tok.text)
	}
	p.next()
	return n
}

// startsGroupKey reports whether a GROUP BY or ORDER BY condition can begin here.
func (p *parser) startsGroupKey() bool { return p.tok.kind == tokVar || p.startsConstraint() }

func (p *parser) groupKey() GroupKey {
	k := GroupKey{Pos: p.tok.pos}
	switch {
	case p.tok.kind == tokVar:
		k.Expr = &Variable{Pos: p.tok.pos, Name: p.variable()}
	case p.accept("("):
		k.Expr = p.expression()
		if p.acceptWord("AS") {
			k.Var = p.variable()
		}
		p.expect(")")
	default:
		k.Expr = p.constraint()
	}
	return k
}

func (p *parser) orderKey() OrderKey {
	k := OrderKey{Pos: p.tok.pos}
	switch {
	case p.acceptWord("DESC"):
		k.Descending = true
		k.Expr = p.bracketed()
	case p.acceptWord("ASC"):
		k.Expr = p.bracketed()
	case p.tok.kind == tokVar:
		k.Expr = &Variable{Pos: p.tok.pos, Name: p.variable()}
	default:
		k.Expr = p.constraint()
	}
	return k
}
