package server

import (
	"net/http"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/internal/demo"
)

// TestTrainFactorization trains by the JSON fields of a factorization, and is refused those of the other kind.
func TestTrainFactorization(t *testing.T) {
	s := newTestServer(t, Options{})
	expect(t, send(s, "POST", "/api/v1/import?format=tsv", string(demo.Graph)), http.StatusOK)
	after := func(body string) job {
		w := send(s, "POST", "/api/v1/train", body, asJSON)
		expect(t, w, http.StatusAccepted)
		s.jobs.running.Wait()
		return decode[job](t, send(s, "GET", w.Header().Get("Location"), "").Body)
	}
	entry := after(`{"family":"linear-con","dim":6,"iterations":3,"lambda_a":2,"lambda_r":3,"lambda_e":4,"step_mu":0.5,"similarity":"patient","start":"random"}`)
	if entry.State != jobDone || entry.Model.Family != "rescal-linear" || entry.Model.Name != "linear-con" || len(entry.Curve) != 3 {
		t.Fatalf("%s %s: %+v", entry.State, entry.Error, entry.Model)
	}
	for _, want := range []string{"method=linear-con", "lambda_a=2", "lambda_r=3", "lambda_e=4", "step_mu=0.5", "similarity=patient", "start=random"} {
		if !strings.Contains(entry.Model.Settings, want) {
			t.Errorf("the settings lack %s: %s", want, entry.Model.Settings)
		}
	}
	for body, says := range map[string]string{
		`{"family":"rescal-als","loss":"margin"}`:                                "loss is for training by gradient",
		`{"family":"distmult","rho":1}`:                                          "rho is for factorizations",
		`{"family":"quadratic-reg","similarity":"/etc/passwd"}`:                  "no similarity of relations",
		`{"family":"rescal-als","preset":"umls-nn-rescal"}`:                      "the preset is for nn-rescal",
		`{"family":"complex","preset":"umls-nn-rescal"}`:                         "is for nn-rescal",
		`{"family":"rescal-als","auto":true}`:                                    "leave one of the two out",
		`{"family":"rescal-als","dim":100000}`:                                   "rank",
		`{"family":"quadratic-con","solver":"adam","step_a":1e30,"step_r":1e30}`: "diverged",
	} {
		if entry := after(body); entry.State != jobFailed || !strings.Contains(entry.Error, says) {
			t.Errorf("%s: %s, %s", body, entry.State, entry.Error)
		}
	}
	w := send(s, "GET", "/api/v1/training", "")
	expect(t, w, http.StatusOK)
	for _, want := range []string{`"quadratic-con"`, `"reverse-transitivity"`, `"fb15k-237-rescal-als"`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("what can be trained lacks %s", want)
		}
	}
}
