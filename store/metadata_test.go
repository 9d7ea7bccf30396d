package store

import (
	"context"
	"errors"
	"testing"

	"github.com/inklingdb/inkling/store/rdf"
)

// An import's metadata is settled with the terms and triples of the commit at hand, and comes with them or not at all, in
// an ordinary commit and in a bulk one, also when other commits took numbers meanwhile.
func TestImportMetadata(t *testing.T) {
	ctx := context.Background()
	for name, limit := range map[string]int{"ordinary": 1000, "bulk": 1} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := mustOpen(t, dir, Options{})
			var id TermID
			refuse := errors.New("refused")
			bring := func(quads []rdf.Quad, verdict error) (Commit, error) {
				imp, err := s.NewImport(ctx, ImportOptions{CommitLimit: limit, Metadata: func(_ context.Context, after *View) (map[string][]byte, error) {
					var known bool
					var err error
					if id, known, err = after.ID(quads[0].S); err != nil || !known {
						t.Errorf("%v is unknown: %v", quads[0].S, err)
					}
					if term, err := after.Term(id); err != nil || term != quads[0].S {
						t.Errorf("%v %v", term, err)
					}
					for _, q := range quads {
						p, _, _ := after.ID(q.P)
						o, _, _ := after.ID(q.O)
						subject, _, _ := after.ID(q.S)
						if has, err := after.Has(0, Triple{subject, p, o}); err != nil || !has {
							t.Errorf("%v is not there: %v", q, err)
						}
					}
					if after.Version() != s.Stats().Version+1 || after.Index("any") != nil {
						t.Errorf("version %d after %d", after.Version(), s.Stats().Version)
					}
					return map[string][]byte{"name": []byte(quads[0].S.Value), "gone": nil}, verdict
				}})
				if err != nil {
					t.Fatal(err)
				}
				defer imp.Abort()
				if err := imp.Add(ctx, quads); err != nil {
					t.Fatal(err)
				}
				if _, err := s.Update(ctx, "between", func(tx *Tx) error {
					return errors.Join(tx.AddQuad(spo("x"+quads[0].S.Value, "y", "z")), tx.SetMeta("gone", []byte("1")))
				}); err != nil {
					t.Fatal(err)
				}
				c, _, err := imp.Commit(ctx)
				return c, err
			}
			if _, err := bring(manyQuads(1, 30), refuse); !errors.Is(err, refuse) || s.Stats().Triples != 1 {
				t.Fatalf("%v, %d triples", err, s.Stats().Triples)
			}
			quads := manyQuads(2, 40)
			c, err := bring(quads, nil)
			if err != nil || c.Bulk != (limit == 1) {
				t.Fatalf("%+v %v", c, err)
			}
			for range 2 {
				v, err := s.View()
				if err != nil {
					t.Fatal(err)
				}
				now, known, err := v.ID(quads[0].S)
				if string(v.Meta("name")) != quads[0].S.Value || v.Meta("gone") != nil || !known || now != id || err != nil || v.Version() != c.Version {
					t.Errorf("%q %q: %x was %x, version %d %v", v.Meta("name"), v.Meta("gone"), now, id, v.Version(), err)
				}
				v.Close()
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				s = mustOpen(t, dir, Options{})
			}
		})
	}
}

// Changed tells commits of triples from those of metadata alone, and survives folding and reopening as a version no earlier.
func TestChangedVersion(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	s := mustOpen(t, dir, Options{FoldFraction: -1})
	expect := func(what string, want Version) {
		t.Helper()
		v, err := s.View()
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		if v.Changed() != want {
			t.Errorf("%s: %d at version %d, want %d", what, v.Changed(), v.Version(), want)
		}
	}
	meta := func() {
		t.Helper()
		if _, err := s.Update(ctx, "meta", func(tx *Tx) error { return tx.SetMeta("a", []byte("b")) }); err != nil {
			t.Fatal(err)
		}
	}
	write := func(b Batch) {
		t.Helper()
		if _, err := s.Write(ctx, b); err != nil {
			t.Fatal(err)
		}
	}
	expect("empty", 0)
	meta()
	expect("metadata", 0)
	write(Batch{Add: []rdf.Quad{spo("a", "b", "c")}})
	expect("a triple", 2)
	meta()
	write(Batch{Add: []rdf.Quad{spo("a", "b", "c")}})
	expect("metadata, and a triple that was there", 2)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, dir, Options{FoldFraction: -1})
	expect("reopened", 2)
	write(Batch{Remove: []rdf.Quad{spo("a", "b", "c")}})
	expect("removed", 4)
	_, _, err := s.Import(ctx, ImportOptions{CommitLimit: 1}, func(add func([]rdf.Quad) error) error { return add(manyQuads(3, 10)) })
	if err != nil {
		t.Fatal(err)
	}
	expect("a bulk import", 5)
	meta()
	expect("metadata", 5)
	if err := s.Fold(ctx); err != nil {
		t.Fatal(err)
	}
	expect("folded", 5)
}
