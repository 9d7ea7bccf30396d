package index

import (
	"slices"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
)

// maxPending is how many numbers a set holds beside its bitmap before it makes a new one: a commit then costs a
// short sorted slice, and one in 128 the copy of a bitmap.
const maxPending = 128

// set is an immutable set of dictionary numbers that shares its bitmap with the versions before and after it.
type set struct {
	base    *roaring.Bitmap // never changed; nil in small sets
	added   []uint32        // ascending, not in base
	removed []uint32        // ascending, in base
	count   int64

	once  sync.Once
	whole *roaring.Bitmap // base with added and removed, made when first asked for
}

var emptySet = &set{}

// newSet takes over a bitmap.
func newSet(b *roaring.Bitmap) *set {
	if n := b.GetCardinality(); n <= maxPending {
		return &set{added: b.ToArray(), count: int64(n)}
	}
	b.RunOptimize()
	return &set{base: b, count: int64(b.GetCardinality())}
}

func (s *set) contains(n uint32) bool {
	if _, found := slices.BinarySearch(s.added, n); found {
		return true
	}
	if s.base == nil || !s.base.Contains(n) {
		return false
	}
	_, gone := slices.BinarySearch(s.removed, n)
	return !gone
}

// with returns the set with numbers added that it does not hold and removed that it does.
func (s *set) with(add, remove []uint32) *set {
	if len(add)+len(remove) == 0 {
		return s
	}
	next := &set{base: s.base, added: slices.Clone(s.added), removed: slices.Clone(s.removed)}
	next.count = s.count + int64(len(add)) - int64(len(remove))
	for _, n := range add {
		move(&next.added, &next.removed, n)
	}
	for _, n := range remove {
		move(&next.removed, &next.added, n)
	}
	if len(next.added)+len(next.removed) > maxPending {
		return &set{base: next.merge(), count: next.count}
	}
	return next
}

// move takes n out of one sorted slice, or puts it into the other when it is not there.
func move(to, from *[]uint32, n uint32) {
	if i, found := slices.BinarySearch(*from, n); found {
		*from = slices.Delete(*from, i, i+1)
		return
	}
	i, _ := slices.BinarySearch(*to, n)
	*to = slices.Insert(*to, i, n)
}

// merge returns a new bitmap of the whole set.
func (s *set) merge() *roaring.Bitmap {
	b := roaring.New()
	if s.base != nil {
		b = s.base.Clone()
	}
	b.AddMany(s.added)
	for _, n := range s.removed {
		b.Remove(n)
	}
	return b
}

// bitmap returns the set, shared and not to be changed.
func (s *set) bitmap() *roaring.Bitmap {
	if s.base != nil && len(s.added)+len(s.removed) == 0 {
		return s.base
	}
	s.once.Do(func() { s.whole = s.merge() })
	return s.whole
}
