package results_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/inklingdb/inkling/query/results"
	"github.com/inklingdb/inkling/store/rdf"
)

// term draws a term or, now and then, none.
func term() *rapid.Generator[rdf.Term] {
	text := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("ab,\"\\\n\r\t\u0001é<&>'€𝄞 "))))
	return rapid.OneOf(
		rapid.Just(rdf.Term{}),
		rapid.Map(rapid.StringMatching(`[a-z]{1,5}:[a-zA-Z0-9/#é]*`), rdf.NewIRI),
		rapid.Map(rapid.StringMatching(`[a-zA-Z0-9]{1,6}`), rdf.NewBlank),
		rapid.Map(text, rdf.NewString),
		rapid.Map(text, func(s string) rdf.Term { return rdf.NewTyped(s, "http://e/type") }),
		rapid.Map(text, func(s string) rdf.Term { return rdf.NewLang(s, "en-gb") }),
		rapid.Map(rapid.Int(), func(n int) rdf.Term { return rdf.NewTyped(fmt.Sprint(n), rdf.XSDInteger) }),
		rapid.Map(rapid.SampledFrom([]string{"1.5", "+.5", "1", "-1.0e6", ".", "", "1 ", "+-1", "1e", "0x1"}),
			func(s string) rdf.Term { return rdf.NewTyped(s, rdf.XSDDouble) }),
		rapid.Map(rapid.Bool(), func(b bool) rdf.Term { return rdf.NewTyped(fmt.Sprint(b), rdf.XSDBoolean) }),
	)
}

// answer draws a whole answer.
func answer(t *rapid.T) *results.Result {
	r := &results.Result{Rows: [][]rdf.Term{}}
	if rapid.IntRange(0, 9).Draw(t, "form") == 0 {
		yes := rapid.Bool().Draw(t, "yes")
		return &results.Result{Boolean: &yes}
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "columns") {
		r.Vars = append(r.Vars, fmt.Sprintf("v%dé", i))
	}
	for range rapid.IntRange(0, 4).Draw(t, "rows") {
		row := []rdf.Term{}
		for range r.Vars {
			row = append(row, term().Draw(t, "term"))
		}
		r.Rows = append(r.Rows, row)
	}
	return r
}

// equal reports whether two answers are the same, row by row.
func equal(a, b *results.Result) bool {
	if a.Boolean != nil || b.Boolean != nil {
		return a.Boolean != nil && b.Boolean != nil && *a.Boolean == *b.Boolean
	}
	return slices.Equal(a.Vars, b.Vars) && slices.EqualFunc(a.Rows, b.Rows, slices.Equal[[]rdf.Term])
}

// through writes an answer in a format and reads it back.
func through(f *results.Format, r *results.Result) (*results.Result, string, error) {
	var b bytes.Buffer
	if err := r.Write(f.NewWriter(&b, results.WriterOptions{})); err != nil {
		return nil, "", err
	}
	text := b.String()
	back, err := f.Read(&b)
	return back, text, err
}

// TestRoundTrip writes answers in every format that can be read and reads them back.
func TestRoundTrip(t *testing.T) {
	for _, f := range results.Formats {
		if !f.Readable() {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				want := answer(t)
				back, text, err := through(f, want)
				if err != nil {
					t.Fatalf("%v\n%s", err, text)
				}
				if want = kept(f, want); !equal(want, back) {
					t.Fatalf("want %v\ngot  %v\nas\n%s", want, back, text)
				}
			})
		})
	}
}

