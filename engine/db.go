package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/udf/cel"
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	dir       string
	modelsDir string // of checkpoints; a temporary one for a database in memory
	opts      Options
	log       *slog.Logger
	store     *store.Store
	models    registry
	patterns  patternCache
	hooks     hooks

	expressions atomic.Pointer[cel.Env] // with the users' functions; replaced when they change
	functions   sync.Mutex              // held while they change
	documents   atomic.Uint64           // imported since opening
	asking      atomic.Int64            // queries and expressions under way

	stop       context.CancelFunc // ends background work
	running    context.Context    // ended by stop
	background sync.WaitGroup     // of goroutines that make lists
	closing    sync.Once
	closeError error
}

// Open opens the database in a directory, creating it when it is not there; "" opens one in memory.
// Models are loaded from their checkpoints and carried to the present in the background. A checkpoint that cannot be
// read is reported to Options.Log and by Check, and its model is left out: models are derived.
func Open(dir string, o Options) (*DB, error) {
	o.Limits = o.Limits.withDefaults()
	if o.ApproximateFrom == 0 {
		o.ApproximateFrom = DefaultApproximateFrom
	}
	db := &DB{dir: dir, modelsDir: filepath.Join(dir, modelsDir), opts: o, log: o.Log}
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	if o.Verifier == nil && o.Keys != nil {
		db.opts.Verifier = markVerifier{db}
	}
	var err error
	db.store, err = store.Open(dir, store.Options{
		RiskLosingRecentCommits: o.RiskLosingRecentCommits,
		CacheBytes:              o.CacheBytes,
		Indexes:                 indexes(),
		Check:                   db.checkCommit,
	})
	if err != nil {
		return nil, fmt.Errorf("engine: open %q: %w", dir, err)
	}
	if dir == "" {
		if db.modelsDir, err = os.MkdirTemp("", "inkling-models-*"); err != nil {
			return nil, errors.Join(fmt.Errorf("engine: open: %w", err), db.store.Close())
		}
	}
	db.running, db.stop = context.WithCancel(context.Background())
	if err := db.start(); err != nil {
		return nil, errors.Join(fmt.Errorf("engine: open %q: %w", dir, err), db.Close())
	}
	return db, nil
}

// Exists reports whether a directory holds a database.
func Exists(dir string) bool {
	about, err := os.Stat(filepath.Join(dir, "data", "MANIFEST")) // Badger's
	return err == nil && about.Mode().IsRegular()
}

// start reads what the store's metadata names: users' functions, models and hooks.
func (db *DB) start() error {
	if err := db.loadFunctions(); err != nil {
		return err
	}
	if err := db.loadModels(); err != nil {
		return err
	}
	return db.loadHooks()
}

// Close ends background work, waits for it and closes the store. Results still open must be closed first. It may be
// called more than once.
func (db *DB) Close() error {
	db.closing.Do(func() {
		db.stop()
		db.closeError = db.closeHooks()
		for _, m := range db.models.all() {
			db.release(m)
			if m.marking != nil {
				db.closeError = errors.Join(db.closeError, m.marking.save(m))
			}
		}
		db.background.Wait()
		db.closeError = errors.Join(db.closeError, db.store.Close())
		if db.dir == "" {
			db.closeError = errors.Join(db.closeError, os.RemoveAll(db.modelsDir))
		}
	})
	return db.closeError
}

// Version returns the version of the latest commit.
func (db *DB) Version() store.Version { return db.store.Stats().Version }

// metaBase is the metadata under which a database keeps its base IRI.
const metaBase = "base"

// baseOf returns the IRI under which plain names stand.
func baseOf(v *store.View) string {
	if base := v.Meta(metaBase); base != nil {
		return string(base)
	}
	return rdf.DefaultBase
}

// Base returns the IRI under which plain names stand: prefix ":" of queries.
func (db *DB) Base() string {
	v, err := db.store.View()
	if err != nil {
		return rdf.DefaultBase
	}
	defer v.Close()
	return baseOf(v)
}

// Prefixes returns those that every query knows, without their colon: "" is the base.
func (db *DB) Prefixes() map[string]string { return prefixes(db.Base()) }

func prefixes(base string) map[string]string {
	p := rdf.CommonPrefixes()
	p[""], p["ink"] = base, Namespace
	return p
}

// Namespace is the IRI that Inkling's own names begin with: its functions, ink:plausible, ink:predict and the like.
const Namespace = "urn:inkling:"
