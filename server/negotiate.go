package server

import (
	"net/http"
	"strings"

	"github.com/inklingdb/inkling/query/results"
	"github.com/inklingdb/inkling/store/rdf"
)

// writableGraphs are the formats offered for graphs, the preferred one first.
var writableGraphs = []*rdf.Format{rdf.Turtle, rdf.NTriples, rdf.TriG, rdf.NQuads}

// negotiateGraph returns the RDF format to answer with: that of ?format, else of the Accept header, else Turtle.
func negotiateGraph(r *http.Request) (format *rdf.Format, contentType string, err error) {
	if name := r.URL.Query().Get("format"); name != "" {
		if format := rdf.FormatByName(name); format != nil && format.Writable() && format != rdf.TSV {
			return format, withCharset(format.MediaTypes[0]), nil
		}
		return nil, "", problemf(http.StatusNotAcceptable, "no graph can be written as %q", name)
	}
	var offers []string
	for _, format := range writableGraphs {
		offers = append(offers, format.MediaTypes...)
	}
	i, ok := results.Negotiate(r.Header.Get("Accept"), offers)
	if !ok {
		return nil, "", problemf(http.StatusNotAcceptable, "offered are %s", strings.Join(offers, ", "))
	}
	return rdf.FormatByMedia(offers[i]), withCharset(offers[i]), nil
}

// negotiateRows returns the format of a SELECT's or ASK's answer: that of ?format, else of the Accept header, else JSON.
func negotiateRows(r *http.Request) (format *results.Format, contentType string, err error) {
	if name := r.URL.Query().Get("format"); name != "" {
		if format := results.ByName(name); format != nil {
			return format, withCharset(format.MediaTypes[0]), nil
		}
		return nil, "", problemf(http.StatusNotAcceptable, "no rows can be written as %q", name)
	}
	format, media := results.NegotiateFormat(r.Header.Get("Accept"))
	if format == nil {
		return nil, "", problemf(http.StatusNotAcceptable, "rows are offered as JSON, XML, CSV, TSV and text/plain")
	}
	return format, withCharset(media), nil
}

// withCharset names the charset of a text type, whose default would not be UTF-8.
func withCharset(media string) string {
	if strings.HasPrefix(media, "text/") {
		return media + "; charset=utf-8"
	}
	return media
}
