package rdf

import (
	"errors"
	"fmt"
	"io"
)

// WriterOptions say how a document is written.
type WriterOptions struct {
	// Base is the IRI under which TSV writes plain names; DefaultBase when empty. Other formats ignore it.
	Base string
	// Prefixes are declared and used by Turtle and TriG: without colon, to namespace IRI. Nil means CommonPrefixes.
	Prefixes map[string]string
}

// CommonPrefixes returns the prefixes that every Inkling document and query knows.
func CommonPrefixes() map[string]string {
	return map[string]string{"rdf": RDF, "rdfs": "http://www.w3.org/2000/01/rdf-schema#", "xsd": XSD,
		"owl": "http://www.w3.org/2002/07/owl#"}
}

// encoder writes the quads of one format into a sink.
type encoder interface {
	quad(q *Quad) // q is a valid statement that the format can hold
	close()       // ends the document
}

// Writer streams quads into a document. It is not safe for concurrent use.
type Writer struct {
	format  *Format
	sink    *sink
	encoder encoder
}

// NewWriter returns a writer of a format; an error when Inkling only reads it. Close completes the document.
func NewWriter(w io.Writer, f *Format, o WriterOptions) (*Writer, error) {
	if f.encode == nil {
		return nil, fmt.Errorf("rdf: %s can be read but not written", f.Name)
	}
	if o.Base == "" {
		o.Base = DefaultBase
	}
	if o.Prefixes == nil {
		o.Prefixes = CommonPrefixes()
	}
	s := &sink{w: w}
	return &Writer{format: f, sink: s, encoder: f.encode(s, &o)}, nil
}

// Write appends quads. Turtle and TriG group what stands together: write in SPO order, graph by graph, for the
// shortest documents. It fails on what is no RDF statement, on a named graph in a format that has none, and when
// the stream below does.
func (w *Writer) Write(quads []Quad) error {
	for i := range quads {
		q := &quads[i]
		if q.G.Kind != None && !w.format.Graphs {
			return fmt.Errorf("rdf: %s holds no named graphs; this statement is in %s", w.format.Name, q.G)
		}
		if err := q.Valid(); err != nil {
			return err
		}
		w.encoder.quad(q)
		w.sink.flush(false)
	}
	return w.sink.err
}

// Close completes the document and hands all of it to the stream below, which stays open.
func (w *Writer) Close() error {
	w.encoder.close()
	w.sink.flush(true)
	return w.sink.err
}

// Faults of a statement.
var (
	errSubject   = errors.New("rdf: a subject must be an IRI or a blank node")
	errPredicate = errors.New("rdf: a predicate must be an IRI")
	errObject    = errors.New("rdf: a statement needs an object")
	errGraph     = errors.New("rdf: a graph must be an IRI or a blank node")
)

// Valid returns nil when the kinds of q's terms make it an RDF statement.
func (q *Quad) Valid() error {
	switch {
	case q.S.Kind != IRI && q.S.Kind != Blank:
		return errSubject
	case q.P.Kind != IRI:
		return errPredicate
	case q.O.Kind == None:
		return errObject
	case q.G.Kind == Literal:
		return errGraph
	}
	return nil
}

// sink gathers bytes and hands them on in large pieces; the first error stays.
type sink struct {
	w   io.Writer
	buf []byte
	err error
}

func (s *sink) flush(all bool) {
	if len(s.buf) < 64<<10 && !all || len(s.buf) == 0 {
		return
	}
	if s.err == nil {
		if _, err := s.w.Write(s.buf); err != nil {
			s.err = fmt.Errorf("rdf: writing: %w", err)
		}
	}
	s.buf = s.buf[:0]
}

// lineEncoder writes canonical N-Triples or N-Quads.
type lineEncoder struct{ *sink }

func newLineEncoder(s *sink, _ *WriterOptions) encoder { return lineEncoder{s} }

func (e lineEncoder) quad(q *Quad) { e.buf = append(AppendQuad(e.buf, *q), '\n') }
func (e lineEncoder) close()       {}

// tsvEncoder writes what tsvParser reads: names where an IRI stands under the base, N-Triples terms elsewhere.
type tsvEncoder struct {
	*sink
	base string
}

func newTSVEncoder(s *sink, o *WriterOptions) encoder { return tsvEncoder{s, o.Base} }

func (e tsvEncoder) quad(q *Quad) {
	e.term(q.S)
	e.buf = append(e.buf, '\t')
	e.term(q.P)
	e.buf = append(e.buf, '\t')
	e.term(q.O)
	if q.G.Kind != None {
		e.buf = AppendTerm(append(e.buf, '\t'), q.G)
	}
	e.buf = append(e.buf, '\n')
}

func (e tsvEncoder) close() {}

func (e tsvEncoder) term(t Term) {
	if t.Kind == IRI {
		if name, ok := IRIName(e.base, t.Value); ok && bareName(name) {
			e.buf = append(e.buf, name...)
			return
		}
	}
	e.buf = AppendTerm(e.buf, t)
}

// bareName reports whether a TSV column that holds name is read as this plain name.
func bareName(name string) bool {
	if name[0] == '<' || name[0] == '"' || len(name) > 1 && name[:2] == "_:" || LooksAbsolute(name) {
		return false
	}
	for i := 0; i < len(name); i++ {
		if name[i] == '\t' || name[i] == '\n' || name[i] == '\r' {
			return false
		}
	}
	return true
}
