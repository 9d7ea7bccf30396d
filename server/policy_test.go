package server

import (
	"net/http"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/engine"
)

// Every way to import over HTTP meets the policy, and nothing of what it rejects stays.
func TestPolicyOverHTTP(t *testing.T) {
	s := loaded(t, Options{})
	expect(t, send(s, "GET", "/api/v1/policy", ""), http.StatusNotFound)
	expect(t, send(s, "DELETE", "/api/v1/policy", ""), http.StatusNotFound)
	w := send(s, "PUT", "/api/v1/policy", `{"expression":"import.colour == 1 ? \"tag\" : \"warn\""}`, asJSON)
	expect(t, w, http.StatusBadRequest)
	if p := decode[problem](t, w.Body); p.Line != 1 || p.Column == 0 {
		t.Errorf("the place of a fault: %+v", p)
	}
	policy := `import.graph == "http://no/" ? "reject" : import.graph == "http://tag/" ? "tag" : "accept"`
	w = send(s, "PUT", "/api/v1/policy", `{"expression":"`+strings.ReplaceAll(policy, `"`, `\"`)+`"}`, asJSON)
	expect(t, w, http.StatusOK)
	w = send(s, "GET", "/api/v1/policy", "")
	expect(t, w, http.StatusOK)
	if p := decode[engine.ImportPolicy](t, w.Body); p.Expression != policy || p.Set.IsZero() {
		t.Errorf("kept %+v", p)
	}
	const triple = `<urn:x> <urn:treats> <urn:y> .`
	for _, path := range []struct{ method, path string }{
		{"POST", "/api/v1/import?graph="}, {"PUT", "/graph-store?graph="}, {"POST", "/graph-store?graph="},
	} {
		w = send(s, path.method, path.path+"http://no/", triple, asTurtle)
		expect(t, w, http.StatusUnprocessableEntity)
		if p := decode[problem](t, w.Body); !strings.Contains(p.Detail, "the import policy rejects it") {
			t.Errorf("%v: %+v", path, p)
		}
		expect(t, send(s, "GET", "/graph-store?graph=http://no/", ""), http.StatusNotFound)
		w = send(s, path.method, path.path+"http://tag/", triple, asTurtle)
		if w.Code/100 != 2 || !strings.Contains(w.Body.String(), `"outcome":"tag"`) {
			t.Errorf("%v: %d %s", path, w.Code, w.Body)
		}
	}
	w = send(s, "GET", "/graph-store?graph=urn:inkling:tags", "")
	expect(t, w, http.StatusOK)
	if !strings.Contains(w.Body.String(), "request body") {
		t.Errorf("tags: %s", w.Body)
	}
	read := newTestServer(t, Options{ReadOnly: true})
	expect(t, send(read, "PUT", "/api/v1/policy", `{"expression":"\"accept\""}`, asJSON), http.StatusForbidden)
	expect(t, send(read, "DELETE", "/api/v1/policy", ""), http.StatusForbidden)
	expect(t, send(s, "DELETE", "/api/v1/policy", ""), http.StatusNoContent)
}
