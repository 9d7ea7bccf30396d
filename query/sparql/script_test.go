package sparql_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/query/sparql"
)

var rewrite = flag.Bool("rewrite", false, "write what the scripts give into them")

// TestScripts runs testdata/*.txt: after each "query" or "update" line comes a text, after "----" what is expected,
// up to an empty line: the error, the algebra and the warnings of a query, or the printed update.
func TestScripts(t *testing.T) {
	for _, name := range []string{"testdata/errors.txt", "testdata/algebra.txt", "testdata/warnings.txt"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, block := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
			kind, rest, _ := strings.Cut(block, "\n")
			request, want, _ := strings.Cut(rest, "\n----")
			if kind != "query" && kind != "update" {
				out = append(out, block)
				continue
			}
			got := outcome(request, kind == "update")
			if want = strings.TrimPrefix(want, "\n"); got != want && !*rewrite {
				t.Errorf("%s: %s\ngot\n%s\nwant\n%s", name, request, got, want)
			}
			out = append(out, kind+"\n"+request+"\n----\n"+got)
		}
		if *rewrite {
			if err := os.WriteFile(name, []byte(strings.Join(out, "\n\n")+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// outcome returns the error of a request, or what it means.
func outcome(text string, update bool) string {
	n, err := read(text, update, sparql.Options{Prefixes: map[string]string{"": "http://e/", "ink": "urn:inkling:"}})
	if err != nil {
		return err.Error()
	}
	if q, ok := n.(*sparql.Query); ok {
		text := sparql.OpString(q.Algebra)
		for _, w := range sparql.Warnings(q) {
			text += "\n" + w.String()
		}
		return text
	}
	return n.(*sparql.Update).String()
}
