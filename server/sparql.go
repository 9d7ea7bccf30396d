package server

import (
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store/rdf"
)

// Media types of the SPARQL 1.1 Protocol, §2.
const (
	mediaForm   = "application/x-www-form-urlencoded"
	mediaQuery  = "application/sparql-query"
	mediaUpdate = "application/sparql-update"
)

// operation is a query or update with its dataset, as the protocol carries it.
type operation struct {
	text   string
	update bool
	params url.Values
}

func (s *Server) sparqlGet(w http.ResponseWriter, r *http.Request) error {
	params, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return problemf(http.StatusBadRequest, "the query string: %v", err)
	}
	if params.Has("update") {
		return problemf(http.StatusBadRequest, "an update is sent by POST, never by GET")
	}
	if !params.Has("query") {
		return s.describe(w, r)
	}
	text, err := one(params, "query")
	if err != nil {
		return err
	}
	return s.answer(w, r, operation{text: text, params: params})
}

func (s *Server) sparqlPost(w http.ResponseWriter, r *http.Request) error {
	media, err := textMedia(r)
	if err != nil {
		return err
	}
	params, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return problemf(http.StatusBadRequest, "the query string: %v", err)
	}
	if params.Has("query") || params.Has("update") {
		return problemf(http.StatusBadRequest, "a POST carries its query or update in the body, not in the query string")
	}
	body, err := s.readText(w, r)
	if err != nil {
		return err
	}
	op := operation{text: body, update: media == mediaUpdate, params: params}
	if media == mediaForm {
		if op, err = formOperation(body, params); err != nil {
			return err
		}
	}
	if op.update {
		return s.update(w, r, op)
	}
	return s.answer(w, r, op)
}

// textMedia returns the media type of a POST to /sparql, one of the three; anything but UTF-8 is refused.
func textMedia(r *http.Request) (string, error) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != mediaForm && media != mediaQuery && media != mediaUpdate {
		return "", problemf(http.StatusUnsupportedMediaType, "the Content-Type must be %s, %s or %s", mediaQuery, mediaUpdate, mediaForm)
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return "", problemf(http.StatusUnsupportedMediaType, "the charset must be UTF-8, not %s", charset)
	}
	return media, nil
}

// formOperation returns what a form's body asks for; parameters of the URL count as the form's.
func formOperation(body string, params url.Values) (operation, error) {
	form, err := url.ParseQuery(body)
	if err != nil {
		return operation{}, problemf(http.StatusBadRequest, "the form: %v", err)
	}
	if form.Has("query") == form.Has("update") {
		return operation{}, problemf(http.StatusBadRequest, "the form must hold either query or update")
	}
	name := "query"
	if form.Has("update") {
		name = "update"
	}
	text, err := one(form, name)
	for key, values := range params {
		form[key] = append(form[key], values...)
	}
	return operation{text: text, update: name == "update", params: form}, err
}

// one returns a parameter that must be there once.
func one(params url.Values, name string) (string, error) {
	if len(params[name]) != 1 {
		return "", problemf(http.StatusBadRequest, "the parameter %s must be given once, not %d times", name, len(params[name]))
	}
	return params[name][0], nil
}

// graphTerms returns the graphs a parameter lists; nil without any.
func graphTerms(params url.Values, name string) ([]rdf.Term, error) {
	var terms []rdf.Term
	for _, iri := range params[name] {
		term, err := graphTerm(iri)
		if err != nil {
			return nil, problemf(http.StatusBadRequest, "%s: %v", name, err)
		}
		terms = append(terms, term)
	}
	return terms, nil
}

func graphTerm(iri string) (rdf.Term, error) {
	if !rdf.IsAbsolute(iri) {
		return rdf.Term{}, problemf(http.StatusBadRequest, "%q is not an absolute IRI", iri)
	}
	if err := rdf.ValidIRI(iri); err != nil {
		return rdf.Term{}, problemf(http.StatusBadRequest, "the IRI %q: %v", iri, err)
	}
	return rdf.NewIRI(iri), nil
}

// update runs an update and answers what it changed.
func (s *Server) update(w http.ResponseWriter, r *http.Request, op operation) error {
	if s.readOnly {
		return errReadOnly()
	}
	using, err := graphTerms(op.params, "using-graph-uri")
	if err != nil {
		return err
	}
	named, err := graphTerms(op.params, "using-named-graph-uri")
	if err != nil {
		return err
	}
	if err := s.checkDataset(op, len(using)+len(named) > 0); err != nil {
		return err
	}
	ctx, done, err := s.turn(r)
	if err != nil {
		return err
	}
	defer done()
	report, err := s.db.Update(ctx, op.text, engine.UpdateOptions{
		Source: "sparql", Wait: op.params.Get("wait") == "true", UsingGraphs: using, UsingNamed: named, Limits: s.engineLimits(),
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, report)
}

// checkDataset refuses an update that names its graphs twice: by parameters, and by USING or WITH (Protocol §2.2.3).
func (s *Server) checkDataset(op operation, byParameter bool) error {
	if !byParameter {
		return nil
	}
	parsed, err := sparql.ParseUpdate(op.text, sparql.Options{Base: s.base(), Prefixes: s.db.Prefixes()})
	if err != nil {
		return err
	}
	for _, operation := range parsed.Operations {
		if modify, ok := operation.(*sparql.Modify); ok && (modify.With != "" || len(modify.Using) > 0) {
			return problemf(http.StatusBadRequest, "the graphs are named by parameters and by USING or WITH: only one may be")
		}
	}
	return nil
}

// writeJSON answers with a value. What cannot be sent has no reader any more, so the error is the encoder's alone.
func writeJSON(w http.ResponseWriter, status int, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n'))
	return nil
}
