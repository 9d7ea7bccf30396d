package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/internal/demo"
)

const (
	asJSON   = "Content-Type: application/json"
	asQuery  = "Content-Type: application/sparql-query"
	asUpdate = "Content-Type: application/sparql-update"
	asTurtle = "Content-Type: text/turtle"
)

// loaded returns a server over a small graph of chemistry.
func loaded(t *testing.T, o Options) *Server {
	t.Helper()
	s := newTestServer(t, o)
	w := send(s, "POST", "/sparql", `INSERT DATA { :aspirin :treats :headache, :fever . :ibuprofen :treats :fever . :fever :isa :symptom }`, asUpdate)
	expect(t, w, http.StatusOK)
	return s
}

// decode reads a JSON answer.
func decode[T any](t *testing.T, body *bytes.Buffer) (value T) {
	t.Helper()
	if err := json.Unmarshal(body.Bytes(), &value); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return value
}

func TestQueryInEveryFormat(t *testing.T) {
	s := loaded(t, Options{})
	query := "/sparql?query=" + url.QueryEscape("SELECT ?x { :aspirin :treats ?x } ORDER BY ?x")
	for accept, want := range map[string]string{
		"text/csv":                        "x\r\nhttp://inkling.example/fever\r\nhttp://inkling.example/headache\r\n",
		"text/tab-separated-values":       "?x\n<http://inkling.example/fever>\n<http://inkling.example/headache>\n",
		"application/sparql-results+json": `"value":"http://inkling.example/fever"`,
		"application/sparql-results+xml":  `<uri>http://inkling.example/fever</uri>`,
	} {
		w := send(s, "GET", query, "", "Accept: "+accept)
		expect(t, w, http.StatusOK)
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %s, want %s", accept, w.Body, want)
		}
		if w.Header().Get("Inkling-Graph-Version") != "1" {
			t.Errorf("version %q", w.Header().Get("Inkling-Graph-Version"))
		}
	}
	expect(t, send(s, "GET", query, "", "Accept: image/png"), http.StatusNotAcceptable)
	w := send(s, "POST", "/sparql", "CONSTRUCT { ?x :treatedBy ?d } { ?d :treats ?x }", asQuery, "Accept: application/n-triples")
	expect(t, w, http.StatusOK)
	if got := strings.Count(w.Body.String(), "treatedBy"); got != 3 {
		t.Errorf("%d triples: %s", got, w.Body)
	}
}

func TestErrorsTellThePlace(t *testing.T) {
	s := loaded(t, Options{})
	w := send(s, "POST", "/sparql", "SELECT ?x {\n  ?x :treats }", asQuery)
	expect(t, w, http.StatusBadRequest)
	if p := decode[problem](t, w.Body); p.Line != 2 || p.Column != 14 || p.Detail == "" {
		t.Errorf("%+v", p)
	}
	w = send(s, "POST", "/sparql", "SELECT ?x {\n  ?x :treats }", asQuery, "Accept: text/plain")
	if !strings.Contains(w.Body.String(), "line 2, column 14") || w.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("%s", w.Body)
	}
	w = send(s, "POST", "/api/v1/eval", `{"expression":"1 +"}`, asJSON)
	expect(t, w, http.StatusBadRequest)
	if p := decode[problem](t, w.Body); p.Line != 1 || p.Column == 0 {
		t.Errorf("%+v", p)
	}
	for _, text := range []string{
		"SELECT ?x {\n  BIND(ink:nosuch(1) AS ?x) }",
		"SELECT ?x {\n  BIND(ink:prob(1, 2) AS ?x) }",
		"SELECT ?x {\n  BIND(ink:cel(\"1 +\") AS ?x) }",
		"SELECT ?x {\n  SERVICE <http://e/other> { ?x :p ?y } }",
	} {
		w := send(s, "POST", "/sparql", text, asQuery)
		expect(t, w, http.StatusBadRequest)
		if p := decode[problem](t, w.Body); p.Line != 2 || p.Column == 0 {
			t.Errorf("%s: %+v", text, p)
		}
	}
	w = send(s, "POST", "/sparql", "SELECT ?x {\n  BIND(ink:degree(:aspirin, 3.5) AS ?x) }", asQuery)
	expect(t, w, http.StatusBadRequest)
	if p := decode[problem](t, w.Body); !strings.Contains(p.Detail, "line 2, column 8") {
		t.Errorf("%+v", p)
	}
	w = send(s, "POST", "/api/v1/import", ":a :b :c .\n:a :b\n", asTurtle)
	expect(t, w, http.StatusBadRequest)
	w = send(s, "PUT", "/graph-store?default", "<a> <b> <c> .\n<a> <b>\n", asTurtle)
	expect(t, w, http.StatusBadRequest)
	if p := decode[problem](t, w.Body); p.Line < 2 {
		t.Errorf("%+v", p)
	}
}

