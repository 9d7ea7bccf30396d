package rdf_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/inklingdb/inkling/store/rdf"
)

// TestErrorsNameTheirPlace gives broken documents and the message each must have.
func TestErrorsNameTheirPlace(t *testing.T) {
	const s, p = "<http://a/s> ", "<http://a/p> "
	for _, c := range []struct {
		format    *rdf.Format
		doc, want string
	}{
		{rdf.NTriples, s + p + "<http://a/o> .\n" + s + p + "\"é\" x\n", `f:2:31: expected ".", found 'x'`},
		{rdf.NTriples, s + p + "\"abc", `f:1:27: expected a string that ends in '"' on its line`},
		{rdf.NTriples, "\r\n\r" + s + "\n", `f:3:14: expected a predicate: <iri>, found the end of the line`},
		{rdf.NTriples, s + p + "<o> .", `f:1:28: expected an absolute IRI, found <o>`},
		{rdf.NTriples, s + p + `"\q" .`, `f:1:28: expected t, b, n, r, f, ", ', \, u or U after a backslash`},
		{rdf.NTriples, s + p + `"\uD800" .`, `f:1:28: the escape names no Unicode character`},
		{rdf.NTriples, s + p + "\"\xff\" .", `f:1:28: expected UTF-8, found byte 0xFF`},
		{rdf.NTriples, s + p + "<http://a/\\u0020> .", `f:1:37: character ' ' is not allowed in an IRI`},
		{rdf.NTriples, s + p + s + s + ".", `f:1:40: expected ".", found '<'`},
		{rdf.NQuads, s + p + s + "\"g\" .", `f:1:40: expected a graph or ".", found '"'`},
		{rdf.TSV, "a\tb\n", "f:1:4: expected 3 columns separated by tabs, found 2"},
		{rdf.TSV, "a\tb\tc\nü\t\tc\n", "f:2:3: expected a name, an IRI or a literal, found an empty column"},
		{rdf.TSV, "a\tb\tc\t1\n", "f:1:7: expected no fourth column, or a graph as <iri> or _:label, found '1'"},
		{rdf.TSV, "a\tb\tc\t<g:g>\tx\n", "f:1:12: expected 3 columns and at most a graph, found a fifth"},
		{rdf.TSV, "\"x\"\tb\tc\n", "f:1:1: expected a node as head, found a literal"},
		{rdf.TSV, "a\tb\t\"x\"y\n", "f:1:8: expected the end of the column, found 'y'"},
		{rdf.Turtle, "@prefix : <http://a/> .\n:s :p :o ; .\n  :s :p 'x\n' .", "f:3:11: expected the string to end on its line"},
		{rdf.Turtle, ":s :p :o .", `f:1:1: the prefix ":" is not declared`},
		{rdf.Turtle, s + p + "\"\"\"a\nb\\qc\"\"\" .", `f:2:2: expected t, b, n, r, f, ", ', \, u or U after a backslash`},
		{rdf.Turtle, s + p + "[ " + p + "1 ] \n )", `f:2:2: expected ",", ";" or ".", found ')'`},
		{rdf.Turtle, s + p + "<a> .", `f:1:27: the IRI is relative and there is no base: <a>`},
		{rdf.Turtle, s + p + "1", `f:1:28: expected ",", ";" or ".", found the end of the text`},
		{rdf.Turtle, s + "nope 1 .", `f:1:14: expected a predicate, found "nope"`},
		{rdf.Turtle, strings.Repeat("[ <p:p> ", 5000), `f:1:32771: expected at most 4096 brackets one in another`},
		{rdf.Turtle, "@prefix : <http://a/> . :s :p :\xfb .", "f:1:32: expected \",\", \";\" or \".\", found byte 0xFB"},
		{rdf.TriG, "<http://g> {\n" + s + p + "1 .\n", `f:3:1: expected "}" at the end of the graph, found the end of the text`},
		{rdf.TriG, "GRAPH <http://g> " + s, `f:1:18: expected "{", found '<'`},
		{rdf.RDFXML, "<rdf:RDF xmlns:rdf='" + rdf.RDF + "'>\n<rdf:Description rdf:about='http://x'>\n <p xmlns='http://e/'>x</q>", "f:3:28: expected </p>, found </q>"},
	} {
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(c.doc), "byte by byte": iotest.OneByteReader(strings.NewReader(c.doc))} {
			_, err := rdf.ReadAll(r, c.format, rdf.Options{File: "f"})
			var syntax *rdf.SyntaxError
			if !errors.As(err, &syntax) || err.Error() != c.want {
				t.Errorf("%s, %s %.60q: error %v, want %s", c.format.Name, name, c.doc, err, c.want)
			}
		}
	}
}

