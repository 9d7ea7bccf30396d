package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
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
	// Warnings are what before-hooks say of the commit.
	Warnings []HookWarning `json:"warnings,omitempty"`
	// Verdicts are what the tests for watermarks say of each graph, and the import policy's outcome; nil when there is
	// neither a policy nor a key that marked triples. Statements that tag a graph count among those added.
	Verdicts []ImportVerdict `json:"verdicts,omitempty"`
}

// BadLine is a line that an import skipped.
type BadLine struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Problem string `json:"problem"`
}

// maxBadLines is how many broken lines an ImportReport lists.
const maxBadLines = 100

// Import reads statements and makes all of them visible at once; on any error none is.
// A broken line is an error that names file, line and column, unless SkipBad is set.
func (db *DB) Import(ctx context.Context, r ImportRequest) (ImportReport, error) {
	start := time.Now()
	if r.Reader == nil && len(r.Paths) == 0 {
		return ImportReport{}, fmt.Errorf("engine: import: %w: no file is named", ErrBadInput)
	}
	j := importJob{db: db, request: r}
	report, err := j.run(ctx)
	report.Elapsed = time.Since(start)
	if err != nil {
		return ImportReport{}, fmt.Errorf("engine: import: %w", err)
	}
	return report, nil
}

// importJob is one import under way.
type importJob struct {
	db      *DB
	request ImportRequest
	base    string
	target  *store.Import
	report  ImportReport
	// inspection tests what is read; run makes one where there is none.
	inspection *inspection

	totalBytes, doneBytes int64
	reported              time.Time
}

// document is one thing to read.
type document struct {
	name   string
	format *rdf.Format
	open   func() (io.ReadCloser, error)
}

func (j *importJob) run(ctx context.Context) (ImportReport, error) {
	documents, err := j.documents()
	if err != nil {
		return j.report, err
	}
	if err := j.db.admit(ctx); err != nil {
		return j.report, err
	}
	if err := j.settleBase(ctx); err != nil {
		return j.report, err
	}
	source := "import"
	if len(documents) > 0 {
		source += ":" + documents[0].name
	}
	if j.inspection == nil {
		if j.inspection, err = j.db.inspect(describeDocuments(documents)); err != nil {
			return j.report, err
		}
	}
	options := store.ImportOptions{Source: source}
	if !j.inspection.idle() {
		options.Numbered = j.inspection.addNumbered
	}
	if j.target, err = j.db.store.NewImport(ctx, options); err != nil {
		return j.report, err
	}
	defer j.target.Abort()
	for _, d := range documents {
		if err := j.read(ctx, d); err != nil {
			return j.report, err
		}
	}
	if err := j.judge(ctx); err != nil {
		return j.report, err
	}
	var done store.ImportReport
	commit, warnings, err := j.db.hooked(ctx, func(ctx context.Context) (c store.Commit, err error) {
		c, done, err = j.target.Commit(ctx)
		return c, err
	})
	if err != nil {
		return j.report, err
	}
	j.report.Added, j.report.Version, j.report.Warnings = done.Added, commit.Version, warnings
	j.progress("", true)
	return j.report, nil
}

// documents lists what is to be read and settles each one's format, so that a bad request fails before any work.
func (j *importJob) documents() ([]document, error) {
	r := j.request
	var format *rdf.Format
	if r.Format != "" {
		if format = rdf.FormatByName(r.Format); format == nil {
			format = rdf.FormatByMedia(r.Format)
		}
		if format == nil {
			return nil, fmt.Errorf("%w: unknown format %q; there are %s", ErrBadInput, r.Format, FormatNames())
		}
	}
	if r.Reader != nil {
		name := r.Name
		if name == "" {
			name = "standard input"
		}
		if format == nil {
			if format = rdf.FormatByFile(name); format == nil {
				return nil, fmt.Errorf("%w: the format of %s must be stated (%s)", ErrBadInput, name, FormatNames())
			}
		}
		return []document{{name, format, func() (io.ReadCloser, error) { return io.NopCloser(r.Reader), nil }}}, nil
	}
	documents := make([]document, 0, len(r.Paths))
	for _, path := range r.Paths {
		d := document{path, format, func() (io.ReadCloser, error) { return os.Open(path) }}
		if d.format == nil {
			if d.format = rdf.FormatByFile(path); d.format == nil {
				return nil, fmt.Errorf("%w: the name of %s shows no known format; state one (%s)", ErrBadInput, path, FormatNames())
			}
		}
		about, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		j.totalBytes += about.Size()
		documents = append(documents, d)
	}
	return documents, nil
}

