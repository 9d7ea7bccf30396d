package rdf_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/store/rdf/isomorphic"
	"pgregory.net/rapid"
)

// text draws strings that hold what needs care: quotes, escapes, controls, other scripts, astral characters.
func text() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("a\"'\\\n\r\t\b\f\x00\x7f .#<>_:@^é漢𝄞e1-+"))))
}

func iri() *rapid.Generator[rdf.Term] {
	return rapid.Custom(func(t *rapid.T) rdf.Term {
		start := rapid.SampledFrom([]string{rdf.DefaultBase, rdf.RDF, "urn:x:", "http://example.com/a#"}).Draw(t, "namespace")
		if rapid.Bool().Draw(t, "name") {
			return rdf.NewIRI(rdf.NameIRI(start, text().Draw(t, "name")))
		}
		return rdf.NewIRI(start + rapid.SampledFrom([]string{"", "type", "a.b", "a.", ".a", "-a", "a/b?c#d", "0", "%41", "é"}).Draw(t, "local"))
	})
}

func blankNode() *rapid.Generator[rdf.Term] {
	return rapid.Custom(func(t *rapid.T) rdf.Term {
		return rdf.NewBlank(rapid.SampledFrom([]string{"a", "b.c", "genid1", "genid1u", "genid2", "0", "x y", "a:b", "-", "x-ink-61", "é", "a."}).Draw(t, "label"))
	})
}

func literalTerm() *rapid.Generator[rdf.Term] {
	return rapid.Custom(func(t *rapid.T) rdf.Term {
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			return rdf.NewString(text().Draw(t, "text"))
		case 1:
			return rdf.NewLang(text().Draw(t, "text"), rapid.SampledFrom([]string{"en", "de-CH", "zh-hant-x-1"}).Draw(t, "lang"))
		case 2:
			lexical := rapid.SampledFrom([]string{"1", "+1", "-0", "1.", ".5", "-1.50", "1e6", "1.E-3", ".e1", "true", "TRUE", "", "+", "1 "})
			datatype := rapid.SampledFrom([]string{rdf.XSDInteger, rdf.XSDDecimal, rdf.XSDDouble, rdf.XSDBoolean, rdf.XSDDate})
			return rdf.NewTyped(lexical.Draw(t, "lexical"), datatype.Draw(t, "datatype"))
		}
		return rdf.NewTyped(text().Draw(t, "text"), iri().Draw(t, "datatype").Value)
	})
}

func quads(graphs bool) *rapid.Generator[[]rdf.Quad] {
	node := rapid.OneOf(iri(), blankNode())
	graph := rapid.OneOf(rapid.Just(rdf.Term{}), node)
	object := rapid.OneOf(node, literalTerm())
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) rdf.Quad {
		q := rdf.Quad{S: node.Draw(t, "s"), P: iri().Draw(t, "p"), O: object.Draw(t, "o")}
		if graphs {
			q.G = graph.Draw(t, "g")
		}
		return q
	}), 0, 12)
}

func write(t interface{ Fatal(...any) }, f *rdf.Format, all []rdf.Quad) []byte {
	var doc bytes.Buffer
	w, err := rdf.NewWriter(&doc, f, rdf.WriterOptions{Prefixes: map[string]string{"": rdf.DefaultBase, "rdf": rdf.RDF, "e": "http://example.com/a#"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(all); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return doc.Bytes()
}

// TestRoundTrip writes random quads in every format and reads them back, in whole and byte by byte.
func TestRoundTrip(t *testing.T) {
	for _, f := range rdf.Formats {
		if !f.Writable() {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				want := quads(f.Graphs).Draw(t, "quads")
				doc := write(t, f, want)
				got, err := rdf.ReadAll(bytes.NewReader(doc), f, rdf.Options{})
				if err != nil || !isomorphic.Quads(got, want) {
					t.Fatalf("wrote\n%s\nread %v, %v", doc, got, err)
				}
				slow, err := rdf.ReadAll(iotest.OneByteReader(bytes.NewReader(doc)), f, rdf.Options{})
				if err != nil || len(slow) != len(got) {
					t.Fatalf("byte by byte: %d quads, not %d; %v", len(slow), len(got), err)
				}
				for i := range got {
					if got[i] != slow[i] {
						t.Fatalf("byte by byte: quad %d is %v, not %v", i, slow[i], got[i])
					}
				}
			})
		})
	}
}

// TestNamesRoundTrip holds that names and IRIs under a base are one-to-one.
func TestNamesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := text().Draw(t, "name")
		full := rdf.NameIRI(rdf.DefaultBase, name)
		if err := rdf.ValidIRI(full); err != nil {
			t.Fatalf("%q gives %q: %v", name, full, err)
		}
		back, ok := rdf.IRIName(rdf.DefaultBase, full)
		if ok != (name != "") || back != name {
			t.Fatalf("%q gives %q gives %q, %v", name, full, back, ok)
		}
	})
	for name, want := range map[string]string{
		"/m/027rn": "http://inkling.example//m/027rn", "New York": "http://inkling.example/New%20York",
		"100%": "http://inkling.example/100%25", "Übel": "http://inkling.example/Übel",
	} {
		if got := rdf.NameIRI(rdf.DefaultBase, name); got != want {
			t.Errorf("NameIRI(%q) = %q, want %q", name, got, want)
		}
	}
	for _, other := range []string{"a%zz", "a%2", "a%41", "a%2f", "%ff"} {
		if name, ok := rdf.IRIName(rdf.DefaultBase, rdf.DefaultBase+other); ok {
			t.Errorf("%q is taken for the name %q, which has another IRI", other, name)
		}
	}
}

// TestTermText holds that a term's text is read back as this term, by a line parser.
func TestTermText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.OneOf(iri(), literalTerm()).Draw(t, "term")
		got, err := rdf.ParseTerm(want.String())
		if err != nil || got != want {
			t.Fatalf("%q is read as %v, %v", want.String(), got, err)
		}
	})
	for _, bad := range []string{"", "<a>", "<http://a", "plain", `"x`, `"x"@`, `"x" y`, "_:", `"x"^^<y>`} {
		if got, err := rdf.ParseTerm(bad); err == nil {
			t.Errorf("%q is read as %v", bad, got)
		}
	}
}

// TestCompression reads what NewCompressor wrote, and refuses what was cut off.
func TestCompression(t *testing.T) {
	line := "<http://a/s> <http://a/p> <http://a/o> .\n"
	for _, name := range []string{"x.nt", "x.nt.gz", "x.nt.zst"} {
		var doc bytes.Buffer
		w, err := rdf.NewCompressor(&doc, name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("\ufeff" + strings.Repeat(line, 1000))); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if f := rdf.FormatByFile(name); f != rdf.NTriples {
			t.Errorf("%s is taken for %v", name, f)
		}
		all, err := rdf.ReadAll(bytes.NewReader(doc.Bytes()), rdf.NTriples, rdf.Options{})
		if err != nil || len(all) != 1000 {
			t.Errorf("%s: %d quads, %v", name, len(all), err)
		}
		if _, err = rdf.ReadAll(bytes.NewReader(doc.Bytes()[:doc.Len()-9]), rdf.NTriples, rdf.Options{}); err == nil {
			t.Errorf("%s, cut off, is read without an error", name)
		} else if strings.Count(err.Error(), "unexpected EOF") > 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