// TestStreamErrorsAreNotSyntax holds that a failing disk is reported as such, in every format.
func TestStreamErrorsAreNotSyntax(t *testing.T) {
	broken := errors.New("the disk is gone")
	for _, f := range rdf.Formats {
		doc := "<http://a> <http://b> \"x"
		if f == rdf.RDFXML {
			doc = "<rdf:RDF xmlns:rdf='" + rdf.RDF + "'>"
		}
		r := io.MultiReader(strings.NewReader(doc), iotest.ErrReader(broken))
		_, err := rdf.ReadAll(r, f, rdf.Options{SkipBad: true})
		if !errors.Is(err, broken) {
			t.Errorf("%s: %v, want %v", f.Name, err, broken)
		}
	}
}

// TestSkipBad counts the broken statements and keeps the sound ones.
func TestSkipBad(t *testing.T) {
	for _, c := range []struct {
		format    *rdf.Format
		doc       string
		bad, good int
		lines     []int
	}{
		{rdf.NTriples, "<http://a> <http://b> 1 .\n<http://a> <http://b> \"1\" .\nx\n\n# c\n<http://a> <http://b> \"2\" .", 2, 2, []int{1, 3}},
		{rdf.TSV, "a\tb\tc\na b c\n\nd\te\tf\n\t\t\n", 2, 2, []int{2, 5}},
		{rdf.Turtle, "@prefix : <http://a/> .\n:a :b :c .\n:a :b .\n:a b :d ;\n :e :f .\n:a :b :g .", 2, 2, []int{3, 4}},
		{rdf.TriG, "<http://g> {\n<http://a> <http://b> 1 .\n<http://a> 1 .\n<http://a> <http://b> x\n}\n<http://c> { <http://a> <http://b> 3 }", 2, 2, []int{3, 4}},
		{rdf.Turtle, "( ( ", 1, 0, []int{1}},
		{rdf.TriG, "{", 1, 0, []int{1}},
	} {
		r, err := rdf.NewReader(strings.NewReader(c.doc), c.format, rdf.Options{SkipBad: true, MaxBad: 3})
		if err != nil {
			t.Fatal(err)
		}
		good := 0
		buf := make([]rdf.Quad, 1)
		for err == nil {
			var n int
			n, err = r.Read(buf)
			good += n
		}
		bad, list := r.Bad()
		if err != io.EOF || good != c.good || bad != c.bad || len(list) != len(c.lines) {
			t.Errorf("%s %q: %d good, %d bad %v, %v", c.format.Name, c.doc, good, bad, list, err)
			continue
		}
		for i, e := range list {
			if e.Line != c.lines[i] {
				t.Errorf("%s %q: fault %d is %v, want line %d", c.format.Name, c.doc, i, e, c.lines[i])
			}
		}
	}
}