func TestLimitsHaveTheirStatus(t *testing.T) {
	s := loaded(t, Options{Limits: Limits{Rows: 2, BodyBytes: 200}})
	expect(t, send(s, "POST", "/sparql", "SELECT * { ?s ?p ?o }", asQuery), http.StatusUnprocessableEntity)
	expect(t, send(s, "POST", "/sparql", "SELECT * { ?s ?p ?o } LIMIT 2", asQuery), http.StatusOK)
	expect(t, send(s, "POST", "/sparql", "ASK {} #"+strings.Repeat("x", 200), asQuery), http.StatusRequestEntityTooLarge)
	expect(t, send(s, "PUT", "/graph-store?default", strings.Repeat("<a:a> <a:b> <a:c> .\n", 100), asTurtle), http.StatusRequestEntityTooLarge)
}

func TestSlowQueriesEndInTime(t *testing.T) {
	s := newTestServer(t, Options{Limits: Limits{QueryTime: 50 * time.Millisecond}})
	expect(t, send(s, "POST", "/api/v1/import?format=tsv", string(demo.Graph)), http.StatusOK)
	endless := "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER(?a != ?d && ?d != ?g) }"
	expect(t, send(s, "POST", "/sparql", endless, asQuery), http.StatusGatewayTimeout)
	ask, _ := json.Marshal(queryRequest{Query: endless})
	expect(t, send(s, "POST", "/api/v1/query", string(ask), asJSON), http.StatusGatewayTimeout)
	expect(t, send(s, "POST", "/sparql", "ASK {}", asQuery), http.StatusOK)
}

func TestQueryAPITellsVersionsAndPlan(t *testing.T) {
	s := loaded(t, Options{})
	w := send(s, "POST", "/api/v1/query", `{"query":"SELECT ?d ?x { ?d :treats ?x }","limit":2,"explain":true}`, asJSON)
	expect(t, w, http.StatusOK)
	answer := decode[queryAnswer](t, w.Body)
	if answer.Kind != "rows" || len(answer.Rows) != 2 || !answer.Truncated || answer.Versions.Graph != 1 || answer.Plan == "" {
		t.Errorf("%+v", answer)
	}
	w = send(s, "POST", "/api/v1/query", `{"query":"ASK { :aspirin :treats :fever }"}`, asJSON)
	if answer := decode[queryAnswer](t, w.Body); answer.Kind != "boolean" || answer.Boolean == nil || !*answer.Boolean {
		t.Errorf("%+v", answer)
	}
	w = send(s, "POST", "/api/v1/explain", `{"query":"SELECT ?d ?x { ?d :treats ?x }"}`, asJSON)
	if answer := decode[explainAnswer](t, w.Body); answer.Rows != 3 || answer.Plan == "" {
		t.Errorf("%+v", answer)
	}
	w = send(s, "POST", "/api/v1/eval", `{"expression":"degree(\"aspirin\") + n","variables":{"n":1}}`, asJSON)
	expect(t, w, http.StatusOK)
	if answer := decode[evalAnswer](t, w.Body); answer.Value != 3.0 {
		t.Errorf("%+v", answer)
	}
}

