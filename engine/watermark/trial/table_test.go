package trial

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A table is trained once: the second load is the first's, and one of another graph is refused.
func TestLoadKeepsTables(t *testing.T) {
	folder, cache := filepath.Join(t.TempDir(), "toy"), t.TempDir()
	write := func(n int) {
		var text strings.Builder
		for i := range 4 * n {
			fmt.Fprintf(&text, "%d %d %d\n", i%n, i%3, (7*i+1)%n)
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "kg_final.txt"), []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(100)
	s := Source{Folder: folder, Cache: cache, Dim: 16, Epochs: 2, Workers: 2}
	first, err := s.Load(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(first.HeldOut) == 0 || len(first.Triples) == 0 || first.Table.Rows.Rows != 100 {
		t.Fatalf("%d held out of %d, %d rows", len(first.HeldOut), len(first.Triples), first.Table.Rows.Rows)
	}
	second, err := s.Load(context.Background())
	if err != nil || second.Table.Digest() != first.Table.Digest() {
		t.Errorf("the cached table differs (%v)", err)
	}
	files, _ := os.ReadDir(cache)
	if len(files) != 1 {
		t.Errorf("%d files in the cache", len(files))
	}
	write(120)
	if _, err := s.Load(context.Background()); err == nil || !strings.Contains(err.Error(), "another graph") {
		t.Errorf("another graph's table: %v", err)
	}
	if _, err := (Source{Folder: folder, Dim: 15, Epochs: 1}).Load(context.Background()); err == nil {
		t.Error("an odd dimension is no error")
	}
}
