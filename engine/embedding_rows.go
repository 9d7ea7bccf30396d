package engine

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/inklingdb/inkling/engine/exchange"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
)

// Arrangements of ImportEmbeddingRequest.Complex and Reciprocal.
const (
	halves      = "halves"
	interleaved = "interleaved"
	notAtAll    = "none"
)

// complexRows reports whether a family's rows are complex numbers, real parts first.
func complexRows(f model.Family) bool { return f.Modulus == 2 }

// rotates reports whether a family's relations are rotations, of which only the angles count.
func rotates(f model.Family) bool { return strings.HasPrefix(f.Name, "rotate") }

// maxImportedDim is the largest dimension that a checkpoint holds.
const maxImportedDim = 1 << 20

// arrangeEntities settles the dimension by the width of a row and puts complex numbers into halves.
func (j *embeddingJob) arrangeEntities() error {
	f, m, dim := j.tables.Family, &j.entities, j.request.Dim
	if d := j.sources.Description; dim == 0 && d != nil && d.Family == f.Name {
		dim = d.Dim
	}
	if dim == 0 {
		for dim = 1; dim < min(m.Width, maxImportedDim); dim++ {
			if w, _ := f.Interaction.Width(dim); w >= m.Width {
				break
			}
		}
	}
	if dim < 1 || dim > maxImportedDim {
		return fmt.Errorf("%w: dimension %d is not from 1 to %d", ErrBadInput, dim, maxImportedDim)
	}
	if w, _ := f.Interaction.Width(dim); w != m.Width {
		return fmt.Errorf("%w: %s: an entity's row holds %d numbers, but %s of dimension %d has %d (%s)", ErrBadInput, m.File, m.Width, f.Name, dim, w, f.Layout)
	}
	if len(m.Names) != m.Rows || m.Rows == 0 {
		return fmt.Errorf("%w: %s has %d rows of entities, but %d names are listed", ErrBadInput, m.File, m.Rows, len(m.Names))
	}
	j.tables.Dim = dim
	alternate := m.Complex || j.request.Complex == interleaved
	if alternate && !complexRows(f) {
		return fmt.Errorf("%w: %s: complex numbers, but rows of %s are real (%s)", ErrBadInput, m.File, f.Name, f.Layout)
	}
	if alternate {
		exchange.Halve(m.Values, m.Width)
	}
	return nil
}

// arrangeRelations scales the numbers and puts complex ones into halves; of rotations the angles may be given.
func (j *embeddingJob) arrangeRelations() error {
	f, m := j.tables.Family, &j.relations
	_, wr := f.Interaction.Width(j.tables.Dim)
	if scale := j.request.RelationScale; scale != 0 {
		for i, v := range m.Values {
			m.Values[i] = float32(float64(v) * scale)
			if x := float64(m.Values[i]); math.IsNaN(x) || math.IsInf(x, 0) {
				return fmt.Errorf("%w: scaled by %g the relations' numbers leave float32", ErrBadInput, scale)
			}
		}
	}
	switch {
	case m.Width == wr && complexRows(f):
		if m.Complex || j.request.Complex == interleaved {
			exchange.Halve(m.Values, m.Width)
		}
	case m.Width == wr && !m.Complex:
	case 2*m.Width == wr && rotates(f) && !m.Complex:
		m.Values, m.Width = exchange.Turns(m.Values, m.Width), wr
	default:
		return fmt.Errorf("%w: %s: a relation's row holds %d numbers, but %s of dimension %d has %d (%s)", ErrBadInput, m.File, m.Width, f.Name, j.tables.Dim, wr, f.Layout)
	}
	return nil
}

// arrangeReverses puts the rows of reverse relations behind all others and leaves the others' names.
func (j *embeddingJob) arrangeReverses() error {
	m, how := &j.relations, j.request.Reciprocal
	if d := j.sources.Description; how == "" && d != nil && d.Reciprocal {
		how = halves
	}
	if how == "" || how == notAtAll {
		if m.Rows == 2*len(m.Names) {
			return fmt.Errorf("%w: %s has %d rows for %d names: where half of them are of reverse relations, state whether they are interleaved (as PyKEEN has them) or in halves", ErrBadInput, m.File, m.Rows, len(m.Names))
		}
		if len(m.Names) != m.Rows || m.Rows == 0 {
			return fmt.Errorf("%w: %s has %d rows of relations, but %d names are listed", ErrBadInput, m.File, m.Rows, len(m.Names))
		}
		return nil
	}
	n := m.Rows / 2
	if m.Rows != 2*n || n == 0 || len(m.Names) != n && len(m.Names) != 2*n {
		return fmt.Errorf("%w: %s has %d rows and %d names are listed: with reverse relations the rows must be twice the relations, and either all or the first half named", ErrBadInput, m.File, m.Rows, len(m.Names))
	}
	j.tables.Reciprocal = true
	if how == interleaved {
		m.Values = exchange.Separate(m.Values, m.Rows, m.Width)
		if len(m.Names) == m.Rows {
			for r := range n {
				m.Names[r] = m.Names[2*r]
			}
		}
	}
	m.Names = m.Names[:n]
	return nil
}

