package maintain

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// world is a store that holds the training triples of a data set and a model trained on them.
type world struct {
	t          testing.TB
	store      *store.Store
	data       train.Data
	checkpoint string
	seeds      uint64 // given out
}

const testBase = "http://example.org/"

func entityTerm(row uint32) rdf.Term {
	return rdf.Term{Kind: rdf.IRI, Value: fmt.Sprint(testBase, "e", row)}
}
func relationTerm(row uint32) rdf.Term {
	return rdf.Term{Kind: rdf.IRI, Value: fmt.Sprint(testBase, "r", row)}
}

func quadOf(t model.Triple) rdf.Quad {
	return rdf.Quad{S: entityTerm(t.H), P: relationTerm(t.R), O: entityTerm(t.T)}
}

// newWorld stores d.Train and makes a checkpoint of e, a model trained on d, at the store's version.
func newWorld(t testing.TB, d train.Data, trained *model.Embedding) *world {
	t.Helper()
	w := &world{t: t, data: d, checkpoint: filepath.Join(t.TempDir(), "model")}
	var err error
	if w.store, err = store.Open("", store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.store.Close() })
	w.write(nil, d.Train)
	w.renumber()
	e := *trained
	e.Vocabulary = w.data.Vocabulary
	e.Metadata.Name, e.Metadata.DataVersion = "test", w.version()
	if err := e.Save(w.checkpoint); err != nil {
		t.Fatal(err)
	}
	return w
}

// numbered returns n distinct term identifiers after the first skip.
func numbered(skip, n int) []store.TermID {
	ids := make([]store.TermID, n)
	for i := range ids {
		ids[i] = store.TermID(skip + i + 1)
	}
	return ids
}

// renumber gives the data's rows the store's terms.
func (w *world) renumber() {
	w.t.Helper()
	v, err := w.store.View()
	if err != nil {
		w.t.Fatal(err)
	}
	defer v.Close()
	terms := func(n int, term func(uint32) rdf.Term) []store.TermID {
		ids := make([]store.TermID, n)
		for i := range ids {
			id, ok, err := v.ID(term(uint32(i)))
			if err != nil || !ok {
				id = store.TermID(1<<56) + 1<<31 + store.TermID(i) // a term that no triple holds
			}
			ids[i] = id
		}
		return ids
	}
	old := w.data.Vocabulary
	w.data.Vocabulary, err = model.NewVocabulary(terms(old.Entities(), entityTerm), terms(old.Relations(), relationTerm))
	if err != nil {
		w.t.Fatal(err)
	}
}

// write commits removals and additions, by rows.
func (w *world) write(remove, add []model.Triple) store.Commit {
	w.t.Helper()
	var b store.Batch
	for _, t := range remove {
		b.Remove = append(b.Remove, quadOf(t))
	}
	for _, t := range add {
		b.Add = append(b.Add, quadOf(t))
	}
	c, err := w.store.Write(context.Background(), b)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) version() store.Version {
	v, err := w.store.View()
	if err != nil {
		w.t.Fatal(err)
	}
	defer v.Close()
	return v.Version()
}

// follow opens the checkpoint's follower.
func (w *world) follow(o Options) *Follower {
	w.t.Helper()
	f, err := Open(context.Background(), w.checkpoint, FromStore(w.store, 0), o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { f.Close() })
	return f
}

func (w *world) apply(f *Follower, c store.Commit) {
	w.t.Helper()
	if err := f.Apply(context.Background(), c); err != nil {
		w.t.Fatal(err)
	}
}

// bytes returns the bytes of a follower's published checkpoint.
func (w *world) bytes(f *Follower) []byte {
	w.t.Helper()
	var b bytes.Buffer
	if _, err := f.Embedding().WriteTo(&b); err != nil {
		w.t.Fatal(err)
	}
	return b.Bytes()
}

// copyOf returns a world over the same store whose checkpoint is a copy of this one's first.
func (w *world) copyOf() *world {
	w.t.Helper()
	c := *w
	c.checkpoint = filepath.Join(w.t.TempDir(), "model")
	content, err := os.ReadFile(w.checkpoint)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(c.checkpoint, content, 0o600); err != nil {
		w.t.Fatal(err)
	}
	return &c
}

// mrr ranks triples by a model, filtered by the whole data.
func (w *world) mrr(e *model.Embedding, triples []model.Triple) float64 {
	w.t.Helper()
	known := eval.NewKnown(w.data.Train, w.data.Valid, w.data.Test)
	r, err := eval.Rank(context.Background(), e, e.Vocabulary.Entities(), triples, known, eval.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	return r.MRR
}

// shared returns the path of a benchmark data set, or skips the test.
func shared(t testing.TB, name string) string {
	path := filepath.Join("..", "..", "..", "shared", "data", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no data set %s beside the repository", name)
	}
	return path
}
