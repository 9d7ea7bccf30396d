package exec

import (
	"github.com/RoaringBitmap/roaring/v2"

	"github.com/inklingdb/inkling/store"
)

// idSet is a set of terms: a roaring bitmap over the numbers of dictionary terms, a map for the rest.
type idSet struct {
	dictionary roaring.Bitmap
	rest       map[store.TermID]struct{}
}

// add returns whether id is new.
func (s *idSet) add(id store.TermID) bool {
	if n := id.Number(); n != 0 {
		return s.dictionary.CheckedAdd(n)
	}
	if _, ok := s.rest[id]; ok {
		return false
	}
	if s.rest == nil {
		s.rest = map[store.TermID]struct{}{}
	}
	s.rest[id] = struct{}{}
	return true
}
