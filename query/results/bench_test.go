package results_test

import (
	"io"
	"testing"

	"github.com/inklingdb/inkling/query/results"
	"github.com/inklingdb/inkling/store/rdf"
)

// BenchmarkRows writes rows of two IRIs and a number in each format.
func BenchmarkRows(b *testing.B) {
	row := []rdf.Term{rdf.NewIRI("http://example.org/entity/12345"), rdf.NewIRI("http://example.org/entity/67890"),
		rdf.NewTyped("0.8732", rdf.XSDDecimal)}
	for _, f := range results.Formats {
		if f.Name == "table" {
			continue // keeps its rows
		}
		b.Run(f.Name, func(b *testing.B) {
			w := f.NewWriter(io.Discard, results.WriterOptions{})
			if err := w.Header([]string{"s", "o", "p"}); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := w.Row(row); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
