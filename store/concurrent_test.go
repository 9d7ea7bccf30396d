package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/inklingdb/inkling/store/rdf"
)

// tallies is an index of how many triples each predicate of the default graph has.
type tallies struct {
	version Version
	counts  map[TermID]int // replaced, never changed
	applied int
	rebuilt int
	fail    bool // the next Apply fails
}

func (x *tallies) Name() string     { return "tallies" }
func (x *tallies) Version() Version { return x.version }
func (x *tallies) Snapshot() any    { return x.counts }

func (x *tallies) Apply(ctx context.Context, c Commit, after *View) error {
	x.applied++
	if x.fail {
		x.fail = false
		return errors.New("told to fail")
	}
	if c.Version != x.version+1 || after.Version() != c.Version {
		return fmt.Errorf("version %d and view %d after %d", c.Version, after.Version(), x.version)
	}
	next := make(map[TermID]int)
	for p, n := range x.counts {
		next[p] = n
	}
	for _, change := range c.Changes {
		if has, err := after.Has(change.Graph, change.Triple); err != nil || has == change.Removed {
			return fmt.Errorf("view does not show %+v: %v", change, err)
		}
		if change.Graph != 0 {
			continue
		}
		if change.Removed {
			next[change.Triple.P]--
		} else {
			next[change.Triple.P]++
		}
		if next[change.Triple.P] == 0 {
			delete(next, change.Triple.P)
		}
	}
	x.version, x.counts = c.Version, next
	return nil
}

func (x *tallies) Rebuild(ctx context.Context, v *View) error {
	x.rebuilt++
	x.version, x.counts = v.Version(), map[TermID]int{}
	c, err := v.Scan(0, Pattern{}, Any)
	if err != nil {
		return err
	}
	defer c.Close()
	buffer := make([]Triple, 100)
	for {
		n, err := c.Next(buffer)
		if err != nil || n == 0 {
			return err
		}
		for _, t := range buffer[:n] {
			x.counts[t.P]++
		}
	}
}

// verify compares a view's snapshot of the index with a rebuild from the same view.
func (x *tallies) verify(t testing.TB, v *View) {
	t.Helper()
	have, _ := v.Index("tallies").(map[TermID]int)
	var want tallies
	if err := want.Rebuild(context.Background(), v); err != nil {
		t.Error(err)
	}
	if fmt.Sprint(have) != fmt.Sprint(want.counts) {
		t.Errorf("version %d: index %v, rebuilt %v", v.Version(), have, want.counts)
	}
}

