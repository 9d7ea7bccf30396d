package engine

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/inklingdb/inkling/engine/bundle"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/udf/cel"
)

// A bundle of a marked world: intact as written; changed, the mark still tells; imported, it is the same graph and model.
func TestBundleOfAMarkedModel(t *testing.T) {
	ctx := context.Background()
	key := newKey(t, "acme")
	db := markedWorld(t, "", ringOf(key))
	path := filepath.Join(t.TempDir(), "b")
	if _, err := db.ExportBundle(ctx, BundleRequest{Path: path}); !errors.Is(err, ErrBadInput) {
		t.Errorf("not marked: %v", err)
	}
	report, err := db.WatermarkEmbed(ctx, WatermarkRequest{Key: key, Sizing: watermark.Sizing{Cosine: 0.99}})
	if err != nil {
		t.Fatal(err)
	}
	key.Record(report.Entry)
	out, err := db.ExportBundle(ctx, BundleRequest{Path: path})
	if err != nil || len(out.Manifest.Parts) != 4 || out.Manifest.Model != "m" || out.Manifest.Graph != report.Graph {
		t.Fatalf("%+v %v", out, err)
	}
	verify := func(test BundleTest) BundleVerdict {
		t.Helper()
		v, err := VerifyBundle(ctx, path, test)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	mine := BundleTest{Keys: []*watermark.Key{key}}
	if v := verify(mine); v.Verdict != watermark.Intact || v.Owner != "acme" || v.Commits == nil || !*v.Commits || v.Evidence.Owner != "acme" {
		t.Errorf("%+v", v)
	}
	if v := verify(BundleTest{Public: []ed25519.PublicKey{key.Public()}}); v.Verdict != watermark.Intact || !v.Known || v.Commits != nil {
		t.Errorf("by public key: %+v", v)
	}
	if v := verify(BundleTest{}); v.Verdict == watermark.Intact || v.Known || !v.Intact {
		t.Errorf("by nobody known: %+v", v)
	}
	there := openWith(t, "", ringOf(key))
	setPolicy(t, there, `import.format == "bundle" && import.signed && import.intact && import.verdict == "intact" && import.owner == "acme" ? "accept" : "reject"`)
	in, err := there.ImportBundle(ctx, BundleImportRequest{Path: path})
	if err != nil || in.Model == nil || in.Triples.Verdicts[0].Outcome != cel.Accept || triplesIn(t, there) != out.Manifest.Parts[0].Count {
		t.Fatalf("%+v %v", in, err)
	}
	if e := detectIn(t, there, key); e.Owner != "acme" {
		t.Errorf("imported: %+v", e)
	}
	if _, err := there.ImportBundle(ctx, BundleImportRequest{Path: path}); !errors.Is(err, ErrModelExists) {
		t.Errorf("twice: %v", err)
	}

	file := filepath.Join(path, bundle.TriplesFile)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text[bytes.IndexByte(text, '\n')+1:], 0o600); err != nil {
		t.Fatal(err)
	}
	v := verify(mine)
	if v.Verdict != watermark.Altered || v.Evidence.Owner != "acme" || !v.Signed || v.Intact || v.Parts[0].Changed != 1 || v.Parts[1].Changed != 0 {
		t.Errorf("one triple less: %+v", v)
	}
	refuses := openWith(t, "", ringOf(key))
	setPolicy(t, refuses, `import.intact ? "accept" : "reject"`)
	if _, err := refuses.ImportBundle(ctx, BundleImportRequest{Path: path}); !errors.Is(err, ErrImportRejected) || triplesIn(t, refuses) != 0 || len(refuses.models.all()) != 0 {
		t.Errorf("rejected: %v", err)
	}
}
