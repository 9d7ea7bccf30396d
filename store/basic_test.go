package store

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/inklingdb/inkling/store/rdf"
)

func iri(s string) rdf.Term { return rdf.NewIRI("http://x/" + s) }

func spo(s, p, o string) rdf.Quad { return rdf.Quad{S: iri(s), P: iri(p), O: iri(o)} }

// tester is what *testing.T and *rapid.T share.
type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// scanAll returns the matches of a pattern.
func scanAll(t tester, v *View, g TermID, p Pattern, o Order) []Triple {
	t.Helper()
	c, err := v.Scan(g, p, o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var all []Triple
	buffer := make([]Triple, 7)
	for {
		n, err := c.Next(buffer)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return all
		}
		all = append(all, buffer[:n]...)
	}
}

func TestWriteAndRead(t *testing.T) {
	for _, dir := range []string{"", t.TempDir()} {
		ctx := context.Background()
		s, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Write(ctx, Batch{Source: "test", Add: []rdf.Quad{spo("a", "b", "c"), spo("a", "b", "c"),
			{S: iri("a"), P: iri("age"), O: rdf.NewTyped("7", rdf.XSDInteger), G: iri("g")}}})
		if err != nil || c.Version != 1 || len(c.Changes) != 2 {
			t.Fatalf("commit %+v, %v", c, err)
		}
		if dir != "" {
			if _, err := Open(dir, Options{}); !errors.Is(err, ErrLocked) {
				t.Fatalf("second open: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if s, err = Open(dir, Options{}); err != nil {
				t.Fatal(err)
			}
		}
		v, err := s.View()
		if err != nil {
			t.Fatal(err)
		}
		a, ok, err := v.ID(iri("a"))
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		if got := scanAll(t, v, 0, Pattern{S: a}, Any); len(got) != 1 {
			t.Fatalf("got %v", got)
		}
		graphs := v.Graphs()
		if len(graphs) != 1 {
			t.Fatalf("graphs %v", graphs)
		}
		got := scanAll(t, v, graphs[0], Pattern{}, OSP)
		if term, err := v.Term(got[0].O); err != nil || term != rdf.NewTyped("7", rdf.XSDInteger) {
			t.Fatal(term, err)
		}
		_, err = s.Update(ctx, "u", func(tx *Tx) error {
			if err := tx.RemoveQuad(spo("a", "b", "c")); err != nil {
				return err
			}
			if n, exact := tx.View().Count(0, Pattern{}); n != 0 || !exact {
				return fmt.Errorf("count %d", n)
			}
			return tx.AddQuad(spo("n", "b", "c"))
		})
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := v.Count(0, Pattern{S: a}); n != 1 {
			t.Fatal("snapshot moved")
		}
		v.Close()
		if err := s.Fold(ctx); err != nil {
			t.Fatal(err)
		}
		v, _ = s.View()
		if n, _ := v.Count(0, Pattern{}); n != 1 || v.Version() != 2 {
			t.Fatal(n, v.Version())
		}
		v.Close()
		n := 0
		if err := s.Changes(ctx, 0, func(c Commit) error { n += len(c.Changes); return nil }); err != nil || n != 4 {
			t.Fatal(n, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestUpdateEndings covers transactions that intern only, that panic, and that are given up while they wait.
func TestUpdateEndings(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	var id TermID
	var outside *Tx
	c, err := s.Update(ctx, "intern", func(tx *Tx) (err error) {
		outside = tx
		id, err = tx.Intern(iri("alone"))
		return err
	})
	if err != nil || c.Version != 0 {
		t.Fatal(c, err)
	}
	if err := outside.Add(0, Triple{id, id, id}); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_, _ = s.Update(ctx, "panic", func(tx *Tx) error {
			if err := tx.Add(0, Triple{id, id, id}); err != nil {
				t.Error(err)
			}
			panic("on purpose")
		})
	}()
	short, cancel := context.WithCancel(ctx)
	_, err = s.Update(ctx, "long", func(tx *Tx) error {
		cancel()
		if _, err := s.Update(short, "waits", func(*Tx) error { return errors.New("ran") }); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, dir, Options{})
	v, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if got, ok, err := v.ID(iri("alone")); got != id || !ok || err != nil {
		t.Error(got, ok, err)
	}
	if n, _ := v.Count(0, Pattern{}); n != 0 || v.Version() != 0 {
		t.Error(n, v.Version())
	}
}
