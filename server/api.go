package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/factor"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// termJSON is a term as the SPARQL 1.1 JSON results write it.
type termJSON struct {
	Type     string `json:"type"` // uri, literal or bnode
	Value    string `json:"value"`
	Datatype string `json:"datatype,omitempty"`
	Lang     string `json:"xml:lang,omitempty"`
}

// newTermJSON returns a term as JSON; nil for the zero Term, an unbound variable.
func newTermJSON(t rdf.Term) *termJSON {
	switch t.Kind {
	case rdf.IRI:
		return &termJSON{Type: "uri", Value: t.Value}
	case rdf.Blank:
		return &termJSON{Type: "bnode", Value: t.Value}
	case rdf.Literal:
		out := &termJSON{Type: "literal", Value: t.Value, Datatype: t.Datatype, Lang: t.Lang}
		if t.Lang != "" || t.Datatype == rdf.XSDString {
			out.Datatype = ""
		}
		return out
	}
	return nil
}

// queryRequest asks a SPARQL query.
type queryRequest struct {
	Query   string `json:"query"`
	Limit   int    `json:"limit,omitempty"`   // at most so many rows or statements are returned; 0 means 1,000
	Explain bool   `json:"explain,omitempty"` // tell the plan too
	Wait    bool   `json:"wait,omitempty"`    // let the models catch up first
	Exact   bool   `json:"exact,omitempty"`   // search no model approximately
}

// queryAnswer is a query's result with what it rests on.
type queryAnswer struct {
	Kind      string          `json:"kind"` // rows, boolean or graph
	Vars      []string        `json:"vars,omitempty"`
	Rows      [][]*termJSON   `json:"rows,omitempty"`    // of a SELECT by Vars; subject, predicate, object of a graph
	Boolean   *bool           `json:"boolean,omitempty"` // of an ASK
	Truncated bool            `json:"truncated"`         // there were more rows than Limit
	Versions  engine.Versions `json:"versions"`
	ElapsedMS float64         `json:"elapsed_ms"`
	Plan      string          `json:"plan,omitempty"`
}

func (s *Server) query(w http.ResponseWriter, r *http.Request) error {
	var q queryRequest
	ctx, done, err := s.question(w, r, &q)
	if err != nil {
		return err
	}
	defer done()
	answer, err := s.ask(ctx, q)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, answer)
}

// ask runs a query and returns its first rows.
func (s *Server) ask(ctx context.Context, q queryRequest) (answer queryAnswer, err error) {
	if q.Limit <= 0 {
		q.Limit = 1000
	}
	result, err := s.db.Query(ctx, q.Query, engine.QueryOptions{Wait: q.Wait, Exact: q.Exact, Explain: q.Explain, Limits: s.engineLimits()})
	if err != nil {
		return answer, err
	}
	defer func() { err = errors.Join(err, result.Close()) }()
	switch result.Kind {
	case engine.Rows:
		answer.Kind, answer.Vars, answer.Rows = "rows", result.Vars, [][]*termJSON{}
		for row, err := range result.Rows() {
			if err != nil {
				return answer, err
			}
			if answer.add(row, q.Limit); answer.Truncated {
				break
			}
		}
	case engine.Graph:
		answer.Kind, answer.Vars, answer.Rows = "graph", []string{"subject", "predicate", "object"}, [][]*termJSON{}
		for quad, err := range result.Quads() {
			if err != nil {
				return answer, err
			}
			if answer.add([]rdf.Term{quad.S, quad.P, quad.O}, q.Limit); answer.Truncated {
				break
			}
		}
	case engine.Boolean:
		answer.Kind, answer.Boolean = "boolean", &result.Bool
	}
	s.metrics.rows.Add(float64(len(answer.Rows)))
	answer.Versions, answer.ElapsedMS = result.Versions(), milliseconds(result.Elapsed())
	if q.Explain {
		answer.Plan = result.Plan()
	}
	return answer, nil
}

