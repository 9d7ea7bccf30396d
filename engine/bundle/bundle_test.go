package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/inklingdb/inkling/engine/exchange"
	"github.com/inklingdb/inkling/engine/watermark"
)

const someTriples = "<http://a> <http://p> <http://b> .\n<http://b> <http://p> <http://c> .\n<http://c> <http://p> \"x\" .\n"

// made writes a bundle with embeddings.
func made(t testing.TB, path string) (Manifest, *watermark.Key) {
	t.Helper()
	key, err := watermark.NewKey("acme")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Write(context.Background(), path, Manifest{Created: time.Unix(1e9, 0).UTC(), Graph: watermark.NewUUID(), IRI: "http://g/", Model: "m"}, key, func(dir string) error {
		if err := os.WriteFile(filepath.Join(dir, TriplesFile), []byte(someTriples), 0o600); err != nil {
			return err
		}
		d := exchange.Description{Model: "m", Family: "distmult", Dim: 2, Entities: 3, EntityWidth: 2, Relations: 1, RelationRows: 1, RelationWidth: 2, Base: "http://"}
		return exchange.Write(context.Background(), filepath.Join(dir, EmbeddingDir), "npy", d,
			exchange.Matrix{Rows: 3, Width: 2, Values: []float32{1, 2, 3, 4, 5, 6}, Names: []string{"a", "b", "c"}},
			exchange.Matrix{Rows: 1, Width: 2, Values: []float32{7, 8}, Names: []string{"p"}})
	})
	if err != nil {
		t.Fatal(err)
	}
	return m, key
}

