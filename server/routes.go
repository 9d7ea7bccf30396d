package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/internal/sse"
)

// route is one entry of the API: what ServeMux matches, what runs, and what the OpenAPI document says of it.
type route struct {
	method  string // GET answers HEAD too
	path    string
	summary string
	params  []param
	body    any    // a value of the JSON body's type; nil when there is none
	media   string // the body's media types in words, where it is not JSON
	answer  any    // a value of the JSON answer's type; nil when it is something else
	gives   string // the answer's media types, where it is not JSON; parted by ", "
	writes  bool   // refused by a read-only server
	handle  func(*Server, http.ResponseWriter, *http.Request) error
}

// param is a parameter of the query string.
type param struct {
	name, doc string
}

var (
	datasetParams = []param{
		{"default-graph-uri", "graphs whose union is the default graph; may be repeated"},
		{"named-graph-uri", "graphs that GRAPH may name; may be repeated"},
	}
	graphParams = []param{{"graph", "the graph's IRI"}, {"default", "the default graph, instead of graph"}}
)

// routes lists everything the server answers but the page. To add an endpoint, write its handler and add a line.
var routes = []route{
	{method: "GET", path: "/sparql", handle: (*Server).sparqlGet,
		summary: "Answer a SPARQL query; without one, describe the service",
		params:  append([]param{{"query", "the query"}, {"format", "json, xml, csv, tsv, nt, ttl: instead of Accept"}}, datasetParams...)},
	{method: "POST", path: "/sparql", handle: (*Server).sparqlPost,
		summary: "Answer a SPARQL query, or run an update",
		media:   "application/sparql-query, application/sparql-update, application/x-www-form-urlencoded",
		params:  append([]param{{"using-graph-uri", "for updates"}, {"using-named-graph-uri", "for updates"}}, datasetParams...)},
	{method: "GET", path: "/graph-store", handle: (*Server).graphGet, params: graphParams, summary: "Read a graph"},
	{method: "PUT", path: "/graph-store", handle: (*Server).graphPut, params: graphParams, writes: true,
		media: "any RDF format", summary: "Replace a graph"},
	{method: "POST", path: "/graph-store", handle: (*Server).graphPost, params: graphParams, writes: true,
		media: "any RDF format, multipart/form-data", summary: "Add to a graph; without a parameter, to a new one"},
	{method: "DELETE", path: "/graph-store", handle: (*Server).graphDelete, params: graphParams, writes: true, summary: "Remove a graph"},
	{method: "GET", path: "/graph-store/{name...}", handle: (*Server).graphGet, summary: "Read the graph whose IRI is this URL"},
	{method: "PUT", path: "/graph-store/{name...}", handle: (*Server).graphPut, writes: true, media: "any RDF format", summary: "Replace it"},
	{method: "POST", path: "/graph-store/{name...}", handle: (*Server).graphPost, writes: true, media: "any RDF format", summary: "Add to it"},
	{method: "DELETE", path: "/graph-store/{name...}", handle: (*Server).graphDelete, writes: true, summary: "Remove it"},

	{method: "POST", path: "/api/v1/query", handle: (*Server).query, body: queryRequest{}, answer: queryAnswer{},
		summary: "Answer a SPARQL query with its versions, time and, if asked, its plan"},
	{method: "POST", path: "/api/v1/explain", handle: (*Server).explain, body: explainRequest{}, answer: explainAnswer{},
		summary: "Run a SPARQL query and tell its plan with estimated and actual rows"},
	{method: "GET", path: "/api/v1/watch", handle: (*Server).watch, gives: sse.Media,
		summary: "Watch a SELECT: its rows, then those that appear and disappear, as server-sent events",
		params: append([]param{{"query", "the SELECT"}, {"exact", "true: search no model approximately"},
			{"last-event-id", "instead of the header Last-Event-ID: the last event seen"}}, datasetParams...)},
	{method: "POST", path: "/api/v1/eval", handle: (*Server).eval, body: evalRequest{}, answer: evalAnswer{},
		summary: "Evaluate a CEL expression"},
	{method: "POST", path: "/api/v1/predict", handle: (*Server).predict, body: predictRequest{}, answer: predictAnswer{},
		summary: "Rank what may stand at the open end of a triple"},
	{method: "POST", path: "/api/v1/errors", handle: (*Server).findErrors, body: errorsRequest{}, answer: engine.ErrorReport{},
		summary: "List stated triples that a model takes to be false, least probable first, with reasons"},
	{method: "POST", path: "/api/v1/suggest", handle: (*Server).suggest, body: suggestRequest{}, answer: engine.SuggestReport{},
		summary: "List triples that a model takes to be true and the graph does not state, most probable first"},
	{method: "POST", path: "/api/v1/graph", handle: (*Server).picture, body: pictureRequest{}, answer: picture{},
		summary: "Draw an entity's neighbourhood, or the triples a query rests on, as nodes and edges, stated or plausible"},
	{method: "GET", path: "/api/v1/stats", handle: (*Server).stats, answer: engine.Stats{}, summary: "Count graphs, relations and terms"},
	{method: "GET", path: "/api/v1/functions", handle: (*Server).functions, answer: functionsAnswer{}, summary: "List the functions of queries and expressions"},
	{method: "GET", path: "/api/v1/training", handle: (*Server).training, answer: trainingAnswer{}, summary: "List the families of models, the losses and the presets that a training may name"},
	{method: "GET", path: "/api/v1/hooks", handle: (*Server).listHooks, answer: hooksAnswer{}, summary: "List the hooks and how they fare"},
	{method: "POST", path: "/api/v1/hooks", handle: (*Server).addHook, body: hookRequest{}, answer: engine.HookInfo{}, writes: true,
		summary: "Add a hook, or replace the one of that name"},
	{method: "POST", path: "/api/v1/hooks/test", handle: (*Server).testHook, body: hookRequest{}, answer: engine.HookTrial{},
		summary: "Show what a hook would have done over the latest commits; changes nothing"},
	{method: "GET", path: "/api/v1/hooks/{name}", handle: (*Server).showHook, answer: engine.HookInfo{}, summary: "Show one hook"},
	{method: "DELETE", path: "/api/v1/hooks/{name}", handle: (*Server).removeHook, writes: true, summary: "Remove a hook with its log and dead letters"},
	{method: "GET", path: "/api/v1/hooks/{name}/log", handle: (*Server).hookLog, answer: hookLogAnswer{}, summary: "Show what a hook did"},
	{method: "GET", path: "/api/v1/hooks/{name}/dead-letters", handle: (*Server).deadLetters, answer: deadLettersAnswer{}, summary: "List what a hook gave up"},
	{method: "POST", path: "/api/v1/hooks/{name}/dead-letters/{id}", handle: (*Server).retryDeadLetter, writes: true, summary: "Run the action of a dead letter once more"},
	{method: "DELETE", path: "/api/v1/hooks/{name}/dead-letters/{id}", handle: (*Server).dropDeadLetter, writes: true, summary: "Forget a dead letter"},
	{method: "GET", path: "/api/v1/policy", handle: (*Server).showPolicy, answer: engine.ImportPolicy{}, summary: "Show the import policy"},
	{method: "PUT", path: "/api/v1/policy", handle: (*Server).setPolicy, body: policyRequest{}, answer: engine.ImportPolicy{}, writes: true,
		summary: "Set the import policy: CEL over import that gives accept, tag, warn or reject"},
	{method: "DELETE", path: "/api/v1/policy", handle: (*Server).removePolicy, writes: true, summary: "Remove the import policy: everything is accepted"},
	{method: "GET", path: "/api/v1/models", handle: (*Server).models, answer: modelsAnswer{}, summary: "List the models' cards"},
	{method: "GET", path: "/api/v1/models/{name}", handle: (*Server).model, answer: engine.ModelInfo{}, summary: "Show one model's card"},
	{method: "DELETE", path: "/api/v1/models/{name}", handle: (*Server).dropModel, writes: true, summary: "Remove a model"},
	{method: "GET", path: "/api/v1/models/{name}/plots/{file}", handle: (*Server).plot, params: plotParams, gives: "image/svg+xml, image/png",
		summary: "Draw a model: file is curves, entities, ranks or relations, ending in .svg or .png"},
	{method: "POST", path: "/api/v1/import", handle: (*Server).importBody, answer: engine.ImportReport{}, writes: true,
		media: "any RDF format or TSV, plain, gzip or zstd", summary: "Import statements; all become visible, or none",
		params: []param{{"graph", "the graph triples go to"}, {"base", "resolves relative IRIs and plain names"},
			{"format", "a format's name, instead of Content-Type"}, {"skip-bad", "true: count and list broken lines"}}},
	{method: "POST", path: "/api/v1/train", handle: (*Server).train, body: trainRequest{}, answer: job{}, writes: true,
		summary: "Start training a model; the answer is the job to follow"},
	{method: "GET", path: "/api/v1/jobs", handle: (*Server).listJobs, answer: jobsAnswer{}, summary: "List training jobs, latest first"},
	{method: "GET", path: "/api/v1/jobs/{id}", handle: (*Server).showJob, answer: job{}, summary: "Show a job's progress"},
	{method: "DELETE", path: "/api/v1/jobs/{id}", handle: (*Server).cancelJob, answer: job{}, writes: true, summary: "Cancel a job"},
	{method: "GET", path: "/api/v1/health", handle: (*Server).health, answer: healthAnswer{}, summary: "Tell that the process answers"},
	{method: "GET", path: "/api/v1/ready", handle: (*Server).ready, answer: healthAnswer{}, summary: "Tell that the database answers"},
	{method: "GET", path: "/metrics", summary: "Figures for Prometheus", handle: (*Server).showMetrics},
}

