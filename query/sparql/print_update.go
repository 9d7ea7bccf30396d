package sparql

import "github.com/inklingdb/inkling/store/rdf"

func (p *printer) operation(op Operation) {
	switch op := op.(type) {
	case *InsertData:
		p.write("INSERT DATA ")
		p.quads(quadPatterns(op.Quads))
	case *DeleteData:
		p.write("DELETE DATA ")
		p.quads(quadPatterns(op.Quads))
	case *Modify:
		p.modify(op)
	case *Load:
		p.write("LOAD ", silent(op.Silent), "<", op.Source, ">")
		if op.Into != "" {
			p.write(" INTO GRAPH <", op.Into, ">")
		}
	case *ClearGraphs:
		p.write("CLEAR ", silent(op.Silent), op.Target.String())
	case *DropGraphs:
		p.write("DROP ", silent(op.Silent), op.Target.String())
	case *CreateGraph:
		p.write("CREATE ", silent(op.Silent), "GRAPH <", op.IRI, ">")
	case *AddGraph:
		p.write("ADD ", silent(op.Silent), op.From.String(), " TO ", op.To.String())
	case *MoveGraph:
		p.write("MOVE ", silent(op.Silent), op.From.String(), " TO ", op.To.String())
	case *CopyGraph:
		p.write("COPY ", silent(op.Silent), op.From.String(), " TO ", op.To.String())
	}
}

func silent(yes bool) string {
	if yes {
		return "SILENT "
	}
	return ""
}

// String returns the reference as it would stand in an update.
func (g GraphRef) String() string {
	switch g.Kind {
	case DefaultGraph:
		return "DEFAULT"
	case NamedGraphs:
		return "NAMED"
	case AllGraphs:
		return "ALL"
	}
	return "GRAPH <" + g.IRI + ">"
}

func (p *printer) modify(m *Modify) {
	p.base(m.Base)
	if m.With != "" {
		p.write("WITH <", m.With, "> ")
	}
	if len(m.Delete) > 0 || len(m.Insert) == 0 {
		p.write("DELETE ")
		p.quads(m.Delete)
	}
	if len(m.Insert) > 0 {
		if len(m.Delete) > 0 {
			p.write(" ")
		}
		p.write("INSERT ")
		p.quads(m.Insert)
	}
	p.dataset(m.Using, "USING")
	p.line()
	p.write("WHERE ")
	p.group(m.Where)
}

func quadPatterns(quads []rdf.Quad) []QuadPattern {
	out := make([]QuadPattern, len(quads))
	for i, q := range quads {
		out[i] = QuadPattern{G: VarOrTerm{Term: q.G},
			TriplePattern: TriplePattern{S: VarOrTerm{Term: q.S}, P: VarOrTerm{Term: q.P}, O: VarOrTerm{Term: q.O}}}
	}
	return out
}

// quads writes { … } with a GRAPH block for each run of quads of one graph.
func (p *printer) quads(quads []QuadPattern) {
	p.write("{")
	for i := 0; i < len(quads); {
		g := quads[i].G
		var run []TriplePattern
		for ; i < len(quads) && quads[i].G == g; i++ {
			run = append(run, quads[i].TriplePattern)
		}
		if g.IsZero() {
			p.triples(run)
			continue
		}
		p.indent++
		p.line()
		p.write("GRAPH ")
		p.varOrTerm(g)
		p.write(" {")
		p.triples(run)
		p.line()
		p.write("}")
		p.indent--
	}
	p.line()
	p.write("}")
}
