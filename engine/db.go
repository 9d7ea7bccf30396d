package engine

import (
	"context"
	"errors"

	"github.com/inklingdb/inkling/store"
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	dir  string
	opts Options
}

// Open opens the database in a directory, creating it when it is not there; "" opens one in memory.
// Models are loaded from their checkpoints and carried to the present in the background.
func Open(dir string, o Options) (*DB, error) {
	o.Limits = o.Limits.withDefaults()
	return &DB{dir: dir, opts: o}, nil
}

// Close ends background work, waits for it and closes the store. Results still open must be closed first.
func (db *DB) Close() error { return nil }

// Version returns the version of the latest commit.
func (db *DB) Version() store.Version { return 0 }

// Wait returns when every maintained model has applied the commits made before the call.
func (db *DB) Wait(ctx context.Context) error { return errors.ErrUnsupported }