// mux returns the handler of all paths.
func (s *Server) mux() http.Handler {
	mux := http.NewServeMux()
	for _, e := range routes {
		mux.Handle(e.method+" "+e.path, s.handlerOf(e))
	}
	mux.Handle("GET /api/v1/openapi.json", s.handlerOf(route{handle: (*Server).openAPI}))
	mux.Handle("GET /", newPage())
	return mux
}

// handlerOf returns a route's handler, which answers errors as problems.
func (s *Server) handlerOf(e route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var err error
		if e.writes && s.readOnly {
			err = errReadOnly()
		} else {
			w.Header().Set("Cache-Control", "no-store")
			err = e.handle(s, w, r)
		}
		if err == nil {
			return
		}
		p := asProblem(r.Context(), err)
		if seen, ok := w.(*recorder); ok {
			seen.problem = p.Error()
			if seen.status != 0 { // a part is sent: a broken connection is the only way left to say so
				panic(http.ErrAbortHandler)
			}
		}
		p.write(w, r)
	})
}

func errReadOnly() error {
	return problemf(http.StatusForbidden, "this server is read-only")
}

// turn waits for a place among the running queries and returns a context that ends with the time limit;
// done must be called. Stopping the server and the client's leaving end the context too.
func (s *Server) turn(r *http.Request) (ctx context.Context, done func(), err error) {
	ctx, cancel := context.WithTimeout(r.Context(), s.limits.QueryTime)
	leave, err := s.queries.enter(ctx)
	if err != nil {
		cancel()
		if errors.Is(context.Cause(r.Context()), errStopping) {
			return nil, nil, problemf(http.StatusServiceUnavailable, "the server is stopping")
		}
		return nil, nil, err
	}
	return ctx, func() { leave(); cancel() }, nil
}

// engineLimits are the limits passed on to one query.
func (s *Server) engineLimits() engine.Limits {
	return engine.Limits{Time: s.limits.QueryTime, Rows: s.limits.Rows}
}
