package store

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/inklingdb/inkling/store/rdf"
)

// A disk found full refuses a commit and an import, says so, keeps what was committed, and takes writes again once
// there is room.
func TestFullDiskRefusesAndRecovers(t *testing.T) {
	ctx := context.Background()
	s, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	room := s.kv.(*roomKV)
	var left int64 = 1 << 40
	room.free = func(string) (int64, bool) { return left, true }
	quad := func(i int) rdf.Quad {
		return rdf.Quad{S: rdf.NewIRI(fmt.Sprint("http://x/", i)), P: rdf.NewIRI("http://x/p"), O: rdf.NewIRI("http://x/o")}
	}
	if _, err := s.Write(ctx, Batch{Add: []rdf.Quad{quad(0)}}); err != nil {
		t.Fatal(err)
	}

	left = 1 << 20
	if _, err := s.Write(ctx, Batch{Add: []rdf.Quad{quad(1)}}); !errors.Is(err, ErrDiskFull) || errors.Is(err, ErrStopped) {
		t.Fatalf("a write on a full disk: %v", err)
	}
	bulk := func() error {
		_, _, err := s.Import(ctx, ImportOptions{CommitLimit: 1}, func(add func([]rdf.Quad) error) error {
			for i := range 1000 {
				if err := add([]rdf.Quad{quad(i)}); err != nil {
					return err
				}
			}
			return nil
		})
		return err
	}
	if err := bulk(); !errors.Is(err, ErrDiskFull) {
		t.Fatalf("an import on a full disk: %v", err)
	}
	if got := s.Stats().Triples; got != 1 {
		t.Fatalf("%d triples after refused writes, want 1", got)
	}

	left = 1 << 40
	if err := bulk(); err != nil {
		t.Fatalf("an import after room was made: %v", err)
	}
	if got := s.Stats().Triples; got != 1000 {
		t.Fatalf("%d triples, want 1000", got)
	}
	report, err := s.Check(ctx)
	if err != nil || len(report.Problems) > 0 {
		t.Fatalf("check: %v %v", report.Problems, err)
	}
}

// The need grows with what the memtable holds, up to its size.
func TestRoomCountsWhatWaitsToBeFlushed(t *testing.T) {
	var left int64 = 100 << 20
	r := newRoomKV(newMemoryKV(), "")
	r.free = func(string) (int64, bool) { return left, true }
	value := make([]byte, 8<<20)
	commits := 0
	for ; commits < 100; commits++ {
		if err := r.Commit([]op{{[]byte{1}, value}}); err != nil {
			if !errors.Is(err, ErrDiskFull) {
				t.Fatal(err)
			}
			break
		}
	}
	if commits != 4 { // 2·8 + 2·32 + 4 MiB fit; 2·8 + 2·40 + 4 and the overhead of five keys do not
		t.Errorf("%d commits of 8 MiB before a disk with 100 MiB counts as full, want 4", commits)
	}
	if err := r.Commit([]op{{[]byte{1}, nil}}); err != nil {
		t.Errorf("a removal on a full disk: %v", err)
	}
}
