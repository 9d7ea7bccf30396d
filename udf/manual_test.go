package udf_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/udf"
)

var update = flag.Bool("update", false, "write docs/functions.md anew")

// TestManualIsTheTable keeps docs/functions.md what the table of functions says.
func TestManualIsTheTable(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Functions\n\nWritten by `go test ./udf -run Manual -update` from the table in `udf/functions.go`.\n\n" +
		"Each function is called `NAME(…)` in CEL and `ink:NAME(…)` in SPARQL. Arguments in brackets may be left out; their\n" +
		"types tell them apart: `k` is a whole number, `least` a number from 0 to 1, `stated` true or false, `model` a model's name. A node or relation is given as\n" +
		"`<iri>`, an absolute IRI, `prefix:name`, `_:label` or a plain name. In SPARQL a list is an `rdf:JSON` literal. A name that is\n" +
		"not known is an error of its row: unbound in SPARQL, an error value in CEL that names the nearest known ones.\n\n" +
		"CEL has `match(\"?x :in ?y\")` besides: the solutions of a graph pattern as a list of maps. The examples are about the\n" +
		"small world of `udf/toyworld`; the tests run them.\n")
	for i := range udf.Functions {
		f := &udf.Functions[i]
		fmt.Fprintf(&b, "\n## %s\n\n`%s`\n\n%s\n\n", f.Name, f.Signature(), f.Doc)
		for _, e := range f.Examples {
			fmt.Fprintf(&b, "    %s  → %s\n", e.Call, e.Answer)
		}
	}
	path := filepath.Join("..", "docs", "functions.md")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != b.String() {
		t.Error("docs/functions.md is not what the table says: go test ./udf -run Manual -update")
	}
}
