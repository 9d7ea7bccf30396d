package exec_test

import (
	"context"
	"testing"

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
