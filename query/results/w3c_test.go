package results_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/inklingdb/inkling/query/manifest"
	"github.com/inklingdb/inkling/query/results"
	"github.com/inklingdb/inkling/store/rdf"
)

// TestW3CFiles reads every result file of the suite and writes it back in each format that keeps all of it.
func TestW3CFiles(t *testing.T) {
	if !manifest.Dir(manifest.Root) {
		t.Skip("the W3C tests are not beside the checkout")
	}
	tests, err := manifest.ReadAll(manifest.Root)
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]int{}
	for _, test := range tests {
		extension := filepath.Ext(test.Result.Path)
		r, err := readFile(test, extension)
		if err != nil && !unread[filepath.Base(test.Result.Path)] {
			t.Errorf("%s: %v", test.Result.Path, err)
		}
		if r == nil {
			continue
		}
		read[extension]++
		for _, name := range []string{"json", "xml", "tsv"} {
			f := results.ByName(name)
			if f.Name == "tsv" && r.Boolean != nil {
				continue
			}
			if back, text, err := through(f, r); err != nil || !equal(r, back) {
				t.Errorf("%s through %s: %v\n%s", test.Result.Path, name, err, text)
			}
		}
	}
	t.Log(read)
	for _, extension := range []string{".srx", ".srj", ".csv", ".tsv", ".ttl", ".rdf"} {
		if read[extension] == 0 {
			t.Errorf("no %s file read", extension)
		}
	}
}

// unread are files that the RDF/XML library refuses for their mailto: IRIs.
var unread = map[string]bool{"result-sort-3.rdf": true, "result-sort-6.rdf": true}

// readFile returns the answer in a test's result file, or nil where it is a graph.
func readFile(test manifest.Test, extension string) (*results.Result, error) {
	text, err := os.ReadFile(test.Result.Path)
	if err != nil {
		return nil, nil // not every kind of test has a file
	}
	if f := results.ByName(extension); f != nil && f.Readable() {
		return f.Read(bytes.NewReader(text))
	}
	f := rdf.FormatByFile(test.Result.Path)
	if f == nil || !bytes.Contains(text, []byte("ResultSet")) {
		return nil, nil
	}
	quads, err := rdf.ReadAll(bytes.NewReader(text), f, rdf.Options{Base: test.Result.IRI})
	if err != nil {
		return nil, err
	}
	r, _, err := results.FromGraph(quads)
	return r, err
}
