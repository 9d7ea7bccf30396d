package server

import (
	"net/http"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/store/rdf"
)

// errorsRequest says where to look for stated triples that the model takes to be false. Cross-scoring, which trains
// models, is for the command line: it takes longer than a request may.
type errorsRequest struct {
	Model     string   `json:"model,omitempty"`     // "" is the default model
	Graph     string   `json:"graph,omitempty"`     // whose triples are judged; without it those of the model's
	Relations []string `json:"relations,omitempty"` // names; none means all
	Limit     int      `json:"limit,omitempty"`     // 0 means 100, at most 1,000
	Below     float64  `json:"below,omitempty"`     // only triples less probable; 0 means the model's threshold
	NoReasons bool     `json:"no_reasons,omitempty"`
	Wait      bool     `json:"wait,omitempty"`  // let the models catch up first
	Exact     bool     `json:"exact,omitempty"` // search no model approximately
}

func (s *Server) findErrors(w http.ResponseWriter, r *http.Request) error {
	var q errorsRequest
	ctx, done, err := s.question(w, r, &q)
	if err != nil {
		return err
	}
	defer done()
	request := engine.ErrorRequest{Model: q.Model, Relations: q.Relations, Limit: bounded(q.Limit, 100, 1000), Below: q.Below, Wait: q.Wait, Exact: q.Exact}
	if q.Graph != "" {
		var graph rdf.Term
		if graph, err = graphTerm(q.Graph); err != nil {
			return err
		}
		request.Graph = graph
	}
	if q.NoReasons {
		request.Reasons = -1
	}
	report, err := s.db.FindErrors(ctx, request)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, report)
}

// suggestRequest says which missing triples to look for.
type suggestRequest struct {
	Model       string   `json:"model,omitempty"`        // "" is the default model
	Relations   []string `json:"relations,omitempty"`    // names; none means all
	PerRelation int      `json:"per_relation,omitempty"` // 0 means 10, at most 1,000
	Limit       int      `json:"limit,omitempty"`        // 0 means 100, at most 1,000
	Least       float64  `json:"least,omitempty"`        // only at least so probable; 0 means the model's threshold
	Heads       int      `json:"heads,omitempty"`        // of a relation to ask about at most; 0 means 10,000
	Wait        bool     `json:"wait,omitempty"`         // let the models catch up first
	Exact       bool     `json:"exact,omitempty"`        // search no model approximately
}

func (s *Server) suggest(w http.ResponseWriter, r *http.Request) error {
	var q suggestRequest
	ctx, done, err := s.question(w, r, &q)
	if err != nil {
		return err
	}
	defer done()
	report, err := s.db.Suggest(ctx, engine.SuggestRequest{Model: q.Model, Relations: q.Relations, PerRelation: q.PerRelation,
		Limit: bounded(q.Limit, 100, 1000), Least: q.Least, Heads: q.Heads, Wait: q.Wait, Exact: q.Exact})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, report)
}
