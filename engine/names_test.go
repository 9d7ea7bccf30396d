package engine

import (
	"context"
	"testing"

	"pgregory.net/rapid"

	"github.com/inklingdb/inkling/store/rdf"
)

// TestNamesLeadBack names every kind of node and looks the name up again.
func TestNamesLeadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		db, err := Open("", Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		plain := rapid.StringMatching(`[a-zA-Z/:#<_. %é"-]{1,12}|rdf:[a-z]+|ink:[a-z]+|_:b|<x>|urn:x:y`)
		var nodes []rdf.Term
		for _, name := range rapid.SliceOfN(plain, 1, 8).Draw(t, "names") {
			nodes = append(nodes, rdf.NewIRI(rdf.NameIRI(rdf.DefaultBase, name)))
		}
		nodes = append(nodes, rdf.NewBlank("b"), rdf.NewIRI(rdf.RDFType), rdf.NewIRI("http://elsewhere.example/x"),
			rdf.NewIRI("made-up:thing"), rdf.NewIRI(rdf.DefaultBase),
			rdf.NewIRI(rdf.RDF+"first"), rdf.NewIRI(rdf.NameIRI(rdf.DefaultBase, "rdf:first")))
		var quads []rdf.Quad
		for _, n := range nodes {
			quads = append(quads, rdf.Quad{S: n, P: rdf.NewIRI("urn:x:p"), O: n})
		}
		if _, err := db.Apply(context.Background(), quads, nil, "test"); err != nil {
			t.Fatal(err)
		}
		s, err := db.snapshot()
		if err != nil {
			t.Fatal(err)
		}
		defer s.close()
		for _, n := range nodes {
			id, known, err := s.view.ID(n)
			if err != nil || !known {
				t.Fatalf("%v is not stored: %v", n, err)
			}
			name, err := s.names.Name(id)
			if err != nil {
				t.Fatal(err)
			}
			if back, known, err := s.names.ID(name); back != id || !known || err != nil {
				t.Errorf("%v is called %q, which leads to %v (%v, %v)", n, name, back, known, err)
			}
		}
	})
}
