package engine

import (
	"context"
	"errors"
	"io"

	"github.com/inklingdb/inkling/store"
)

// Stats describes the database as it is now.
type Stats struct {
	Version   store.Version   `json:"version"`
	Base      string          `json:"base"`
	Triples   int64           `json:"triples"` // in all graphs
	Terms     int64           `json:"terms"`
	DiskBytes int64           `json:"disk_bytes"`
	Graphs    []GraphStats    `json:"graphs"`    // the default graph first
	Relations []RelationStats `json:"relations"` // of the default graph, most triples first, at most 1,000
	Models    int             `json:"models"`
}

// GraphStats counts one graph.
type GraphStats struct {
	Graph   string `json:"graph"` // "" for the default graph
	Triples int64  `json:"triples"`
}

// RelationStats counts one relation.
type RelationStats struct {
	Relation string `json:"relation"`
	Triples  int64  `json:"triples"`
	Subjects int64  `json:"subjects"` // distinct
	Objects  int64  `json:"objects"`  // distinct
}

// Stats counts graphs, relations, terms and bytes.
func (db *DB) Stats(ctx context.Context) (Stats, error) { return Stats{}, errors.ErrUnsupported }

// CheckReport is what Check found.
type CheckReport struct {
	Triples  int64    `json:"triples"`
	Terms    int64    `json:"terms"`
	Commits  int64    `json:"commits"`
	Models   int      `json:"models"`
	Problems []string `json:"problems"` // empty: all is well
}

// Check verifies the whole database: blocks, dictionary, log, indexes against a full scan, model checkpoints.
// Problems found are in the report; the error is for not being able to look.
func (db *DB) Check(ctx context.Context) (CheckReport, error) {
	return CheckReport{}, errors.ErrUnsupported
}

// Backup writes a consistent copy of the database, models included, while it goes on being used.
func (db *DB) Backup(ctx context.Context, w io.Writer) (int64, error) {
	return 0, errors.ErrUnsupported
}

// Restore makes a new database in a directory that is empty or absent from what Backup wrote.
func Restore(ctx context.Context, dir string, r io.Reader) error { return errors.ErrUnsupported }

// Function is a function that queries and expressions may call.
type Function struct {
	Name      string   `json:"name"`
	Signature string   `json:"signature"`
	Doc       string   `json:"doc"`
	Examples  []string `json:"examples"`
	User      bool     `json:"user"`           // defined in this database
	Body      string   `json:"body,omitempty"` // of a user's function, in CEL
}

// Functions lists the built-in functions and those defined in this database, by name.
func (db *DB) Functions() []Function { return nil }

// DefineFunction stores a function written in CEL; its free identifiers are its parameters, in order of first use.
// An existing one of that name is replaced.
func (db *DB) DefineFunction(ctx context.Context, name, body string) error {
	return errors.ErrUnsupported
}

// DropFunction removes a user's function.
func (db *DB) DropFunction(ctx context.Context, name string) error { return errors.ErrUnsupported }
