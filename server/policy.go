package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/store/rdf"
)

// policyRequest is a policy to set.
type policyRequest struct {
	Expression string `json:"expression"`
}

func (s *Server) showPolicy(w http.ResponseWriter, _ *http.Request) error {
	p, err := s.db.ImportPolicy()
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, p)
}

func (s *Server) setPolicy(w http.ResponseWriter, r *http.Request) error {
	var q policyRequest
	ctx, done, err := s.question(w, r, &q)
	if err != nil {
		return err
	}
	defer done()
	p, err := s.db.SetImportPolicy(ctx, q.Expression)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, p)
}

func (s *Server) removePolicy(w http.ResponseWriter, r *http.Request) error {
	ctx, done, err := s.turn(r)
	if err != nil {
		return err
	}
	defer done()
	if err := s.db.RemoveImportPolicy(ctx); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// verify tests triples, given as N-Triples, as an import into a graph, and asks the import policy.
func (s *Server) verify(ctx context.Context, graph rdf.Term, triples []byte) ([]engine.ImportVerdict, []rdf.Quad, error) {
	return s.db.VerifyImport(ctx, "request body", "nt", func(add func([]rdf.Quad)) (err error) {
		reader, err := rdf.NewReader(bytes.NewReader(triples), rdf.FormatByName("nt"), rdf.Options{})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, reader.Close()) }()
		quads := make([]rdf.Quad, 1024)
		for {
			n, err := reader.Read(quads)
			for i := range quads[:n] {
				quads[i].G = graph
			}
			add(quads[:n])
			switch {
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				return err
			case ctx.Err() != nil:
				return ctx.Err()
			}
		}
	})
}

// tagText returns the rest of an update that writes what tags a graph.
func tagText(tags []rdf.Quad) string {
	var text bytes.Buffer
	for _, q := range tags {
		graph := q.G
		q.G = rdf.Term{}
		text.WriteString(" ;\nINSERT DATA { " + graphText(graph) + " { ")
		text.Write(rdf.AppendQuad(nil, q))
		text.WriteString(" } }")
	}
	return text.String()
}
