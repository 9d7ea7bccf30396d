package exec_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/inklingdb/inkling/index"
	"github.com/inklingdb/inkling/query/exec"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// benchmarkGraph has 30,000 people: a class of 20, an age, about five acquaintances with a power law, a parent (so
// that :parent forms trees).
func benchmarkGraph(b *testing.B) *store.Store {
	r := rand.New(rand.NewPCG(1, 2))
	iri := func(s string, n int) rdf.Term { return rdf.NewIRI(fmt.Sprintf("%s%s%d", ns, s, n)) }
	p := func(s string) rdf.Term { return rdf.NewIRI(ns + s) }
	const people = 30_000
	var quads []rdf.Quad
	for i := range people {
		me := iri("n", i)
		quads = append(quads,
			rdf.Quad{S: me, P: p("class"), O: iri("c", r.IntN(20))},
			rdf.Quad{S: me, P: p("age"), O: rdf.NewTyped(fmt.Sprint(r.IntN(90)), rdf.XSDInteger)},
			rdf.Quad{S: me, P: p("parent"), O: iri("n", i/2)})
		for range 5 {
			f := r.Float64()
			quads = append(quads, rdf.Quad{S: me, P: p("knows"), O: iri("n", int(f*f*f*people))})
		}
	}
	s, err := store.Open("", store.Options{Indexes: index.All()})
	if err != nil {
		b.Fatal(err)
	}
	read := func(add func([]rdf.Quad) error) error { return add(quads) }
	if _, _, err := s.Import(context.Background(), store.ImportOptions{}, read); err != nil {
		b.Fatal(err)
	}
	return s
}

// BenchmarkQueries reports rows of the answer, or of the largest join below a COUNT, per second.
func BenchmarkQueries(b *testing.B) {
	s := benchmarkGraph(b)
	defer s.Close()
	for _, c := range []struct{ name, text string }{
		{"scan", "SELECT ?s ?o { ?s :knows ?o }"},
		{"star", "SELECT ?x ?a ?y { ?x :class :c3 ; :age ?a ; :knows ?y }"},
		{"star-filter", "SELECT ?x ?a { ?x :class :c3 ; :age ?a FILTER(?a > 30 && ?a < 40) }"},
		{"chain", "SELECT ?x ?z { ?x :class :c3 . ?x :knows ?y . ?y :knows ?z . ?z :class :c4 }"},
		{"chain-all", "SELECT (COUNT(*) AS ?n) { ?x :knows ?y . ?y :parent ?z }"},
		{"triangle", "SELECT ?x ?y ?z { ?x :knows ?y . ?y :knows ?z . ?z :knows ?x . ?x :class :c3 }"},
		{"optional", "SELECT ?x ?y { ?x :class :c3 OPTIONAL { ?x :knows ?y . ?y :class :c4 } }"},
		{"not-exists", "SELECT ?x { ?x :class :c3 FILTER NOT EXISTS { ?x :knows ?y . ?y :class :c4 } }"},
		{"path-up", "SELECT ?x ?y { ?x :class :c3 . ?x :parent+ ?y }"},
		{"path-reach", "SELECT ?y { :n5 :knows+ ?y }"},
		{"group", "SELECT ?c (AVG(?a) AS ?m) { ?x :class ?c ; :age ?a } GROUP BY ?c"},
		{"top", "SELECT ?x ?a { ?x :age ?a } ORDER BY DESC(?a) ?x LIMIT 10"},
		{"distinct", "SELECT DISTINCT ?y { ?x :knows ?y }"},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkQuery(b, s, c.text) })
	}
}

func benchmarkQuery(b *testing.B, s *store.Store, text string) {
	q, err := sparql.Parse(text, sparql.Options{Prefixes: map[string]string{"": ns}})
	if err != nil {
		b.Fatal(err)
	}
	v, err := s.View()
	if err != nil {
		b.Fatal(err)
	}
	defer v.Close()
	total := 0
	b.ReportAllocs()
	for b.Loop() {
		r, err := exec.Run(context.Background(), exec.FromView(v), q, exec.Options{})
		if err != nil {
			b.Fatal(err)
		}
		for _, err := range r.Rows() {
			if err != nil {
				b.Fatal(err)
			}
			total++
		}
		r.Close()
	}
	b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "rows/s")
}
