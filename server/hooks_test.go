package server

import (
	"net/http"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/engine"
)

func TestHooksOverHTTP(t *testing.T) {
	s := loaded(t, Options{})
	w := send(s, "POST", "/api/v1/hooks", `{"name":"no-self","action":"reject","condition":"h == t","message":"not itself"}`, asJSON)
	expect(t, w, http.StatusCreated)
	if info := decode[engine.HookInfo](t, w.Body); info.When != "before" || info.On != "insert" || info.State != engine.HookActive {
		t.Errorf("added %+v", info)
	}
	w = send(s, "POST", "/api/v1/hooks", `{"name":"odd","action":"warn","when":"before","condition":"h == "}`, asJSON)
	expect(t, w, http.StatusBadRequest)
	if p := decode[problem](t, w.Body); p.Line != 1 || p.Column == 0 {
		t.Errorf("the place of a fault: %+v", p)
	}
	expect(t, send(s, "POST", "/api/v1/hooks", `{"name":"odd","action":"webhook","params":{"url":"http://example.org/","secret":"0123456789abcdef"}}`, asJSON), http.StatusBadRequest)

	// Every way to write meets the hook.
	writes := map[string]struct{ method, path, body, media string }{
		"sparql":      {"POST", "/sparql", `INSERT DATA { :x :treats :x }`, asUpdate},
		"graph store": {"POST", "/graph-store?default", `<urn:x> <urn:treats> <urn:x> .`, asTurtle},
		"import":      {"POST", "/api/v1/import", `<urn:x> <urn:treats> <urn:x> .`, asTurtle},
	}
	for name, q := range writes {
		w := send(s, q.method, q.path, q.body, q.media)
		expect(t, w, http.StatusUnprocessableEntity)
		if p := decode[problem](t, w.Body); !strings.Contains(p.Detail, "hook no-self") || !strings.Contains(p.Detail, "not itself") {
			t.Errorf("%s: %+v", name, p)
		}
	}
	expect(t, send(s, "POST", "/api/v1/hooks", `{"name":"second","action":"warn","when":"before","condition":"has_other(h, r, t)"}`, asJSON), http.StatusCreated)
	w = send(s, "POST", "/sparql", `INSERT DATA { :aspirin :treats :pain }`, asUpdate)
	expect(t, w, http.StatusOK)
	if r := decode[engine.UpdateReport](t, w.Body); len(r.Warnings) != 1 || r.Warnings[0].Hook != "second" {
		t.Errorf("report %+v", r)
	}

	w = send(s, "POST", "/api/v1/hooks/test", `{"action":"tag","condition":"r == 'treats'","commits":10}`, asJSON)
	expect(t, w, http.StatusOK)
	if trial := decode[engine.HookTrial](t, w.Body); trial.Matched != 4 || len(trial.Findings) != 4 {
		t.Errorf("trial %+v", trial)
	}
	expect(t, send(s, "POST", "/api/v1/hooks/test", `{"name":"nosuch"}`, asJSON), http.StatusNotFound)
	w = send(s, "GET", "/api/v1/hooks", "")
	expect(t, w, http.StatusOK)
	if list := decode[hooksAnswer](t, w.Body); len(list.Hooks) != 2 || len(list.Ready) == 0 {
		t.Errorf("hooks %+v", list)
	}
	w = send(s, "GET", "/api/v1/hooks/no-self/log", "")
	expect(t, w, http.StatusOK)
	if log := decode[hookLogAnswer](t, w.Body); log.Counts.Rejected != 3 || len(log.Runs) != 3 {
		t.Errorf("log %+v", log)
	}
	expect(t, send(s, "GET", "/api/v1/hooks/no-self/dead-letters", ""), http.StatusOK)
	expect(t, send(s, "POST", "/api/v1/hooks/no-self/dead-letters/1-0", ""), http.StatusBadRequest)
	w = send(s, "GET", "/metrics", "")
	for _, line := range []string{`inkling_hook_changes_total{hook="no-self",outcome="rejected"} 3`, `inkling_hook_active{hook="second"} 1`} {
		if !strings.Contains(w.Body.String(), line) {
			t.Errorf("metrics lack %s", line)
		}
	}
	expect(t, send(s, "DELETE", "/api/v1/hooks/no-self", ""), http.StatusNoContent)
	expect(t, send(s, "GET", "/api/v1/hooks/no-self", ""), http.StatusNotFound)
	expect(t, send(s, "POST", "/sparql", `INSERT DATA { :x :treats :x }`, asUpdate), http.StatusOK)
}

func TestReadOnlyServersRefuseHooks(t *testing.T) {
	s := newTestServer(t, Options{ReadOnly: true})
	expect(t, send(s, "POST", "/api/v1/hooks", `{"name":"x","action":"reject"}`, asJSON), http.StatusForbidden)
	expect(t, send(s, "DELETE", "/api/v1/hooks/x", ""), http.StatusForbidden)
	expect(t, send(s, "GET", "/api/v1/hooks", ""), http.StatusOK)
}
