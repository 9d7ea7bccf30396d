package engine

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/inklingdb/inkling/engine/bundle"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/store/rdf"
)

// BundleRequest says what ExportBundle writes.
type BundleRequest struct {
	Path   string   // a folder or a .tar.gz that is not there yet
	Graph  rdf.Term // a marked graph; the zero Term is the default graph
	Model  string   // "" means the graph's, if it has a marked one
	Format string   // of the embeddings: safetensors or npy; "" means safetensors
}

// BundleExport is what ExportBundle wrote.
type BundleExport struct {
	Path     string          `json:"path"`
	Manifest bundle.Manifest `json:"manifest"`
	Left     string          `json:"left_out,omitempty"` // why there are no embeddings
}

// ExportBundle writes a marked graph as it is given away: triples without those that copies lack, the marked rows of its
// model, and a manifest signed with the key that marked it, which takes the key ring.
func (db *DB) ExportBundle(ctx context.Context, r BundleRequest) (BundleExport, error) {
	out, err := db.exportBundle(ctx, r)
	if err != nil {
		return out, fmt.Errorf("engine: bundle: %w", bundleInput(err))
	}
	return out, nil
}

// bundleInput marks what is wrong with a bundle as bad input.
func bundleInput(err error) error {
	if errors.Is(err, bundle.ErrBundle) && !errors.Is(err, ErrBadInput) {
		return fmt.Errorf("%w: %w", ErrBadInput, err)
	}
	return asBadInput(err)
}

func (db *DB) exportBundle(ctx context.Context, r BundleRequest) (out BundleExport, err error) {
	out.Path = r.Path
	if r.Format == "" {
		r.Format = "safetensors"
	}
	if r.Path == "" || r.Format != "safetensors" && r.Format != "npy" {
		return out, fmt.Errorf("%w: a bundle at %q with embeddings as %q; name a new path, and safetensors or npy", ErrBadInput, r.Path, r.Format)
	}
	m, err := db.modelOf(r.Model, r.Graph)
	if err != nil {
		return out, err
	}
	if m != nil {
		r.Graph = m.graph
	}
	v, err := db.store.View()
	if err != nil {
		return out, err
	}
	record, err := graphMarkOf(v, r.Graph.Value)
	v.Close()
	if err == nil && record == nil {
		err = fmt.Errorf("%w: graph <%s> is not marked: inkling watermark embed marks it", ErrBadInput, r.Graph.Value)
	}
	if err != nil {
		return out, err
	}
	key, err := db.findKey(record.KeyID)
	if err != nil {
		return out, fmt.Errorf("%w: a bundle is signed with the key that marked the graph, %s (%s): %w", ErrBadInput, record.KeyName, record.KeyID, err)
	}
	if m != nil && m.marking == nil {
		if r.Model != "" {
			return out, fmt.Errorf("%w: model %s is not marked", ErrBadInput, r.Model)
		}
		out.Left, m = fmt.Sprintf("model %s is not marked", m.name), nil
	} else if m == nil {
		out.Left = "the graph has no model"
	}
	manifest := bundle.Manifest{Created: time.Now().UTC().Truncate(time.Second), Graph: record.Graph, IRI: record.IRI}
	if m != nil {
		manifest.Model = m.name
	}
	out.Manifest, err = bundle.Write(ctx, r.Path, manifest, key, func(dir string) error { return db.fillBundle(ctx, dir, r, manifest.Model) })
	return out, err
}

// fillBundle writes the triples and, of a model that is named, the embeddings.
func (db *DB) fillBundle(ctx context.Context, dir string, r BundleRequest, model string) error {
	f, err := os.Create(filepath.Join(dir, bundle.TriplesFile))
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	_, err = db.Export(ctx, w, ExportRequest{Format: "nt", Publish: true, Graph: &r.Graph})
	if err = errors.Join(err, w.Flush(), f.Close()); err != nil || model == "" {
		return err
	}
	_, err = db.ExportEmbedding(ctx, model, ExportEmbeddingOptions{Format: r.Format, Dir: filepath.Join(dir, bundle.EmbeddingDir)})
	return err
}

