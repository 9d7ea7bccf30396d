package exec_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/inklingdb/inkling/query/exec"
	"github.com/inklingdb/inkling/query/manifest"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store/rdf"
)

// FuzzRun runs whatever parses over a small graph: no query may panic or outlive its limits.
func FuzzRun(f *testing.F) {
	for _, pattern := range []string{"sparql10/*/*.rq", "sparql11/*/*.rq"} {
		files, err := filepath.Glob(filepath.Join(manifest.Root, pattern))
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text))
		}
	}
	f.Add("SELECT (GROUP_CONCAT(DISTINCT ?o; separator=',') AS ?g) { ?s (:p|^:q)* ?o GRAPH ?g2 { ?s ?p ?o MINUS { ?o ?p ?s } } } GROUP BY ?s HAVING(COUNT(*) > 1)")
	iri := func(s string) rdf.Term { return rdf.NewIRI(ns + s) }
	s, err := memoryStore([]rdf.Quad{
		{S: iri("a"), P: iri("p"), O: iri("b")}, {S: iri("b"), P: iri("q"), O: iri("a")},
		{S: iri("a"), P: iri("p"), O: rdf.NewString("x")}, {S: iri("b"), P: iri("p"), O: rdf.NewTyped("1.50", rdf.XSDDecimal)},
		{S: iri("a"), P: iri("q"), O: rdf.NewLang("y", "en"), G: iri("g")}, {S: rdf.NewBlank("z"), P: iri("p"), O: iri("b"), G: iri("g")},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	f.Fuzz(func(t *testing.T, text string) {
		q, err := sparql.Parse(text, sparql.Options{Prefixes: map[string]string{"": ns}})
		if err != nil {
			return
		}
		v, err := s.View()
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		limits := exec.Limits{Time: time.Second, Rows: 10_000, MemoryBytes: 16 << 20}
		r, err := exec.Run(context.Background(), exec.FromView(v), q, exec.Options{Limits: limits, Seed: 1})
		if err != nil {
			return
		}
		defer r.Close()
		if r.Form() == sparql.Select {
			_, _ = rows(r) // errors are answers too
		}
		if r.Form() == sparql.Construct || r.Form() == sparql.Describe {
			for range r.Quads() {
			}
		}
		_ = r.Explain()
	})
}
