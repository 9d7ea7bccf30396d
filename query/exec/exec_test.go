package exec_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/inklingdb/inkling/query/exec"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// newStore returns an in-memory store that holds quads, closed at the end of the test.
func newStore(t testing.TB, quads []rdf.Quad) *store.Store {
	t.Helper()
	s, err := memoryStore(quads)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func memoryStore(quads []rdf.Quad) (*store.Store, error) {
	s, err := store.Open("", store.Options{})
	if err != nil || len(quads) == 0 {
		return s, err
	}
	_, err = s.Write(context.Background(), store.Batch{Add: quads})
	return s, err
}

// ask runs a query over the latest version of s and hands the result to read.
func ask(t testing.TB, s *store.Store, text string, opt exec.Options, read func(*exec.Result) error) error {
	t.Helper()
	v, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	q, err := sparql.Parse(text, sparql.Options{Base: opt.Base, Prefixes: map[string]string{
		"": "http://inkling.example/", "ink": exec.Ink, "xsd": rdf.XSD, "rdf": rdf.RDF}})
	if err != nil {
		return err
	}
	r, err := exec.Run(context.Background(), exec.FromView(v), q, opt)
	if err != nil {
		return err
	}
	defer r.Close()
	return read(r)
}

// rows returns all solutions.
func rows(r *exec.Result) (out [][]rdf.Term, err error) {
	for row, err := range r.Rows() {
		if err != nil {
			return nil, err
		}
		out = append(out, append([]rdf.Term(nil), row...))
	}
	return out, nil
}

// TestTimeLimit checks that a query stops soon after its limit and says which limit it was.
func TestTimeLimit(t *testing.T) {
	var quads []rdf.Quad
	for i := range 200 {
		for j := range 10 {
			quads = append(quads, rdf.Quad{S: rdf.NewIRI(fmt.Sprint(ns, i)), P: rdf.NewIRI(ns + "p"), O: rdf.NewIRI(fmt.Sprint(ns, (i+j)%200))})
		}
	}
	s := newStore(t, quads)
	for _, text := range []string{
		"SELECT (COUNT(*) AS ?n) { ?a :p ?b . ?c :p ?d . ?e :p ?f . ?g :p ?h }",
		"SELECT * { ?a (:p|^:p)+ ?b . ?c (:p/:p)+ ?d . ?e :p+ ?f . ?g :p+ ?h } ORDER BY ?a",
		"ASK { ?a :p ?b . ?c :p ?d . ?e :p ?f FILTER(?a = ?b && ?b = ?c && ?c = ?d && ?e = :none) }",
	} {
		err := ask(t, s, text, exec.Options{Limits: exec.Limits{Time: 20 * time.Millisecond}}, func(r *exec.Result) error {
			_, err := rows(r)
			return err
		})
		if !errors.Is(err, exec.ErrLimit) || !strings.Contains(err.Error(), "Limits.Time") {
			t.Errorf("%s: %v", text, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	v, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	q, err := sparql.Parse("ASK { ?s ?p ?o }", sparql.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.Run(ctx, exec.FromView(v), q, exec.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled query: %v", err)
	}
}

// TestExplainMeasures checks that an explained query tells what its operators did.
func TestExplainMeasures(t *testing.T) {
	s := newStore(t, []rdf.Quad{
		{S: rdf.NewIRI(ns + "a"), P: rdf.NewIRI(ns + "p"), O: rdf.NewIRI(ns + "b")},
		{S: rdf.NewIRI(ns + "b"), P: rdf.NewIRI(ns + "p"), O: rdf.NewIRI(ns + "c")},
	})
	err := ask(t, s, "SELECT * { ?x :p ?y OPTIONAL { ?y :p ?z } }", exec.Options{Explain: true}, func(r *exec.Result) error {
		if _, err := rows(r); err != nil {
			return err
		}
		text := r.Explain()
		for _, want := range []string{"optional, per row", "scan ?x :p ?y", "rows 2", "time"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestMemoryLimitOfTexts checks that a text still being put together counts as memory held.
func TestMemoryLimitOfTexts(t *testing.T) {
	var quads []rdf.Quad
	for i := range 300 {
		quads = append(quads, rdf.Quad{S: rdf.NewIRI(fmt.Sprint(ns, i)), P: rdf.NewIRI(ns + "p"), O: rdf.NewIRI(ns + "o")})
	}
	s := newStore(t, quads)
	limits := exec.Limits{Time: 10 * time.Second, MemoryBytes: 1 << 20}
	err := ask(t, s, "SELECT (GROUP_CONCAT(?a) AS ?text) { ?a :p ?b . ?c :p ?d . ?e :p ?f . ?g :p ?h }", exec.Options{Limits: limits}, func(r *exec.Result) error {
		_, err := rows(r)
		return err
	})
	if !errors.Is(err, exec.ErrLimit) || !strings.Contains(err.Error(), "Limits.MemoryBytes") {
		t.Error(err)
	}
}
