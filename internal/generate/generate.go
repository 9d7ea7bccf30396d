// Package generate makes graphs for benchmarks and tests: same seed, same bytes. It knows nothing of stores and parsers.
package generate

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
)

// PowerLaw is the shape of a generated graph: few entities and relations take most triples, as in Freebase and
// Wikidata. The zero value of a field gives the figure named beside it.
type PowerLaw struct {
	Triples   int     // 2,000,000; distinct
	Entities  int     // Triples / 8
	Relations int     // 50
	Types     float64 // 0.12: the share of rdf:type triples, over 200 classes
	Literals  float64 // 0.30: the share whose object is a literal
	Seed      uint64
	Namespace string // "http://inkling.example/"
}

// defaults returns g with its zero fields filled.
func (g PowerLaw) defaults() PowerLaw {
	if g.Triples == 0 {
		g.Triples = 2_000_000
	}
	if g.Entities == 0 {
		g.Entities = max(g.Triples/8, 16)
	}
	if g.Relations == 0 {
		g.Relations = 50
	}
	if g.Types == 0 {
		g.Types = 0.12
	}
	if g.Literals == 0 {
		g.Literals = 0.30
	}
	if g.Namespace == "" {
		g.Namespace = "http://inkling.example/"
	}
	return g
}

// classes is the number of types, literals the number of different values a relation's literals take: fewer than
// the 336·225 dates that appendLiteral can write.
const (
	classes  = 200
	literals = 75_000
)

// NTriples writes the graph as N-Triples, one triple a line, in no order. No triple comes twice: a draw that repeats
// one is made again. Memory: some 30 bytes a triple, to know the ones made.
func (g PowerLaw) NTriples(w io.Writer) error {
	g = g.defaults()
	random := rand.New(rand.NewPCG(g.Seed, 0x9e3779b97f4a7c15))
	entities := newZipf(random, g.Entities, 0.75)
	relations := newZipf(random, g.Relations, 1)
	kinds := newZipf(random, classes, 1)
	seen := make(map[[2]uint64]struct{}, g.Triples)
	out := bufio.NewWriterSize(w, 64<<10)
	var line []byte
	for len(seen) < g.Triples {
		// Subjects are uniform over entities, so that each has about Triples/Entities triples; objects are not.
		s := random.IntN(g.Entities)
		draw := random.Float64()
		var p, o int
		switch {
		case draw < g.Types:
			p, o = 0, kinds.draw()
		case draw < g.Types+g.Literals:
			p, o = 1+g.Relations+relations.draw(), random.IntN(literals)
		default:
			p, o = 1+relations.draw(), entities.draw()
		}
		key := [2]uint64{uint64(s), uint64(p)<<40 | uint64(o)}
		if _, again := seen[key]; again {
			continue
		}
		seen[key] = struct{}{}
		line = g.appendLine(line[:0], s, p, o)
		if _, err := out.Write(line); err != nil {
			return fmt.Errorf("generate: %w", err)
		}
	}
	return out.Flush()
}

// appendLine writes a triple by its numbers: relation 0 is rdf:type, then come those between entities, then those
// to literals.
func (g PowerLaw) appendLine(b []byte, s, p, o int) []byte {
	b = append(g.appendIRI(b, "entity/", s), ' ')
	switch {
	case p == 0:
		b = append(b, "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "...)
		b = g.appendIRI(b, "class/", o)
	case p <= g.Relations:
		b = append(g.appendIRI(b, "relation/", p-1), ' ')
		b = g.appendIRI(b, "entity/", o)
	default:
		p -= 1 + g.Relations
		b = append(g.appendIRI(b, "property/", p), ' ')
		b = appendLiteral(b, p, o)
	}
	return append(b, " .\n"...)
}

func (g PowerLaw) appendIRI(b []byte, kind string, n int) []byte {
	b = append(append(append(b, '<'), g.Namespace...), kind...)
	return append(strconv.AppendInt(b, int64(n), 10), '>')
}

// appendLiteral writes integers, dates and strings by turns of the relation's number.
func appendLiteral(b []byte, p, o int) []byte {
	const xsd = "http://www.w3.org/2001/XMLSchema#"
	switch p % 3 {
	case 0:
		return append(strconv.AppendInt(append(b, '"'), int64(o), 10), "\"^^<"+xsd+"integer>"...)
	case 1:
		return fmt.Appendf(b, "\"%d-%02d-%02d\"^^<"+xsd+"date>", 1800+o/336%225, 1+o/28%12, 1+o%28)
	}
	return append(strconv.AppendInt(append(b, "\"value number "...), int64(o), 10), '"')
}

// zipf draws i in [0, n) with probability proportional to 1/(i+1)^s by inverting the distribution's integral, which
// is exact enough for a benchmark and needs no table.
type zipf struct {
	random *rand.Rand
	n, s   float64
}

func newZipf(random *rand.Rand, n int, s float64) zipf { return zipf{random, float64(n), s} }

func (z zipf) draw() int {
	u := z.random.Float64()
	var x float64
	if z.s == 1 {
		x = math.Exp(u * math.Log(z.n+1))
	} else {
		e := 1 - z.s
		x = math.Pow(u*(math.Pow(z.n+1, e)-1)+1, 1/e)
	}
	return min(int(x)-1, int(z.n)-1)
}

// Links calls visit with Triples links between entities: subject, relation and object by number, subjects uniform and
// the rest by the power law. Repeats come as they are drawn.
func (g PowerLaw) Links(visit func(s, p, o int)) {
	g = g.defaults()
	random := rand.New(rand.NewPCG(g.Seed, 0x6c696e6b73))
	entities := newZipf(random, g.Entities, 0.75)
	relations := newZipf(random, g.Relations, 1)
	for range g.Triples {
		visit(random.IntN(g.Entities), relations.draw(), entities.draw())
	}
}