// kept returns what a format preserves of an answer.
func kept(f *results.Format, r *results.Result) *results.Result {
	if r.Boolean != nil && (f.Name == "csv" || f.Name == "tsv") {
		word := rdf.NewString(fmt.Sprint(*r.Boolean))
		if f.Name == "tsv" {
			word.Datatype = rdf.XSDBoolean
		}
		return &results.Result{Vars: []string{"boolean"}, Rows: [][]rdf.Term{{word}}}
	}
	out := &results.Result{Vars: r.Vars, Boolean: r.Boolean}
	for _, row := range r.Rows {
		row = slices.Clone(row)
		for i, t := range row {
			switch f.Name {
			case "csv":
				row[i] = keptByCSV(t)
			case "xml":
				row[i].Value = strings.Map(keptByXML, t.Value)
			}
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

func keptByCSV(t rdf.Term) rdf.Term {
	switch {
	case t.Kind == rdf.None || t.Value == "" && t.Kind == rdf.Literal:
		return rdf.Term{}
	case t.Kind == rdf.Blank:
		return t
	}
	return rdf.NewString(strings.ReplaceAll(t.Value, "\r\n", "\n")) // encoding/csv reads line ends so
}

func keptByXML(r rune) rune {
	if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
		return utf8.RuneError
	}
	return r
}

func TestRowOfAnotherWidth(t *testing.T) {
	for _, f := range results.Formats {
		w := f.NewWriter(&bytes.Buffer{}, results.WriterOptions{})
		if err := w.Header([]string{"a", "b"}); err != nil {
			t.Fatal(err)
		}
		if err := w.Row([]rdf.Term{rdf.NewIRI("http://e/")}); err == nil {
			t.Errorf("%s took a row of one term under two columns", f.Name)
		}
	}
}

// full is a stream that takes no byte.
type full struct{}

var errFull = errors.New("full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestWriteErrorSurfaces(t *testing.T) {
	r := &results.Result{Vars: []string{"a"}, Rows: [][]rdf.Term{{rdf.NewString("x")}}}
	for _, f := range results.Formats {
		if err := r.Write(f.NewWriter(full{}, results.WriterOptions{})); !errors.Is(err, errFull) {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}

func TestTable(t *testing.T) {
	r := &results.Result{Vars: []string{"drug", "p"}, Rows: [][]rdf.Term{
		{rdf.NewIRI("http://inkling.example/penicillin"), rdf.NewTyped("0.75", rdf.XSDDecimal)},
		{rdf.NewIRI("http://other.example/x"), {}},
		{rdf.NewString("red\x1b[31m"), rdf.NewTyped("1", "http://e/odd")},
	}}
	var b bytes.Buffer
	opt := results.WriterOptions{Prefixes: map[string]string{"": "http://inkling.example/", "z": "http://inkling.example/"}}
	if err := r.Write(results.ByName("table").NewWriter(&b, opt)); err != nil {
		t.Fatal(err)
	}
	want := `
╭──────────────────────────┬─────────────────────╮
│ ?drug                    │ ?p                  │
├──────────────────────────┼─────────────────────┤
│ :penicillin              │ 0.75                │
│ <http://other.example/x> │                     │
│ "red�[31m"               │ "1"^^<http://e/odd> │
╰──────────────────────────┴─────────────────────╯
3 rows
`
	if got := "\n" + b.String(); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestNegotiate(t *testing.T) {
	for _, c := range []struct{ accept, format, media string }{
		{"", "json", "application/sparql-results+json"},
		{"*/*", "json", "application/sparql-results+json"},
		{"text/csv", "csv", "text/csv"},
		{"application/json", "json", "application/json"},
		{"text/csv;q=0.5, text/tab-separated-values;q=0.9", "tsv", "text/tab-separated-values"},
		{"text/html, application/xml;q=0.9, */*;q=0.1", "xml", "application/xml"},
		{"TEXT/CSV ; Q=1.0", "csv", "text/csv"},
		{"*/*, application/*;q=0", "xml", "text/xml"},
		{"text/csv;q=2, text/plain", "table", "text/plain"},
		{"nonsense, */csv, text/csv", "csv", "text/csv"},
		{"image/png", "", ""},
		{"text/csv;q=0", "", ""},
	} {
		f, media := results.NegotiateFormat(c.accept)
		name := ""
		if f != nil {
			name = f.Name
		}
		if name != c.format || media != c.media {
			t.Errorf("Accept %q: %s as %s, want %s as %s", c.accept, name, media, c.format, c.media)
		}
	}
}
