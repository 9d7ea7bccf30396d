package store

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/inklingdb/inkling/store/rdf"
)

// A process killed while Badger makes a log leaves one without a length.
func TestLogsWithoutLengthAreNoHindrance(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(context.Background(), Batch{Add: []rdf.Quad{spo("a", "p", "b")}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"00007.mem", "000009.vlog"} {
		if err := os.WriteFile(filepath.Join(dir, dataDir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if s, err = Open(dir, Options{}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	v, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if found := scanAll(t, v, 0, Pattern{}, SPO); len(found) != 1 {
		t.Errorf("%d triples", len(found))
	}
}
