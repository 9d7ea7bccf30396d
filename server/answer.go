package server

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/query/results"
	"github.com/inklingdb/inkling/store/rdf"
)

// answer runs a query and streams its result in the format asked for. An error in the first part of the answer is
// still told with its status; later only a broken connection can tell that the answer is not whole.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, op operation) (err error) {
	defaults, err := graphTerms(op.params, "default-graph-uri")
	if err != nil {
		return err
	}
	named, err := graphTerms(op.params, "named-graph-uri")
	if err != nil {
		return err
	}
	ctx, done, err := s.turn(r)
	if err != nil {
		return err
	}
	defer done()
	result, err := s.db.Query(ctx, op.text, engine.QueryOptions{
		Wait: op.params.Get("wait") == "true", Exact: op.params.Get("exact") == "true", DefaultGraphs: defaults, NamedGraphs: named, Limits: s.engineLimits(),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, result.Close()) }()
	w.Header().Add("Vary", "Accept")
	w.Header().Set("Inkling-Graph-Version", strconv.FormatUint(uint64(result.Versions().Graph), 10))
	if result.Kind == engine.Graph {
		return s.writeQuads(w, r, result)
	}
	return s.writeRows(w, r, result)
}

// writeRows streams the answer of a SELECT or ASK.
func (s *Server) writeRows(w http.ResponseWriter, r *http.Request, result *engine.Result) error {
	format, media, err := negotiateRows(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", media)
	out := newLateWriter(w)
	writer := format.NewWriter(out, results.WriterOptions{})
	if result.Kind == engine.Boolean {
		err = writer.Boolean(result.Bool)
	} else {
		err = s.copyRows(writer, result)
	}
	if err != nil {
		return err
	}
	if err := writer.Close(); err != nil {
		return err
	}
	return out.Flush()
}

func (s *Server) copyRows(writer results.Writer, result *engine.Result) error {
	if err := writer.Header(result.Vars); err != nil {
		return err
	}
	rows := 0
	defer func() { s.metrics.rows.Add(float64(rows)) }()
	for row, err := range result.Rows() {
		if err != nil {
			return err
		}
		if err := writer.Row(row); err != nil {
			return err
		}
		rows++
	}
	return nil
}

// writeQuads streams the answer of a CONSTRUCT or DESCRIBE.
func (s *Server) writeQuads(w http.ResponseWriter, r *http.Request, result *engine.Result) error {
	format, media, err := negotiateGraph(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", media)
	out := newLateWriter(w)
	writer, err := rdf.NewWriter(out, format, rdf.WriterOptions{})
	if err != nil {
		return err
	}
	rows := 0
	defer func() { s.metrics.rows.Add(float64(rows)) }()
	for quad, err := range result.Quads() {
		if err != nil {
			return err
		}
		if err := writer.Write([]rdf.Quad{quad}); err != nil {
			return err
		}
		rows++
	}
	if err := writer.Close(); err != nil {
		return err
	}
	return out.Flush()
}
