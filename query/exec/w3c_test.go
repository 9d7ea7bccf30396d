package exec_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/query/exec"
	"github.com/inklingdb/inkling/query/manifest"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/store/rdf/isomorphic"
)

// TestW3C runs the evaluation tests of SPARQL 1.0 and 1.1, query and update. Left out: tests of an entailment regime,
// which a store without inference does not claim; tests of federated queries, since Inkling never calls out; and those
// of the HTTP protocols, which package server answers.
func TestW3C(t *testing.T) {
	if !manifest.Dir(manifest.Root) {
		t.Skip("the W3C tests are not beside the repository: ", manifest.Root)
	}
	tests, err := manifest.ReadAll(manifest.Root)
	if err != nil {
		t.Fatal(err)
	}
	var outcomes []manifest.Outcome
	for _, test := range tests {
		var run func(*testing.T, manifest.Test) error
		switch test.Kind {
		case "QueryEvaluationTest", "CSVResultFormatTest":
			run = runQuery
		case "UpdateEvaluationTest":
			run = runUpdate
		default:
			continue
		}
		if test.Regime || strings.HasSuffix(test.Suite, "/entailment") || len(test.Services) > 0 {
			continue
		}
		version, _, _ := strings.Cut(test.Suite, "/")
		kind := "query"
		if test.IsUpdate() {
			kind = "update"
		}
		outcomes = append(outcomes, manifest.Outcome{Category: version + " " + kind + " evaluation", ID: test.ID(), Err: run(t, test)})
	}
	if len(outcomes) < 400 {
		t.Fatalf("only %d tests found", len(outcomes))
	}
	manifest.Judge(t, outcomes, "testdata/w3c-known-failures.txt")
}

// read returns the quads of a file, its blank nodes named under prefix.
func read(f manifest.File, graph, prefix string) ([]rdf.Quad, error) {
	r, err := rdf.OpenFile(f.Path, nil, rdf.Options{Base: f.IRI, BlankPrefix: prefix})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var out []rdf.Quad
	buf := make([]rdf.Quad, 64)
	for {
		n, err := r.Read(buf)
		if n == 0 {
			if err.Error() == "EOF" {
				return out, nil
			}
			return nil, err
		}
		for _, q := range buf[:n] {
			if graph != "" {
				q.G = rdf.NewIRI(graph)
			}
			out = append(out, q)
		}
	}
}

func dataset(d manifest.Dataset) ([]rdf.Quad, error) {
	var out []rdf.Quad
	for i, f := range d.Default {
		quads, err := read(f, "", fmt.Sprintf("d%d-", i))
		if err != nil {
			return nil, err
		}
		out = append(out, quads...)
	}
	for i, g := range d.Named {
		quads, err := read(g.File, g.Name, fmt.Sprintf("g%d-", i))
		if err != nil {
			return nil, err
		}
		out = append(out, quads...)
	}
	return out, nil
}

// fromClauses loads the documents that FROM and FROM NAMED name, as the suite expects when it gives no data.
func fromClauses(q *sparql.Query, test manifest.Test) ([]rdf.Quad, error) {
	var out []rdf.Quad
	if len(test.Data.Default)+len(test.Data.Named) > 0 {
		return nil, nil
	}
	for i, c := range q.Dataset {
		file := manifest.File{IRI: c.IRI, Path: test.Request.Path[:strings.LastIndexByte(test.Request.Path, '/')+1] + c.IRI[strings.LastIndexByte(c.IRI, '/')+1:]}
		quads, err := read(file, c.IRI, fmt.Sprintf("f%d-", i))
		if err != nil {
			return nil, err
		}
		out = append(out, quads...)
	}
	return out, nil
}

func runQuery(t *testing.T, test manifest.Test) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	text, err := os.ReadFile(test.Request.Path)
	if err != nil {
		return err
	}
	q, err := sparql.Parse(string(text), sparql.Options{Base: test.Request.IRI})
	if err != nil {
		return err
	}
	quads, err := dataset(test.Data)
	if err != nil {
		return err
	}
	more, err := fromClauses(q, test)
	if err != nil {
		return err
	}
	v, err := newStore(t, append(quads, more...)).View()
	if err != nil {
		return err
	}
	defer v.Close()
	r, err := exec.Run(context.Background(), exec.FromView(v), q, exec.Options{Base: test.Request.IRI})
	if err != nil {
		return err
	}
	defer r.Close()
	switch r.Form() {
	case sparql.Construct, sparql.Describe:
		return sameGraph(r, test)
	}
	return sameRows(r, q, test)
}

