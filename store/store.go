package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// Store is an open store. It is safe for concurrent use.
type Store struct {
	dir        string // "" when in memory
	options    Options
	kv         kv
	cache      *cache
	dictionary *dictionary
	lock       *os.File

	requests      chan *request
	closing       chan struct{} // closed when Close begins
	committerDone chan struct{}
	background    sync.WaitGroup
	stopped       error // set by the committer after a failed commit, read by it alone

	senders sync.RWMutex // held for reading while a request is put into requests
	shut    bool         // guarded by senders

	folding        sync.Mutex // held by whoever builds a generation; taken before the committer
	lastGeneration uint32     // highest number ever used since opening; guarded by folding
	leftovers      bool       // a generation was left half written: its intent stays for the next opening; guarded by folding
	foldWanted     chan struct{}

	mu     sync.Mutex // guards what follows and every generation's refs
	state  *state
	views  int
	closed bool
}

// Names within a store's directory. Others are left to those above the store.
const (
	dataDir    = "data"
	lockFile   = "lock"
	scratchDir = "scratch"
)

// Open opens the store in a directory, creating it when there is none; with dir "" it lives in memory only.
// A store is open once at a time: ErrLocked otherwise. Leftovers of a crash are cleaned up before it returns.
func Open(dir string, options Options) (*Store, error) {
	s := &Store{dir: dir, options: options.withDefaults()}
	if dir == "" {
		s.kv = newMemoryKV()
		return s, s.start()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("store: open: %w", err)
	}
	var err error
	if s.lock, err = lockDir(filepath.Join(dir, lockFile)); err != nil {
		return nil, fmt.Errorf("store: open %s: %w", dir, err)
	}
	if err := os.RemoveAll(filepath.Join(dir, scratchDir)); err != nil {
		unlockDir(s.lock)
		return nil, fmt.Errorf("store: open: %w", err)
	}
	badger, err := openBadger(filepath.Join(dir, dataDir), s.options)
	if err != nil {
		unlockDir(s.lock)
		return nil, err
	}
	s.kv = newRoomKV(badger, dir)
	if err := s.start(); err != nil {
		return nil, errors.Join(err, s.kv.Close(), unlockDir(s.lock))
	}
	return s, nil
}

// start reads the published state, catches up the indexes and starts the committer.
func (s *Store) start() error {
	s.cache = newCache(s.options.CacheBytes)
	s.dictionary = newDictionary(s.kv, s.cache)
	s.requests = make(chan *request, 1024)
	s.closing = make(chan struct{})
	s.committerDone = make(chan struct{})
	s.foldWanted = make(chan struct{}, 1)
	h := head{next: 1}
	value, err := getCopy(s.kv, []byte{prefixHead})
	if err != nil {
		return err
	}
	if value != nil {
		if h, err = decodeHead(value); err != nil {
			return err
		}
	}
	if err := cleanLeftovers(s.kv, h); err != nil {
		return fmt.Errorf("store: clean up: %w", err)
	}
	if err := s.load(h); err != nil {
		return err
	}
	s.background.Add(1)
	go s.foldLoop()
	go s.commitLoop()
	return nil
}

// load makes the state that a head describes: the base, and the log after it as delta.
func (s *Store) load(h head) error {
	gen, err := openGeneration(s.kv, s.cache, h.generation, h.baseVersion)
	if err != nil {
		return err
	}
	gen.refs = 1
	s.lastGeneration = h.generation
	st := &state{version: h.baseVersion, changed: h.baseVersion, gen: gen, meta: map[string][]byte{}, indexes: map[string]any{}, next: make(chan struct{})}
	runs, err := openTermRuns(s.kv, h.runsFrom, h.runsTo)
	if err != nil {
		return err
	}
	s.dictionary.runs.Store(&runs)
	if st.lexicon, err = openLexicon(s.dictionary, h.next); err != nil {
		return err
	}
	err = s.kv.Scan([]byte{prefixMeta}, false, func(key, value []byte) error {
		body, err := unseal(value)
		if err != nil {
			return fmt.Errorf("store: meta %q: %w", key[1:], err)
		}
		st.meta[string(key[1:])] = slices.Clone(body)
		return nil
	})
	if err != nil {
		return err
	}
	s.state = st
	if h.baseVersion > 0 {
		c, err := readCommit(s.kv, h.baseVersion)
		if err != nil {
			return err
		}
		st.time = c.Time
	}
	return s.replay(h.version)
}

// head returns what the head key should say for a state.
func (s *Store) head(st *state) head {
	h := head{version: st.version, next: st.lexicon.next, generation: st.gen.number, baseVersion: st.gen.version}
	h.setRuns(*s.dictionary.runs.Load())
	return h
}

func (h *head) setRuns(runs []*termRun) {
	if n := len(runs); n > 0 {
		h.runsFrom, h.runsTo = runs[0].number, runs[n-1].number
	}
}

// publish makes a state the one that new views see.
func (s *Store) publish(next *state) {
	s.mu.Lock()
	old := s.state
	next.next = old.next
	if next.version != old.version {
		next.next = make(chan struct{})
	}
	if next.gen != old.gen {
		next.gen.refs++
	}
	s.state = next
	s.mu.Unlock()
	if next.version != old.version {
		close(old.next)
	}
	if next.gen != old.gen {
		s.release(old.gen)
	}
}

// release gives up one reference on a generation and drops it when it was the last.
func (s *Store) release(gen *generation) {
	s.mu.Lock()
	gen.refs--
	unused := gen.refs == 0 && gen != s.state.gen && !s.closed
	if unused {
		s.background.Add(1)
	}
	s.mu.Unlock()
	if unused {
		go func() {
			defer s.background.Done()
			s.dropGeneration(gen)
		}()
	}
}

// Close waits for commits under way, stops the background work and closes the files. Views must be closed
// before; those that are not fail from now on. It may be called more than once.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	close(s.closing)
	s.senders.Lock()
	s.shut = true
	close(s.requests)
	s.senders.Unlock()
	<-s.committerDone
	s.background.Wait()
	err := s.kv.Close()
	if s.lock != nil {
		err = errors.Join(err, unlockDir(s.lock))
	}
	if err != nil {
		return fmt.Errorf("store: close: %w", err)
	}
	return nil
}

// Dir returns the directory the store was opened in; "" in memory.
func (s *Store) Dir() string { return s.dir }

// alone runs fn in the committer while no commit is being made.
func (s *Store) alone(ctx context.Context, fn func() error) error {
	_, err := s.submit(&request{ctx: ctx, alone: fn})
	return err
}

// Stats are figures for monitoring.
type Stats struct {
	Version    Version
	Triples    int64 // in all graphs
	Terms      int64 // in the dictionary
	Recent     int   // changes above the base
	Generation uint32
	Views      int // open now
	CacheBytes int64
}

// Stats returns the store's figures now.
func (s *Store) Stats() Stats {
	s.mu.Lock()
	st, views := s.state, s.views
	s.mu.Unlock()
	triples := st.gen.triples
	for _, r := range st.delta.runs {
		net := r.orders[0].net
		triples += int64(net[len(net)-1])
	}
	s.cache.mu.Lock()
	used := s.cache.usedBytes
	s.cache.mu.Unlock()
	return Stats{Version: st.version, Triples: triples, Terms: int64(st.lexicon.next) - 1, Recent: st.delta.size(),
		Generation: st.gen.number, Views: views, CacheBytes: used}
}
