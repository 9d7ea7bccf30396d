package sparql_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/query/manifest"
	"github.com/inklingdb/inkling/query/sparql"
)

// TestW3C runs every syntax test of the suite, and takes the requests of all other tests as ones that must parse.
// What parses must print as text that parses to an equal tree.
func TestW3C(t *testing.T) {
	if !manifest.Dir(manifest.Root) {
		t.Skip("the W3C tests are not beside the checkout")
	}
	tests, err := manifest.ReadAll(manifest.Root)
	if err != nil {
		t.Fatal(err)
	}
	var outcomes []manifest.Outcome
	for _, test := range tests {
		if test.Request.Path == "" || strings.HasSuffix(test.Kind, "ProtocolTest") || test.Kind == "ServiceDescriptionTest" {
			continue
		}
		kind := test.Kind
		if !strings.Contains(kind, "Syntax") {
			kind = "other requests"
		}
		version, _, _ := strings.Cut(test.Suite, "/")
		o := manifest.Outcome{Category: version + " " + kind, ID: test.ID(), Err: parses(test)}
		if strings.HasPrefix(test.Kind, "Negative") {
			if o.Err == nil {
				o.Err = fmt.Errorf("parses, and should not")
			} else if strings.HasPrefix(o.Err.Error(), "sparql: line ") {
				o.Err = nil
			}
		}
		outcomes = append(outcomes, o)
	}
	if len(outcomes) == 0 {
		t.Fatal("no tests found")
	}
	manifest.Judge(t, outcomes, "testdata/w3c-known-failures.txt")
}

// parses reads the request of a test and returns its syntax error, or that it does not survive printing.
func parses(test manifest.Test) error {
	text, err := os.ReadFile(test.Request.Path)
	if err != nil {
		return err
	}
	return roundTrip(string(text), test.IsUpdate(), sparql.Options{Base: test.Request.IRI})
}
