package server

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/inklingdb/inkling/query/results"
	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/store/rdf/isomorphic"
)

// The W3C's manifests of the SPARQL Protocol and the Graph Store Protocol, run as they stand: each lists requests
// and what their answers must be.
const w3cRoot = "../../shared/rdf-tests/sparql/sparql11"

// Namespaces of the manifests.
const (
	mf  = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
	ht  = "http://www.w3.org/2011/http#"
	cnt = "http://www.w3.org/2011/content#"
	ut  = "http://www.w3.org/2009/sparql/tests/test-update#"
)

// manifest is a document as a lookup from subject and predicate to objects.
type manifest map[[2]string][]rdf.Term

func readManifest(t *testing.T, name string) manifest {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w3cRoot, name))
	if os.IsNotExist(err) {
		t.Skipf("the W3C tests are not at %s", w3cRoot)
	}
	if err != nil {
		t.Fatal(err)
	}
	quads, err := rdf.ReadAll(bytes.NewReader(text), rdf.Turtle, rdf.Options{Base: "http://w3c.example/" + name, File: name})
	if err != nil {
		t.Fatal(err)
	}
	m := manifest{}
	for _, q := range quads {
		key := [2]string{key(q.S), q.P.Value}
		m[key] = append(m[key], q.O)
	}
	return m
}

func key(t rdf.Term) string { return string(rdf.AppendTerm(nil, t)) }

func (m manifest) all(s rdf.Term, predicate string) []rdf.Term {
	return m[[2]string{key(s), predicate}]
}

// one returns the first object, or the zero Term.
func (m manifest) one(s rdf.Term, predicates ...string) rdf.Term {
	for _, p := range predicates {
		objects := m.all(s, p)
		if len(objects) == 0 {
			return rdf.Term{}
		}
		s = objects[0]
	}
	return s
}

// list returns the members of an RDF list.
func (m manifest) list(head rdf.Term) (members []rdf.Term) {
	for head.Value != rdf.RDFNil && head.Kind != rdf.None {
		members = append(members, m.one(head, rdf.RDFFirst))
		head = m.one(head, rdf.RDFRest)
	}
	return members
}

// headers returns the headers of a request or response: lists of field names and values.
func (m manifest) headers(message rdf.Term) http.Header {
	h := http.Header{}
	for _, head := range m.all(message, ht+"headers") {
		for _, field := range m.list(head) {
			h.Add(m.one(field, ht+"fieldName").Value, m.one(field, ht+"fieldValue").Value)
		}
	}
	return h
}

func TestW3CProtocol(t *testing.T) {
	m := readManifest(t, "protocol/manifest.ttl")
	runManifest(t, m, func(s *Server, test rdf.Term) {
		for _, graph := range m.all(test, ut+"graphData") {
			name := m.one(graph, "http://www.w3.org/2000/01/rdf-schema#label").Value
			data, err := os.ReadFile(filepath.Join(w3cRoot, "protocol", filepath.Base(m.one(graph, ut+"graph").Value)))
			if err != nil {
				t.Fatal(err)
			}
			w := send(s, "PUT", "/graph-store?graph="+url.QueryEscape(name), string(data), "Content-Type: application/n-triples")
			expect(t, w, http.StatusCreated)
		}
	})
}

func TestW3CGraphStoreProtocol(t *testing.T) {
	for _, name := range []string{"graph-store-protocol/manifest-indirect.ttl", "graph-store-protocol/manifest-direct.ttl"} {
		runManifest(t, readManifest(t, name), func(*Server, rdf.Term) {})
	}
}

func runManifest(t *testing.T, m manifest, prepare func(*Server, rdf.Term)) {
	ran := 0
	for entryKey, heads := range m {
		if entryKey[1] != mf+"entries" {
			continue
		}
		for _, test := range m.list(heads[0]) {
			ran++
			t.Run(m.one(test, mf+"name").Value, func(t *testing.T) {
				s := newTestServer(t, Options{Hosts: []string{"www.example"}})
				prepare(s, test)
				location := ""
				for i, request := range m.list(m.one(test, mf+"action", ht+"requests")) {
					w := play(s, m, request, location)
					judge(t, m, i+1, m.one(request, ht+"resp"), w)
					if got := w.Header().Get("Location"); got != "" {
						location = got
					}
				}
			})
		}
	}
	if ran == 0 {
		t.Fatal("the manifest lists no test")
	}
}

