// Package generate makes graphs for benchmarks and tests: same seed, same bytes. It does not write files.
package generate

import (
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/inklingdb/inkling/store/rdf"
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
		g.Namespace = rdf.DefaultBase
	}
	return g
}

// classes is the number of types, literals the number of different values a relation's literals take.
const (
	classes  = 200
	literals = 100_000
)

// Quads calls yield with batches of at most 1,000 quads of the default graph, valid during the call, until all are
// made or yield returns an error, which is returned. No triple comes twice: a draw that repeats one is made again.
// Memory: 16 bytes or so a triple, to know the ones made.
func (g PowerLaw) Quads(yield func([]rdf.Quad) error) error {
	g = g.defaults()
	random := rand.New(rand.NewPCG(g.Seed, 0x9e3779b97f4a7c15))
	entities := newZipf(random, g.Entities, 0.75)
	relations := newZipf(random, g.Relations, 1)
	kinds := newZipf(random, classes, 1)
	names := g.terms()
	seen := make(map[[2]uint64]struct{}, g.Triples)
	batch := make([]rdf.Quad, 0, 1000)
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
		batch = append(batch, rdf.Quad{S: names.entity(s), P: names.relations[p], O: names.object(p, o)})
		if len(batch) == cap(batch) || len(seen) == g.Triples {
			if err := yield(batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	return nil
}

// terms makes a graph's terms from numbers.
type terms struct {
	namespace string
	relations []rdf.Term // rdf:type, then the relations between entities, then those to literals
	count     int        // of relations between entities
	scratch   []byte
}

func (g PowerLaw) terms() *terms {
	t := &terms{namespace: g.Namespace, count: g.Relations, relations: []rdf.Term{rdf.NewIRI(rdf.RDFType)}}
	for i := range g.Relations {
		t.relations = append(t.relations, rdf.NewIRI(g.Namespace+"relation/"+strconv.Itoa(i)))
	}
	for i := range g.Relations {
		t.relations = append(t.relations, rdf.NewIRI(g.Namespace+"property/"+strconv.Itoa(i)))
	}
	return t
}

func (t *terms) entity(n int) rdf.Term { return t.numbered("entity/", n) }

func (t *terms) numbered(kind string, n int) rdf.Term {
	t.scratch = strconv.AppendInt(append(append(t.scratch[:0], t.namespace...), kind...), int64(n), 10)
	return rdf.NewIRI(string(t.scratch))
}

// object returns the object that a relation's draw stands for: classes, integers, dates and strings by turns of
// the relation's number.
func (t *terms) object(p, o int) rdf.Term {
	switch {
	case p == 0:
		return t.numbered("class/", o)
	case p <= t.count:
		return t.entity(o)
	}
	switch p % 3 {
	case 0:
		return rdf.NewTyped(strconv.Itoa(o), rdf.XSDInteger)
	case 1:
		date := strconv.Itoa(1800+o/336%225) + "-" + strconv.Itoa(101 + o/28%12)[1:] + "-" + strconv.Itoa(101 + o%28)[1:]
		return rdf.NewTyped(date, rdf.XSDDate)
	}
	return rdf.NewString("value number " + strconv.Itoa(o))
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
