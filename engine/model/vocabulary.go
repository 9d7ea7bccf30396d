package model

import (
	"fmt"

	"github.com/inklingdb/inkling/store"
)

// Vocabulary maps store terms to rows and back: entities (IRIs and blank nodes that stand as subject or object)
// and relations (predicates) have a numbering each, from 0. It is immutable; Extend returns a larger one that
// shares what it can, and rows never change their term.
type Vocabulary struct {
	entities  index
	relations index
}

// NewVocabulary returns the vocabulary in which entities[i] has entity row i and relations[i] has relation row i.
// A term twice in one list, or the zero term, is an error. The slices are copied.
func NewVocabulary(entities, relations []store.TermID) (*Vocabulary, error) {
	return (&Vocabulary{}).Extend(entities, relations)
}

// Extend returns a vocabulary with further rows after the present ones. Terms already there are an error.
func (v *Vocabulary) Extend(entities, relations []store.TermID) (*Vocabulary, error) {
	e, err := v.entities.extend(entities)
	if err != nil {
		return nil, fmt.Errorf("model: entities: %w", err)
	}
	r, err := v.relations.extend(relations)
	if err != nil {
		return nil, fmt.Errorf("model: relations: %w", err)
	}
	return &Vocabulary{entities: e, relations: r}, nil
}

// Entities returns the number of entity rows.
func (v *Vocabulary) Entities() int { return len(v.entities.ids) }

// Relations returns the number of relation rows, reciprocal ones not counted.
func (v *Vocabulary) Relations() int { return len(v.relations.ids) }

// Entity returns the row of an entity; false when the model does not know the term.
func (v *Vocabulary) Entity(id store.TermID) (row uint32, ok bool) { return v.entities.row(id) }

// Relation returns the row of a relation; false when the model does not know the term.
func (v *Vocabulary) Relation(id store.TermID) (row uint32, ok bool) { return v.relations.row(id) }

// EntityID returns the term of an entity row, which must exist.
func (v *Vocabulary) EntityID(row uint32) store.TermID { return v.entities.ids[row] }

// RelationID returns the term of a relation row, which must exist.
func (v *Vocabulary) RelationID(row uint32) store.TermID { return v.relations.ids[row] }

// EntityIDs returns the terms of all entity rows in order. The slice is shared: read only.
func (v *Vocabulary) EntityIDs() []store.TermID { return v.entities.ids }

// RelationIDs returns the terms of all relation rows in order. The slice is shared: read only.
func (v *Vocabulary) RelationIDs() []store.TermID { return v.relations.ids }

// Triple returns the rows of a stated triple; false when any of its terms is unknown to the model.
func (v *Vocabulary) Triple(t store.Triple) (Triple, bool) {
	h, okH := v.Entity(t.S)
	r, okR := v.Relation(t.P)
	o, okT := v.Entity(t.O)
	return Triple{H: h, R: r, T: o}, okH && okR && okT
}

// pageBits is the size of an index page: 4,096 numbers, 16 KiB, so that extending by a few terms copies little.
const pageBits = 12

type page [1 << pageBits]uint32

// index maps the dense low 32 bits of term identifiers to rows through copy-on-write pages that hold row+1,
// 0 for none. A full identifier that differs (an inline value with the same low bits) is not found.
type index struct {
	ids   []store.TermID
	pages []*page
}

func (x *index) row(id store.TermID) (uint32, bool) {
	number := uint32(id)
	if int(number>>pageBits) >= len(x.pages) {
		return 0, false
	}
	p := x.pages[number>>pageBits]
	if p == nil {
		return 0, false
	}
	row := p[number&(1<<pageBits-1)]
	if row == 0 || x.ids[row-1] != id {
		return 0, false
	}
	return row - 1, true
}

// extend returns the index with ids appended; x stays as it was.
func (x *index) extend(ids []store.TermID) (index, error) {
	y := index{ids: append(x.ids[:len(x.ids):len(x.ids)], ids...), pages: append([]*page(nil), x.pages...)}
	own := make(map[uint32]bool) // pages already copied by this call
	for i, id := range ids {
		number := uint32(id)
		at := number >> pageBits
		if id == 0 {
			return index{}, fmt.Errorf("row %d: the zero term has no row", len(x.ids)+i)
		}
		for int(at) >= len(y.pages) {
			y.pages = append(y.pages, nil)
		}
		if !own[at] {
			fresh := new(page)
			if y.pages[at] != nil {
				*fresh = *y.pages[at]
			}
			y.pages[at], own[at] = fresh, true
		}
		slot := &y.pages[at][number&(1<<pageBits-1)]
		if *slot != 0 {
			return index{}, fmt.Errorf("row %d: term %#x has row %d already", len(x.ids)+i, uint64(id), *slot-1)
		}
		*slot = uint32(len(x.ids) + i + 1)
	}
	return y, nil
}
