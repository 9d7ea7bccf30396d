package engine

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// ImportRequest says what Import reads and where it goes.
type ImportRequest struct {
	Paths    []string             // files, plain, gzip or zstd; read when Reader is nil
	Reader   io.Reader            // one stream instead of files
	Name     string               // what to call Reader in errors; "" means "standard input"
	Format   string               // a name of rdf.Formats, such as "nt" or "tsv"; "" goes by the file's extension
	Graph    rdf.Term             // the graph that triples go to; the zero Term is the default graph
	Base     string               // resolves relative IRIs and plain TSV names; "" means the store's base
	SkipBad  bool                 // count and list broken lines instead of failing
	Progress func(ImportProgress) // called a few times a second, from one goroutine; may be nil
}

// ImportProgress is how far an import has come.
type ImportProgress struct {
	File       string
	ReadBytes  int64 // of the files as they lie on disk
	TotalBytes int64 // 0 when unknown
	Triples    int64
}

// ImportReport is what an import did.
type ImportReport struct {
	Read    int64         `json:"read"`    // statements read
	Added   int64         `json:"added"`   // statements that were not there before
	Skipped int64         `json:"skipped"` // broken ones, with SkipBad
	Bad     []BadLine     `json:"bad"`     // the first hundred of them
	Version store.Version `json:"version"` // the commit that made them visible
	Elapsed time.Duration `json:"elapsed_ns"`
}

// BadLine is a line that an import skipped.
type BadLine struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Problem string `json:"problem"`
}

// Import reads statements and makes all of them visible at once; on any error none is.
// A broken line is an error that names file, line and column, unless SkipBad is set.
func (db *DB) Import(ctx context.Context, r ImportRequest) (ImportReport, error) {
	return ImportReport{}, errors.ErrUnsupported
}

// ExportRequest says what Export writes.
type ExportRequest struct {
	Format string    // a name of rdf.Formats; "" means "nq"
	Graph  *rdf.Term // only that graph (the zero Term: the default one); nil writes all that the format can hold
}

// Export writes the graph as it is now and returns the number of statements written.
func (db *DB) Export(ctx context.Context, w io.Writer, r ExportRequest) (int64, error) {
	return 0, errors.ErrUnsupported
}
