package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// op sets a key, or deletes it when value is nil.
type op struct{ key, value []byte }

// kv is all the store asks of what keeps its bytes: an ordered map with atomic, durable commits.
// It is safe for many readers beside one Commit or Load. Keys and values are copied, or not kept.
type kv interface {
	// Get calls read with the value of key, valid during the call, and reports whether the key exists.
	Get(key []byte, read func(value []byte) error) (found bool, err error)
	// Scan visits the keys that have a prefix, ascending, as one snapshot. With keysOnly, value is nil.
	Scan(prefix []byte, keysOnly bool, visit func(key, value []byte) error) error
	// Commit applies all or nothing and returns when that is durable; errTooBig means nothing was done.
	Commit(ops []op) error
	// Load applies what fill puts, piece by piece: a failure or a kill leaves any part. Durable at return.
	Load(fill func(put func(op) error) error) error
	Close() error
}

// maxValueBytes is the longest value that a kv takes.
const maxValueBytes = 256 << 20

var (
	errTooBig      = errors.New("too big for one transaction")
	errHalfWritten = errors.New("a part may be on disk")
)

// memoryKV keeps everything in a map, for stores without a directory and for tests.
type memoryKV struct {
	mu     sync.RWMutex
	values map[string][]byte
}

func newMemoryKV() *memoryKV { return &memoryKV{values: map[string][]byte{}} }

func (m *memoryKV) Get(key []byte, read func([]byte) error) (bool, error) {
	m.mu.RLock()
	value, found := m.values[string(key)]
	m.mu.RUnlock()
	if !found {
		return false, nil
	}
	return true, read(value) // values are never changed in place
}

func (m *memoryKV) Scan(prefix []byte, keysOnly bool, visit func(key, value []byte) error) error {
	type pair struct {
		key   string
		value []byte
	}
	var pairs []pair
	m.mu.RLock()
	for k, v := range m.values {
		if strings.HasPrefix(k, string(prefix)) {
			pairs = append(pairs, pair{k, v})
		}
	}
	m.mu.RUnlock()
	slices.SortFunc(pairs, func(a, b pair) int { return strings.Compare(a.key, b.key) })
	for _, p := range pairs {
		if keysOnly {
			p.value = nil
		}
		if err := visit([]byte(p.key), p.value); err != nil {
			return err
		}
	}
	return nil
}

func (m *memoryKV) apply(o op) {
	if o.value == nil {
		delete(m.values, string(o.key))
		return
	}
	m.values[string(o.key)] = slices.Clone(o.value)
}

func (m *memoryKV) Commit(ops []op) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, o := range ops {
		m.apply(o)
	}
	return nil
}

func (m *memoryKV) Load(fill func(put func(op) error) error) error {
	return fill(func(o op) error {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.apply(o)
		return nil
	})
}

func (m *memoryKV) Close() error { return nil }

// getCopy returns a copy of a key's value, nil when there is none.
func getCopy(k kv, key []byte) ([]byte, error) {
	var out []byte
	_, err := k.Get(key, func(value []byte) error {
		out = append(make([]byte, 0, len(value)), value...)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("store: read key %x: %w", key, err)
	}
	return out, nil
}
