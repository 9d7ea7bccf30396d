package server

import (
	"bytes"
	"net/http"

	"github.com/inklingdb/inkling/store/rdf"
)

// Namespaces of the SPARQL 1.1 Service Description and the formats it names.
const (
	sd         = "http://www.w3.org/ns/sparql-service-description#"
	formatsIRI = "http://www.w3.org/ns/formats/"
)

// offeredFormats are the result formats by the W3C's names.
var offeredFormats = []string{"SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV", "N-Triples", "Turtle"}

// describe answers GET without a query: what this service is and can do.
func (s *Server) describe(w http.ResponseWriter, r *http.Request) error {
	format, media, err := negotiateGraph(r)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	writer, err := rdf.NewWriter(&out, format, rdf.WriterOptions{Prefixes: map[string]string{"sd": sd, "formats": formatsIRI}})
	if err != nil {
		return err
	}
	if err := writer.Write(s.description(ownURL(r))); err != nil {
		return err
	}
	if err := writer.Close(); err != nil {
		return err
	}
	w.Header().Set("Content-Type", media)
	w.Header().Add("Vary", "Accept")
	_, _ = w.Write(out.Bytes()) // the client has gone; nothing is left to tell
	return nil
}

// description returns the service description of an endpoint.
func (s *Server) description(endpoint string) (quads []rdf.Quad) {
	service, dataset, graph := rdf.NewBlank("service"), rdf.NewBlank("dataset"), rdf.NewBlank("default")
	add := func(subject rdf.Term, predicate string, object rdf.Term) {
		quads = append(quads, rdf.Quad{S: subject, P: rdf.NewIRI(predicate), O: object})
	}
	add(service, rdf.RDFType, rdf.NewIRI(sd+"Service"))
	add(service, sd+"endpoint", rdf.NewIRI(endpoint))
	add(service, sd+"supportedLanguage", rdf.NewIRI(sd+"SPARQL11Query"))
	if !s.readOnly {
		add(service, sd+"supportedLanguage", rdf.NewIRI(sd+"SPARQL11Update"))
	}
	for _, name := range offeredFormats {
		add(service, sd+"resultFormat", rdf.NewIRI(formatsIRI+name))
	}
	for _, function := range s.db.Functions() {
		add(service, sd+"extensionFunction", rdf.NewIRI(inkNamespace+function.Name))
	}
	add(service, sd+"defaultDataset", dataset)
	add(dataset, rdf.RDFType, rdf.NewIRI(sd+"Dataset"))
	add(dataset, sd+"defaultGraph", graph)
	add(graph, rdf.RDFType, rdf.NewIRI(sd+"Graph"))
	return quads
}
