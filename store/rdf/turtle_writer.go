package rdf

import (
	"sort"
	"strings"
)

// turtleEncoder writes Turtle and TriG: prefixes first, then statements that share a graph, a subject or a
// predicate with the one before them in its group.
type turtleEncoder struct {
	*sink
	spaces []namespace // longest first, so that the closest one names an IRI
	last   Quad        // the quad before; zero before the first
	open   bool        // whether the brace of a named graph is open
}

type namespace struct{ prefix, iri string }

func newTurtleEncoder(s *sink, o *WriterOptions) encoder {
	e := &turtleEncoder{sink: s}
	for prefix, iri := range o.Prefixes {
		if validPrefix(prefix) && ValidIRI(iri) == nil {
			e.spaces = append(e.spaces, namespace{prefix, iri})
		}
	}
	sort.Slice(e.spaces, func(i, j int) bool { return e.spaces[i].prefix < e.spaces[j].prefix })
	for _, n := range e.spaces {
		e.buf = append(appendIRI(append(append(append(e.buf, "@prefix "...), n.prefix...), ": "...), n.iri), " .\n"...)
	}
	sort.SliceStable(e.spaces, func(i, j int) bool { return len(e.spaces[i].iri) > len(e.spaces[j].iri) })
	return e
}

func (e *turtleEncoder) quad(q *Quad) {
	first := e.last.S.Kind == None
	switch {
	case first || q.G != e.last.G:
		e.endStatement()
		e.changeGraph(q.G)
		fallthrough
	case q.S != e.last.S:
		if !first && q.G == e.last.G {
			e.endStatement()
		}
		e.term(q.S)
		e.buf = append(e.buf, ' ')
		e.predicate(q.P)
	case q.P != e.last.P:
		e.buf = append(e.buf, " ;\n    "...)
		e.predicate(q.P)
	default:
		e.buf = append(e.buf, " ,"...)
	}
	e.buf = append(e.buf, ' ')
	e.term(q.O)
	e.last = *q
}

func (e *turtleEncoder) close() {
	e.endStatement()
	e.changeGraph(Term{})
	e.last = Quad{}
}

func (e *turtleEncoder) endStatement() {
	if e.last.S.Kind != None {
		e.buf = append(e.buf, " .\n"...)
	}
}

// changeGraph closes the graph that is open and opens the next; the default graph needs no braces.
func (e *turtleEncoder) changeGraph(g Term) {
	if e.open {
		e.buf = append(e.buf, "}\n"...)
	}
	if e.open = g.Kind != None; e.open {
		e.term(g)
		e.buf = append(e.buf, " {\n"...)
	}
}

func (e *turtleEncoder) predicate(t Term) {
	if t.Value == RDFType {
		e.buf = append(e.buf, 'a')
		return
	}
	e.term(t)
}

func (e *turtleEncoder) term(t Term) {
	switch {
	case t.Kind == IRI:
		e.iri(t.Value)
	case t.Kind == Literal && bareLiteral(t):
		e.buf = append(e.buf, t.Value...)
	case t.Kind == Literal && t.Lang == "" && t.Datatype != XSDString && t.Datatype != "":
		e.buf = append(appendEscaped(append(e.buf, '"'), t.Value), `"^^`...)
		e.iri(t.Datatype)
	default:
		e.buf = AppendTerm(e.buf, t)
	}
}

func (e *turtleEncoder) iri(iri string) {
	for _, n := range e.spaces {
		if local, ok := strings.CutPrefix(iri, n.iri); ok && plainLocal(local) {
			e.buf = append(append(append(e.buf, n.prefix...), ':'), local...)
			return
		}
	}
	e.buf = appendIRI(e.buf, iri)
}

// plainLocal reports whether s may follow a prefix without an escape: a stricter rule than the grammar's.
func plainLocal(s string) bool {
	for i := 0; i < len(s); i++ {
		inside := i > 0 && i < len(s)-1
		if class[s[i]]&nameByte == 0 && !(s[i] == '.' && inside) || s[i] == '-' && i == 0 {
			return false
		}
	}
	return true
}

// validPrefix reports whether s may stand before the colon of a prefix: ASCII letters, digits, _ and - behind a
// letter, or nothing.
func validPrefix(s string) bool {
	for i := 0; i < len(s); i++ {
		if class[s[i]]&nameByte == 0 || i == 0 && class[s[i]]&letter == 0 {
			return false
		}
	}
	return true
}

// bareLiteral reports whether a literal's text alone is read back as this literal.
func bareLiteral(t Term) bool {
	s := t.Value
	if t.Datatype == XSDBoolean {
		return s == "true" || s == "false"
	}
	if t.Datatype != XSDInteger && t.Datatype != XSDDecimal && t.Datatype != XSDDouble {
		return false
	}
	s = strings.TrimLeft(s[:min(len(s), 1)], "+-") + s[min(len(s), 1):]
	mantissa, exponent, hasExponent := cutExponent(s)
	whole, fraction, hasPoint := strings.Cut(mantissa, ".")
	if !allDigits(whole) || !allDigits(fraction) || whole+fraction == "" {
		return false
	}
	switch t.Datatype {
	case XSDInteger:
		return !hasPoint && !hasExponent
	case XSDDecimal:
		return hasPoint && fraction != "" && !hasExponent
	}
	exponent = strings.TrimLeft(exponent[:min(len(exponent), 1)], "+-") + exponent[min(len(exponent), 1):]
	return hasExponent && exponent != "" && allDigits(exponent)
}

func cutExponent(s string) (mantissa, exponent string, found bool) {
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

func allDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }
