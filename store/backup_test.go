package store

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/inklingdb/inkling/store/rdf"
)

func mustOpen(t testing.TB, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// filled returns a store with a base, a delta, named graphs, long terms and meta values.
func filled(t testing.TB, dir string) *Store {
	t.Helper()
	ctx := context.Background()
	s := mustOpen(t, dir, Options{FoldFraction: -1})
	imp, err := s.NewImport(ctx, ImportOptions{CommitLimit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := imp.Add(ctx, powerQuads(1500)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := imp.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	_, err = s.Update(ctx, "filled", func(tx *Tx) error {
		for i, q := range manyQuads(7, 300) {
			if i%2 == 0 {
				q.G = iri("graph")
			}
			if i%5 == 0 {
				q.O = rdf.NewString(string(bytes.Repeat([]byte{'a' + byte(i%7)}, 400)))
			}
			if err := tx.AddQuad(q); err != nil {
				return err
			}
		}
		return tx.SetMeta("base", []byte("http://x/"))
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// contents returns all triples as text.
func contents(t testing.TB, s *Store) map[rdf.Quad]bool {
	t.Helper()
	v, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	all := map[rdf.Quad]bool{}
	for _, g := range append([]TermID{0}, v.Graphs()...) {
		for _, triple := range scanAll(t, v, g, Pattern{}, Any) {
			terms := make([]rdf.Term, 4)
			if err := v.Terms([]TermID{g, triple.S, triple.P, triple.O}, terms); err != nil {
				t.Fatal(err)
			}
			all[rdf.Quad{G: terms[0], S: terms[1], P: terms[2], O: terms[3]}] = true
		}
	}
	return all
}

func TestBackup(t *testing.T) {
	ctx := context.Background()
	s := filled(t, "")
	want := contents(t, s)
	var backup bytes.Buffer
	if err := s.Backup(ctx, &backup); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "restored")
	if err := Restore(ctx, bytes.NewReader(backup.Bytes()), dir); err != nil {
		t.Fatal(err)
	}
	if err := Restore(ctx, bytes.NewReader(backup.Bytes()), dir); err == nil {
		t.Fatal("restored over a store")
	}
	restored := mustOpen(t, dir, Options{})
	got := contents(t, restored)
	if len(got) != len(want) {
		t.Fatalf("%d triples, want %d", len(got), len(want))
	}
	for q := range want {
		if !got[q] {
			t.Fatalf("%v is missing", q)
		}
	}
	report, err := restored.Check(ctx)
	if err != nil || len(report.Problems) > 0 || report.Commits != 2 {
		t.Fatalf("%+v, %v", report, err)
	}
	v, err := restored.View()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if string(v.Meta("base")) != "http://x/" {
		t.Fatal("meta is missing")
	}
	damaged := bytes.Clone(backup.Bytes())
	damaged[len(damaged)/2] ^= 1
	for _, bad := range [][]byte{damaged, backup.Bytes()[:backup.Len()/2], backup.Bytes()[:backup.Len()-1], nil} {
		dir := filepath.Join(t.TempDir(), "bad")
		if err := Restore(ctx, bytes.NewReader(bad), dir); err == nil {
			t.Fatalf("restored a damaged backup of %d bytes", len(bad))
		}
		if s, err := Open(dir, Options{}); err != nil || s.Stats().Triples != 0 {
			t.Fatalf("a failed restore left a store: %v", err)
		} else if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCheckFinds changes one byte at a time of what a store has on disk: Check, or the opening before it,
// must notice each.
func TestCheckFinds(t *testing.T) {
	ctx := context.Background()
	s := filled(t, "")
	if err := s.Close(); err != nil { // ends the background work; the map stays
		t.Fatal(err)
	}
	pristine := s.kv.(*memoryKV)
	keys := make([]string, 0, len(pristine.values))
	for k := range pristine.values {
		keys = append(keys, k)
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range 150 {
		kv := newMemoryKV()
		for k, v := range pristine.values {
			kv.values[k] = bytes.Clone(v)
		}
		k := keys[random.IntN(len(keys))]
		if random.IntN(4) == 0 {
			delete(kv.values, k)
			if k[0] == prefixMeta {
				continue // a missing name is no damage
			}
		} else {
			kv.values[k][random.IntN(len(kv.values[k]))] ^= 1 << random.IntN(8)
		}
		if k[0] == prefixIntent {
			continue
		}
		broken := &Store{kv: kv, options: Options{FoldFraction: -1}.withDefaults()}
		if err := broken.start(); err != nil {
			continue
		}
		report, err := broken.Check(ctx)
		if err == nil && len(report.Problems) == 0 {
			if k[0] == prefixHead {
				continue // without a head the store is empty
			}
			t.Errorf("damage of key %x was not found", k)
		}
		if err := broken.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file, Options{}); err == nil {
		t.Error("opened a file")
	}
	if _, err := Open(filepath.Join(file, "below"), Options{}); err == nil {
		t.Error("opened below a file")
	}
	kv := newMemoryKV()
	kv.values[string(prefixHead)] = seal(append([]byte{99}, make([]byte, 32)...))
	if err := (&Store{kv: kv}).start(); !errors.Is(err, ErrFormat) {
		t.Errorf("format 99: %v", err)
	}
}

func TestClosed(t *testing.T) {
	s, err := Open("", Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Wait(ctx, 0); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := s.Write(ctx, Batch{Add: []rdf.Quad{spo("a", "b", "c")}}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	waited := make(chan error)
	go func() { waited <- s.Wait(context.Background(), 0) }()
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-waited; !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err := s.View(); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err := s.Write(context.Background(), Batch{}); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// TestViewOutlivesStore: a view that was not closed gives errors after the store was.
func TestViewOutlivesStore(t *testing.T) {
	s, err := Open(t.TempDir(), Options{CacheBytes: 1})
	if err != nil {
		t.Fatal(err)
	}
	importAll(t, s, powerQuads(60_000))
	v, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := v.Scan(0, Pattern{}, SPO)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Next(make([]Triple, 1000)); !errors.Is(err, ErrClosed) {
		t.Errorf("scan: %v", err)
	}
	if _, _, err := v.ID(iri("unknown")); !errors.Is(err, ErrClosed) {
		t.Errorf("id: %v", err)
	}
	v.Close()
}

// openingReader opens the directory that is being restored as soon as the backup is read.
type openingReader struct {
	io.Reader
	dir string
	err error
}

func (r *openingReader) Read(p []byte) (int, error) {
	if r.err == nil {
		s, err := Open(r.dir, Options{})
		if err == nil {
			err = errors.Join(errors.New("opened"), s.Close())
		}
		r.err = err
	}
	return r.Reader.Read(p)
}

// TestNobodyOpensWhatIsBeingRestored opens a store while it is restored, and restores again where a restoring failed.
func TestNobodyOpensWhatIsBeingRestored(t *testing.T) {
	s, err := Open("", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var backup bytes.Buffer
	if err := s.Backup(context.Background(), &backup); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "db")
	if err := Restore(context.Background(), bytes.NewReader(backup.Bytes()[:backup.Len()-1]), dir); err == nil {
		t.Fatal("a backup that is cut off was restored")
	}
	r := &openingReader{Reader: bytes.NewReader(backup.Bytes()), dir: dir}
	if err := Restore(context.Background(), r, dir); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(r.err, ErrLocked) {
		t.Errorf("opening it meanwhile: %v", r.err)
	}
	if s, err = Open(dir, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
