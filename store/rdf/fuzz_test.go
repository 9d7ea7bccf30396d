package rdf_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/store/rdf/isomorphic"
)

// FuzzRead gives each format any bytes, strictly and with bad statements skipped. Reading must end, each quad must
// be a statement whose terms can be written, and what is written and read again must be equal.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"<http://a/s> <http://a/p> \"x\\u00e9\"@en-GB . # c\n_:b <p:p> _:c.d <g:g> .\n",
		"@base <http://a/> . @prefix : <#> .\n:a a :b , [ :c ( 1 -2.5 3e4 true ) ] ; :d '''x\n'y''', \"\"@de , 'z'^^:t .\n",
		"PREFIX e: <http://e/>\nGRAPH e:g { e:a e:b _:c . [] e:d e:\\~x%41 } e:h { [ e:i e:j ] } { }",
		"a b\tr\t\"5\"^^<http://i>\t<g:g>\n_:x\thttp://y/z\t<urn:q>\n",
		"<rdf:RDF xmlns:rdf='" + rdf.RDF + "' xmlns:e='http://e/'><rdf:Description rdf:about='http://x'><e:p rdf:parseType='Collection'><rdf:Description/></e:p><e:q>1</e:q></rdf:Description></rdf:RDF>",
	} {
		for i := range rdf.Formats {
			f.Add([]byte(seed), uint8(i), i%2 == 0)
		}
	}
	f.Fuzz(func(t *testing.T, doc []byte, format uint8, skip bool) {
		in := rdf.Formats[int(format)%len(rdf.Formats)]
		r, err := rdf.NewReader(bytes.NewReader(doc), in, rdf.Options{Base: "http://base/", SkipBad: skip})
		if err != nil {
			return // a broken gzip or zstd header
		}
		var all []rdf.Quad
		buf := make([]rdf.Quad, 3)
		for err == nil {
			var n int
			n, err = r.Read(buf)
			all = append(all, buf[:n]...)
			if n == 0 && err == nil {
				t.Fatal("neither quads nor an error")
			}
		}
		var syntax *rdf.SyntaxError
		if errors.As(err, &syntax) && (skip || syntax.Line < 1 || syntax.Column < 1) {
			t.Fatalf("skip %v: %v", skip, err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		again(t, all)
	})
}

// again writes quads in every format that holds graphs and reads them back.
func again(t *testing.T, all []rdf.Quad) {
	if len(all) > 50 {
		all = all[:50]
	}
	for _, f := range rdf.Formats {
		if !f.Writable() || !f.Graphs {
			continue
		}
		var doc bytes.Buffer
		w, err := rdf.NewWriter(&doc, f, rdf.WriterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Write(all), w.Close()); err != nil {
			t.Fatal(err)
		}
		got, err := rdf.ReadAll(bytes.NewReader(doc.Bytes()), f, rdf.Options{})
		if err != nil && err != io.EOF || !isomorphic.Quads(got, all) {
			t.Fatalf("%s: wrote\n%s\nread %v, %v", f.Name, doc.Bytes(), got, err)
		}
	}
}

// FuzzResolve holds that resolving ends, gives an absolute IRI, and changes nothing the second time.
func FuzzResolve(f *testing.F) {
	f.Add("http://a/b/c/d;p?q", "../../../g")
	f.Add("file:///a/b", "//x/./../y?z#.")
	f.Add("urn:a:b", "..")
	f.Fuzz(func(t *testing.T, base, ref string) {
		iri, err := rdf.ResolveIRI(base, ref)
		if err != nil || rdf.ValidIRI(base) != nil {
			return
		}
		if !rdf.IsAbsolute(iri) {
			t.Fatalf("%q on %q is %q", ref, base, iri)
		}
		if again, err := rdf.ResolveIRI(base, iri); err != nil || again != iri {
			t.Fatalf("%q becomes %q, %v", iri, again, err)
		}
	})
}
