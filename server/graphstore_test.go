package server

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/store/rdf/isomorphic"
	"pgregory.net/rapid"
)

// drawTerm returns any term that may stand as an object, or as a subject when it is no literal.
func drawTerm(t *rapid.T, literals bool) rdf.Term {
	kinds := []string{"iri", "blank"}
	if literals {
		kinds = append(kinds, "string", "lang", "typed")
	}
	text := rapid.String().Filter(func(s string) bool { return strings.ToValidUTF8(s, "") == s })
	switch rapid.SampledFrom(kinds).Draw(t, "kind") {
	case "blank":
		return rdf.NewBlank(rapid.StringMatching(`[a-z][a-z0-9]{0,3}`).Draw(t, "label"))
	case "string":
		return rdf.NewString(text.Draw(t, "text"))
	case "lang":
		return rdf.NewLang(text.Draw(t, "text"), rapid.SampledFrom([]string{"en", "de-at"}).Draw(t, "lang"))
	case "typed":
		return rdf.NewTyped(rapid.SampledFrom([]string{"1", "01", "-7", "1.50", "true", "x", ""}).Draw(t, "text"),
			rapid.SampledFrom([]string{rdf.XSDInteger, rdf.XSDDecimal, rdf.XSDBoolean, "http://e/type"}).Draw(t, "type"))
	}
	return rdf.NewIRI("http://e/" + rapid.StringMatching(`[a-zA-Z0-9é%:/?#'()*;,.~-]{0,8}`).Filter(validIRI).Draw(t, "iri"))
}

func validIRI(s string) bool { return rdf.ValidIRI("http://e/"+s) == nil }

// What is put into a graph is what is got from it, in every format, and putting it again changes nothing.
func TestGraphsComeBackAsTheyWerePut(t *testing.T) {
	s := newTestServer(t, Options{})
	rapid.Check(t, func(t *rapid.T) {
		var body []byte
		var put []rdf.Quad
		for range rapid.IntRange(1, 8).Draw(t, "triples") {
			q := rdf.Quad{S: drawTerm(t, false), P: rdf.NewIRI("http://e/p" + rapid.StringMatching(`[a-c]`).Draw(t, "p")), O: drawTerm(t, true)}
			put = append(put, q)
			body = append(rdf.AppendQuad(body, q), '\n')
		}
		target := "/graph-store?graph=" + url.QueryEscape("http://e/"+rapid.SampledFrom([]string{"g", "h", "é"}).Draw(t, "graph"))
		for range 2 {
			w := send(s, "PUT", target, string(body), "Content-Type: application/n-triples")
			if w.Code != http.StatusOK && w.Code != http.StatusCreated {
				t.Fatalf("PUT: %d %s", w.Code, w.Body)
			}
		}
		media := rapid.SampledFrom([]string{"text/turtle", "application/n-triples", "application/trig"}).Draw(t, "media")
		w := send(s, "GET", target, "", "Accept: "+media)
		got, err := rdf.ReadAll(w.Body, rdf.FormatByMedia(media), rdf.Options{})
		if err != nil {
			t.Fatalf("GET as %s: %v", media, err)
		}
		for i := range got {
			got[i].G = rdf.Term{}
		}
		if !isomorphic.Quads(put, got) {
			t.Fatalf("put\n%s\ngot\n%v", body, got)
		}
	})
}
