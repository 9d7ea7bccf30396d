package sparql

import "github.com/inklingdb/inkling/store/rdf"

// updateKeywords begin an update operation.
var updateKeywords = map[string]bool{
	"INSERT": true, "DELETE": true, "WITH": true, "LOAD": true, "CLEAR": true, "DROP": true, "CREATE": true,
	"ADD": true, "MOVE": true, "COPY": true,
}

// update reads operations separated by semicolons, each with its declarations.
func (p *parser) update() *Update {
	u := &Update{Pos: p.tok.pos}
	for {
		p.prologue()
		if p.tok.kind == tokEnd {
			return u
		}
		if op := p.operation(); op != nil {
			u.Operations = append(u.Operations, op)
		}
		if !p.accept(";") {
			return u
		}
	}
}

// operation reads one update operation.
func (p *parser) operation() Operation {
	pos := p.tok.pos
	word := ""
	if p.tok.kind == tokWord {
		word = upper(p.tok.text)
	}
	if !updateKeywords[word] {
		hint := ""
		switch word {
		case "SELECT", "ASK", "CONSTRUCT", "DESCRIBE":
			hint = "this is a query; send it as one"
		}
		p.failHint("INSERT, DELETE, WITH, LOAD, CLEAR, DROP, CREATE, ADD, MOVE or COPY", hint)
		return nil
	}
	switch word {
	case "INSERT", "DELETE", "WITH":
		return p.dataOrModify(pos)
	}
	p.next()
	silent := p.acceptWord("SILENT")
	switch word {
	case "LOAD":
		l := &Load{Pos: pos, Silent: silent, Source: p.iri("the IRI of a document")}
		if p.acceptWord("INTO") {
			p.expectWord("GRAPH")
			l.Into = p.iri("the IRI of a graph")
		}
		return l
	case "CLEAR":
		return &ClearGraphs{Pos: pos, Silent: silent, Target: p.graphs()}
	case "DROP":
		return &DropGraphs{Pos: pos, Silent: silent, Target: p.graphs()}
	case "CREATE":
		p.expectWord("GRAPH")
		return &CreateGraph{Pos: pos, Silent: silent, IRI: p.iri("the IRI of a graph")}
	}
	from := p.graphOrDefault()
	p.expectWord("TO")
	to := p.graphOrDefault()
	switch word {
	case "ADD":
		return &AddGraph{Pos: pos, Silent: silent, From: from, To: to}
	case "MOVE":
		return &MoveGraph{Pos: pos, Silent: silent, From: from, To: to}
	}
	return &CopyGraph{Pos: pos, Silent: silent, From: from, To: to}
}

// graphs reads GRAPH iri, DEFAULT, NAMED or ALL.
func (p *parser) graphs() GraphRef {
	switch {
	case p.acceptWord("DEFAULT"):
		return GraphRef{Kind: DefaultGraph}
	case p.acceptWord("NAMED"):
		return GraphRef{Kind: NamedGraphs}
	case p.acceptWord("ALL"):
		return GraphRef{Kind: AllGraphs}
	case p.acceptWord("GRAPH"):
		return GraphRef{IRI: p.iri("the IRI of a graph")}
	}
	p.fail("GRAPH, DEFAULT, NAMED or ALL")
	return GraphRef{}
}

// graphOrDefault reads DEFAULT or [GRAPH] iri.
func (p *parser) graphOrDefault() GraphRef {
	if p.acceptWord("DEFAULT") {
		return GraphRef{Kind: DefaultGraph}
	}
	p.acceptWord("GRAPH")
	return GraphRef{IRI: p.iri("DEFAULT or the IRI of a graph")}
}

// dataOrModify reads the operations that begin with INSERT, DELETE or WITH.
func (p *parser) dataOrModify(pos Pos) Operation {
	m := &Modify{Pos: pos, Base: p.base}
	if p.acceptWord("WITH") {
		m.With = p.iri("the IRI of a graph")
		if !p.isWord("DELETE") && !p.isWord("INSERT") {
			p.fail("DELETE or INSERT")
		}
	}
	deletes := p.acceptWord("DELETE")
	if deletes {
		switch {
		case m.With == "" && p.acceptWord("DATA"):
			return &DeleteData{Pos: pos, Quads: p.data(false)}
		case m.With == "" && p.isWord("WHERE"):
			p.next()
			return p.deleteWhere(m)
		}
		m.Delete = p.quads()
	}
	if p.acceptWord("INSERT") {
		if !deletes && m.With == "" && p.acceptWord("DATA") {
			return &InsertData{Pos: pos, Quads: p.data(true)}
		}
		m.Insert = p.quads()
	}
	for p.isWord("USING") {
		m.Using = append(m.Using, p.datasetClause())
	}
	p.expectWord("WHERE")
	m.Where = p.group()
	return m
}

// deleteWhere reads the pattern of DELETE WHERE, which is its template too.
func (p *parser) deleteWhere(m *Modify) *Modify {
	pos := p.tok.pos
	m.Delete = p.quads()
	m.Where = &GroupPattern{Pos: pos}
	for i := 0; i < len(m.Delete); {
		block := &TriplesPattern{Pos: m.Delete[i].Pos}
		g := m.Delete[i].G
		for ; i < len(m.Delete) && m.Delete[i].G == g; i++ {
			block.Triples = append(block.Triples, m.Delete[i].TriplePattern)
		}
		var e Pattern = block
		if !g.IsZero() {
			e = &GraphPattern{Pos: g.Pos, Name: g, Group: &GroupPattern{Pos: g.Pos, Elements: []Pattern{block}}}
		}
		m.Where.Elements = append(m.Where.Elements, e)
	}
	return m
}

// quads reads { triples GRAPH g { triples } … }.
func (p *parser) quads() []QuadPattern {
	var out []QuadPattern
	add := func(g VarOrTerm, triples []TriplePattern) {
		for _, t := range triples {
			out = append(out, QuadPattern{TriplePattern: t, G: g})
		}
	}
	p.expect("{")
	if p.startsTriples() {
		add(VarOrTerm{}, p.triples(false))
	}
	for p.isWord("GRAPH") {
		p.next()
		g := p.varOrIRI("a variable or the IRI of a graph")
		p.expect("{")
		add(g, p.template("}"))
		p.expect("}", "a triple")
		p.accept(".")
		if p.startsTriples() {
			add(VarOrTerm{}, p.triples(false))
		}
	}
	p.expect("}", "a triple", "GRAPH")
	return out
}

// data reads quads that may hold no variable, and blank nodes only if so said, and returns them.
func (p *parser) data(blanks bool) []rdf.Quad {
	patterns := p.quads()
	out := make([]rdf.Quad, 0, len(patterns))
	for _, q := range patterns {
		for _, v := range []VarOrTerm{q.S, q.P, q.O, q.G} {
			if v.IsVar() {
				p.wrong(v.Pos, "variable ?%s in data; use INSERT { … } WHERE { … }", v.Var)
			}
			if v.Term.Kind == rdf.Blank && !blanks {
				p.wrong(v.Pos, "a blank node in DELETE DATA, where it would name nothing; use DELETE WHERE with a variable")
			}
		}
		if q.S.Term.Kind == rdf.Literal {
			p.wrong(q.S.Pos, "a literal as subject")
		}
		out = append(out, rdf.Quad{S: q.S.Term, P: q.P.Term, O: q.O.Term, G: q.G.Term})
	}
	return out
}
