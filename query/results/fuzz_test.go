package results_test

import (
	"strings"
	"testing"

	"github.com/inklingdb/inkling/query/results"
)

// FuzzRead looks for documents that make a reader panic, or that do not survive being written and read again.
func FuzzRead(f *testing.F) {
	for i := range results.Formats {
		for _, r := range []string{
			`{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"literal","value":"a","xml:lang":"en"}},{}]}}`,
			`{"boolean":true}`,
			`<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head><variable name="x"/></head><results><result>` +
				`<binding name="x"><uri>http://e/</uri></binding></result><result/></results></sparql>`,
			"x,y\r\n1,\"a,\"\"b\"\r\n_:a,\r\n", "\r\n\r\n", "?x\t?y\n<http://e/>\t1.5\n_:b\t\"a\\n\"@en\n", "\n\n\n",
		} {
			f.Add(uint8(i), r)
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		format := results.Formats[int(kind)%len(results.Formats)]
		if !format.Readable() {
			return
		}
		first, err := format.Read(strings.NewReader(text))
		if err != nil {
			return
		}
		if format.Name == "csv" {
			first = kept(format, first)
		}
		second, written, err := through(format, first)
		if err != nil || !equal(first, second) {
			t.Fatalf("%s: %q read as %v, written as %q, read again as %v: %v", format.Name, text, first, written, second, err)
		}
	})
}