// FormatNames lists the short names of the formats that Import reads, for messages.
func FormatNames() string {
	var names []string
	for _, f := range rdf.Formats {
		names = append(names, strings.TrimPrefix(f.Extensions[0], "."))
	}
	return strings.Join(names, ", ")
}

// settleBase takes the stated base as the database's own when it has none and holds nothing yet.
func (j *importJob) settleBase(ctx context.Context) error {
	j.base = j.request.Base
	v, err := j.db.store.View()
	if err != nil {
		return err
	}
	defer v.Close()
	if j.base == "" {
		j.base = baseOf(v)
		return nil
	}
	if err := rdf.ValidIRI(j.base); err != nil {
		return fmt.Errorf("%w: base %q: %w", ErrBadInput, j.base, err)
	}
	if v.Meta(metaBase) != nil || v.TermCount() > 0 {
		return nil
	}
	_, err = j.db.store.Update(ctx, "base", func(tx *store.Tx) error { return tx.SetMeta(metaBase, []byte(j.base)) })
	if err != nil {
		return err
	}
	return j.db.reloadHooks() // plain names mean something else now
}

// importBatch is how many statements are read and handed on at a time.
const importBatch = 4096

func (j *importJob) read(ctx context.Context, d document) (err error) {
	stream, err := d.open()
	if err != nil {
		return err
	}
	defer stream.Close()
	reader, err := rdf.NewReader(stream, d.format, rdf.Options{
		Base: j.documentBase(d), File: d.name, SkipBad: j.request.SkipBad, MaxBad: maxBadLines,
		BlankPrefix: fmt.Sprintf("v%dd%d-", j.db.Version()+1, j.db.documents.Add(1)), // imports at once have one version
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	parsed := parse(ctx, reader)
	defer parsed.stop()
	for {
		quads, err := parsed.next(ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if err := j.add(ctx, quads); err != nil {
			return err
		}
		j.report.Read += int64(len(quads))
		parsed.recycle(quads)
		j.progress(d.name, false, reader.BytesRead())
	}
	j.doneBytes += reader.BytesRead()
	count, listed := reader.Bad()
	j.report.Skipped += int64(count)
	for _, e := range listed {
		if len(j.report.Bad) < maxBadLines {
			j.report.Bad = append(j.report.Bad, BadLine{File: d.name, Line: e.Line, Column: e.Column, Problem: e.Message})
		}
	}
	return nil
}

// documentBase returns what relative IRIs of a document are resolved against: the database's base for names, and
// for other formats the stated base or the file's own place.
func (j *importJob) documentBase(d document) string {
	if d.format == rdf.TSV || j.request.Base != "" || j.request.Reader != nil {
		return j.base
	}
	if path, err := filepath.Abs(d.name); err == nil {
		return "file://" + rdf.EscapeIRI(filepath.ToSlash(path), true)
	}
	return j.base
}

// add hands statements to the store, in the requested graph where they name none.
func (j *importJob) add(ctx context.Context, quads []rdf.Quad) error {
	if g := j.request.Graph; g.Kind != rdf.None {
		for i := range quads {
			if quads[i].G.Kind == rdf.None {
				quads[i].G = g
			}
		}
	}
	return j.target.Add(ctx, quads)
}

// judge asks the import policy, and adds the statements that tag graphs to the import.
func (j *importJob) judge(ctx context.Context) error {
	j.inspection.add(j.target.Unnumbered())
	verdicts, tags, err := j.inspection.decide(ctx)
	if err != nil {
		return err
	}
	j.report.Verdicts = verdicts
	if len(tags) == 0 {
		return nil
	}
	return j.target.Add(ctx, tags)
}

// describeDocuments returns what an import policy sees of the documents: their names, at most three, and their format.
func describeDocuments(list []document) (source, format string) {
	var names []string
	for i, d := range list {
		name := strings.TrimPrefix(d.format.Extensions[0], ".")
		if i > 0 && name != format {
			name = "mixed"
		}
		format = name
		if i < 3 {
			names = append(names, d.name)
		}
	}
	source = strings.Join(names, ", ")
	if len(list) > 3 {
		source += fmt.Sprintf(" and %d more", len(list)-3)
	}
	return source, format
}

// progress reports at most five times a second, and always at the end.
func (j *importJob) progress(file string, last bool, fileBytes ...int64) {
	if j.request.Progress == nil || !last && time.Since(j.reported) < 200*time.Millisecond {
		return
	}
	j.reported = time.Now()
	p := ImportProgress{File: file, ReadBytes: j.doneBytes, TotalBytes: j.totalBytes, Triples: j.report.Read}
	for _, n := range fileBytes {
		p.ReadBytes += n
	}
	j.request.Progress(p)
}
