package store

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"sync"
	"testing"

	"github.com/inklingdb/inkling/store/rdf"
	"pgregory.net/rapid"
)

// faultKV is a map that stops taking writes after a number of them, as a killed process or a full disk
// does, and that takes only small transactions.
type faultKV struct {
	*memoryKV
	mu     sync.Mutex
	left   int // writes until the fault
	most   int // ops in a transaction
	faults int
}

var errFault = errors.New("no space left on device")

func (f *faultKV) Commit(ops []op) error {
	if len(ops) > f.most {
		return errTooBig
	}
	if f.failNow() {
		return errFault
	}
	return f.memoryKV.Commit(ops)
}

func (f *faultKV) failNow() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left--
	if f.left < 0 {
		f.faults++
	}
	return f.left < 0
}

func (f *faultKV) Load(fill func(put func(op) error) error) error {
	return fill(func(o op) error {
		if f.failNow() {
			return errFault
		}
		return f.memoryKV.Load(func(put func(op) error) error { return put(o) })
	})
}

// TestFaults lets writes fail at any point of commits, large commits, imports and folds. The store must be
// as before or as after, in the same process and after reopening what reached the disk.
func TestFaults(t *testing.T) {
	faults := 0
	rapid.Check(t, func(t *rapid.T) {
		disk := newMemoryKV()
		quads := map[rdf.Quad]bool{}
		for range rapid.IntRange(1, 4).Draw(t, "lives") {
			f := &faultKV{memoryKV: disk, most: 60, left: rapid.IntRange(0, 250).Draw(t, "writes")}
			s := &Store{kv: f, options: Options{FoldFraction: -1}.withDefaults()}
			if err := s.start(); err != nil {
				if errors.Is(err, errFault) {
					continue // while cleaning up
				}
				t.Fatal(err)
			}
			live(t, s, quads)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			faults += f.faults
		}
		m := &machine{t: t, quads: quads}
		m.store = &Store{kv: disk, options: Options{FoldFraction: -1}.withDefaults()}
		m.must(m.store.start())
		defer m.store.Close()
		m.verifyDisk(disk)
	})
	if faults == 0 {
		t.Error("no write failed")
	}
}

// live runs operations until one fails; quads follows what was acknowledged.
func live(t *rapid.T, s *Store, quads map[rdf.Quad]bool) {
	ctx := context.Background()
	m := &machine{t: t, store: s}
	for range rapid.IntRange(1, 6).Draw(t, "steps") {
		m.quads = maps.Clone(quads)
		added := drawQuads(t, 40)
		var err error
		switch rapid.IntRange(0, 2).Draw(t, "step") {
		case 0:
			removed := m.drawRemovals(5)
			for _, q := range removed {
				delete(m.quads, q)
			}
			_, err = s.Write(ctx, Batch{Add: added, Remove: removed})
		case 1:
			_, _, err = s.Import(ctx, ImportOptions{CommitLimit: 1}, func(add func([]rdf.Quad) error) error { return add(added) })
		case 2:
			added = nil
			err = s.Fold(ctx)
		}
		if err == nil {
			for _, q := range added {
				m.quads[q] = true
			}
		} else {
			m.quads = maps.Clone(quads)
			if !errors.Is(err, errFault) && !errors.Is(err, ErrStopped) {
				t.Fatal(err)
			}
		}
		v, err2 := s.View()
		m.must(err2)
		m.compare(v, m.quads)
		v.Close()
		clear(quads)
		maps.Copy(quads, m.quads)
		if err != nil {
			return
		}
	}
}

// verifyDisk compares a reopened store with what was acknowledged, and looks for leftovers.
func (m *machine) verifyDisk(disk *memoryKV) {
	v, err := m.store.View()
	m.must(err)
	m.compare(v, m.quads)
	generation := v.state.gen.number
	v.Close()
	report, err := m.store.Check(context.Background())
	m.must(err)
	if len(report.Problems) > 0 {
		m.t.Fatalf("check: %v", report.Problems)
	}
	next := m.store.state.lexicon.next
	for k, value := range disk.values {
		if k[0] == prefixTerm && binary.BigEndian.Uint32(value) >= next || k[0] == prefixSingle && binary.BigEndian.Uint32([]byte(k[1:])) >= next {
			m.t.Fatalf("leftover term %x, next is %d", k, next)
		}
		if (k[0] == prefixBlock || k[0] == prefixGraph) && binary.BigEndian.Uint32([]byte(k[1:])) != generation {
			m.t.Fatalf("leftover key %x, base is %d", k, generation)
		}
		if k[0] == prefixIntent {
			m.t.Fatalf("leftover intent %s", k)
		}
	}
}
