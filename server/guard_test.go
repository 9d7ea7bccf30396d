package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/engine"
)

// newTestServer returns a server over an empty database in memory.
func newTestServer(t *testing.T, o Options) *Server {
	t.Helper()
	db, err := engine.Open("", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(db, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.jobs.stop()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// send runs one request against a server's handler; headers are "Name: value".
func send(s *Server, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if r.Host == "example.com" { // httptest's own
		r.Host = "127.0.0.1:4655"
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func expect(t *testing.T, w *httptest.ResponseRecorder, status int) {
	t.Helper()
	if w.Code != status {
		t.Errorf("status %d, want %d: %s", w.Code, status, w.Body)
	}
}

func TestNewRefusesToListenElsewhereWithoutToken(t *testing.T) {
	for _, listen := range []string{"0.0.0.0:80", ":80", "192.0.2.1:80", "[::]:80", "example.org:80", "nonsense"} {
		if _, err := New(nil, Options{Listen: listen}); err == nil {
			t.Errorf("listens on %s without a token", listen)
		}
	}
	for _, listen := range []string{"127.0.0.1:0", "localhost:0", "[::1]:0", "127.8.9.10:0"} {
		newTestServer(t, Options{Listen: listen})
	}
	newTestServer(t, Options{Listen: "0.0.0.0:80", Token: "secret"})
}

func TestOtherHostNamesAreRefused(t *testing.T) {
	s := newTestServer(t, Options{Hosts: []string{"graphs.example.org"}})
	for host, status := range map[string]int{
		"127.0.0.1:4655": 200, "localhost:4655": 200, "[::1]:4655": 200, "LOCALHOST": 200, "graphs.example.org": 200,
		"evil.example": 403, "127.0.0.1.evil.example": 403, "localhost.evil.example": 403, "192.0.2.1": 403, "": 403,
	} {
		r := httptest.NewRequest("GET", "/api/v1/health", nil)
		r.Host = host
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("host %q: status %d, want %d", host, w.Code, status)
		}
	}
}

func TestTokenGuardsAllButThePage(t *testing.T) {
	s := newTestServer(t, Options{Listen: "0.0.0.0:80", Token: "secret"})
	for _, open := range []string{"/", "/assets/index.js", "/api/v1/health"} {
		expect(t, send(s, "GET", open, "", "Host: any.example"), http.StatusOK)
	}
	for _, path := range []string{"/sparql", "/api/v1/models", "/metrics", "/graph-store?default", "/api/v1/openapi.json", "/assets/../metrics"} {
		for _, credential := range []string{"", "Bearer", "Bearer wrong", "Bearer secre", "Basic secret"} {
			w := send(s, "GET", path, "", "Authorization: "+credential)
			if w.Code != http.StatusUnauthorized && w.Code != http.StatusTemporaryRedirect {
				t.Errorf("%s with %q: status %d", path, credential, w.Code)
			}
		}
	}
	expect(t, send(s, "GET", "/api/v1/models", "", "Authorization: bearer secret"), http.StatusOK)
}

func TestPagesOfOtherOriginsAreRefused(t *testing.T) {
	s := newTestServer(t, Options{Origins: []string{"https://friend.example"}})
	form := "Content-Type: application/x-www-form-urlencoded"
	for _, headers := range [][]string{
		{"Origin: https://evil.example"}, {"Origin: null"}, {"Sec-Fetch-Site: cross-site"}, {"Sec-Fetch-Site: same-site"},
		{"Origin: http://127.0.0.1:9999"},
	} {
		w := send(s, "POST", "/sparql", "update=CLEAR+ALL", append(headers, form)...)
		expect(t, w, http.StatusForbidden)
	}
	expect(t, send(s, "GET", "/sparql?query=ASK%7B%7D", "", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"), http.StatusForbidden)
	expect(t, send(s, "GET", "/", "", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"), http.StatusOK)
	w := send(s, "GET", "/api/v1/models", "", "Origin: https://friend.example", "Sec-Fetch-Site: cross-site")
	expect(t, w, http.StatusOK)
	if got := w.Header().Get("Access-Control-Allow-Origin"); got != "https://friend.example" {
		t.Errorf("the friend may not read: Access-Control-Allow-Origin is %q", got)
	}
	w = send(s, "OPTIONS", "/api/v1/query", "", "Origin: https://friend.example", "Access-Control-Request-Method: POST")
	expect(t, w, http.StatusNoContent)
	w = send(s, "OPTIONS", "/api/v1/query", "", "Origin: https://evil.example", "Access-Control-Request-Method: POST")
	if w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Error("a preflight of another origin is granted")
	}
}

func TestJSONNeedsItsMediaType(t *testing.T) {
	s := newTestServer(t, Options{Limits: Limits{BodyBytes: 100}})
	expect(t, send(s, "POST", "/api/v1/eval", `{"expression":"1"}`, "Content-Type: text/plain"), http.StatusUnsupportedMediaType)
	expect(t, send(s, "POST", "/api/v1/eval", `{"expression":"1"}`), http.StatusUnsupportedMediaType)
	expect(t, send(s, "POST", "/api/v1/eval", `{"expresion":"1"}`, "Content-Type: application/json"), http.StatusBadRequest)
	expect(t, send(s, "POST", "/api/v1/eval", `{} {}`, "Content-Type: application/json"), http.StatusBadRequest)
	big := `{"expression":"` + strings.Repeat("1", 200) + `"}`
	expect(t, send(s, "POST", "/api/v1/eval", big, "Content-Type: application/json"), http.StatusRequestEntityTooLarge)
}

func TestReadOnlyRefusesWrites(t *testing.T) {
	s := newTestServer(t, Options{ReadOnly: true})
	expect(t, send(s, "POST", "/sparql", "CLEAR ALL", "Content-Type: application/sparql-update"), http.StatusForbidden)
	expect(t, send(s, "PUT", "/graph-store?default", "", "Content-Type: text/turtle"), http.StatusForbidden)
	expect(t, send(s, "POST", "/api/v1/train", "{}", "Content-Type: application/json"), http.StatusForbidden)
}

func TestPageCarriesItsPolicyAndTag(t *testing.T) {
	s := newTestServer(t, Options{})
	w := send(s, "GET", "/", "")
	expect(t, w, http.StatusOK)
	if !strings.Contains(w.Header().Get("Content-Security-Policy"), "script-src 'self'") {
		t.Errorf("policy %q", w.Header().Get("Content-Security-Policy"))
	}
	for _, word := range []string{"<title>Inkling", `src="./assets/index.js"`} {
		if !strings.Contains(w.Body.String(), word) {
			t.Errorf("the page lacks %s", word)
		}
	}
	again := send(s, "GET", "/", "", "If-None-Match: "+w.Header().Get("ETag"))
	expect(t, again, http.StatusNotModified)
	expect(t, send(s, "GET", "/nothing", ""), http.StatusNotFound)
	js := send(s, "GET", "/assets/index.js", "")
	if got := js.Header().Get("Content-Type"); !strings.HasPrefix(got, "text/javascript") {
		t.Errorf("the script's type is %q", got)
	}
}

// The page must work without any other host.
func TestPageNamesNoOtherHost(t *testing.T) {
	for name, file := range newPage() {
		if !strings.HasSuffix(name, ".html") && !strings.HasSuffix(name, ".css") {
			continue
		}
		for _, mark := range []string{"http://", "https://", "@import", "url(//"} {
			if strings.Contains(string(file.data), mark) {
				t.Errorf("%s holds %q", name, mark)
			}
		}
	}
}