// play sends one request of a manifest; location stands in for $LOCATION$.
func play(s *Server, m manifest, request rdf.Term, location string) *httptest.ResponseRecorder {
	target := m.one(request, ht+"absolutePath").Value
	target = strings.ReplaceAll(target, "$LOCATION$", url.QueryEscape(location))
	target = strings.Replace(target, "/sparql/", "/sparql", 1)
	target = strings.Replace(target, "/gsp", "/graph-store", 1)
	body := m.one(request, ht+"body", cnt+"chars").Value
	if m.one(request, ht+"body", cnt+"characterEncoding").Value == "UTF-16" {
		var wide []byte
		for _, unit := range utf16.Encode([]rune(body)) {
			wide = append(wide, byte(unit>>8), byte(unit))
		}
		body = string(wide)
	}
	r := httptest.NewRequest(m.one(request, ht+"methodName").Value, target, strings.NewReader(body))
	r.Host = "www.example"
	r.Header = m.headers(request)
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

// codes are the statuses that the manifests name.
var codes = map[string]func(int) bool{
	"StatusCode2xx": func(c int) bool { return c/100 == 2 },
	"StatusCode3xx": func(c int) bool { return c/100 == 3 },
	"StatusCode4xx": func(c int) bool { return c/100 == 4 },
	"OK":            func(c int) bool { return c == 200 },
	"Created":       func(c int) bool { return c == 201 },
	"NoContent":     func(c int) bool { return c == 204 },
	"NotFound":      func(c int) bool { return c == 404 },
}

// judge compares an answer with what the manifest expects of it.
func judge(t *testing.T, m manifest, number int, want rdf.Term, w *httptest.ResponseRecorder) {
	t.Helper()
	var allowed []string
	for _, status := range m.all(want, mf+"expectedStatus") {
		allowed = append(allowed, status.Value[strings.LastIndexByte(status.Value, '#')+1:])
	}
	if !slices.ContainsFunc(allowed, func(name string) bool { return codes[name](w.Code) }) {
		t.Errorf("request %d: status %d, want one of %v: %s", number, w.Code, allowed, w.Body)
		return
	}
	media := w.Header().Get("Content-Type")
	switch m.one(want, mf+"expectedFormat").Value {
	case "boolean", "tabular":
		if results.ByName("json") == nil || media != "application/sparql-results+json" {
			t.Errorf("request %d: a result of type %s", number, media)
		}
	case "RDF":
		if rdf.FormatByMedia(media) == nil {
			t.Errorf("request %d: a graph of type %s", number, media)
		}
	}
	if boolean := m.one(want, mf+"expectedBoolean"); boolean.Kind != rdf.None {
		var got struct{ Boolean bool }
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Boolean != (boolean.Value == "true") {
			t.Errorf("request %d: %s (%v), want %s", number, w.Body, err, boolean.Value)
		}
	}
	for name, values := range m.headers(want) {
		if name == "Content-Type" && w.Header().Get(name) != values[0] {
			t.Errorf("request %d: %s %q, want %q", number, name, w.Header().Get(name), values[0])
		}
	}
	judgeGraph(t, m, number, want, w)
}

// judgeGraph compares a graph with the one expected.
func judgeGraph(t *testing.T, m manifest, number int, want rdf.Term, w *httptest.ResponseRecorder) {
	t.Helper()
	text := m.one(want, ht+"body", cnt+"chars").Value
	if text == "" {
		return
	}
	expected, err := rdf.ReadAll(strings.NewReader(text), rdf.Turtle, rdf.Options{Base: "http://www.example/"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := rdf.ReadAll(w.Body, rdf.FormatByMedia(w.Header().Get("Content-Type")), rdf.Options{Base: "http://www.example/"})
	if err != nil {
		t.Errorf("request %d: the answer cannot be read: %v", number, err)
		return
	}
	if !isomorphic.Quads(expected, got) {
		t.Errorf("request %d: got\n%s\nwant\n%s", number, got, expected)
	}
}
