package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/inklingdb/inkling/internal/sse"
)

// listening returns the address of a server that listens and is stopped by stop, which returns what Serve did.
func listening(t *testing.T, s *Server) (base string, stop func() error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.ServeListener(ctx, listener) }()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-served
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return "http://" + listener.Addr().String(), stop
}

// watching is one connection to a stream of events.
type watching struct {
	t      *testing.T
	body   io.Closer
	events *sse.Reader
	last   string // ID of the latest event
}

// watchAt opens a stream; lastID may be "".
func watchAt(t *testing.T, base, query, lastID string, headers ...string) *watching {
	t.Helper()
	r, err := http.NewRequest("GET", base+"/api/v1/watch?query="+url.QueryEscape(query), nil)
	if err != nil {
		t.Fatal(err)
	}
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != sse.Media {
		t.Fatalf("%s, %s", answer.Status, answer.Header)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return &watching{t: t, body: answer.Body, events: sse.NewReader(answer.Body, 1<<20)}
}

// next returns the next event, which must have a name.
func (w *watching) next(name string) (e WatchEvent) {
	w.t.Helper()
	raw, err := w.events.Next()
	if err != nil {
		w.t.Fatal(err)
	}
	if raw.Name != name {
		w.t.Fatalf("event %s, want %s: %s", raw.Name, name, raw.Data)
	}
	w.last = raw.ID
	if err := json.Unmarshal([]byte(raw.Data), &e); err != nil {
		w.t.Fatal(err)
	}
	return e
}

// values returns the first column of rows, joined.
func values(rows [][]*termJSON) string {
	var list []string
	for _, row := range rows {
		list = append(list, strings.TrimPrefix(row[0].Value, "http://inkling.example/"))
	}
	return strings.Join(list, " ")
}

func change(t *testing.T, s *Server, update string) {
	t.Helper()
	expect(t, send(s, "POST", "/sparql", update, asUpdate), http.StatusOK)
}

func TestWatchStreamsRowsAndChanges(t *testing.T) {
	s := loaded(t, Options{})
	base, stop := listening(t, s)
	w := watchAt(t, base, "SELECT ?d ?y { ?d :treats :fever OPTIONAL { ?d :since ?y } } ORDER BY ?d", "")
	first := w.next("rows")
	if values(first.Added) != "aspirin ibuprofen" || first.Versions.Graph != 1 || len(first.Vars) != 2 || first.Added[0][1] != nil {
		t.Errorf("%+v", first)
	}
	change(t, s, "INSERT DATA { :other :thing :here }")
	change(t, s, "INSERT DATA { :paracetamol :treats :fever } ; DELETE DATA { :aspirin :treats :fever }")
	second := w.next("change")
	if values(second.Added) != "paracetamol" || values(second.Removed) != "aspirin" || second.Versions.Graph != 3 || second.Vars != nil {
		t.Errorf("%+v", second)
	}
	if got := s.watchers.load(); got != 1 {
		t.Errorf("%d watchers", got)
	}
	started := time.Now()
	if err := stop(); err != nil {
		t.Error(err)
	}
	if raw, err := w.events.Next(); err != nil || raw.Name != "end" {
		t.Errorf("%+v %v", raw, err)
	}
	if _, err := w.events.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %v", err)
	}
	if took := time.Since(started); took > s.limits.Drain {
		t.Errorf("a stream held the server's stop for %v", took)
	}
	expect(t, send(s, "GET", "/api/v1/watch?query="+url.QueryEscape("SELECT * {}"), ""), http.StatusServiceUnavailable)
}

func TestWatchGoesOnAfterABrokenConnection(t *testing.T) {
	s := loaded(t, Options{})
	base, _ := listening(t, s)
	query := "SELECT ?d { ?d :treats :fever }"
	w := watchAt(t, base, query, "")
	w.next("rows")
	first := w.last
	change(t, s, "INSERT DATA { :a :treats :fever }")
	w.next("change")
	w.body.Close()
	parked(t, s, 1)
	change(t, s, "INSERT DATA { :b :treats :fever }")
	again := watchAt(t, base, query, w.last)
	if e := again.next("change"); values(e.Added) != "b" {
		t.Errorf("missed: %+v", e)
	}
	again.body.Close()
	parked(t, s, 1)
	older := watchAt(t, base, query, first) // what was sent and not received comes again
	if e := older.next("change"); values(e.Added) != "a" {
		t.Errorf("unreceived: %+v", e)
	}
	if e := older.next("change"); values(e.Added) != "b" {
		t.Errorf("unreceived: %+v", e)
	}
	older.body.Close()
	parked(t, s, 1)
	for _, c := range []struct{ query, last string }{{query, "unknown-1"}, {query, strings.Replace(first, "-1", "-99", 1)}, {"SELECT ?x { ?x :isa ?y }", first}} {
		fresh := watchAt(t, base, c.query, c.last)
		if e := fresh.next("rows"); len(e.Added) == 0 {
			t.Errorf("%v: %+v", c, e)
		}
		fresh.body.Close()
	}
}

