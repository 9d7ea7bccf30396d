package server

import (
	"encoding/json"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

func TestNegotiate(t *testing.T) {
	offers := []string{"application/sparql-results+json", "application/sparql-results+xml", "text/csv"}
	for _, c := range []struct{ accept, want string }{
		{"", offers[0]},
		{"*/*", offers[0]},
		{"text/csv", "text/csv"},
		{"text/*", "text/csv"},
		{"text/csv;q=0.5, application/sparql-results+xml", offers[1]},
		{"application/sparql-results+json;q=0, */*;q=0.1", offers[1]},
		{"text/html, */*;q=0.8", offers[0]},
		{"application/*;q=0.2, text/csv;q=0.3", "text/csv"},
		{"image/png", ""},
		{"*/*;q=0", ""},
		{"garbage;;;, text/csv", "text/csv"},
	} {
		if got, _ := negotiate(c.accept, offers); got != c.want {
			t.Errorf("Accept %q: %q, want %q", c.accept, got, c.want)
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
