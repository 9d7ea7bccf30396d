package engine

import (
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// maxDigests bounds how many digests of terms are kept, 20 bytes each.
const maxDigests = 1 << 22

// digestTable keeps digests of terms by dictionary number, so that each term is digested once and not once a triple. It is
// direct-mapped: a term takes the place of another, and doubles while there are more terms than places, up to a bound. Numbers
// are dense, so the terms of an import, which get theirs in order, do not meet. It belongs to one goroutine.
type digestTable struct {
	slots  []numberedDigest // a power of two
	misses int              // since it last grew
}

type numberedDigest struct {
	number uint32 // 0: free
	digest watermark.TermDigest
}

// slot returns the place of a number; it holds the number's digest if it holds the number. It is valid until the next call.
func (d *digestTable) slot(number uint32) *numberedDigest {
	if len(d.slots) == 0 {
		d.slots = make([]numberedDigest, 1<<10)
	}
	s := &d.slots[number&uint32(len(d.slots)-1)]
	if s.number == number {
		return s
	}
	if d.misses++; d.misses <= len(d.slots) || len(d.slots) >= maxDigests {
		return s
	}
	old := d.slots
	d.slots, d.misses = make([]numberedDigest, 4*len(old)), 0
	for _, s := range old {
		d.slots[s.number&uint32(len(d.slots)-1)] = s
	}
	return &d.slots[number&uint32(len(d.slots)-1)]
}

// of returns a term's digest. Values that an identifier holds have no number; they seldom come twice.
func (d *digestTable) of(id store.TermID, t *rdf.Term) watermark.TermDigest {
	number := id.Number()
	if number == 0 {
		return watermark.DigestTerm(*t)
	}
	s := d.slot(number)
	if s.number != number {
		*s = numberedDigest{number, watermark.DigestTerm(*t)}
	}
	return s.digest
}

// digester turns a view's triples into the triple channel's. It belongs to one goroutine.
type digester struct {
	view  *store.View
	known digestTable
}

func newDigester(v *store.View) *digester { return &digester{view: v} }

func (d *digester) term(id store.TermID) (watermark.TermDigest, error) {
	number := id.Number()
	s := d.known.slot(number)
	if number != 0 && s.number == number {
		return s.digest, nil
	}
	t, err := d.view.Term(id)
	if err != nil {
		return watermark.TermDigest{}, err
	}
	digest := watermark.DigestTerm(t)
	if number != 0 {
		*s = numberedDigest{number, digest}
	}
	return digest, nil
}

func (d *digester) triple(t store.Triple) (watermark.Triple, error) {
	var digests [3]watermark.TermDigest
	for i, id := range [3]store.TermID{t.S, t.P, t.O} {
		var err error
		if digests[i], err = d.term(id); err != nil {
			return watermark.Triple{}, err
		}
	}
	return watermark.NewTriple(digests[0], digests[1], digests[2]), nil
}