// parked waits until so many watchers are kept for clients whose connection broke.
func parked(t *testing.T, s *Server, want int) {
	t.Helper()
	for {
		s.watchers.mu.Lock()
		active, kept := s.watchers.active, len(s.watchers.parked)
		s.watchers.mu.Unlock()
		if active == 0 && kept == want {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func TestWatchHasLimits(t *testing.T) {
	s := loaded(t, Options{Limits: Limits{Watchers: 2, WatchRows: 3}})
	base, _ := listening(t, s)
	query := "SELECT ?d { ?d :treats :fever }"
	one, two := watchAt(t, base, query, ""), watchAt(t, base, query, "")
	one.next("rows")
	two.next("rows")
	path := "/api/v1/watch?query="
	expect(t, send(s, "GET", path+url.QueryEscape(query), ""), http.StatusTooManyRequests)
	two.body.Close()
	one.body.Close()
	parked(t, s, 2)
	three := watchAt(t, base, query, "") // takes the place of one that is kept
	three.next("rows")
	parkedNow := func() int {
		s.watchers.mu.Lock()
		defer s.watchers.mu.Unlock()
		return len(s.watchers.parked)
	}
	if parkedNow() != 1 {
		t.Errorf("%d are kept", parkedNow())
	}
	change(t, s, "INSERT DATA { :a :treats :fever . :b :treats :fever }")
	raw, err := three.events.Next()
	if err != nil || raw.Name != "problem" || !strings.Contains(raw.Data, "at most 3 rows") || !strings.Contains(raw.Data, "422") {
		t.Errorf("four rows: %+v %v", raw, err)
	}
	parked(t, s, 1) // one of the first two; the third ended
	for query, want := range map[string]int{
		"SELECT ?x { ?x :treats ?y }": http.StatusUnprocessableEntity, "SELECT ?x { ?x :p }": http.StatusBadRequest,
		"ASK {}": http.StatusBadRequest, "": http.StatusBadRequest, "SELECT (NOW() AS ?n) {}": http.StatusBadRequest,
		"SELECT ?x { GRAPH ink:plausible { ?x :treats :fever } }": http.StatusNotFound,
	} {
		expect(t, send(s, "GET", path+url.QueryEscape(query), ""), want)
	}
	parked(t, s, 1) // none of these is left
	expect(t, send(s, "HEAD", path+url.QueryEscape("SELECT ?x { :aspirin :treats ?x }"), ""), http.StatusOK)
}

func TestWatchIsGuarded(t *testing.T) {
	s := newTestServer(t, Options{Token: "secret"})
	expect(t, send(s, "POST", "/sparql", "INSERT DATA { :fever :isa :symptom }", asUpdate, "Authorization: Bearer secret"), http.StatusOK)
	path := "/api/v1/watch?query=" + url.QueryEscape("SELECT ?x { ?x :isa ?y }")
	expect(t, send(s, "GET", path, ""), http.StatusUnauthorized)
	expect(t, send(s, "GET", path, "", "Authorization: Bearer secret", "Host: evil.example"), http.StatusForbidden)
	expect(t, send(s, "GET", path, "", "Authorization: Bearer secret", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: cors"), http.StatusForbidden)
	base, _ := listening(t, s)
	w := watchAt(t, base, "SELECT ?x { ?x :isa ?y }", "", "Authorization: Bearer secret")
	if e := w.next("rows"); values(e.Added) != "fever" {
		t.Errorf("%+v", e)
	}
}

func TestWatcherRemembersWithinBounds(t *testing.T) {
	s := loaded(t, Options{})
	r := httptest.NewRequest("GET", "/api/v1/watch?query=x", nil)
	client, _, err := s.watchers.admit("", r.URL.Query())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.begin(context.Background(), client, "SELECT ?x { ?x :note ?y }", r); err != nil {
		t.Fatal(err)
	}
	for range 8 {
		change(t, s, `INSERT { ?s :note ?s } WHERE { BIND(IRI(CONCAT("urn:", STRUUID(), "`+strings.Repeat("x", 300<<10)+`")) AS ?s) }`)
		d, err := client.watch.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.record(d); err != nil {
			t.Fatal(err)
		}
	}
	size := 0
	for _, e := range client.past {
		size += len(e.data)
	}
	if size > pastBytes || len(client.past) < 2 || client.past[len(client.past)-1].number != 9 {
		t.Errorf("%d events of %d bytes are kept", len(client.past), size)
	}
	s.watchers.leave(client, true)
	if back, _, err := s.watchers.admit(client.key+"-1", r.URL.Query()); err != nil || back == client {
		t.Errorf("a client is taken back that missed events no longer kept: %v", err)
	}
}