func TestIndexFollows(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	x := &tallies{}
	s, err := Open(dir, Options{Indexes: []Indexer{x}, FoldFraction: -1})
	if err != nil {
		t.Fatal(err)
	}
	step := func(seed uint64) {
		t.Helper()
		quads := manyQuads(seed, 60)
		if _, err := s.Write(ctx, Batch{Add: quads, Remove: manyQuads(seed-1, 30)}); err != nil {
			t.Fatal(err)
		}
		v, err := s.View()
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		x.verify(t, v)
	}
	for seed := range uint64(20) {
		x.fail = seed == 10
		step(seed + 1)
	}
	if x.applied != 20 || x.rebuilt != 2 { // when opening, and after the failure
		t.Fatalf("applied %d, rebuilt %d", x.applied, x.rebuilt)
	}
	importAll(t, s, powerQuads(60_000))
	step(40)
	if x.rebuilt != 3 {
		t.Fatalf("rebuilt %d after a bulk import", x.rebuilt)
	}
	behind := *x
	step(41)
	step(42)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	x = &behind // as if it had been saved two commits ago
	x.applied = 0
	if s, err = Open(dir, Options{Indexes: []Indexer{x}}); err != nil {
		t.Fatal(err)
	}
	if x.applied != 2 || x.rebuilt != 3 {
		t.Fatalf("applied %d, rebuilt %d when opening", x.applied, x.rebuilt)
	}
	step(43)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// counter is a follower that counts changes.
type counter struct {
	version Version
	changes int
	bulk    bool
}

func (f *counter) Version() Version { return f.version }
func (f *counter) Apply(ctx context.Context, c Commit) error {
	if c.Version != f.version+1 {
		return fmt.Errorf("version %d after %d", c.Version, f.version)
	}
	f.version, f.changes = c.Version, f.changes+len(c.Changes)
	f.bulk = f.bulk || c.Bulk
	if f.version == 30 {
		return errDone
	}
	return nil
}

var errDone = errors.New("done")

func TestFollow(t *testing.T) {
	s := mustOpen(t, "", Options{})
	f := &counter{}
	followed := make(chan error)
	go func() { followed <- s.Follow(context.Background(), f) }()
	for i := range 30 {
		if _, err := s.Write(context.Background(), Batch{Add: []rdf.Quad{spo("s", "p", fmt.Sprint(i))}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-followed; !errors.Is(err, errDone) || f.changes != 30 {
		t.Fatal(err, f.changes)
	}
}

func TestCheckOptionRejects(t *testing.T) {
	reject := errors.New("rejected")
	limit := int64(2)
	s := mustOpen(t, "", Options{Check: func(ctx context.Context, c Commit, after *View) error {
		if n, _ := after.Count(0, Pattern{}); n > limit {
			return reject
		}
		return nil
	}})
	ctx := t.Context()
	if _, err := s.Write(ctx, Batch{Add: []rdf.Quad{spo("a", "b", "c"), spo("a", "b", "d")}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(ctx, Batch{Add: []rdf.Quad{spo("x", "y", "z")}}); !errors.Is(err, reject) {
		t.Fatal(err)
	}
	imp, err := s.NewImport(ctx, ImportOptions{CommitLimit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := imp.Add(ctx, powerQuads(20_000)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := imp.Commit(ctx); !errors.Is(err, reject) {
		t.Fatal(err)
	}
	if _, err := s.Write(ctx, Batch{Add: []rdf.Quad{spo("new", "b", "c")}, Remove: []rdf.Quad{spo("a", "b", "c")}}); err != nil {
		t.Fatal(err)
	}
	limit = 1 << 20 // what the rejected import left must not get into the way of another, nor of opening
	importAll(t, s, powerQuads(60_000))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = &Store{kv: s.kv}
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	report, err := s.Check(ctx)
	if err != nil || len(report.Problems) > 0 || report.Triples < 50_000 || report.Version != 3 {
		t.Fatalf("%+v, %v", report, err)
	}
}

// setSize is the number of triples that writers of TestConcurrent add and remove together.
const setSize = 10

func quadSet(writer string, n int) (quads []rdf.Quad) {
	for i := range setSize {
		quads = append(quads, rdf.Quad{S: iri(fmt.Sprint(writer, "/", n)), P: iri(writer), O: rdf.NewString(fmt.Sprint(i))})
	}
	return quads
}

func writeSets(t *testing.T, s *Store, name string, acknowledged *sync.Map) {
	for n := range 60 {
		b := Batch{Add: quadSet(name, n)}
		if n > 5 {
			b.Remove = quadSet(name, n-5)
		}
		c, err := s.Write(t.Context(), b)
		if err != nil {
			t.Error(err)
			return
		}
		acknowledged.Store(name, c.Version)
	}
}

func updateSets(t *testing.T, s *Store) {
	for n := range 30 {
		_, err := s.Update(t.Context(), "u", func(tx *Tx) error {
			for _, q := range quadSet("u", n) {
				if err := tx.AddQuad(q); err != nil {
					return err
				}
			}
			if v := tx.View(); n%3 == 0 {
				verifySets(t, v)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func importSets(t *testing.T, s *Store) {
	ctx := t.Context()
	for n := range 6 {
		imp, err := s.NewImport(ctx, ImportOptions{CommitLimit: 1})
		if err == nil {
			err = imp.Add(ctx, append(quadSet("i", n), quadSet("i", 100+n)...))
		}
		if err == nil {
			time.Sleep(time.Millisecond) // lets others take the numbers it counts on
			_, _, err = imp.Commit(ctx)
		}
		if err != nil {
			t.Error(err)
		}
	}
}

func readSets(t *testing.T, s *Store, x *tallies, acknowledged *sync.Map, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		var least Version
		if v, ok := acknowledged.Load("w0"); ok {
			least = v.(Version)
		}
		v, err := s.View()
		if err != nil {
			t.Error(err)
			return
		}
		if v.Version() < least {
			t.Errorf("view of %d after an acknowledged %d", v.Version(), least)
		}
		verifySets(t, v)
		x.verify(t, v)
		v.Close()
	}
}

// TestConcurrent has writers, updates, imports, folds and readers at once. Every writer adds and removes
// whole sets, so that readers can tell a torn one.
func TestConcurrent(t *testing.T) {
	x := &tallies{}
	s := mustOpen(t, t.TempDir(), Options{FoldMin: 50, FoldFraction: 1e-9, CacheBytes: 20_000, Indexes: []Indexer{x}})
	var writers, readers sync.WaitGroup
	stop := make(chan struct{})
	var acknowledged sync.Map
	for w := range 4 {
		writers.Go(func() { writeSets(t, s, fmt.Sprint("w", w), &acknowledged) })
	}
	writers.Go(func() { updateSets(t, s) })
	writers.Go(func() { importSets(t, s) })
	for range 2 {
		readers.Go(func() { readSets(t, s, x, &acknowledged, stop) })
	}
	writers.Wait()
	close(stop)
	readers.Wait()
	report, err := s.Check(t.Context())
	if err != nil || len(report.Problems) > 0 {
		t.Fatalf("%+v, %v", report.Problems, err)
	}
	if want := int64((4*6 + 30 + 12) * setSize); report.Triples != want {
		t.Fatalf("%d triples, want %d", report.Triples, want)
	}
}

// verifySets fails when a subject has only a part of its set.
func verifySets(t testing.TB, v *View) {
	c, err := v.Scan(0, Pattern{}, SPO)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	sizes := map[TermID]int{}
	buffer := make([]Triple, 64)
	for {
		n, err := c.Next(buffer)
		if err != nil {
			t.Error(err)
			return
		}
		if n == 0 {
			break
		}
		for _, triple := range buffer[:n] {
			sizes[triple.S]++
			if _, err := v.Term(triple.O); err != nil {
				t.Error(err)
			}
		}
	}
	for id, n := range sizes {
		if n != setSize {
			t.Errorf("version %d: %x has %d of %d", v.Version(), uint64(id), n, setSize)
		}
	}
}

// TestLargeCommit writes more in one transaction than Badger takes, and reads it back after reopening.
func TestLargeCommit(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	quads := make([]rdf.Quad, 25_000)
	for i := range quads { // 10 MB of keys; Badger takes 9.6 MB in a transaction of these settings
		quads[i] = spo(fmt.Sprintf("s%0200d", i), "p", fmt.Sprintf("o%0200d", i))
	}
	c, err := s.Write(t.Context(), Batch{Add: quads})
	if err != nil || len(c.Changes) != len(quads) {
		t.Fatal(len(c.Changes), err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, dir, Options{})
	read := 0
	err = s.Changes(t.Context(), 0, func(c Commit) error { read += len(c.Changes); return nil })
	if err != nil || read != len(quads) {
		t.Fatal(read, err)
	}
	report, err := s.Check(t.Context())
	if err != nil || len(report.Problems) > 0 || report.Triples != int64(len(quads)) || report.Terms != 50_001 {
		t.Fatalf("%+v, %v", report, err)
	}
}
