package sparql_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/query/manifest"
	"github.com/inklingdb/inkling/query/sparql"
)

// FuzzParse looks for panics, for errors without a place, and for requests that print as something else.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"testdata/errors.txt", "testdata/algebra.txt"} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, block := range strings.Split(string(text), "\n\n") {
			_, rest, _ := strings.Cut(block, "\n")
			request, _, _ := strings.Cut(rest, "\n----")
			f.Add(request)
		}
	}
	tests, err := manifest.ReadAll(manifest.Root)
	if err != nil {
		f.Fatal(err)
	}
	for _, t := range tests {
		if text, err := os.ReadFile(t.Request.Path); err == nil {
			f.Add(string(text))
		}
	}
	opt := sparql.Options{Base: "http://base/", Prefixes: map[string]string{"": "http://e/"}}
	f.Fuzz(func(t *testing.T, text string) {
		for _, update := range []bool{false, true} {
			err := roundTrip(text, update, opt)
			var syntax *sparql.Error
			switch {
			case err == nil:
			case !errors.As(err, &syntax):
				t.Fatal(err)
			case strings.HasPrefix(err.Error(), "printed") && !strings.Contains(err.Error(), "nesting deeper"):
				t.Fatal(err)
			case syntax.Line < 1 || syntax.Column < 1 || syntax.Found == "":
				t.Fatalf("%q: %v", text, err)
			}
		}
	})
}

// TestDeep feeds texts that would exhaust a stack or take quadratic time.
func TestDeep(t *testing.T) {
	const n = 20_000
	for _, text := range []string{
		"ASK " + strings.Repeat("{", n),
		"ASK " + strings.Repeat("{", n) + strings.Repeat("}", n),
		"ASK { FILTER" + strings.Repeat("(", n) + "1" + strings.Repeat(")", n) + "}",
		"ASK { FILTER(" + strings.Repeat("! EXISTS {", n),
		"ASK { FILTER(1" + strings.Repeat("+1", n) + ") }",
		"ASK { ?x :p " + strings.Repeat("(", n),
		"ASK { ?x :p " + strings.Repeat("[:p", n),
		"ASK { ?x " + strings.Repeat("(", n) + ":p" + strings.Repeat(")", n) + " ?y }",
		"ASK { " + strings.Repeat("{} ", n) + "}",
		"ASK { " + strings.Repeat("{SELECT * ", n),
		"SELECT (" + strings.Repeat("STR(", n) + " AS ?x) { }",
		"ASK { " + strings.Repeat("OPTIONAL {", n),
		"ASK { ?x :p " + strings.Repeat("-", n),
	} {
		opt := sparql.Options{Prefixes: map[string]string{"": "http://e/"}}
		_, err := sparql.Parse(text, opt)
		var syntax *sparql.Error
		if !errors.As(err, &syntax) {
			t.Errorf("%.40s…: %v", text, err)
		}
	}
	for _, text := range []string{
		"ASK { " + strings.Repeat("?x :p ?y . ", n) + "}",
		"ASK { VALUES ?x { " + strings.Repeat("1 ", n) + "} }",
		"ASK { " + strings.Repeat("{} UNION ", n) + "{} }",
		"ASK { ?x :p" + strings.Repeat("/:p", n) + " ?y }",
		"ASK { ?x :p ( " + strings.Repeat("1 ", n) + ") }",
	} {
		if _, err := sparql.Parse(text, sparql.Options{Prefixes: map[string]string{"": "http://e/"}}); err != nil {
			t.Errorf("%.40s…: %v", text, err)
		}
	}
}
