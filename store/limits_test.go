package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/inklingdb/inkling/store/rdf"
)

// TestLongLiterals fills a block of the dictionary with terms as long as they may be: in one key-value store's value.
func TestLongLiterals(t *testing.T) {
	s := mustOpen(t, t.TempDir(), Options{RiskLosingRecentCommits: true})
	for i := range termsPerBlock + 2 {
		text := fmt.Sprint(i) + strings.Repeat("x", 1200000)
		if _, err := s.Write(t.Context(), Batch{Add: []rdf.Quad{{S: iri("s"), P: iri("p"), O: rdf.NewString(text)}}}); err != nil {
			t.Fatalf("literal %d: %.300v", i, err)
		}
	}
}

// TestImportOfLongLiterals leaves terms beside the last full block that together exceed a transaction.
func TestImportOfLongLiterals(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Options{RiskLosingRecentCommits: true})
	var quads []rdf.Quad
	for i := range termsPerBlock - 4 {
		quads = append(quads, rdf.Quad{S: iri("s"), P: iri("p"), O: rdf.NewString(fmt.Sprint(i) + strings.Repeat("x", 300_000))})
	}
	for range 2 {
		_, _, err := s.Import(t.Context(), ImportOptions{CommitLimit: 1}, func(add func([]rdf.Quad) error) error { return add(quads) })
		if err != nil {
			t.Fatal(err)
		}
	}
	if report, err := s.Check(t.Context()); err != nil || len(report.Problems) > 0 || report.Triples != int64(len(quads)) {
		t.Fatalf("%+v, %v", report, err)
	}
}

// TestCloseDuringFold closes stores whose callers fold them.
func TestCloseDuringFold(t *testing.T) {
	for range 6 {
		s, err := Open(t.TempDir(), Options{CacheBytes: 1, FoldFraction: -1, RiskLosingRecentCommits: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write(t.Context(), Batch{Add: powerQuads(20_000)}); err != nil {
			t.Fatal(err)
		}
		if err := s.Fold(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write(t.Context(), Batch{Add: []rdf.Quad{spo("one", "more", "triple")}}); err != nil {
			t.Fatal(err)
		}
		folded := make(chan error, 1)
		go func() { folded <- s.Fold(context.Background()) }()
		for !s.isFolding() && len(folded) == 0 {
			runtime.Gosched()
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-folded; err != nil && !errors.Is(err, ErrClosed) {
			t.Fatal(err)
		}
	}
}

// isFolding reports whether a fold has set the delta apart.
func (s *Store) isFolding() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.delta.frozen > 0
}

// TestRecentTermsAreShort looks up many long literals, which must not all stay in memory.
func TestRecentTermsAreShort(t *testing.T) {
	s := mustOpen(t, "", Options{})
	var quads []rdf.Quad
	for i := range 300 {
		quads = append(quads, rdf.Quad{S: iri("s"), P: iri("p"), O: rdf.NewString(fmt.Sprint(i) + strings.Repeat("x", 10_000))})
	}
	for range 2 {
		if _, err := s.Write(t.Context(), Batch{Add: quads}); err != nil {
			t.Fatal(err)
		}
	}
	kept := 0
	for term := range s.dictionary.recent.newer {
		kept += len(term.Value)
	}
	if kept > 100_000 {
		t.Errorf("%d bytes of literals remembered", kept)
	}
}

// TestRejectedImportLeavesNoTerms lets a check read the terms of an import before it rejects it: their numbers go to
// other terms afterwards.
func TestRejectedImportLeavesNoTerms(t *testing.T) {
	reject := errors.New("rejected")
	s := mustOpen(t, "", Options{Check: func(ctx context.Context, c Commit, after *View) error {
		if !c.Bulk {
			return nil
		}
		for n := uint32(1); n <= after.TermCount(); n++ {
			term, err := after.Term(makeID(KindIRI, uint64(n)))
			if err != nil {
				return err
			}
			if id, known, err := after.ID(term); !known || err != nil || id.Number() != n {
				return fmt.Errorf("term %d, %v, is found as %d: %v", n, term, id.Number(), err)
			}
		}
		return reject
	}})
	imp, err := s.NewImport(t.Context(), ImportOptions{CommitLimit: 1})
	if err != nil {
		t.Fatal(err)
	}
	var first, second []rdf.Quad
	for i := range 200 {
		first = append(first, spo(fmt.Sprint("first", i), "p", "o"))
		second = append(second, spo(fmt.Sprint("second", i), "p", "o"))
	}
	if err := imp.Add(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if _, _, err := imp.Commit(t.Context()); !errors.Is(err, reject) {
		t.Fatal(err)
	}
	if _, err := s.Write(t.Context(), Batch{Add: second}); err != nil {
		t.Fatal(err)
	}
	v, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	for _, q := range second {
		id, known, err := v.ID(q.S)
		if err != nil || !known {
			t.Fatal(known, err)
		}
		if back, err := v.Term(id); err != nil || back != q.S {
			t.Fatalf("%v comes back as %v: %v", q.S, back, err)
		}
	}
}

// failOnce is a map one of whose bulk writes fails.
type failOnce struct {
	*memoryKV
	left atomic.Int64 // bulk writes until then; an import writes terms and triples side by side
}

func (f *failOnce) Load(fill func(put func(op) error) error) error {
	return fill(func(o op) error {
		if f.left.Add(-1) == 0 {
			return errFault
		}
		return f.memoryKV.Load(func(put func(op) error) error { return put(o) })
	})
}

// generations counts the keys of each generation.
func (f *failOnce) generations() map[uint32]int {
	counts := map[uint32]int{}
	for key := range f.values {
		if key[0] == prefixBlock || key[0] == prefixGraph {
			counts[binary.BigEndian.Uint32([]byte(key[1:]))]++
		}
	}
	return counts
}

// TestFailedBuildsLeaveNothing lets a fold and an import fail while they write a new base, as a full disk or a
// cancelled import does: a store that stays open must not keep what they wrote.
func TestFailedBuildsLeaveNothing(t *testing.T) {
	f := &failOnce{memoryKV: newMemoryKV()}
	s := &Store{kv: f, options: Options{FoldFraction: -1}.withDefaults()}
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	importAll(t, s, powerQuads(3000))
	if err := s.Fold(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(t.Context(), Batch{Add: manyQuads(1, 60)}); err != nil {
		t.Fatal(err)
	}
	published := s.Stats().Generation
	f.left.Store(20)
	if err := s.Fold(t.Context()); !errors.Is(err, errFault) {
		t.Fatal(err)
	}
	if have := f.generations(); len(have) > 1 || have[published] == 0 {
		t.Errorf("generations after a failed fold: %v, %d is published", have, published)
	}
	f.left.Store(40) // beyond the terms
	_, _, err := s.Import(t.Context(), ImportOptions{CommitLimit: 1}, func(add func([]rdf.Quad) error) error { return add(manyQuads(2, 3000)) })
	if !errors.Is(err, errFault) {
		t.Fatal(err)
	}
	if have := f.generations(); len(have) > 1 || have[published] == 0 {
		t.Errorf("generations after a failed import: %v, %d is published", have, published)
	}
	if err := s.Fold(t.Context()); err != nil {
		t.Fatal(err)
	}
	if report, err := s.Check(t.Context()); err != nil || len(report.Problems) > 0 {
		t.Fatal(report.Problems, err)
	}
}