// BundleTest says what VerifyBundle tests a bundle with.
type BundleTest struct {
	Keys     []*watermark.Key    // whose signatures are known, and whose marks are looked for
	Public   []ed25519.PublicKey // of owners whose secrets are not at hand
	Alpha    float64             // family-wise rate of false alarms; 0 means watermark.DefaultAlpha
	MaxBytes int64               // of its files, unpacked; 0 means bundle.DefaultBytes
}

// BundleVerdict is what a bundle is.
type BundleVerdict struct {
	bundle.Check
	// Verdict is intact for a bundle that is as a known key signed it; else it goes by the marks in what the bundle holds.
	Verdict  watermark.Verdict  `json:"verdict"`
	Known    bool               `json:"known"`              // the signature's key is in the ring, or named as the owner's
	Owner    string             `json:"owner,omitempty"`    // name of the signature's key in the ring
	Claim    string             `json:"claim"`              // who signed, as the manifest says
	Commits  *bool              `json:"commits,omitempty"`  // whether the commitment is the owner's to the graph; nil without the key
	Evidence watermark.Evidence `json:"evidence"`           // of the marks
	Unread   string             `json:"not_read,omitempty"` // why the marks could not be tested
	Manifest bundle.Manifest    `json:"manifest"`
}

// VerifyBundle checks the manifest's signature and roots, and tests what the bundle holds for marks, without a database.
func VerifyBundle(ctx context.Context, path string, t BundleTest) (BundleVerdict, error) {
	b, err := bundle.Open(path, t.MaxBytes)
	if err != nil {
		return BundleVerdict{}, fmt.Errorf("engine: bundle: %w", bundleInput(err))
	}
	v, err := verifyBundle(ctx, b, t)
	if err = errors.Join(err, b.Close()); err != nil {
		return v, fmt.Errorf("engine: bundle: %w", bundleInput(err))
	}
	return v, nil
}

func verifyBundle(ctx context.Context, b *bundle.Bundle, t BundleTest) (v BundleVerdict, err error) {
	m := b.Manifest
	v = BundleVerdict{Manifest: m, Claim: m.Owner, Verdict: watermark.TooSmall}
	if v.Check, err = b.Check(ctx); err != nil {
		return v, err
	}
	if v.Signed {
		public := ed25519.PublicKey(m.PublicKey)
		if key := (&watermark.Ring{Keys: t.Keys}).ByPublic(public); key != nil {
			commits := key.Graph(m.Graph).Commit(m.Created).Hash == m.Commitment
			v.Known, v.Owner, v.Commits = true, key.Name, &commits
		}
		for _, p := range t.Public {
			v.Known = v.Known || p.Equal(public)
		}
	}
	sealed := v.Intact && v.Known
	files := WatermarkFiles{Paths: []string{b.Path(bundle.TriplesFile)}, Keys: t.Keys, Alpha: t.Alpha}
	if _, err := os.Stat(b.Path(bundle.EmbeddingDir)); err == nil {
		files.Paths = append(files.Paths, b.Path(bundle.EmbeddingDir))
	}
	copied, err := files.read(ctx)
	copied.Sealed = sealed
	if err == nil {
		v.Evidence, err = watermark.Detect(ctx, copied, candidates(t.Keys, nil), t.Alpha, runtime.GOMAXPROCS(0))
	}
	switch {
	case ctx.Err() != nil:
		return v, ctx.Err()
	case err != nil:
		v.Unread = err.Error()
	default:
		v.Verdict = v.Evidence.Verdict
	}
	switch {
	case sealed:
		v.Verdict = watermark.Intact
	case !v.Intact && v.Verdict == watermark.Intact: // the table alone equals one that was released
		v.Verdict, v.Evidence.Verdict = watermark.Altered, watermark.Altered
	}
	return v, nil
}
