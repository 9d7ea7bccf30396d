package engine

import (
	"fmt"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// Embedding returns a model ("" is the default one) as it is published now. It is immutable, and its vocabulary goes by
// the identifiers that TermIDs gives.
func (db *DB) Embedding(name string) (*model.Embedding, error) {
	m, err := db.models.find(name)
	if err != nil {
		return nil, fmt.Errorf("engine: embedding: %w", err)
	}
	return m.embedding(), nil
}

// TermIDs returns the identifiers of terms, which hold for the life of the database; 0 for a term it does not have.
func (db *DB) TermIDs(terms []rdf.Term) ([]store.TermID, error) {
	v, err := db.store.View()
	if err != nil {
		return nil, err
	}
	defer v.Close()
	ids := make([]store.TermID, len(terms))
	for i, t := range terms {
		id, known, err := v.ID(t)
		if err != nil {
			return nil, fmt.Errorf("engine: looking up terms: %w", err)
		}
		if known {
			ids[i] = id
		}
	}
	return ids, nil
}
