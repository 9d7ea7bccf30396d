package rdf

import "hash/maphash"

// firstSlots is the size an interner begins with, so that a small document costs little.
const firstSlots = 128

// interner returns one string for equal byte slices seen lately. It is a direct-mapped table: a miss takes the slot.
// It doubles while misses come, up to a bound.
type interner struct {
	seed   maphash.Seed
	slots  []string
	most   int // bound on len(slots), a power of two
	misses int // since it last grew
	skip   int // bytes of a slot that stand before its key: a base before a name
}

// newInterner takes the most slots it may have, a power of two.
func newInterner(most int) interner {
	return interner{seed: maphash.MakeSeed(), slots: make([]string, min(most, firstSlots)), most: most}
}

func (in *interner) slot(b []byte) *string {
	return &in.slots[maphash.Bytes(in.seed, b)&uint64(len(in.slots)-1)]
}

// find returns the slot of the string whose key equals b, or the slot for the caller to fill after checking b.
func (in *interner) find(b []byte) (slot *string, known bool) {
	slot = in.slot(b)
	s := *slot
	if len(b) > 0 && len(s) == len(b)+in.skip && s[in.skip:] == string(b) {
		return slot, true
	}
	if in.misses++; in.misses > len(in.slots) && len(in.slots) < in.most {
		in.grow()
		slot = in.slot(b)
	}
	return slot, false
}

func (in *interner) grow() {
	old := in.slots
	in.slots, in.misses = make([]string, min(4*len(old), in.most)), 0
	for _, s := range old {
		if len(s) > in.skip {
			*in.slot([]byte(s[in.skip:])) = s
		}
	}
}

// get returns the string equal to b.
func (in *interner) get(b []byte) string {
	slot, known := in.find(b)
	if !known {
		*slot = string(b)
	}
	return *slot
}

// resolvedName is a prefixed name or a relative IRI as written, and the IRI it stands for.
type resolvedName struct{ raw, iri string }

// resolvedNames is to names what interner is to strings.
type resolvedNames struct {
	seed   maphash.Seed
	slots  []resolvedName
	most   int
	misses int
}

func newResolvedNames(most int) resolvedNames {
	return resolvedNames{seed: maphash.MakeSeed(), slots: make([]resolvedName, min(most, firstSlots)), most: most}
}

func (r *resolvedNames) slot(raw []byte) *resolvedName {
	return &r.slots[maphash.Bytes(r.seed, raw)&uint64(len(r.slots)-1)]
}

// find returns the slot of a name, or the slot for the caller to fill.
func (r *resolvedNames) find(raw []byte) (slot *resolvedName, known bool) {
	if slot = r.slot(raw); slot.iri != "" && slot.raw == string(raw) {
		return slot, true
	}
	if r.misses++; r.misses > len(r.slots) && len(r.slots) < r.most {
		old := r.slots
		r.slots, r.misses = make([]resolvedName, min(4*len(old), r.most)), 0
		for _, n := range old {
			*r.slot([]byte(n.raw)) = n
		}
		slot = r.slot(raw)
	}
	return slot, false
}

// forget empties the table: a prefix or the base has changed.
func (r *resolvedNames) forget() { clear(r.slots) }
