package bundle

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/inklingdb/inkling/engine/watermark"
)

// Manifest says whose a bundle is and what it holds.
type Manifest struct {
	Format     string         `json:"format"` // "inkling bundle"
	Version    int            `json:"version"`
	Created    time.Time      `json:"created"`
	Graph      watermark.UUID `json:"graph"`           // as it was marked
	IRI        string         `json:"iri,omitempty"`   // of the named graph; "" for the default one
	Model      string         `json:"model,omitempty"` // whose rows are in it
	Owner      string         `json:"owner"`           // the key's name, as its owner calls it
	KeyID      string         `json:"key_id"`
	Commitment Hash           `json:"commitment"` // to the graph's secrets, see watermark.Commitment
	Parts      []Part         `json:"parts"`      // in the order of Parts
	Root       Hash           `json:"root"`       // Merkle root over the parts' roots
	PublicKey  []byte         `json:"public_key"` // Ed25519
	Signature  []byte         `json:"signature,omitempty"`
}

// Part is a set of leaves: triples, rows of a table, or the description of the tables.
type Part struct {
	Name     string `json:"name"`
	Count    int64  `json:"count"`
	Root     Hash   `json:"root"` // over Sections
	Sections []Hash `json:"sections"`
}

// The parts of a bundle.
const (
	Triples     = "triples"
	Entities    = "entities"
	Relations   = "relations"
	Description = "description"
)

// partNames lists the parts in order; a bundle without embeddings has the first alone.
var partNames = []string{Triples, Entities, Relations, Description}

const (
	manifestFormat  = "inkling bundle"
	manifestVersion = 1
	maxManifest     = 1 << 20
)

// ParseManifest reads a manifest. What is wrong wraps ErrBundle. The signature is not checked.
func ParseManifest(text []byte) (Manifest, error) {
	m, err := parseManifest(text)
	if err != nil {
		return Manifest{}, fmt.Errorf("%w: %s: %w", ErrBundle, ManifestFile, err)
	}
	return m, nil
}

func parseManifest(text []byte) (m Manifest, err error) {
	if len(text) > maxManifest {
		return m, fmt.Errorf("%d bytes, at most %d make a manifest", len(text), maxManifest)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields() // what is not known would not be signed
	if err := d.Decode(&m); err != nil {
		return m, err
	}
	if _, err := d.Token(); err != io.EOF {
		return m, fmt.Errorf("something follows the manifest at byte %d", d.InputOffset())
	}
	switch {
	case m.Format != manifestFormat:
		return m, fmt.Errorf("its format is %.40q, not %q", m.Format, manifestFormat)
	case m.Version != manifestVersion:
		return m, fmt.Errorf("version %d, this program reads version %d", m.Version, manifestVersion)
	case len(m.PublicKey) != ed25519.PublicKeySize || len(m.Signature) != ed25519.SignatureSize:
		return m, fmt.Errorf("a public key of %d bytes and a signature of %d; they have %d and %d", len(m.PublicKey), len(m.Signature), ed25519.PublicKeySize, ed25519.SignatureSize)
	case len(m.Parts) != 1 && len(m.Parts) != len(partNames):
		return m, fmt.Errorf("%d parts; there is 1, or there are %d with embeddings", len(m.Parts), len(partNames))
	}
	for i, p := range m.Parts {
		if p.Name != partNames[i] || p.Count < 0 || len(p.Sections) != Sections {
			return m, fmt.Errorf("part %d is %.40q of %d in %d sections; it must be %q in %d", i+1, p.Name, p.Count, len(p.Sections), partNames[i], Sections)
		}
	}
	return m, nil
}

// HasEmbedding reports whether the bundle holds tables.
func (m Manifest) HasEmbedding() bool { return len(m.Parts) > 1 }

// message returns what is signed: the manifest without its signature.
func (m Manifest) message() ([]byte, error) {
	m.Signature = nil
	m.Created = m.Created.UTC()
	text, err := json.Marshal(m)
	return append([]byte(manifestFormat+" 1\n"), text...), err
}

// Signed reports whether the signature is that of the public key, and the roots follow from each other.
func (m Manifest) Signed() bool {
	message, err := m.message()
	if err != nil || len(m.PublicKey) != ed25519.PublicKeySize || !ed25519.Verify(m.PublicKey, message, m.Signature) {
		return false
	}
	for _, p := range m.Parts {
		if root(p.Sections) != p.Root {
			return false
		}
	}
	return rootOf(m.Parts) == m.Root
}

// rootOf returns the root over parts.
func rootOf(parts []Part) Hash {
	roots := make([]Hash, len(parts))
	for i, p := range parts {
		roots[i] = p.Root
	}
	return root(roots)
}

// sign fills in what follows from the parts and the key.
func (m *Manifest) sign(key *watermark.Key) error {
	m.Format, m.Version = manifestFormat, manifestVersion
	m.Owner, m.KeyID, m.PublicKey = key.Name, key.ID, key.Public()
	m.Commitment = key.Graph(m.Graph).Commit(m.Created).Hash
	m.Root = rootOf(m.Parts)
	message, err := m.message()
	if err != nil {
		return err
	}
	m.Signature = key.Sign(message)
	return nil
}
