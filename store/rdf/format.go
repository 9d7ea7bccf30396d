package rdf

import (
	"io"
	"mime"
	"path"
	"strings"
)

// Format is one file format: how it is called, recognised, read and written.
type Format struct {
	Name       string   // as its specification calls it
	Extensions []string // of file names, with the dot; the first is the usual one
	MediaTypes []string // the first is the registered one
	Graphs     bool     // whether it holds named graphs

	parse  func(r io.Reader, o *Options) parser
	encode func(w *sink, o *WriterOptions) encoder // nil: Inkling reads this format only
}

// Formats lists every file format. To add one, write its parser and writer and add a line; detection, the reader,
// the writer, the fuzz targets and the round-trip tests range over this table.
var Formats = []*Format{NTriples, NQuads, Turtle, TriG, TSV, RDFXML}

// The formats one by one, for callers that name them.
var (
	NTriples = &Format{Name: "N-Triples", Extensions: []string{".nt", ".ntriples"},
		MediaTypes: []string{"application/n-triples", "text/plain"}, parse: newNTriples, encode: newLineEncoder}
	NQuads = &Format{Name: "N-Quads", Extensions: []string{".nq", ".nquads"},
		MediaTypes: []string{"application/n-quads", "text/x-nquads"}, Graphs: true, parse: newNQuads, encode: newLineEncoder}
	Turtle = &Format{Name: "Turtle", Extensions: []string{".ttl", ".turtle"},
		MediaTypes: []string{"text/turtle", "application/x-turtle"}, parse: newTurtle, encode: newTurtleEncoder}
	TriG = &Format{Name: "TriG", Extensions: []string{".trig"},
		MediaTypes: []string{"application/trig", "application/x-trig"}, Graphs: true, parse: newTriG, encode: newTurtleEncoder}
	TSV = &Format{Name: "TSV", Extensions: []string{".tsv", ".tab", ".txt"},
		MediaTypes: []string{"text/tab-separated-values"}, Graphs: true, parse: newTSV, encode: newTSVEncoder}
	RDFXML = &Format{Name: "RDF/XML", Extensions: []string{".rdf", ".owl", ".xml"},
		MediaTypes: []string{"application/rdf+xml", "application/xml"}, parse: newRDFXML}
)

// Writable reports whether NewWriter accepts the format.
func (f *Format) Writable() bool { return f.encode != nil }

// FormatByName returns the format with a name ("Turtle", "n-triples") or an extension ("ttl", ".nq"), in any case;
// nil when there is none.
func FormatByName(name string) *Format {
	for _, f := range Formats {
		if strings.EqualFold(name, f.Name) {
			return f
		}
		for _, e := range f.Extensions {
			if strings.EqualFold(name, e) || strings.EqualFold("."+name, e) {
				return f
			}
		}
	}
	return nil
}

// FormatByFile returns the format that a file's name shows, looked at through .gz and .zst; nil when it shows none.
func FormatByFile(name string) *Format {
	ext := strings.ToLower(path.Ext(name))
	if ext == ".gz" || ext == ".zst" || ext == ".gzip" || ext == ".zstd" {
		ext = strings.ToLower(path.Ext(name[:len(name)-len(ext)]))
	}
	if ext == "" {
		return nil
	}
	return FormatByName(ext)
}

// FormatByMedia returns the format of a Content-Type, parameters ignored; nil when there is none.
func FormatByMedia(contentType string) *Format {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil
	}
	for _, f := range Formats {
		for _, m := range f.MediaTypes {
			if m == media {
				return f
			}
		}
	}
	return nil
}
