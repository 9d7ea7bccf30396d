package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/inklingdb/inkling/store/rdf"
)

// ImportOptions tune a bulk import; the zero value works.
type ImportOptions struct {
	Source      string // kept in the log
	MemoryBytes int64  // bound on triples held for sorting; default 256 MiB
	CommitLimit int    // up to this many quads become an ordinary commit, whose changes followers see; default 50,000
	// Numbered is called by Add with quads once they have identifiers, in order; both slices are valid during the call. A
	// new term's identifier is provisional: it stands for no other term in this import, and for nothing after it. Quads
	// of an import that stays within CommitLimit have none before Commit; Unnumbered returns them. May be nil.
	Numbered func(quads []rdf.Quad, triples []Triple)
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
//
// Beyond CommitLimit, terms get provisional numbers after the dictionary's end, triples are sorted in runs
// that spill to disk, and Commit merges all into a new generation that one key publishes. Only Commit keeps
// other writers waiting. Numbers that commits gave out meanwhile make it renumber and sort again.
type Import struct {
	store   *Store
	options ImportOptions
	report  ImportReport
	small   []rdf.Quad // all quads, until there are too many
	terms   *termTable // nil while small
	rows    []quad     // in SPO order of fields, unsorted
	spare   []quad     // for sorting
	told    []Triple   // for options.Numbered
	limit   int        // rows held at once
	spilled []spilledRun
	dir     string // for spilled runs and terms; "" keeps all in memory
	done    bool
}

// NewImport begins an import. Writers go on until Commit.
func (s *Store) NewImport(ctx context.Context, o ImportOptions) (*Import, error) {
	if o.MemoryBytes == 0 {
		o.MemoryBytes = 256 << 20
	}
	if o.CommitLimit == 0 {
		o.CommitLimit = 50_000
	}
	v, err := s.View()
	if err != nil {
		return nil, err
	}
	v.Close()
	const rowBytes = 2 * 32 // the row and its place in spare
	return &Import{store: s, options: o, limit: int(max(1024, o.MemoryBytes/rowBytes))}, ctx.Err()
}

// Add takes the next quads; it does not keep the slice. After an error only Abort is allowed.
func (m *Import) Add(ctx context.Context, quads []rdf.Quad) error {
	if m.done {
		return fmt.Errorf("store: import: %w", ErrClosed)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	m.report.Read += int64(len(quads))
	if m.terms == nil {
		m.small = append(m.small, quads...)
		if len(m.small) <= m.options.CommitLimit {
			return nil
		}
		if err := m.grow(); err != nil {
			return err
		}
		quads, m.small = m.small, nil
	}
	m.told = m.told[:0]
	for i := range quads {
		row, err := m.terms.row(&quads[i])
		if err != nil {
			return err
		}
		if m.options.Numbered != nil {
			m.told = append(m.told, Triple{row.t[0], row.t[1], row.t[2]})
		}
		if len(m.rows) == m.limit {
			if err := m.spill(); err != nil {
				return err
			}
		}
		m.rows = append(m.rows, row)
	}
	if m.options.Numbered != nil {
		m.options.Numbered(quads, m.told)
	}
	return nil
}

// Unnumbered returns the quads given so far, while they are so few that they have no identifiers yet. It is valid until the
// next call of another method.
func (m *Import) Unnumbered() []rdf.Quad { return m.small }

// grow turns a small import into a bulk one.
func (m *Import) grow() error {
	v, err := m.store.View()
	if err != nil {
		return err
	}
	defer v.Close()
	if m.store.dir != "" {
		parent := filepath.Join(m.store.dir, scratchDir)
		if err := os.MkdirAll(parent, 0o755); err != nil {
			return fmt.Errorf("store: import: %w", err)
		}
		if m.dir, err = os.MkdirTemp(parent, "import-"); err != nil {
			return fmt.Errorf("store: import: %w", err)
		}
	}
	m.terms, err = newTermTable(m.store.dictionary, v.state.lexicon.next, m.dir)
	return err
}

// spill sorts the rows held and writes them out.
func (m *Import) spill() error {
	if m.dir == "" {
		m.limit *= 2 // nowhere to go: a store in memory needs the room anyway
		return nil
	}
	run, err := m.writeRun(filepath.Join(m.dir, fmt.Sprint("run-", len(m.spilled))), m.rows)
	if err != nil {
		return err
	}
	m.spilled = append(m.spilled, run)
	m.rows = m.rows[:0]
	return nil
}

// Abort gives the import up: the store is as before. After Commit it does nothing.
func (m *Import) Abort() {
	m.done = true
	if m.terms != nil {
		m.terms.close()
		m.terms = nil
	}
	m.small, m.rows, m.spare, m.told = nil, nil, nil, nil
	if m.dir != "" {
		_ = os.RemoveAll(m.dir) // what stays is removed at the next opening
	}
}

// Import reads quads from a function and commits them all as one version: read calls add with batch after
// batch. An error from read, or a cancelled ctx, leaves the store as before.
func (s *Store) Import(ctx context.Context, o ImportOptions, read func(add func([]rdf.Quad) error) error) (Commit, ImportReport, error) {
	m, err := s.NewImport(ctx, o)
	if err != nil {
		return Commit{}, ImportReport{}, err
	}
	defer m.Abort()
	if err := read(func(quads []rdf.Quad) error { return m.Add(ctx, quads) }); err != nil {
		return Commit{}, m.report, err
	}
	return m.Commit(ctx)
}
