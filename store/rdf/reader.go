package rdf

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Options say how a document is read; the zero value reads strictly, with no base and labels as they stand.
type Options struct {
	// Base is the IRI that relative references are resolved against, and under which TSV names stand
	// (DefaultBase for TSV when empty).
	Base string
	// File is the name that errors show.
	File string
	// BlankPrefix is put before every blank node label, so that labels of two documents stay apart. Choose
	// prefixes of which none begins with another: "i7-", "i8-".
	BlankPrefix string
	// SkipBad counts and lists broken statements instead of stopping at the first. Line formats go on at the
	// next line. Turtle and TriG go on after the next dot that ends a line (a guess: a broken long string may
	// take sound statements with it), and what stood before the error in its statement has been read.
	SkipBad bool
	// Labelled says that the fourth column of TSV is a triple's truth, 1 or -1 (or 0), and must be there. It comes as the
	// graph: the literal "1" or "-1". Other formats have no place for it and pass over this option.
	Labelled bool
	// MaxBad bounds the list that Reader.Bad returns; 0 means 100. All are counted.
	MaxBad int
}

// SyntaxError says where a document breaks its format's grammar, and how.
type SyntaxError struct {
	File    string // as in Options.File; may be empty
	Line    int    // from 1
	Column  int    // from 1, in characters (RDF/XML: in bytes)
	Message string // "expected …, found …"
}

func (e *SyntaxError) Error() string {
	if e.File == "" {
		return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// ReadError says that a document could not be read or decompressed; what it states is not in question.
type ReadError struct {
	File string // as in Options.File; may be empty
	Err  error
}

func (e *ReadError) Error() string {
	if e.File == "" {
		return "rdf: reading: " + e.Err.Error()
	}
	return fmt.Sprintf("rdf: reading %s: %v", e.File, e.Err)
}

// Unwrap returns what the reader below said.
func (e *ReadError) Unwrap() error { return e.Err }

// parser reads the statements of one format.
type parser interface {
	// read fills buf and returns how many quads it wrote; io.EOF with 0 at the end. With a *SyntaxError the n
	// quads before it are valid and the next read goes on behind the broken statement.
	read(buf []Quad) (n int, err error)
}

// Reader streams the quads of one document. It is not safe for concurrent use.
type Reader struct {
	parser   parser
	options  Options
	err      error
	bad      int
	listed   []*SyntaxError
	closers  []func() error
	consumed *countingReader
}

// NewReader returns a reader of r, which may be compressed with gzip or zstd (told by its first bytes). It fails
// when those are broken. Close releases the decompressor, not r.
func NewReader(r io.Reader, f *Format, o Options) (*Reader, error) {
	counted := &countingReader{r: r}
	plain, closePlain, err := decompress(counted)
	if err != nil {
		return nil, &ReadError{File: o.File, Err: err}
	}
	if o.MaxBad == 0 {
		o.MaxBad = 100
	}
	d := &Reader{options: o, consumed: counted, closers: []func() error{closePlain}}
	d.parser = f.parse(skipMark(plain), &d.options)
	return d, nil
}

// OpenFile returns a reader of a file, "-" for standard input; a nil format is told from the file's name.
// o.File is set to the name when it is empty, so that errors show it.
func OpenFile(name string, f *Format, o Options) (*Reader, error) {
	if o.File == "" {
		o.File = name
	}
	if f == nil {
		if f = FormatByFile(name); f == nil {
			return nil, fmt.Errorf("rdf: the name %q shows no known format (%s): state one", name, extensions())
		}
	}
	if name == "-" {
		return NewReader(os.Stdin, f, o)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("rdf: %w", err)
	}
	d, err := NewReader(file, f, o)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	d.closers = append(d.closers, file.Close)
	return d, nil
}

// extensions lists the usual extension of each format.
func extensions() (list string) {
	for i, f := range Formats {
		if i > 0 {
			list += ", "
		}
		list += f.Extensions[0]
	}
	return list
}

// Read fills buf with the next quads and returns how many: 0 and io.EOF at the end. Strings in them are the
// caller's to keep. A *SyntaxError comes with the n quads that stood before it; without SkipBad it is final.
func (d *Reader) Read(buf []Quad) (n int, err error) {
	if d.err != nil || len(buf) == 0 {
		return 0, d.err
	}
	for n < len(buf) {
		m, err := d.parser.read(buf[n:])
		n += m
		if err == nil {
			return n, nil
		}
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			d.err = d.wrap(err)
			break
		}
		syntax.File = d.options.File
		if !d.options.SkipBad {
			d.err = syntax
			return n, syntax
		}
		d.bad++
		if len(d.listed) < d.options.MaxBad {
			d.listed = append(d.listed, syntax)
		}
	}
	if n > 0 && d.err == io.EOF {
		return n, nil
	}
	return n, d.err
}

// wrap names the file in an error of the stream below; io.EOF stays as it is.
func (d *Reader) wrap(err error) error {
	if err == io.EOF {
		return err
	}
	return &ReadError{File: d.options.File, Err: err}
}

// Bad returns how many broken statements were skipped, and the first Options.MaxBad of them.
func (d *Reader) Bad() (count int, first []*SyntaxError) { return d.bad, d.listed }

// BytesRead returns how many bytes of the source, as stored (compressed or not), have been taken in.
func (d *Reader) BytesRead() int64 { return d.consumed.n.Load() }

// Prefixes returns the prefixes a Turtle or TriG document has declared so far, without their colon; nil for others.
func (d *Reader) Prefixes() map[string]string {
	if p, ok := d.parser.(interface{ prefixes() map[string]string }); ok {
		return p.prefixes()
	}
	return nil
}

// Close releases the decompressor and, after OpenFile, the file.
func (d *Reader) Close() error {
	var errs []error
	for _, c := range d.closers {
		errs = append(errs, c())
	}
	d.closers = nil
	return errors.Join(errs...)
}

// ReadAll returns all quads of a document held by r. Meant for small ones.
func ReadAll(r io.Reader, f *Format, o Options) ([]Quad, error) {
	d, err := NewReader(r, f, o)
	if err != nil {
		return nil, err
	}
	var all []Quad
	buf := make([]Quad, 256)
	for {
		n, err := d.Read(buf)
		all = append(all, buf[:n]...)
		if err == io.EOF {
			return all, d.Close()
		}
		if err != nil {
			return all, errors.Join(err, d.Close())
		}
	}
}