// matchNames finds the rows' terms, sets the tables and the vocabulary, and counts the rows it leaves out.
func (j *embeddingJob) matchNames(ctx context.Context, v *store.View) error {
	n := newNames(v)
	entities, kept, unknown, err := n.terms(ctx, j.entities, store.TermID.IsNode)
	if err != nil {
		return err
	}
	relations, keptRelations, unknownRelations, err := n.terms(ctx, j.relations, func(id store.TermID) bool { return id.Kind() == store.KindIRI })
	if err != nil {
		return err
	}
	j.report.UnknownEntities, j.report.UnknownRelations = len(unknown), len(unknownRelations)
	first := append(unknown[:min(len(unknown), unknownListed):min(len(unknown), unknownListed)], unknownRelations[:min(len(unknownRelations), unknownListed)]...)
	j.report.Unknown = first
	if len(first) > 0 && !j.request.SkipUnknown {
		return fmt.Errorf("%w: the database does not know %d of %d entities and %d of %d relations, such as %s: import their triples first, or leave them out (skip unknown)", ErrBadInput,
			len(unknown), j.entities.Rows, len(unknownRelations), len(j.relations.Names), strings.Join(quoteAll(first), ", "))
	}
	if len(entities) == 0 || len(relations) == 0 {
		return fmt.Errorf("%w: no entity or no relation of the embedding is known to the database", ErrBadInput)
	}
	j.tables.Entities = selectRows(j.entities.Values, kept, j.entities.Width)
	if n := len(j.relations.Names); j.tables.Reciprocal {
		for _, r := range keptRelations[:len(relations):len(relations)] {
			keptRelations = append(keptRelations, r+n)
		}
	}
	j.tables.Relations = selectRows(j.relations.Values, keptRelations, j.relations.Width)
	j.tables.Vocabulary, err = model.NewVocabulary(entities, relations)
	return err
}

// unknownListed is how many unknown entities, and how many relations, an EmbeddingImport lists.
const unknownListed = 5

// terms returns the terms of named rows, the rows that have one, and the names that have none. Two rows of one term
// are an error.
func (n names) terms(ctx context.Context, m exchange.Matrix, fits func(store.TermID) bool) (ids []store.TermID, kept []int, unknown []string, err error) {
	rows := make(map[store.TermID]int, len(m.Names))
	for row, name := range m.Names {
		if row%importBatch == 0 && ctx.Err() != nil {
			return nil, nil, nil, ctx.Err()
		}
		id, known, err := n.ID(name)
		if err != nil {
			return nil, nil, nil, err
		}
		if !known || !fits(id) {
			unknown = append(unknown, name)
			continue
		}
		if other, twice := rows[id]; twice {
			return nil, nil, nil, fmt.Errorf("%w: %s: rows %d and %d, %q and %q, are the same term: leave one out", ErrBadInput, m.File, other, row, m.Names[other], name)
		}
		rows[id] = row
		ids, kept = append(ids, id), append(kept, row)
	}
	return ids, kept, unknown, nil
}

// selectRows moves the kept rows, ascending, to the front of the table and returns them.
func selectRows(values []float32, kept []int, width int) []float32 {
	for to, from := range kept {
		copy(values[to*width:(to+1)*width], values[from*width:(from+1)*width])
	}
	return values[:len(kept)*width]
}

func quoteAll(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = fmt.Sprintf("%q", name)
	}
	return out
}

// graphRows returns the graph's triples that the model has rows for, and counts the graph's terms that have none.
func (j *embeddingJob) graphRows(ctx context.Context, v *store.View, g store.TermID) ([]model.Triple, error) {
	var rows []model.Triple
	entities, relations := map[store.TermID]bool{}, map[store.TermID]bool{}
	known := j.tables.Vocabulary
	err := graph{v}.Match(g, store.Pattern{}, func(t store.Triple) bool {
		if !t.O.IsNode() {
			return true
		}
		if row, ok := known.Triple(t); ok {
			rows = append(rows, row)
			return len(rows)%importBatch != 0 || ctx.Err() == nil
		}
		for _, id := range []store.TermID{t.S, t.O} {
			if _, ok := known.Entity(id); !ok {
				entities[id] = true
			}
		}
		if _, ok := known.Relation(t.P); !ok {
			relations[t.P] = true
		}
		return ctx.Err() == nil
	})
	if err == nil {
		err = ctx.Err()
	}
	j.report.Triples, j.report.MissingEntities, j.report.MissingRelations = len(rows), len(entities), len(relations)
	return rows, err
}
