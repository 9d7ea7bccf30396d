// Package bundle writes and reads what an owner gives away: triples, the embeddings of a model and a signed manifest, as a
// folder or a .tar.gz. Its main types are Manifest (whose graph it is, the roots of its parts, a signature), Tree (a Merkle
// root over a set of leaves) and Bundle (one that is open).
//
// Bundles are not trusted: a bundle holds the files of Files and no others, all of bounded size, and no link. The package
// knows no database and tests no watermark; engine joins it to both.
package bundle

import "errors"

// ErrBundle is wrapped by errors about what a bundle holds.
var ErrBundle = errors.New("bad bundle")

// The files of a bundle.
const (
	ManifestFile = "manifest.json"
	TriplesFile  = "triples.nt"
	EmbeddingDir = "embedding" // as package exchange writes it
)

// Files lists what a bundle may hold, with slashes.
var Files = []string{ManifestFile, TriplesFile,
	EmbeddingDir + "/embedding.json", EmbeddingDir + "/embeddings.safetensors", EmbeddingDir + "/entities.npy", EmbeddingDir + "/relations.npy",
	EmbeddingDir + "/entities.tsv", EmbeddingDir + "/relations.tsv"}

// DefaultBytes bounds a bundle's files together, unpacked.
const DefaultBytes = 16 << 30