// TestTSVColumns gives columns and the terms they are read as.
func TestTSVColumns(t *testing.T) {
	name := func(s string) rdf.Term { return rdf.NewIRI(rdf.DefaultBase + s) }
	for column, want := range map[string]rdf.Term{
		"penicillin":                    name("penicillin"),
		"#tag":                          name("#tag"),
		" x ":                           name("%20x%20"),
		"gene:TP53":                     name("gene:TP53"),
		"_hypernym":                     name("_hypernym"),
		"<http://a/b>":                  rdf.NewIRI("http://a/b"),
		"http://a/b c":                  rdf.NewIRI("http://a/b%20c"),
		"urn:x:y":                       rdf.NewIRI("urn:x:y"),
		"http://":                       name("http://"),
		"_:x":                           rdf.NewBlank("i1-x"),
		`"5"^^<` + rdf.XSD + `integer>`: rdf.NewTyped("5", rdf.XSDInteger),
		`"a\tb"@EN`:                     rdf.NewLang("a\tb", "en"),
	} {
		all, err := rdf.ReadAll(strings.NewReader("h\tr\t"+column+"\r\n"), rdf.TSV, rdf.Options{BlankPrefix: "i1-"})
		if err != nil || len(all) != 1 || all[0].O != want || all[0].S != name("h") || all[0].P != name("r") {
			t.Errorf("%q is read as %v, %v; want %v", column, all, err, want)
		}
	}
}

// TestWriterRefuses holds that no broken statement reaches a file.
func TestWriterRefuses(t *testing.T) {
	a, l := rdf.NewIRI("http://a"), rdf.NewString("x")
	for _, q := range []rdf.Quad{{S: l, P: a, O: a}, {S: a, P: rdf.NewBlank("b"), O: a}, {S: a, P: a}, {S: a, P: a, O: a, G: l}, {S: a, P: a, O: a, G: a}} {
		w, err := rdf.NewWriter(io.Discard, rdf.Turtle, rdf.WriterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if w.Write([]rdf.Quad{q}) == nil {
			t.Errorf("Turtle took %v", q)
		}
	}
	if _, err := rdf.NewWriter(io.Discard, rdf.RDFXML, rdf.WriterOptions{}); err == nil {
		t.Error("RDF/XML has no writer and must say so")
	}
}

// TestFormatsAreFound ranges over the table.
func TestFormatsAreFound(t *testing.T) {
	for _, f := range rdf.Formats {
		for _, e := range f.Extensions {
			if rdf.FormatByFile("dir.x/a"+strings.ToUpper(e)) != f || rdf.FormatByFile("a"+e+".gz") != f || rdf.FormatByName(e[1:]) != f {
				t.Errorf("%s is not found by %s", f.Name, e)
			}
		}
		for _, m := range f.MediaTypes {
			if rdf.FormatByMedia(m+"; charset=utf-8") != f {
				t.Errorf("%s is not found by %s", f.Name, m)
			}
		}
	}
	if rdf.FormatByFile("x.gz") != nil || rdf.FormatByFile("x") != nil || rdf.FormatByMedia("") != nil {
		t.Error("a format is found where none shows")
	}
}

// TestLabelledTSV reads truths, and tells of lines without one.
func TestLabelledTSV(t *testing.T) {
	all, err := rdf.ReadAll(strings.NewReader("a\tr\tb\t1\na\tr\tc\t-1\n\na\tr\td\t0\na\tr\te\t+1\n"), rdf.TSV, rdf.Options{Labelled: true})
	var truths []string
	for _, q := range all {
		truths = append(truths, q.G.Value)
	}
	if want := []string{"1", "-1", "-1", "1"}; err != nil || !slices.Equal(truths, want) {
		t.Errorf("%v, want %v (%v)", truths, want, err)
	}
	for text, want := range map[string]string{
		"a\tr\tb\t1\na\tr\tb\n": "f:2:6: expected 4 columns separated by tabs, found 3",
		"a\tr\tb\ttrue\n":       "f:1:7: expected 1 for a true triple, or -1 (or 0) for a false one, found 't'",
		"a\tr\tb\t1\tx\n":       "f:1:8: expected 3 columns and at most a graph, found a fifth",
	} {
		if _, err := rdf.ReadAll(strings.NewReader(text), rdf.TSV, rdf.Options{File: "f", Labelled: true}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
