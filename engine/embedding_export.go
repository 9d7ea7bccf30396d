package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/inklingdb/inkling/engine/exchange"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
)

// ExportEmbeddingOptions says how ExportEmbedding writes.
type ExportEmbeddingOptions struct {
	Format string // npy, safetensors or tsv (word2vec text); "" means npy
	Dir    string // a folder that is not there yet, or empty
}

// EmbeddingExport is what ExportEmbedding wrote.
type EmbeddingExport struct {
	Model        string        `json:"model"`
	Dir          string        `json:"dir"`
	Entities     int           `json:"entities"`
	Relations    int           `json:"relations"`
	RelationRows int           `json:"relation_rows"` // with those of reverse relations
	Version      store.Version `json:"version"`       // the last commit that the written model has seen
}

// reverseSuffix stands behind the name of a relation whose row is its reverse.
const reverseSuffix = "_inverse"

// ExportEmbedding writes a model ("" is the default one) as it is now into a folder: the entities' and the relations'
// rows as float32, bit for bit, their names in row order, and a description; docs/interchange.md tells the layout.
// Names are the shortest that the database understands, IRIs in angle brackets where a name would break the format.
func (db *DB) ExportEmbedding(ctx context.Context, name string, o ExportEmbeddingOptions) (EmbeddingExport, error) {
	out, err := db.exportEmbedding(ctx, name, o)
	if err != nil {
		return EmbeddingExport{}, fmt.Errorf("engine: export embeddings: %w", asBadInput(err))
	}
	return out, nil
}

// asBadInput marks what is wrong with a file as bad input.
func asBadInput(err error) error {
	var broken *exchange.Error
	if errors.As(err, &broken) && !errors.Is(err, ErrBadInput) {
		return fmt.Errorf("%w: %w", ErrBadInput, err)
	}
	return err
}

func (db *DB) exportEmbedding(ctx context.Context, name string, o ExportEmbeddingOptions) (EmbeddingExport, error) {
	if o.Format == "" {
		o.Format = exchange.Formats[0].Name
	}
	if !exchange.Known(o.Format) {
		return EmbeddingExport{}, fmt.Errorf("%w: unknown format %q; there are %s", ErrBadInput, o.Format, exchange.FormatNames())
	}
	if o.Dir == "" {
		return EmbeddingExport{}, fmt.Errorf("%w: name the folder to write", ErrBadInput)
	}
	s, err := db.snapshot()
	if err != nil {
		return EmbeddingExport{}, err
	}
	defer s.close()
	p, err := s.model(name)
	if err != nil {
		return EmbeddingExport{}, err
	}
	e := p.embedding
	accepted := exchange.Tabular
	if o.Format == "tsv" {
		accepted = exchange.Wordlike
	}
	entityNames, err := s.fileNames(ctx, e.Vocabulary.EntityIDs(), accepted)
	if err != nil {
		return EmbeddingExport{}, err
	}
	relationNames, err := s.fileNames(ctx, e.Vocabulary.RelationIDs(), accepted)
	if err != nil {
		return EmbeddingExport{}, err
	}
	if e.Reciprocal {
		for _, name := range relationNames {
			relationNames = append(relationNames, name+reverseSuffix)
		}
	}
	we, wr := e.Widths()
	entities := exchange.Matrix{Rows: len(entityNames), Width: we, Values: e.Entities, Names: entityNames}
	relations := exchange.Matrix{Rows: len(relationNames), Width: wr, Values: e.Relations, Names: relationNames}
	d := describe(p.functions.Name, e, s.names.base)
	if err := exchange.Write(ctx, o.Dir, o.Format, d, entities, relations); err != nil {
		return EmbeddingExport{}, err
	}
	return EmbeddingExport{Model: d.Model, Dir: o.Dir, Entities: d.Entities, Relations: d.Relations,
		RelationRows: d.RelationRows, Version: e.Metadata.DataVersion}, nil
}

// describe returns what stands beside the tables of an embedding.
func describe(name string, e *model.Embedding, base string) exchange.Description {
	we, wr := e.Widths()
	return exchange.Description{
		Model: name, Family: e.Family.Name, Equation: e.Family.Equation, Layout: e.Family.Layout, Dim: e.Dim,
		Entities: e.Vocabulary.Entities(), EntityWidth: we,
		Relations: e.Vocabulary.Relations(), RelationRows: e.RelationRows(), RelationWidth: wr, Reciprocal: e.Reciprocal,
		Graph: e.Metadata.Graph, Base: base, Version: uint64(e.Metadata.DataVersion),
		Triples: e.Metadata.Triples, Settings: e.Metadata.Settings,
	}
}

// fileNames returns the names of terms, as <iri> where a name is not one that the file accepts.
func (s *snapshot) fileNames(ctx context.Context, ids []store.TermID, accepted func(string) bool) ([]string, error) {
	list := make([]string, len(ids))
	for i, id := range ids {
		if i%importBatch == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		name, err := s.names.Name(id)
		if err != nil {
			return nil, err
		}
		if !accepted(name) {
			t, err := s.view.Term(id)
			if err != nil {
				return nil, err
			}
			name = "<" + t.Value + ">"
		}
		list[i] = name
	}
	return list, nil
}
