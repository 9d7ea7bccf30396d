package store

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/inklingdb/inkling/store/rdf"
)

// powerQuads generates a graph like a real one: about eight triples a subject, 50 predicates, 30 % literals,
// objects by a power law.
func powerQuads(count int) []rdf.Quad {
	r := rand.New(rand.NewPCG(1, 2))
	quads := make([]rdf.Quad, count)
	subjects := count/8 + 1
	for i := range quads {
		s := i / 8
		quads[i].S = rdf.NewIRI(fmt.Sprintf("http://example.org/resource/entity_%d", s))
		p := r.IntN(50) * r.IntN(50) / 50
		quads[i].P = rdf.NewIRI(fmt.Sprintf("http://example.org/property/p%d", p))
		switch x := r.IntN(100); {
		case x < 12:
			quads[i].O = rdf.NewIRI(fmt.Sprintf("http://example.org/class/c%d", r.IntN(200)))
		case x < 42:
			quads[i].O = rdf.NewString(fmt.Sprintf("some text %d of %d", r.IntN(count/4+1), p))
		default:
			f := r.Float64()
			quads[i].O = rdf.NewIRI(fmt.Sprintf("http://example.org/resource/entity_%d", int(f*f*f*float64(subjects))))
		}
	}
	return quads
}

func importAll(tb testing.TB, s *Store, quads []rdf.Quad) ImportReport {
	tb.Helper()
	ctx := context.Background()
	imp, err := s.NewImport(ctx, ImportOptions{Source: "test"})
	if err != nil {
		tb.Fatal(err)
	}
	defer imp.Abort()
	for i := 0; i < len(quads); i += 4096 {
		if err := imp.Add(ctx, quads[i:min(i+4096, len(quads))]); err != nil {
			tb.Fatal(err)
		}
	}
	_, report, err := imp.Commit(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	return report
}

func BenchmarkImport(b *testing.B) {
	quads := powerQuads(2_000_000)
	read := int64(0)
	for b.Loop() {
		b.StopTimer()
		s, err := Open(b.TempDir(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		read += importAll(b, s, quads).Read
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "triples/s")
}

// TestSize reports how much disk an import takes: of 2 million triples when INKLING_SIZE is set.
func TestSize(t *testing.T) {
	count := 100_000
	if os.Getenv("INKLING_SIZE") != "" {
		count = 2_000_000
	}
	dir := t.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	report := importAll(t, s, powerQuads(count))
	byKind := map[byte]int{}
	err = s.kv.Scan(nil, false, func(key, value []byte) error {
		byKind[key[0]] += len(key) + len(value)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		total += info.Size()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	blocks := float64(byKind[prefixBlock]) / float64(report.Added)
	t.Logf("%+v: %.1f bytes on disk a triple; blocks %.2f a triple; terms by number %.1f, by hash %.1f a term", report,
		float64(total)/float64(report.Added), blocks, float64(byKind[prefixTerms])/float64(report.Terms), float64(byKind[prefixRun])/float64(report.Terms))
	if blocks > 20 {
		t.Errorf("%.1f bytes a triple in blocks", blocks)
	}
}
