package server

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// FuzzRequests sends whatever comes to mind: no request may be answered as the server's own fault.
func FuzzRequests(f *testing.F) {
	for _, seed := range [][4]string{
		{"GET", "/sparql?query=ASK%7B%7D", "", ""},
		{"POST", "/sparql?using-graph-uri=http://e/g", "application/sparql-update", "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }"},
		{"POST", "/sparql", "application/x-www-form-urlencoded", "query=SELECT%20*%7B%3Fs%20%3Fp%20%3Fo%7D&default-graph-uri=http://e/g"},
		{"PUT", "/graph-store?graph=http://e/g", "text/turtle", "<a> <b> 'c'@en ."},
		{"POST", "/graph-store/x", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=f; filename=f.nt\r\n\r\n_:a <b:b> _:c .\r\n--b--\r\n"},
		{"GET", "/graph-store?default&format=nt", "", ""},
		{"POST", "/api/v1/graph", "application/json", `{"query":"SELECT * { [] ?p ?o . OPTIONAL { ?o a/:b* ?c } GRAPH ?g { ?a ?b ?c } }"}`},
		{"POST", "/api/v1/graph", "application/json", `{"entity":"a b<>"}`},
		{"POST", "/api/v1/eval", "application/json", `{"expression":"match('?a ?b ?c')","variables":{"x":[1,{"y":2.5}]}}`},
		{"POST", "/api/v1/predict", "application/json", `{"head":"a","relation":"b","model":"x\"}"}`},
		{"POST", "/api/v1/import?format=tsv", "", "a\tb\tc\n"},
		{"GET", "/api/v1/models/%00", "", ""},
		{"GET", "/api/v1/models/x/plots/entities.svg?width=1e9&theme=dark&method=pca", "", ""},
		{"POST", "/api/v1/import?format=nt", "", "\x1f\x8b\x08\x00"},
		{"POST", "/api/v1/import?format=nt", "", "\x28\xb5\x2f\xfdbroken"},
		{"PUT", "/graph-store?default", "text/turtle", "\x28\xb5\x2f\xfdbroken"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, method, target, media, body string) {
		path, _, _ := strings.Cut(target, "?")
		if !strings.HasPrefix(path, "/") || strings.Contains(body, "LOAD") {
			t.Skip()
		}
		r := httptest.NewRequest("GET", "/", strings.NewReader(body))
		u, err := r.URL.Parse(target)
		if err != nil || u.Host != "" {
			t.Skip()
		}
		r.Method, r.URL, r.Host = method, u, "localhost"
		r.Header.Set("Content-Type", media)
		s := newTestServer(t, Options{Limits: Limits{QueryTime: 2 * time.Second}})
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code >= 500 && w.Code != 501 && w.Code != 504 {
			t.Errorf("%s %s: %d %s", method, target, w.Code, w.Body)
		}
	})
}
