package server

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/store/rdf"
)

// predictRequest is a triple with one open end. Names are absolute IRIs, <iri> or plain names under the base.
type predictRequest struct {
	Head     string `json:"head,omitempty"`
	Relation string `json:"relation"`
	Tail     string `json:"tail,omitempty"`
	K        int    `json:"k,omitempty"`      // 0 means 10, at most 1,000
	Model    string `json:"model,omitempty"`  // "" is the default model
	Stated   bool   `json:"stated,omitempty"` // rank stated facts too
	Exact    bool   `json:"exact,omitempty"`  // search no model approximately
}

type prediction struct {
	Term        termJSON `json:"term"`
	Probability float64  `json:"probability"`
}

type predictAnswer struct {
	Predictions []prediction    `json:"predictions"` // most probable first
	Versions    engine.Versions `json:"versions"`
}

func (s *Server) predict(w http.ResponseWriter, r *http.Request) error {
	var q predictRequest
	ctx, done, err := s.question(w, r, &q)
	if err != nil {
		return err
	}
	defer done()
	query, err := predictText(q, s.base())
	if err != nil {
		return err
	}
	result, err := s.db.Query(ctx, query, engine.QueryOptions{Exact: q.Exact, Limits: s.engineLimits()})
	if err != nil {
		return err
	}
	answer, err := predictions(result)
	if err = errors.Join(err, result.Close()); err != nil {
		return err
	}
	answer.Versions = result.Versions()
	return writeJSON(w, http.StatusOK, answer)
}

func predictions(result *engine.Result) (answer predictAnswer, err error) {
	answer.Predictions = []prediction{}
	for row, err := range result.Rows() {
		if err != nil {
			return answer, err
		}
		probability, err := strconv.ParseFloat(row[1].Value, 64)
		if err != nil {
			return answer, fmt.Errorf("server: the probability %q: %w", row[1].Value, err)
		}
		answer.Predictions = append(answer.Predictions, prediction{*newTermJSON(row[0]), probability})
	}
	return answer, nil
}

// anyProbability is a bound that every prediction passes; without one, the model's threshold holds.
const anyProbability = "0.000000001"

// base returns the IRI that plain names stand under.
func (s *Server) base() string { return s.db.Prefixes()[""] }

// predictText returns the query that ranks what may stand at the open end.
func predictText(q predictRequest, base string) (string, error) {
	if (q.Head == "") == (q.Tail == "") || q.Relation == "" {
		return "", problemf(http.StatusBadRequest, "give relation, and either head or tail")
	}
	head, tail := "?x", "?x"
	relation, err := nodeText(q.Relation, base)
	if err == nil && q.Head != "" {
		head, err = nodeText(q.Head, base)
	}
	if err == nil && q.Tail != "" {
		tail, err = nodeText(q.Tail, base)
	}
	if err != nil {
		return "", err
	}
	options := fmt.Sprintf("; ink:k %d ; ink:min %s ; ink:stated %t", bounded(q.K, 10, 1000), anyProbability, q.Stated)
	if q.Model != "" {
		options += " ; ink:model " + text(rdf.NewString(q.Model))
	}
	return fmt.Sprintf("SELECT ?x ?p { SERVICE ink:predict { %s %s %s . [] ink:prob ?p %s } } ORDER BY DESC(?p)",
		head, relation, tail, options), nil
}

// nodeText returns a node argument as <iri>: what is no IRI is a plain name under the base.
func nodeText(name, base string) (string, error) {
	name = strings.TrimSpace(name)
	if inner, ok := strings.CutPrefix(name, "<"); ok {
		name = strings.TrimSuffix(inner, ">")
	} else if !rdf.LooksAbsolute(name) {
		name = rdf.NameIRI(base, name)
	}
	if err := rdf.ValidIRI(name); err != nil {
		return "", problemf(http.StatusBadRequest, "%q: %v", name, err)
	}
	return "<" + name + ">", nil
}
