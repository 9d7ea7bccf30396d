package engine

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/inklingdb/inkling/engine/bundle"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/store/rdf"
)

// bundleSeal is what an import knows of the bundle that it reads.
type bundleSeal struct {
	graph    rdf.Term
	evidence watermark.Evidence
	signed   bool
	signer   string
	intact   bool
}

// BundleImportRequest says what ImportBundle reads and where it goes.
type BundleImportRequest struct {
	Path     string
	Graph    *rdf.Term // nil means as the manifest says
	Model    string    // the model's name; "" means as the manifest says
	Replace  bool      // a model of that name gives way
	Public   []ed25519.PublicKey
	MaxBytes int64
	Progress func(ImportProgress)
}

// BundleImport is what ImportBundle did.
type BundleImport struct {
	Bundle  BundleVerdict    `json:"bundle"`
	Triples ImportReport     `json:"triples"`
	Model   *EmbeddingImport `json:"model,omitempty"`
}

// ImportBundle verifies a bundle, asks the import policy, and imports its triples and its embeddings, as a model, in one
// commit: after an error or a crash there is all or nothing of both. All is read and checked before anything is written;
// other writers wait while the model is calibrated. A part that cannot be read is an error; a bundle that was changed is not,
// since that is the policy's to judge.
func (db *DB) ImportBundle(ctx context.Context, r BundleImportRequest) (BundleImport, error) {
	b, err := bundle.Open(r.Path, r.MaxBytes)
	if err != nil {
		return BundleImport{}, fmt.Errorf("engine: import bundle: %w", bundleInput(err))
	}
	out, err := db.importBundle(ctx, b, r)
	if err = errors.Join(err, b.Close()); err != nil {
		return out, fmt.Errorf("engine: import bundle: %w", bundleInput(err))
	}
	return out, nil
}

func (db *DB) importBundle(ctx context.Context, b *bundle.Bundle, r BundleImportRequest) (out BundleImport, err error) {
	n, err := db.inspect(r.Path, "bundle")
	if err != nil {
		return out, err
	}
	test := BundleTest{Public: r.Public}
	if db.opts.Keys != nil && n.notTested == "" {
		ring, err := db.opts.Keys()
		if err != nil {
			return out, err
		}
		test.Keys = ring.Keys
	}
	if out.Bundle, err = verifyBundle(ctx, b, test); err != nil {
		return out, err
	}
	for _, p := range out.Bundle.Parts {
		if p.Problem != "" {
			return out, fmt.Errorf("%w: its %s cannot be read: %s", bundle.ErrBundle, p.Name, p.Problem)
		}
	}
	graph := graphTerm(b.Manifest.IRI)
	if r.Graph != nil {
		graph = *r.Graph
	}
	if r.Model == "" {
		r.Model = b.Manifest.Model
	}
	var m *bundleModel
	if b.Manifest.HasEmbedding() {
		// A node whose triples copies lack is in no triple: its row has no place here.
		m = db.newBundleModel(ImportEmbeddingRequest{Name: r.Model, Graph: graph, Dir: b.Path(bundle.EmbeddingDir), SkipUnknown: true, Replace: r.Replace})
		if err := m.claim(); err != nil {
			return out, err
		}
		defer m.release()
	}
	evidence := out.Bundle.Evidence
	if evidence.Verdict = out.Bundle.Verdict; evidence.Owner == "" && evidence.Verdict == watermark.Intact {
		evidence.Owner = out.Bundle.Owner
	}
	n.seal = &bundleSeal{graph: graph, evidence: evidence, signed: out.Bundle.Signed, signer: out.Bundle.Signer, intact: out.Bundle.Intact}
	j := importJob{db: db, inspection: n, model: m, request: ImportRequest{Paths: []string{b.Path(bundle.TriplesFile)}, Format: "nt", Graph: graph, Progress: r.Progress}}
	started := time.Now()
	out.Triples, err = j.run(ctx)
	out.Triples.Elapsed = time.Since(started)
	if m == nil {
		return out, err
	}
	if err != nil {
		return out, errors.Join(err, m.discard(err))
	}
	if out.Model, err = m.install(ctx); err != nil {
		return out, fmt.Errorf("the triples and model %s are committed as version %d, but the model is not served yet: open the database again, which goes on with it: %w",
			m.embedding.request.Name, out.Triples.Version, err)
	}
	return out, nil
}