func TestImportIsAllOrNothing(t *testing.T) {
	s := loaded(t, Options{})
	count := func() int {
		w := send(s, "POST", "/api/v1/query", `{"query":"SELECT * { ?s ?p ?o }"}`, asJSON)
		return len(decode[queryAnswer](t, w.Body).Rows)
	}
	expect(t, send(s, "POST", "/api/v1/import?format=tsv", "a\tb\tc\nbroken\n"), http.StatusBadRequest)
	if got := count(); got != 4 {
		t.Errorf("%d triples after a failed import, want 4", got)
	}
	w := send(s, "POST", "/api/v1/import?format=tsv&skip-bad=true", "a\tb\tc\nbroken\n")
	expect(t, w, http.StatusOK)
	var report struct{ Added, Skipped int }
	if err := json.Unmarshal(w.Body.Bytes(), &report); err != nil || report.Added != 1 || report.Skipped != 1 {
		t.Errorf("%s", w.Body)
	}
	if got := count(); got != 5 {
		t.Errorf("%d triples, want 5", got)
	}
	expect(t, send(s, "POST", "/api/v1/import", "x", "Content-Type: image/png"), http.StatusUnsupportedMediaType)
}

func TestGraphStoreTakesForms(t *testing.T) {
	s := newTestServer(t, Options{})
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, text := range map[string]string{"a.ttl": "[] <http://e/p> 1 .", "b.nt": "_:x <http://e/p> <http://e/o> .\n"} {
		part, err := form.CreateFormFile("file", name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(part, text)
	}
	_ = form.Close()
	expect(t, send(s, "POST", "/graph-store?graph=http://e/g", body.String(), "Content-Type: "+form.FormDataContentType()), http.StatusCreated)
	w := send(s, "GET", "/graph-store?graph=http://e/g", "", "Accept: application/n-triples")
	if got := strings.Count(w.Body.String(), "\n"); got != 2 {
		t.Errorf("%d triples: %s", got, w.Body)
	}
	expect(t, send(s, "PUT", "/graph-store?graph=relative", "", asTurtle), http.StatusBadRequest)
	expect(t, send(s, "GET", "/graph-store", ""), http.StatusBadRequest)
	expect(t, send(s, "PUT", "/graph-store?default", "x", "Content-Type: image/png"), http.StatusUnsupportedMediaType)
	expect(t, send(s, "PATCH", "/graph-store?default", ""), http.StatusMethodNotAllowed)
}

// TestGraphsThatUnfoldAreRefused sends little that stands for much: compressed, or by a long prefix.
func TestGraphsThatUnfoldAreRefused(t *testing.T) {
	s := newTestServer(t, Options{Limits: Limits{BodyBytes: 64 << 10}})
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	_, _ = io.WriteString(z, strings.Repeat("<http://e/s> <http://e/p> <http://e/o> .\n", 100_000))
	_ = z.Close()
	expect(t, send(s, "PUT", "/graph-store?graph=http://e/g", body.String(), asTurtle), http.StatusRequestEntityTooLarge)
	text := "@prefix a: <http://e/" + strings.Repeat("x", 10_000) + "> .\n" + strings.Repeat("a: a: a: .\n", 4_000)
	expect(t, send(s, "POST", "/graph-store?graph=http://e/g", text, asTurtle), http.StatusRequestEntityTooLarge)
}

func TestServiceDescription(t *testing.T) {
	s := newTestServer(t, Options{})
	w := send(s, "GET", "/sparql", "", "Accept: application/n-triples")
	expect(t, w, http.StatusOK)
	for _, want := range []string{sd + "endpoint> <http://127.0.0.1:4655/sparql>", sd + "SPARQL11Query", sd + "SPARQL11Update", "urn:inkling:prob"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("the description lacks %s:\n%s", want, w.Body)
		}
	}
}

