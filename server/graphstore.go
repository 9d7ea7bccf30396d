package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"strconv"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/store/rdf"
)

// The SPARQL 1.1 Graph Store HTTP Protocol. A graph is named by ?graph=IRI, ?default, or by the request's own URL
// below /graph-store/. Writes are one update each, so that PUT replaces a graph in one commit.

// target is the graph a request names; the zero Term is the default graph. found is false for a POST to the
// store itself, which makes a new graph.
func (s *Server) target(r *http.Request) (graph rdf.Term, found bool, err error) {
	params, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return graph, false, problemf(http.StatusBadRequest, "the query string: %v", err)
	}
	switch {
	case r.PathValue("name") != "":
		graph, err = graphTerm(ownURL(r))
		return graph, true, err
	case params.Has("graph") && params.Has("default"):
		return graph, false, problemf(http.StatusBadRequest, "either graph or default may be given, not both")
	case params.Has("default"):
		return graph, true, nil
	case params.Has("graph"):
		iri, err := one(params, "graph")
		if err != nil {
			return graph, false, err
		}
		graph, err = graphTerm(iri)
		return graph, true, err
	case r.Method == http.MethodPost:
		return rdf.NewIRI(ownURL(r) + "/" + rand.Text()), false, nil
	}
	return graph, false, problemf(http.StatusBadRequest, "which graph? Give ?graph=IRI or ?default")
}

// ownURL returns the URL of a request without its parameters, as the client wrote it.
func ownURL(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host + r.URL.EscapedPath()
}

// graphText returns a graph as SPARQL's "GRAPH <iri>" or "DEFAULT".
func graphText(graph rdf.Term) string {
	if graph.Kind == rdf.None {
		return "DEFAULT"
	}
	return "GRAPH " + string(rdf.AppendTerm(nil, graph))
}

func (s *Server) graphGet(w http.ResponseWriter, r *http.Request) error {
	graph, _, err := s.target(r)
	if err != nil {
		return err
	}
	format, media, err := negotiateGraph(r)
	if err != nil {
		return err
	}
	ctx, done, err := s.turn(r)
	if err != nil {
		return err
	}
	defer done()
	if err := s.mustExist(ctx, graph); err != nil {
		return err
	}
	w.Header().Set("Content-Type", media)
	w.Header().Add("Vary", "Accept")
	if r.Method == http.MethodHead {
		return nil
	}
	out := newLateWriter(w)
	if _, err := s.db.Export(ctx, out, engine.ExportRequest{Format: format.Name, Graph: &graph}); err != nil {
		return err
	}
	return out.Flush()
}

// exists reports whether a graph is there: the default graph always is, a named one while it holds a triple.
func (s *Server) exists(ctx context.Context, graph rdf.Term) (bool, error) {
	if graph.Kind == rdf.None {
		return true, nil
	}
	result, err := s.db.Query(ctx, "ASK { "+graphText(graph)+" { ?s ?p ?o } }", engine.QueryOptions{})
	if err != nil {
		return false, err
	}
	return result.Bool, result.Close()
}

// mustExist returns the problem to answer with when a graph is not there.
func (s *Server) mustExist(ctx context.Context, graph rdf.Term) error {
	exists, err := s.exists(ctx, graph)
	if err != nil {
		return err
	}
	if !exists {
		return problemf(http.StatusNotFound, "no graph %s", graph.Value)
	}
	return nil
}

func (s *Server) graphPut(w http.ResponseWriter, r *http.Request) error {
	return s.graphWrite(w, r, true)
}

func (s *Server) graphPost(w http.ResponseWriter, r *http.Request) error {
	return s.graphWrite(w, r, false)
}

// graphWrite adds the body's triples to a graph, in place of what it held if replace is set.
func (s *Server) graphWrite(w http.ResponseWriter, r *http.Request, replace bool) error {
	graph, named, err := s.target(r)
	if err != nil {
		return err
	}
	base := graph.Value
	if base == "" {
		base = ownURL(r)
	}
	triples, err := s.readTriples(w, r, base)
	if err != nil {
		return err
	}
	ctx, done, err := s.turn(r)
	if err != nil {
		return err
	}
	defer done()
	exists, err := s.exists(ctx, graph)
	if err != nil {
		return err
	}
	verdicts, tags, err := s.verify(ctx, graph, triples)
	if err != nil {
		return err
	}
	report, err := s.db.Update(ctx, writeText(graph, triples, replace)+tagText(tags), engine.UpdateOptions{Source: "graph-store", Limits: s.engineLimits()})
	if err != nil {
		return err
	}
	report.Verdicts = verdicts
	status := http.StatusOK
	if !exists {
		status = http.StatusCreated
	}
	if !named {
		w.Header().Set("Location", graph.Value)
	}
	return writeJSON(w, status, report)
}

