package rdf

import "hash/maphash"

// interner returns one string for equal byte slices seen lately. It is a direct-mapped table: it never grows, a
// miss allocates the string and takes the slot.
type interner struct {
	seed  maphash.Seed
	slots []string
	mask  uint64
	skip  int // bytes of a slot that stand before its key: a base before a name
}

// newInterner takes the number of slots, a power of two.
func newInterner(slots int) interner {
	return interner{seed: maphash.MakeSeed(), slots: make([]string, slots), mask: uint64(slots - 1)}
}

// find returns the slot of the string whose key equals b, or the slot for the caller to fill after checking b.
func (in *interner) find(b []byte) (slot *string, known bool) {
	slot = &in.slots[maphash.Bytes(in.seed, b)&in.mask]
	s := *slot
	return slot, len(b) > 0 && len(s) == len(b)+in.skip && s[in.skip:] == string(b)
}

// get returns the string equal to b.
func (in *interner) get(b []byte) string {
	slot, known := in.find(b)
	if !known {
		*slot = string(b)
	}
	return *slot
}
