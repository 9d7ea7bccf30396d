package engine

import (
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/store"
)

// maxDigests bounds how many digests of terms are kept, 24 bytes each.
const maxDigests = 1 << 22

// digestTable keeps digests of terms by identifier, so that each term is digested once and not once a triple. It is direct-mapped:
// a term takes the place of another, and the places grow with the terms that came, up to a bound. Dictionary numbers
// are dense, so the terms of an import, which get theirs in order, do not meet. It belongs to one goroutine.
type digestTable struct {
	slots []knownDigest // a power of two
	fresh int           // terms put in since it last grew
	sum   store.TermID  // of what load read, so that it is read
}

type knownDigest struct {
	id     store.TermID // 0: free
	digest watermark.TermDigest
}

func newDigestTable() digestTable { return digestTable{slots: make([]knownDigest, 1<<10)} }

// find returns the place of a term: its digest is there if it has the term's identifier.
func (d *digestTable) find(id store.TermID) *knownDigest {
	return &d.slots[int(id)&(len(d.slots)-1)]
}

// load brings the places of triples' terms into the cache: they come side by side, where find waits for one after the other.
func (d *digestTable) load(triples []store.Triple) {
	sum := store.TermID(0)
	for i := range triples {
		sum += d.find(triples[i].S).id + d.find(triples[i].O).id
	}
	d.sum = sum
}

// put keeps a term's digest and returns its place.
func (d *digestTable) put(id store.TermID, digest watermark.TermDigest) *knownDigest {
	if d.fresh++; d.fresh > len(d.slots) && len(d.slots) < maxDigests {
		old := d.slots
		d.slots, d.fresh = make([]knownDigest, 4*len(old)), len(old)
		for _, s := range old {
			if s.id != 0 {
				*d.find(s.id) = s
			}
		}
	}
	s := d.find(id)
	*s = knownDigest{id, digest}
	return s
}

// digester turns a view's triples into the triple channel's. It belongs to one goroutine.
type digester struct {
	view  *store.View
	known digestTable
	list  []watermark.Triple
}

func newDigester(v *store.View) *digester { return &digester{view: v, known: newDigestTable()} }

func (d *digester) term(id store.TermID) (watermark.TermDigest, error) {
	if s := d.known.find(id); s.id == id {
		return s.digest, nil
	}
	t, err := d.view.Term(id)
	if err != nil {
		return watermark.TermDigest{}, err
	}
	return d.known.put(id, watermark.DigestTerm(t)).digest, nil
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

// triples returns many, valid until the next call.
func (d *digester) triples(triples []store.Triple) ([]watermark.Triple, error) {
	d.known.load(triples)
	d.list = d.list[:0]
	for _, t := range triples {
		digest, err := d.triple(t)
		if err != nil {
			return nil, err
		}
		d.list = append(d.list, digest)
	}
	return d.list, nil
}
