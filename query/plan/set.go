package plan

import "math/bits"

// Set is an immutable set of slots.
type Set []uint64

// SetOf returns the set of the slots given.
func SetOf(slots ...int) Set {
	var s Set
	for _, slot := range slots {
		s = s.With(slot)
	}
	return s
}

// Has reports whether slot is in s.
func (s Set) Has(slot int) bool { return slot>>6 < len(s) && s[slot>>6]>>(slot&63)&1 == 1 }

// With returns s and slot.
func (s Set) With(slot int) Set {
	out := make(Set, max(len(s), slot>>6+1))
	copy(out, s)
	out[slot>>6] |= 1 << (slot & 63)
	return out
}

// Union returns the slots of either.
func (s Set) Union(o Set) Set {
	if len(s) < len(o) {
		s, o = o, s
	}
	out := append(Set(nil), s...)
	for i, w := range o {
		out[i] |= w
	}
	return out
}

// Intersect returns the slots of both.
func (s Set) Intersect(o Set) Set {
	out := make(Set, min(len(s), len(o)))
	for i := range out {
		out[i] = s[i] & o[i]
	}
	return out
}

// Within reports that every slot of s is in o.
func (s Set) Within(o Set) bool {
	for i, w := range s {
		if i < len(o) {
			w &^= o[i]
		}
		if w != 0 {
			return false
		}
	}
	return true
}

// Empty reports that s has no slot.
func (s Set) Empty() bool { return s.Within(nil) }

// Slots returns the members in increasing order.
func (s Set) Slots() []int {
	var out []int
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			out = append(out, i<<6+bits.TrailingZeros64(w))
		}
	}
	return out
}
