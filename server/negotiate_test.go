package server

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
)

func TestFormatsByAcceptAndParameter(t *testing.T) {
	for _, c := range []struct{ target, accept, rows, graph string }{
		{"/sparql", "", "application/sparql-results+json", "text/turtle; charset=utf-8"},
		{"/sparql", "text/csv", "text/csv; charset=utf-8", ""},
		{"/sparql", "application/n-triples;q=0.5, text/turtle;q=0.4", "", "application/n-triples"},
		{"/sparql", "application/json", "application/json", ""},
		{"/sparql", "text/plain", "text/plain; charset=utf-8", "text/plain; charset=utf-8"},
		{"/sparql", "image/png", "", ""},
		{"/sparql?format=tsv", "image/png", "text/tab-separated-values; charset=utf-8", ""},
		{"/sparql?format=nq", "image/png", "", "application/n-quads"},
	} {
		r := httptest.NewRequest("GET", c.target, nil)
		r.Header.Set("Accept", c.accept)
		_, rows, err := negotiateRows(r)
		if rows != c.rows || (err == nil) != (c.rows != "") {
			t.Errorf("rows of %s, Accept %q: %q, want %q", c.target, c.accept, rows, c.rows)
		}
		_, graph, err := negotiateGraph(r)
		if graph != c.graph || (err == nil) != (c.graph != "") {
			t.Errorf("graph of %s, Accept %q: %q, want %q", c.target, c.accept, graph, c.graph)
		}
	}
}

func TestGateQueuesThenRefuses(t *testing.T) {
	g := newGate(1, 1)
	ctx := t.Context()
	leave, err := g.enter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	entered := make(chan func())
	go func() {
		second, err := g.enter(ctx)
		if err != nil {
			t.Error(err)
		}
		entered <- second
	}()
	for len(g.waiting) < 2 { // until the second waits
		runtime.Gosched()
	}
	if _, err := g.enter(ctx); err == nil || asProblem(ctx, err).Status != http.StatusTooManyRequests {
		t.Errorf("the third request entered: %v", err)
	}
	leave()
	(<-entered)()
	if g.load() != 0 || len(g.waiting) != 0 {
		t.Errorf("%d run and %d wait after all have left", g.load(), len(g.waiting))
	}
}

func TestOpenAPIDescribesEveryRoute(t *testing.T) {
	s := newTestServer(t, Options{})
	w := send(s, "GET", "/api/v1/openapi.json", "")
	expect(t, w, http.StatusOK)
	var parsed struct {
		Paths      map[string]map[string]any
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &parsed); err != nil {
		t.Fatal(err)
	}
	for _, e := range routes {
		path := strings.ReplaceAll(e.path, "...}", "}")
		if parsed.Paths[path][strings.ToLower(e.method)] == nil {
			t.Errorf("%s %s is not described", e.method, e.path)
		}
	}
	for _, part := range strings.Split(w.Body.String(), `"#/components/schemas/`)[1:] {
		name, _, _ := strings.Cut(part, `"`)
		if parsed.Components.Schemas[name] == nil {
			t.Errorf("the schema %s is named but not there", name)
		}
	}
}

func TestMetricsNameTheRoutes(t *testing.T) {
	s := newTestServer(t, Options{})
	send(s, "GET", "/api/v1/health", "")
	send(s, "GET", "/no/such/path", "")
	text := send(s, "GET", "/metrics", "").Body.String()
	for _, want := range []string{`inkling_http_requests_total{route="GET /api/v1/health",status="200"} 1`, "inkling_graph_version", "go_goroutines"} {
		if !strings.Contains(text, want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	if strings.Contains(text, "no/such") {
		t.Error("an unknown path became a label")
	}
}