// writeText returns the update that writes triples, given as N-Triples, to a graph.
func writeText(graph rdf.Term, triples []byte, replace bool) string {
	var text bytes.Buffer
	if replace {
		text.WriteString("CLEAR SILENT " + graphText(graph) + " ;\n")
	}
	text.WriteString("INSERT DATA {\n")
	if graph.Kind != rdf.None {
		text.WriteString(graphText(graph) + " {\n")
	}
	text.Write(triples)
	if graph.Kind != rdf.None {
		text.WriteString("}\n")
	}
	text.WriteString("}")
	return text.String()
}

func (s *Server) graphDelete(w http.ResponseWriter, r *http.Request) error {
	graph, _, err := s.target(r)
	if err != nil {
		return err
	}
	ctx, done, err := s.turn(r)
	if err != nil {
		return err
	}
	defer done()
	if err := s.mustExist(ctx, graph); err != nil {
		return err
	}
	report, err := s.db.Update(ctx, "CLEAR SILENT "+graphText(graph), engine.UpdateOptions{Source: "graph-store", Limits: s.engineLimits()})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, report)
}

// readTriples returns the triples of a request's body, or of all files of a multipart form, as N-Triples.
func (s *Server) readTriples(w http.ResponseWriter, r *http.Request, base string) ([]byte, error) {
	r.Body = http.MaxBytesReader(w, r.Body, s.limits.BodyBytes)
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && media == "multipart/form-data" {
		return s.readParts(r, base)
	}
	format := rdf.FormatByMedia(r.Header.Get("Content-Type"))
	if format == nil {
		return nil, problemf(http.StatusUnsupportedMediaType, "the Content-Type %q is no RDF format known here", r.Header.Get("Content-Type"))
	}
	return s.appendTriples(r.Context(), nil, r.Body, format, rdf.Options{Base: base})
}

func (s *Server) readParts(r *http.Request, base string) ([]byte, error) {
	reader, err := r.MultipartReader()
	if err != nil {
		return nil, problemf(http.StatusBadRequest, "the multipart body: %v", err)
	}
	var triples []byte
	for number := 0; ; number++ {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return triples, nil
		}
		if err != nil {
			return nil, bodyError(r.Context(), err)
		}
		format := partFormat(part)
		if format == nil {
			return nil, problemf(http.StatusUnsupportedMediaType, "the part %q is of no RDF format known here", part.FileName())
		}
		o := rdf.Options{Base: base, File: part.FileName(), BlankPrefix: "p" + strconv.Itoa(number) + "-"}
		if triples, err = s.appendTriples(r.Context(), triples, part, format, o); err != nil {
			return nil, err
		}
	}
}

// partFormat goes by a part's media type, and by its file's name where that says nothing.
func partFormat(part *multipart.Part) *rdf.Format {
	if media := part.Header.Get("Content-Type"); media != "" && media != "application/octet-stream" {
		return rdf.FormatByMedia(media)
	}
	return rdf.FormatByFile(path.Base(part.FileName()))
}

// unfolding is how many times larger than Limits.BodyBytes the triples of a body may be, written out whole: it may be
// compressed, and a prefix may stand for much. All of them are held in memory.
const unfolding = 8

// appendTriples reads a document and appends its triples as N-Triples. Named graphs have no place in one graph.
func (s *Server) appendTriples(ctx context.Context, triples []byte, body io.Reader, format *rdf.Format, o rdf.Options) ([]byte, error) {
	reader, err := rdf.NewReader(body, format, o)
	if err != nil {
		return nil, bodyOrSyntax(ctx, err)
	}
	defer func() { _ = reader.Close() }() // what is wrong with the body, reading it has told
	quads := make([]rdf.Quad, 256)
	for {
		n, err := reader.Read(quads)
		for _, quad := range quads[:n] {
			if quad.G.Kind != rdf.None {
				return nil, problemf(http.StatusBadRequest, "the document names graphs; import it instead")
			}
			triples = append(rdf.AppendQuad(triples, quad), '\n')
			if int64(len(triples)) > unfolding*s.limits.BodyBytes {
				return nil, problemf(http.StatusRequestEntityTooLarge, "the graph, written out, is larger than this server takes; import it instead")
			}
		}
		switch {
		case errors.Is(err, io.EOF) && n == 0:
			return triples, nil
		case err != nil && !errors.Is(err, io.EOF):
			return nil, bodyOrSyntax(ctx, err)
		}
	}
}

// bodyOrSyntax tells a body that is too large from one that is wrong.
func bodyOrSyntax(ctx context.Context, err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return bodyError(ctx, err)
	}
	return err
}