// add appends a row, or notes that there was one too many.
func (a *queryAnswer) add(row []rdf.Term, limit int) {
	if len(a.Rows) == limit {
		a.Truncated = true
		return
	}
	terms := make([]*termJSON, len(row))
	for i, t := range row {
		terms[i] = newTermJSON(t)
	}
	a.Rows = append(a.Rows, terms)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

type explainRequest struct {
	Query string `json:"query"`
}

type explainAnswer struct {
	Plan      string          `json:"plan"`
	Rows      int             `json:"rows"`
	Versions  engine.Versions `json:"versions"`
	ElapsedMS float64         `json:"elapsed_ms"`
}

// explain runs a query to its end, within the limits, so that the plan's actual rows are those of the whole query.
func (s *Server) explain(w http.ResponseWriter, r *http.Request) error {
	var q explainRequest
	ctx, done, err := s.question(w, r, &q)
	if err != nil {
		return err
	}
	defer done()
	result, err := s.db.Query(ctx, q.Query, engine.QueryOptions{Explain: true, Limits: s.engineLimits()})
	if err != nil {
		return err
	}
	rows, err := countRows(result)
	if err = errors.Join(err, result.Close()); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, explainAnswer{result.Plan(), rows, result.Versions(), milliseconds(result.Elapsed())})
}

func countRows(result *engine.Result) (rows int, err error) {
	switch result.Kind {
	case engine.Rows:
		for _, err := range result.Rows() {
			if err != nil {
				return rows, err
			}
			rows++
		}
	case engine.Graph:
		for _, err := range result.Quads() {
			if err != nil {
				return rows, err
			}
			rows++
		}
	}
	return rows, nil
}

// evalRequest asks a CEL expression.
type evalRequest struct {
	Expression string         `json:"expression"`
	Variables  map[string]any `json:"variables,omitempty"`
	Wait       bool           `json:"wait,omitempty"`  // let the models catch up first
	Exact      bool           `json:"exact,omitempty"` // search no model approximately
}

type evalAnswer struct {
	Value     any           `json:"value"`
	Version   store.Version `json:"version"` // of the graph, before the evaluation
	ElapsedMS float64       `json:"elapsed_ms"`
	// Approximate names the models that were searched approximately, with their recall@10.
	Approximate map[string]float64 `json:"approximate,omitempty"`
}

func (s *Server) eval(w http.ResponseWriter, r *http.Request) error {
	var q evalRequest
	ctx, done, err := s.question(w, r, &q)
	if err != nil {
		return err
	}
	defer done()
	if q.Wait {
		if err := s.db.Wait(ctx); err != nil {
			return err
		}
	}
	start, version := time.Now(), s.db.Version()
	value, versions, err := s.db.Evaluate(ctx, q.Expression, numbers(q.Variables), engine.EvalOptions{Exact: q.Exact})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, evalAnswer{value, version, milliseconds(time.Since(start)), versions.Approximate})
}

// numbers returns variables with JSON's numbers as CEL's: a whole one is an int, any other a double.
func numbers(variables map[string]any) map[string]any {
	out := make(map[string]any, len(variables))
	for name, value := range variables {
		out[name] = number(value)
	}
	return out
}

func number(value any) any {
	switch v := value.(type) {
	case float64:
		if whole := int64(v); float64(whole) == v && math.Abs(v) < 1<<53 {
			return whole
		}
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = number(v[i])
		}
		return out
	case map[string]any:
		return numbers(v)
	}
	return value
}

func (s *Server) stats(w http.ResponseWriter, r *http.Request) error {
	ctx, done, err := s.turn(r)
	if err != nil {
		return err
	}
	defer done()
	stats, err := s.db.Stats(ctx)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, stats)
}

// family is a kind of model that can be trained.
type family struct {
	Name     string `json:"name"` // as a training request takes it
	Title    string `json:"title"`
	Equation string `json:"equation"`
	Source   string `json:"source"`
}

type trainingAnswer struct {
	Families     []family `json:"families"`     // the default first
	Methods      []family `json:"methods"`      // of factorization; a request names one as its family
	Similarities []string `json:"similarities"` // of relations, for a factorization
	Losses       []string `json:"losses"`
	Presets      []string `json:"presets"`
}

// training lists what a training request may name.
func (s *Server) training(w http.ResponseWriter, _ *http.Request) error {
	answer := trainingAnswer{Losses: train.LossNames()}
	for _, f := range model.Families {
		answer.Families = append(answer.Families, family{f.Name, f.Title, f.Equation, f.Source})
	}
	for _, m := range factor.Methods {
		answer.Methods = append(answer.Methods, family{m.Name, m.Title, m.Equation, m.Source})
	}
	for _, s := range factor.Similarities {
		answer.Similarities = append(answer.Similarities, s.Name)
	}
	for _, p := range train.Presets {
		answer.Presets = append(answer.Presets, p.Name)
	}
	for _, p := range factor.Presets {
		answer.Presets = append(answer.Presets, p.Name)
	}
	return writeJSON(w, http.StatusOK, answer)
}

