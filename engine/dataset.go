package engine

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// dataset is a graph as rows: what a model is trained on.
type dataset struct {
	vocabulary *model.Vocabulary
	triples    []model.Triple
}

// readDataset reads the triples of a graph whose objects are nodes; literals have no row. Rows are numbered in the
// order of first appearance in SPO order.
func readDataset(ctx context.Context, v *store.View, g store.TermID) (dataset, error) {
	entities, relations := rowNumbers{}, rowNumbers{}
	var d dataset
	c, err := v.Scan(g, store.Pattern{}, store.SPO)
	if err != nil {
		return d, err
	}
	defer c.Close()
	buf := make([]store.Triple, 4096)
	for {
		n, err := c.Next(buf)
		if err != nil {
			return d, fmt.Errorf("engine: reading the graph: %w", err)
		}
		if n == 0 {
			break
		}
		if err := ctx.Err(); err != nil {
			return d, err
		}
		for _, t := range buf[:n] {
			if t.O.IsNode() {
				d.triples = append(d.triples, model.Triple{H: entities.row(t.S), R: relations.row(t.P), T: entities.row(t.O)})
			}
		}
	}
	if len(d.triples) == 0 {
		return d, fmt.Errorf("%w: the graph holds no triple that joins two nodes: there is nothing to learn", ErrBadInput)
	}
	d.vocabulary, err = model.NewVocabulary(entities.ids, relations.ids)
	return d, err
}

// rowNumbers gives terms rows in the order they come.
type rowNumbers struct {
	rows map[store.TermID]uint32
	ids  []store.TermID
}

func (n *rowNumbers) row(id store.TermID) uint32 {
	if row, ok := n.rows[id]; ok {
		return row
	}
	if n.rows == nil {
		n.rows = map[store.TermID]uint32{}
	}
	row := uint32(len(n.ids))
	n.rows[id] = row
	n.ids = append(n.ids, id)
	return row
}

// triplesOf reads files of triples as rows of a vocabulary; unknown counts those with a term it does not have.
func triplesOf(ctx context.Context, v *store.View, vocabulary *model.Vocabulary, paths []string) (rows []model.Triple, unknown int, err error) {
	for _, path := range paths {
		found, missing, err := fileTriples(ctx, v, vocabulary, path)
		if err != nil {
			return nil, 0, err
		}
		rows, unknown = append(rows, found...), unknown+missing
	}
	return rows, unknown, nil
}

func fileTriples(ctx context.Context, v *store.View, vocabulary *model.Vocabulary, path string) (rows []model.Triple, unknown int, err error) {
	reader, err := rdf.OpenFile(path, nil, rdf.Options{Base: baseOf(v)})
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	buf := make([]rdf.Quad, importBatch)
	for {
		n, err := reader.Read(buf)
		if err != nil && err != io.EOF {
			return nil, 0, err
		}
		for _, q := range buf[:n] {
			t, known, err := knownTriple(v, q)
			if err != nil {
				return nil, 0, err
			}
			row, inModel := vocabulary.Triple(t)
			if !known || !inModel {
				unknown++
				continue
			}
			rows = append(rows, row)
		}
		if err == io.EOF {
			return rows, unknown, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
	}
}

// knownTriple returns a statement's identifiers; known is false when the store lacks a term.
func knownTriple(v *store.View, q rdf.Quad) (t store.Triple, known bool, err error) {
	ids := [3]store.TermID{}
	for i, term := range [3]rdf.Term{q.S, q.P, q.O} {
		if ids[i], known, err = v.ID(term); !known || err != nil {
			return t, false, err
		}
	}
	return store.Triple{S: ids[0], P: ids[1], O: ids[2]}, true, nil
}