func checked(t testing.TB, path string) Check {
	t.Helper()
	b, err := Open(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	c, err := b.Check(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestBundleRoundTrip(t *testing.T) {
	for _, name := range []string{"b", "b.tar.gz"} {
		path := filepath.Join(t.TempDir(), name)
		m, key := made(t, path)
		if c := checked(t, path); !c.Signed || !c.Intact || len(c.Parts) != 4 || c.Parts[0].Found != 3 || c.Parts[1].Found != 3 {
			t.Errorf("%s: %+v", name, c)
		}
		if !bytes.Equal(m.PublicKey, key.Public()) || m.Commitment != key.Graph(m.Graph).Commit(time.Now()).Hash {
			t.Error("public key or commitment")
		}
		if _, err := Write(context.Background(), path, Manifest{}, key, nil); !errors.Is(err, ErrBundle) {
			t.Errorf("over one that is there: %v", err)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
	}
}

// Each change shows in its part, and in few sections of it; order and spelling do not matter.
func TestBundleChanges(t *testing.T) {
	replace := func(name, old, new string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, name)
			text, err := os.ReadFile(path)
			if err != nil || !bytes.Contains(text, []byte(old)) {
				t.Fatalf("%s: %v", name, err)
			}
			if err := os.WriteFile(path, bytes.Replace(text, []byte(old), []byte(new), 1), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		change func(*testing.T, string)
		part   string // that changes; "" for none, "signature" for the manifest
		most   int    // sections
	}{
		"nothing":     {func(*testing.T, string) {}, "", 0},
		"spelling":    {replace(TriplesFile, "<http://a> <http://p>", "<http://a>   <http://p>"), "", 0},
		"object":      {replace(TriplesFile, "<http://b> .", "<http://d> ."), Triples, 2},
		"deletion":    {replace(TriplesFile, "<http://c> <http://p> \"x\" .\n", ""), Triples, 1},
		"repetition":  {replace(TriplesFile, "<http://c> <http://p> \"x\" .\n", "<http://c> <http://p> \"x\" .\n<http://c> <http://p> \"x\" .\n"), Triples, 1},
		"syntax":      {replace(TriplesFile, "<http://c> <http://p>", "<http://c"), Triples, Sections},
		"number":      {replace("embedding/entities.npy", "\x00\x00\x80\x3f", "\x00\x00\x80\x3e"), Entities, 2},
		"name":        {replace("embedding/relations.tsv", "p", "q"), Relations, 2},
		"description": {replace("embedding/embedding.json", "distmult", "transe"), Description, 2},
		"owner":       {replace(ManifestFile, `"acme"`, `"evil"`), "signature", 0},
		"model":       {replace(ManifestFile, `"m"`, `"n"`), "signature", 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "b")
			made(t, dir)
			c.change(t, dir)
			got := checked(t, dir)
			if got.Signed == (c.part == "signature") || got.Intact != (c.part == "") {
				t.Errorf("%+v", got)
			}
			for _, p := range got.Parts {
				if p.Same() == (p.Name == c.part) || p.Changed > c.most {
					t.Errorf("%+v", p)
				}
			}
		})
	}
}

// archive writes a .tar.gz of entries.
func archive(t testing.TB, headers ...tar.Header) string {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for _, h := range headers {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, h.Size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "b.tar.gz")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBundleRefusesWhatIsNoPart(t *testing.T) {
	file := func(name string, size int64) tar.Header {
		return tar.Header{Name: name, Size: size, Mode: 0o600, Typeflag: tar.TypeReg}
	}
	for name, headers := range map[string][]tar.Header{
		"parent":   {file("../evil", 1)},
		"deeper":   {file("embedding/../../evil", 1)},
		"absolute": {file("/tmp/evil", 1)},
		"other":    {file("readme", 1)},
		"link":     {{Name: TriplesFile, Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink}},
		"hard":     {{Name: TriplesFile, Linkname: "/etc/passwd", Typeflag: tar.TypeLink}},
		"twice":    {file(TriplesFile, 1), file(TriplesFile, 1)},
		"large":    {file(TriplesFile, 3<<20)},
		"none":     {file(TriplesFile, 1)},
		"folder":   {{Name: "other/", Typeflag: tar.TypeDir, Mode: 0o700}},
	} {
		if b, err := Open(archive(t, headers...), 1<<20); !errors.Is(err, ErrBundle) {
			t.Errorf("%s: %v %v", name, b, err)
		}
	}
	dir := filepath.Join(t.TempDir(), "b")
	made(t, dir)
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "embedding", "relations.npy.tmp")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, 0); !errors.Is(err, ErrBundle) {
		t.Errorf("a link in a folder: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "inkling-bundle-*")); len(left) > 0 && testing.Verbose() {
		t.Logf("temporary folders of others: %v", left)
	}
}

// The root is that of RFC 6962 over sorted leaves, and says nothing of their order.
func TestTreeIsASet(t *testing.T) {
	sum := func(leaves ...string) Part {
		var tree Tree
		for _, l := range leaves {
			tree.Add([]byte(l))
		}
		return tree.Part("x")
	}
	if a, b := sum("1", "2", "3", "4"), sum("4", "2", "1", "3"); a.Root != b.Root || a.Count != 4 {
		t.Error("order matters")
	}
	if a, b := sum("1", "2"), sum("1", "2", "2"); a.Root == b.Root {
		t.Error("repeats do not matter")
	}
	// Two leaves by hand, and none: RFC 6962, section 2.1.
	if got := root(nil).String(); got != "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" {
		t.Errorf("no leaf: %s", got)
	}
	var tree Tree
	tree.Add(nil)
	if got := root(tree.sections[0x6e>>2]).String(); got != "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" {
		t.Errorf("the empty leaf: %s", got)
	}
}

// Whatever text is given, the parser ends with a manifest or an ErrBundle, and what is not signed is not taken as signed.
func FuzzParseManifest(f *testing.F) {
	dir := filepath.Join(f.TempDir(), "b")
	made(f, dir)
	text, err := os.ReadFile(filepath.Join(dir, ManifestFile))
	if err != nil {
		f.Fatal(err)
	}
	signed, err := ParseManifest(text)
	if err != nil || !signed.Signed() {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(strings.Replace(string(text), `"version": 1`, `"version": 1, "other": 2`, 1))
	f.Add(string(text) + "{}")
	f.Add(`{"format":"inkling bundle","version":1,"parts":[{}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseManifest([]byte(text))
		if err != nil {
			if !errors.Is(err, ErrBundle) {
				t.Fatal(err)
			}
			return
		}
		if !m.Signed() {
			return
		}
		a, errA := m.message()
		b, errB := signed.message()
		if errA != nil || errB != nil || bytes.Equal(m.PublicKey, signed.PublicKey) && !bytes.Equal(a, b) {
			t.Fatalf("another manifest is signed: %s", a)
		}
		if _, err := json.Marshal(m); err != nil {
			t.Fatal(err)
		}
	})
}
