package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/inklingdb/inkling/engine/exchange"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store/rdf"
)

// WatermarkFiles says which files DetectWatermark tests.
type WatermarkFiles struct {
	// Paths are files of triples in any format that Import reads, and at most one embedding: a folder that ExportEmbedding
	// or another program wrote, an .npy file, a .safetensors file (FILE#TENSOR names a tensor) or word2vec text (.vec).
	Paths []string
	Names string // file that names the rows of an .npy or .safetensors file; "" leaves them without names
	Base  string // IRI under which plain names stand; "" goes by the folder's description, else rdf.DefaultBase
	Keys  []*watermark.Key
	Alpha float64 // family-wise rate of false alarms; 0 means watermark.DefaultAlpha
}

// DetectWatermark tests files for marks of keys, without a database: the keys' own records say under which graphs.
func DetectWatermark(ctx context.Context, r WatermarkFiles) (watermark.Evidence, error) {
	c, err := r.read(ctx)
	if err != nil {
		return watermark.Evidence{}, fmt.Errorf("engine: watermark: %w", asBadInput(err))
	}
	e, err := watermark.Detect(ctx, c, candidates(r.Keys, nil), r.Alpha, runtime.GOMAXPROCS(0))
	if err != nil {
		return e, fmt.Errorf("engine: watermark: %w", err)
	}
	return e, nil
}

// read opens the table and arranges for the triples to be read.
func (r *WatermarkFiles) read(ctx context.Context) (c watermark.Copy, err error) {
	var triples []string
	for _, path := range r.Paths {
		if !isEmbedding(path) {
			triples = append(triples, path)
			continue
		}
		if c.Table != nil {
			return c, fmt.Errorf("%w: %s is a second embedding: test one at a time", ErrBadInput, path)
		}
		if c.Table, err = r.table(ctx, path); err != nil {
			return c, err
		}
	}
	if len(r.Paths) == 0 {
		return c, fmt.Errorf("%w: no file is named", ErrBadInput)
	}
	for _, path := range triples {
		if rdf.FormatByFile(path) == nil {
			return c, fmt.Errorf("%w: %s: the name shows neither a format of triples nor one of embeddings (npy, safetensors, vec, a folder)", ErrBadInput, path)
		}
	}
	if len(triples) > 0 {
		c.Triples = func(visit func(watermark.Triple) error) error {
			for _, path := range triples {
				if err := r.visit(ctx, path, visit); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return c, nil
}

// isEmbedding tells by the name.
func isEmbedding(path string) bool {
	if about, err := os.Stat(path); err == nil && about.IsDir() {
		return true
	}
	return strings.Contains(path, ".safetensors") || strings.HasSuffix(path, ".npy") || strings.HasSuffix(strings.TrimSuffix(path, ".gz"), ".vec")
}

// table reads an embedding's rows with their canonical names.
func (r *WatermarkFiles) table(ctx context.Context, path string) (*watermark.Table, error) {
	sources, dir := exchange.Sources{EntityNames: r.Names}, path
	if about, err := os.Stat(path); err != nil || !about.IsDir() {
		sources.Entities, dir = path, ""
		if strings.HasSuffix(strings.TrimSuffix(path, ".gz"), ".vec") {
			sources.Format = "tsv"
		}
	}
	sources, err := sources.FindEntities(dir)
	if err != nil {
		return nil, err
	}
	m, err := sources.ReadEntities(ctx)
	if err != nil {
		return nil, err
	}
	if m.Names != nil && len(m.Names) != m.Rows {
		return nil, fmt.Errorf("%w: %s has %d rows, but %d names are listed", ErrBadInput, m.File, m.Rows, len(m.Names))
	}
	n := names{base: r.Base}
	if n.base == "" && sources.Description != nil {
		n.base = sources.Description.Base
	}
	if n.base == "" {
		n.base = rdf.DefaultBase
	}
	n.prefixes = prefixes(n.base)
	for i, name := range m.Names {
		m.Names[i] = watermark.CanonicalName(n.written(name))
	}
	return &watermark.Table{Names: m.Names, Rows: vec.MatrixOf(m.Values, m.Rows, m.Width)}, nil
}

// written returns the term of a name in a file: what Name writes, read without a database. A known prefix counts as one.
func (n names) written(name string) rdf.Term {
	readings := n.readings(name)
	return readings[len(readings)-1]
}

// visit reads the triples of a file.
func (r *WatermarkFiles) visit(ctx context.Context, path string, visit func(watermark.Triple) error) (err error) {
	base := r.Base
	if base == "" {
		base = rdf.DefaultBase
	}
	reader, err := rdf.OpenFile(path, nil, rdf.Options{Base: base})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	known := map[rdf.Term]watermark.TermDigest{}
	digest := func(t rdf.Term) watermark.TermDigest {
		d, ok := known[t]
		if !ok {
			if d = watermark.DigestTerm(t); t.Kind == rdf.IRI { // literals seldom come twice
				known[t] = d
			}
		}
		return d
	}
	buf := make([]rdf.Quad, importBatch)
	for {
		n, err := reader.Read(buf)
		if err != nil && err != io.EOF {
			return err
		}
		for _, q := range buf[:n] {
			if err := visit(watermark.NewTriple(digest(q.S), digest(q.P), digest(q.O))); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}