type functionsAnswer struct {
	Functions []engine.Function `json:"functions"`
}

func (s *Server) functions(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, functionsAnswer{s.db.Functions()})
}

type modelsAnswer struct {
	Models []engine.ModelInfo `json:"models"`
}

func (s *Server) models(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, modelsAnswer{append([]engine.ModelInfo{}, s.db.Models()...)})
}

func (s *Server) model(w http.ResponseWriter, r *http.Request) error {
	card, err := s.db.Model(r.PathValue("name"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, card)
}

func (s *Server) dropModel(w http.ResponseWriter, r *http.Request) error {
	if err := s.db.DropModel(r.Context(), r.PathValue("name")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// importBody streams the body into the database. It takes as long as the client sends, so it has no time limit
// but the client's and the server's stop.
func (s *Server) importBody(w http.ResponseWriter, r *http.Request) error {
	params := r.URL.Query()
	request := engine.ImportRequest{
		Reader: http.MaxBytesReader(w, r.Body, s.limits.ImportBytes), Name: "request body",
		Base: params.Get("base"), SkipBad: params.Get("skip-bad") == "true",
	}
	format := rdf.FormatByName(params.Get("format"))
	if !params.Has("format") {
		format = rdf.FormatByMedia(r.Header.Get("Content-Type"))
	}
	if format == nil {
		return problemf(http.StatusUnsupportedMediaType, "give the format by Content-Type, such as text/turtle, or by ?format=")
	}
	request.Format = format.Name
	if params.Has("graph") {
		graph, err := graphTerm(params.Get("graph"))
		if err != nil {
			return err
		}
		request.Graph = graph
	}
	// A client that stops sending would hold the request beyond the server's stop: the read ends with the context.
	// Only a writer that is no connection, in a test, knows no deadlines.
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Time{})
	_ = connection.SetWriteDeadline(time.Time{})
	defer context.AfterFunc(r.Context(), func() { _ = connection.SetReadDeadline(time.Unix(1, 0)) })()
	report, err := s.db.Import(r.Context(), request)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, report)
}

type healthAnswer struct {
	Status  string        `json:"status"`
	Version store.Version `json:"version"`
	Models  int           `json:"models"`
	Lag     store.Version `json:"lag"` // of the model furthest behind, in commits
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, struct {
		Status string `json:"status"`
	}{"ok"})
}

// ready answers 503 unless the database answers a query.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	result, err := s.db.Query(ctx, "ASK {}", engine.QueryOptions{})
	if err == nil {
		err = result.Close()
	}
	if err != nil {
		return problemf(http.StatusServiceUnavailable, "the database does not answer: %v", err)
	}
	answer := healthAnswer{Status: "ready", Version: s.db.Version()}
	for _, card := range s.db.Models() {
		answer.Models++
		answer.Lag = max(answer.Lag, card.Lag)
	}
	return writeJSON(w, http.StatusOK, answer)
}

func (s *Server) showMetrics(w http.ResponseWriter, r *http.Request) error {
	s.metrics.handler().ServeHTTP(w, r)
	return nil
}

// question reads a request's JSON body into value, then takes its turn.
func (s *Server) question(w http.ResponseWriter, r *http.Request, value any) (ctx context.Context, done func(), err error) {
	if err := s.readJSON(w, r, value); err != nil {
		return nil, nil, err
	}
	return s.turn(r)
}

// readJSON reads a JSON body into value, strictly: an unknown field or more than one value is answered 400, another
// media type 415. A page of another origin cannot send that media type without asking first.
func (s *Server) readJSON(w http.ResponseWriter, r *http.Request, value any) error {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return problemf(http.StatusUnsupportedMediaType, "the Content-Type must be application/json")
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, s.limits.BodyBytes))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value); err != nil {
		return bodyError(r.Context(), err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return problemf(http.StatusBadRequest, "the body holds more than one JSON value, from byte %s", strconv.FormatInt(decoder.InputOffset(), 10))
	}
	return nil
}