// trained returns a server over the demo graph with a small model.
func trained(t *testing.T) *Server {
	t.Helper()
	s := newTestServer(t, Options{})
	expect(t, send(s, "POST", "/api/v1/import?format=tsv", string(demo.Graph)), http.StatusOK)
	w := send(s, "POST", "/api/v1/train", `{"dim":16,"epochs":4,"seed":1}`, asJSON)
	expect(t, w, http.StatusAccepted)
	location := w.Header().Get("Location")
	if w := send(s, "POST", "/api/v1/train", `{"name":"other"}`, asJSON); w.Code != http.StatusConflict && w.Code != http.StatusAccepted {
		t.Errorf("a second training: status %d", w.Code)
	}
	for {
		entry := decode[job](t, send(s, "GET", location, "").Body)
		if entry.State == jobDone {
			if len(entry.Curve) != 4 {
				t.Errorf("a curve of %d points for 4 epochs", len(entry.Curve))
			}
			return s
		}
		if entry.State != jobRunning {
			t.Fatalf("the training %s: %s", entry.State, entry.Error)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestTrainPredictAndDraw(t *testing.T) {
	s := trained(t)
	w := send(s, "GET", "/api/v1/models", "")
	if cards := decode[modelsAnswer](t, w.Body).Models; len(cards) != 1 || cards[0].Name != "complex" || cards[0].HeldOut.MRR <= 0 {
		t.Fatalf("%s", w.Body)
	}
	expect(t, send(s, "GET", "/api/v1/models/complex", ""), http.StatusOK)
	expect(t, send(s, "GET", "/api/v1/models/none", ""), http.StatusNotFound)
	sample := decode[queryAnswer](t, send(s, "POST", "/api/v1/query", `{"query":"SELECT * { ?s ?p ?o } LIMIT 1"}`, asJSON).Body).Rows[0]
	ask, _ := json.Marshal(predictRequest{Head: sample[0].Value, Relation: sample[1].Value, K: 5})
	w = send(s, "POST", "/api/v1/predict", string(ask), asJSON)
	expect(t, w, http.StatusOK)
	predicted := decode[predictAnswer](t, w.Body).Predictions
	if len(predicted) != 5 || predicted[0].Probability < predicted[4].Probability {
		t.Errorf("%+v", predicted)
	}
	checkDoubt(t, s)
	ask, _ = json.Marshal(pictureRequest{Entity: sample[0].Value, Min: 1e-9})
	w = send(s, "POST", "/api/v1/graph", string(ask), asJSON)
	expect(t, w, http.StatusOK)
	drawn := decode[picture](t, w.Body)
	checkPicture(t, drawn)
	ask, _ = json.Marshal(pictureRequest{Query: "SELECT ?x { <" + sample[0].Value + "> <" + sample[1].Value + "> ?y . SERVICE ink:predict { <" +
		sample[0].Value + "> <" + sample[1].Value + "> ?x . [] ink:k 4 ; ink:min 0.000001 } }"})
	w = send(s, "POST", "/api/v1/graph", string(ask), asJSON)
	expect(t, w, http.StatusOK)
	checkPicture(t, decode[picture](t, w.Body))
}

// checkDoubt expects the least probable stated triples and the most probable missing ones.
func checkDoubt(t *testing.T, s *Server) {
	t.Helper()
	w := send(s, "POST", "/api/v1/errors", `{"limit":5,"below":1,"relations":["citizen_of"]}`, asJSON)
	expect(t, w, http.StatusOK)
	found := decode[engine.ErrorReport](t, w.Body)
	if len(found.Errors) != 5 || found.Errors[0].Relation != "citizen_of" || found.Errors[0].Probability > found.Errors[4].Probability || found.Model != "complex" || found.Note == "" {
		t.Errorf("%+v", found)
	}
	w = send(s, "POST", "/api/v1/suggest", `{"limit":5,"least":0.0001,"per_relation":2}`, asJSON)
	expect(t, w, http.StatusOK)
	missing := decode[engine.SuggestReport](t, w.Body)
	if len(missing.Suggestions) != 5 || missing.Suggestions[0].Probability < missing.Suggestions[4].Probability || missing.Asked == 0 {
		t.Errorf("%+v", missing)
	}
	for path, body := range map[string]string{"errors": `{"relations":["citizen_off"]}`, "suggest": `{"least":7}`} {
		w := send(s, "POST", "/api/v1/"+path, body, asJSON)
		expect(t, w, http.StatusBadRequest)
	}
	expect(t, send(s, "POST", "/api/v1/errors", `{"model":"none"}`, asJSON), http.StatusNotFound)
	expect(t, send(s, "POST", "/api/v1/errors", `{"graph":"not an iri"}`, asJSON), http.StatusBadRequest)
}

// checkPicture expects stated and plausible edges between nodes that are there.
func checkPicture(t *testing.T, p picture) {
	t.Helper()
	nodes := map[string]bool{}
	for _, n := range p.Nodes {
		nodes[n.ID] = true
	}
	stated, plausible := 0, 0
	for _, e := range p.Edges {
		if !nodes[e.Source] || !nodes[e.Target] {
			t.Errorf("an edge to a node that is not there: %+v", e)
		}
		if e.Stated {
			stated++
		} else if plausible++; e.Probability <= 0 || e.Probability > 1 {
			t.Errorf("probability %v", e.Probability)
		}
	}
	if stated == 0 || plausible == 0 {
		t.Errorf("%d stated and %d plausible edges", stated, plausible)
	}
}

func TestCancelledTraining(t *testing.T) {
	s := newTestServer(t, Options{})
	expect(t, send(s, "POST", "/api/v1/import?format=tsv", string(demo.Graph)), http.StatusOK)
	w := send(s, "POST", "/api/v1/train", `{"epochs":100000}`, asJSON)
	expect(t, w, http.StatusAccepted)
	expect(t, send(s, "POST", "/api/v1/train", `{}`, asJSON), http.StatusConflict)
	expect(t, send(s, "DELETE", w.Header().Get("Location"), ""), http.StatusOK)
	s.jobs.running.Wait()
	if entry := decode[job](t, send(s, "GET", w.Header().Get("Location"), "").Body); entry.State != jobCancelled {
		t.Errorf("state %s: %s", entry.State, entry.Error)
	}
	expect(t, send(s, "GET", "/api/v1/jobs/none", ""), http.StatusNotFound)
}

func TestTrainAuto(t *testing.T) {
	s := newTestServer(t, Options{})
	expect(t, send(s, "POST", "/api/v1/import?format=tsv", string(demo.Graph)), http.StatusOK)
	w := send(s, "POST", "/api/v1/train", `{"auto":true,"family":"distmult","dim":4,"rungs":[{"epochs":1},{"epochs":1}]}`, asJSON)
	expect(t, w, http.StatusAccepted)
	s.jobs.running.Wait()
	entry := decode[job](t, send(s, "GET", w.Header().Get("Location"), "").Body)
	if entry.State != jobDone || entry.Model.Auto == nil || entry.Model.Auto.Chosen != "distmult 1vsall" || len(entry.Curve) != 1 {
		t.Errorf("%s %s: %+v", entry.State, entry.Error, entry.Model)
	}
	w = send(s, "POST", "/api/v1/train", `{"auto":true,"name":"long","budget_ns":3600000000000}`, asJSON)
	expect(t, w, http.StatusAccepted)
	expect(t, send(s, "DELETE", w.Header().Get("Location"), ""), http.StatusOK)
	s.jobs.running.Wait()
	if entry := decode[job](t, send(s, "GET", w.Header().Get("Location"), "").Body); entry.State != jobCancelled {
		t.Errorf("state %s: %s", entry.State, entry.Error)
	}
}

// A request in flight when the server is told to stop is answered; one that does not end is cancelled.
func TestServeDrains(t *testing.T) {
	for name, finish := range map[string]bool{"finishes": true, "hangs": false} {
		t.Run(name, func(t *testing.T) {
			drain := 20 * time.Second
			if !finish {
				drain = 50 * time.Millisecond
			}
			s := newTestServer(t, Options{Limits: Limits{Drain: drain}})
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			served := make(chan error, 1)
			go func() { served <- s.ServeListener(ctx, listener) }()
			address := "http://" + listener.Addr().String()
			body, feed := io.Pipe()
			answered := make(chan int, 1)
			go func() {
				response, err := http.Post(address+"/api/v1/import?format=tsv", "", body)
				if err != nil {
					answered <- 0
					return
				}
				_ = response.Body.Close()
				answered <- response.StatusCode
			}()
			_, _ = io.WriteString(feed, "a\tb\tc\n")
			for s.metrics.active.Load() == 0 { // until the request is being answered
				time.Sleep(time.Millisecond)
			}
			stop()
			if finish {
				_ = feed.Close()
			}
			if err := <-served; err != nil {
				t.Error(err)
			}
			_ = feed.Close()
			if status := <-answered; (status == http.StatusOK) != finish {
				t.Errorf("status %d", status)
			}
			if _, err := http.Get(address + "/api/v1/health"); err == nil {
				t.Error("a stopped server answers")
			}
		})
	}
}
