package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/dgraph-io/badger/v4"
)

// badgerKV keeps the store's keys in a Badger directory.
type badgerKV struct {
	db     *badger.DB
	synced bool

	using  sync.RWMutex // held for reading while db is used: Badger panics when used after it was closed
	closed bool
}

// use keeps the database open until release is called. Uses within uses (a Get while Load fills) are the
// store's own, which Close waits for before it closes the database: they never meet a waiting Close.
func (b *badgerKV) use() (release func(), err error) {
	b.using.RLock()
	if b.closed {
		b.using.RUnlock()
		return nil, ErrClosed
	}
	return b.using.RUnlock, nil
}

// openBadger opens or creates a Badger directory. Settings as measured: one writer, so no conflict checks;
// the store caches blocks itself, so Badger's own cache is small; values stay in the LSM tree.
func openBadger(dir string, o Options) (*badgerKV, error) {
	if err := removeUnborn(dir); err != nil {
		return nil, fmt.Errorf("store: open %s: %w", dir, err)
	}
	synced := !o.RiskLosingRecentCommits
	opts := badger.DefaultOptions(dir).
		WithLogger(nil).
		WithSyncWrites(synced).
		WithDetectConflicts(false).
		WithNumVersionsToKeep(1).
		WithMetricsEnabled(false).
		WithBlockCacheSize(32 << 20).
		WithValueLogFileSize(maxValueBytes).
		WithNumCompactors(2).
		WithBypassLockGuard(locksDir)
	db, err := badger.Open(opts)
	if err != nil {
		return nil, fmt.Errorf("store: open %s: %w", dir, err)
	}
	return &badgerKV{db: db, synced: synced}, nil
}

// removeUnborn removes logs of a length of 0. Badger makes a log and then gives it its length; killed in between, it would
// refuse to open the directory ("Create a new file"). Nothing can have been written to such a log.
func removeUnborn(dir string) error {
	files, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, f := range files {
		if kind := filepath.Ext(f.Name()); err != nil || !f.Type().IsRegular() || kind != ".mem" && kind != ".vlog" {
			continue
		}
		about, failed := f.Info()
		if failed == nil && about.Size() == 0 {
			failed = os.Remove(filepath.Join(dir, f.Name()))
		}
		err = failed
	}
	return err
}

func (b *badgerKV) Get(key []byte, read func([]byte) error) (bool, error) {
	release, err := b.use()
	if err != nil {
		return false, err
	}
	defer release()
	txn := b.db.NewTransaction(false)
	defer txn.Discard()
	item, err := txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, item.Value(read)
}

func (b *badgerKV) Scan(prefix []byte, keysOnly bool, visit func(key, value []byte) error) error {
	release, err := b.use()
	if err != nil {
		return err
	}
	defer release()
	txn := b.db.NewTransaction(false)
	defer txn.Discard()
	opts := badger.DefaultIteratorOptions
	opts.Prefix, opts.PrefetchValues = prefix, false // values lie beside the keys: nothing to prefetch
	it := txn.NewIterator(opts)
	defer it.Close()
	for it.Rewind(); it.Valid(); it.Next() {
		item := it.Item()
		var err error
		if keysOnly {
			err = visit(item.Key(), nil)
		} else {
			err = item.Value(func(value []byte) error { return visit(item.Key(), value) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *badgerKV) Commit(ops []op) error {
	release, err := b.use()
	if err != nil {
		return err
	}
	defer release()
	txn := b.db.NewTransaction(true)
	defer txn.Discard()
	for _, o := range ops {
		var err error
		if o.value == nil {
			err = txn.Delete(o.key)
		} else {
			err = txn.Set(o.key, o.value)
		}
		if errors.Is(err, badger.ErrTxnTooBig) {
			return errTooBig
		}
		if err != nil {
			return err
		}
	}
	return txn.Commit()
}

func (b *badgerKV) Load(fill func(put func(op) error) error) error {
	release, err := b.use()
	if err != nil {
		return err
	}
	defer release()
	batch := b.db.NewWriteBatch()
	defer batch.Cancel()
	err = fill(func(o op) error {
		if o.value == nil {
			return batch.Delete(o.key)
		}
		return batch.Set(o.key, o.value)
	})
	if err != nil {
		return err
	}
	if err := batch.Flush(); err != nil {
		return err
	}
	if !b.synced {
		return b.db.Sync()
	}
	return nil
}

func (b *badgerKV) Close() error {
	b.using.Lock()
	defer b.using.Unlock()
	b.closed = true
	return b.db.Close()
}
