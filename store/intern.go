package store

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/inklingdb/inkling/store/rdf"
)

// interner gives numbers to new terms for a group of commits that are not on disk yet.
type interner struct {
	base    lexicon
	pending map[rdf.Term]uint32
	terms   []rdf.Term // base.tail, then the new terms; only appended to, so snapshots may share it
}

func newInterner(base lexicon) *interner {
	return &interner{base: base, pending: map[rdf.Term]uint32{}, terms: append([]rdf.Term(nil), base.tail...)}
}

func (in *interner) next() uint32 { return in.base.tailFirst + uint32(len(in.terms)) }

// fresh returns the terms that are new, in the order of their numbers.
func (in *interner) fresh() []rdf.Term { return in.terms[len(in.base.tail):] }

// known returns a term's identifier without adding it; ok is false when there is none.
func (in *interner) known(t rdf.Term) (id TermID, ok bool, err error) {
	if id, ok := inlineID(t); ok {
		return id, true, nil
	}
	t = canonical(t)
	k := dictionaryKind(t)
	if k == KindNone {
		return 0, false, nil
	}
	n := in.pending[t]
	if n == 0 {
		n, err = in.base.dictionary.lookup(t, in.base.next)
	}
	return makeID(k, uint64(n)), n != 0, err
}

// id returns a term's identifier, adding the term when it is new.
func (in *interner) id(t rdf.Term) (TermID, error) {
	id, ok, err := in.known(t)
	if ok || err != nil {
		return id, err
	}
	t = canonical(t)
	k := dictionaryKind(t)
	if k == KindNone {
		return 0, fmt.Errorf("store: intern: no term: %w", ErrTerm)
	}
	if size := len(t.Value) + len(t.Datatype) + len(t.Lang); size > maxTermBytes {
		return 0, fmt.Errorf("store: intern: a term of %d bytes, at most %d: %w", size, maxTermBytes, ErrTerm)
	}
	n := in.next()
	if n == math.MaxUint32 {
		return 0, fmt.Errorf("store: intern: all 2^32 numbers are given out")
	}
	in.terms = append(in.terms, t)
	in.pending[t] = n
	return makeID(k, uint64(n)), nil
}

// rollback forgets the terms from number next on.
func (in *interner) rollback(next uint32) {
	keep := next - in.base.tailFirst
	for _, t := range in.terms[keep:] {
		delete(in.pending, t)
	}
	in.terms = in.terms[:keep]
}

// lexicon returns what is known now, new terms included.
func (in *interner) lexicon() lexicon {
	l := in.base
	l.next, l.tail = in.next(), in.terms[:len(in.terms):len(in.terms)]
	return l
}

// published returns the lexicon to use once ops are on disk: full blocks are left to the dictionary.
func (in *interner) published() lexicon {
	l := in.base
	l.next = in.next()
	full := len(in.terms) / termsPerBlock * termsPerBlock
	l.tail = append([]rdf.Term(nil), in.terms[full:]...)
	l.tailFirst += uint32(full)
	return l
}

// remember puts what is now on disk in the caches.
func (in *interner) remember() {
	d := in.base.dictionary
	d.grow(in.next())
	for i := 0; i+termsPerBlock <= len(in.terms); i += termsPerBlock {
		d.keep(blockOf(in.base.tailFirst+uint32(i)), in.terms[i:i+termsPerBlock:i+termsPerBlock])
	}
	for i, t := range in.fresh() {
		d.recent.put(t, in.base.next+uint32(i))
	}
}

// ops appends what must be written for the new terms: their numbers, full blocks, and single terms of the
// block that is not full.
func (in *interner) ops(out []op) ([]op, error) {
	hashed := map[string][]byte{}
	for i, t := range in.fresh() {
		number := binary.BigEndian.AppendUint32(nil, in.base.next+uint32(i))
		key, byHash := termKey(dictionaryKind(t), t)
		if !byHash {
			out = append(out, op{key, number})
			continue
		}
		others, found := hashed[string(key)]
		if !found {
			var err error
			if others, err = getCopy(in.base.dictionary.kv, key); err != nil {
				return nil, err
			}
		}
		hashed[string(key)] = append(others, number...)
	}
	for key, numbers := range hashed {
		out = append(out, op{[]byte(key), numbers})
	}
	full := len(in.terms) / termsPerBlock * termsPerBlock
	for i := 0; i < full; i += termsPerBlock {
		block := blockOf(in.base.tailFirst + uint32(i))
		out = append(out, op{termsKey(block), seal(encodeTerms(in.terms[i : i+termsPerBlock]))})
	}
	for i := 0; i < full && i < len(in.base.tail); i++ {
		out = append(out, op{key: singleKey(in.base.tailFirst + uint32(i))})
	}
	for i := max(full, len(in.base.tail)); i < len(in.terms); i++ {
		out = append(out, op{singleKey(in.base.tailFirst + uint32(i)), seal(encodeTerms(in.terms[i : i+1]))})
	}
	return out, nil
}
