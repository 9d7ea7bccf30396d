package rdf_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/inklingdb/inkling/store/rdf"
)

// TestBenchmarkFiles reads the TSV files that Inkling is measured on; the counts are those of their README.
func TestBenchmarkFiles(t *testing.T) {
	const root = "../../../shared/data"
	if _, err := os.Stat(root); err != nil {
		t.Skip("the benchmark data is not beside the checkout:", err)
	}
	for name, want := range map[string]struct{ triples, entities, relations int }{
		"FB15k-237/train.tsv.gz": {272115, 14505, 237},
		"WN18RR/train.tsv.gz":    {86835, 40559, 11},
		"UMLS/train.tsv.gz":      {5216, 135, 46},
		"NELL-995/train.tsv.gz":  {149678, 74432, 200},
	} {
		r, err := rdf.OpenFile(filepath.Join(root, name), nil, rdf.Options{})
		if err != nil {
			t.Fatal(err)
		}
		entities, relations := map[string]bool{}, map[string]bool{}
		triples := 0
		buf := make([]rdf.Quad, 500)
		for err == nil {
			var n int
			n, err = r.Read(buf)
			triples += n
			for _, q := range buf[:n] {
				entities[q.S.Value], entities[q.O.Value], relations[q.P.Value] = true, true, true
			}
		}
		if err != io.EOF {
			t.Errorf("%s: %v", name, err)
		}
		if triples != want.triples || len(entities) != want.entities || len(relations) != want.relations {
			t.Errorf("%s: %d triples, %d entities, %d relations; want %+v", name, triples, len(entities), len(relations), want)
		}
		info, err := os.Stat(filepath.Join(root, name))
		if err != nil || r.BytesRead() != info.Size() {
			t.Errorf("%s: %d bytes read of %d, %v", name, r.BytesRead(), info.Size(), err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}