func sameGraph(r *exec.Result, test manifest.Test) error {
	var got []rdf.Quad
	for quad, err := range r.Quads() {
		if err != nil {
			return err
		}
		got = append(got, quad)
	}
	want, err := read(test.Result, "", "")
	if err != nil {
		return err
	}
	if !isomorphic.Quads(got, want) {
		return fmt.Errorf("graphs differ:\n got %v\nwant %v", got, want)
	}
	return nil
}

func sameRows(r *exec.Result, q *sparql.Query, test manifest.Test) error {
	want, err := readResults(test.Result)
	if err != nil {
		return err
	}
	if q.Form == sparql.Ask {
		if r.Bool() != want.truth {
			return fmt.Errorf("answered %t", r.Bool())
		}
		return nil
	}
	got, err := rows(r)
	if err != nil {
		return err
	}
	a, b := normal(got, r.Vars(), want, want.vars), normal(want.rows, want.vars, want, want.vars)
	if test.Lax {
		a, b = distinctRows(a), distinctRows(b)
	}
	if !isomorphic.Rows(a, b) {
		return fmt.Errorf("rows differ:\n got %v\nwant %v", a, b)
	}
	if len(q.OrderBy) > 0 && !want.unordered && !slices.EqualFunc(a, b, sameOrder) {
		return fmt.Errorf("order differs:\n got %v\nwant %v", a, b)
	}
	return nil
}

// sameOrder compares rows up to blank nodes.
func sameOrder(a, b []rdf.Term) bool {
	return slices.EqualFunc(a, b, func(x, y rdf.Term) bool { return x == y || x.Kind == rdf.Blank && y.Kind == rdf.Blank })
}

func runUpdate(t *testing.T, test manifest.Test) error {
	text, err := os.ReadFile(test.Request.Path)
	if err != nil {
		return err
	}
	request, err := sparql.ParseUpdate(string(text), sparql.Options{Base: test.Request.IRI})
	if err != nil {
		return err
	}
	before, err := dataset(test.Data)
	if err != nil {
		return err
	}
	s := newStore(t, before)
	load := func(context.Context, exec.Document, func(rdf.Quad) error) error {
		return errors.New("no such document")
	}
	_, err = s.Update(context.Background(), "test", func(tx *store.Tx) error {
		return exec.Update(context.Background(), exec.FromTx(tx), request, exec.Options{Load: load, Base: test.Request.IRI})
	})
	if err != nil {
		return err
	}
	want, err := dataset(test.After)
	if err != nil {
		return err
	}
	got, err := everything(s)
	if err != nil {
		return err
	}
	if !isomorphic.Quads(got, want) {
		return fmt.Errorf("stores differ:\n got %v\nwant %v", got, want)
	}
	return nil
}

// everything returns all quads of a store.
func everything(s *store.Store) ([]rdf.Quad, error) {
	v, err := s.View()
	if err != nil {
		return nil, err
	}
	defer v.Close()
	var out []rdf.Quad
	buf := make([]store.Triple, 256)
	for _, g := range append(v.Graphs(), 0) {
		c, err := v.Scan(g, store.Pattern{}, store.Any)
		if err != nil {
			return nil, err
		}
		for {
			n, err := c.Next(buf)
			if err != nil {
				return nil, err
			}
			if n == 0 {
				break
			}
			for _, t := range buf[:n] {
				var terms [4]rdf.Term
				if err := v.Terms([]store.TermID{g, t.S, t.P, t.O}, terms[:]); err != nil {
					return nil, err
				}
				out = append(out, rdf.Quad{S: terms[1], P: terms[2], O: terms[3], G: terms[0]})
			}
		}
		c.Close()
	}
	return out, nil
}
