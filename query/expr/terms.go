package expr

import (
	"fmt"

	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// Dictionary translates between terms and identifiers at one snapshot of a store.
type Dictionary interface {
	// ID returns a term's identifier; known is false for a term that the store has never seen.
	ID(t rdf.Term) (id store.TermID, known bool, err error)
	// Term returns the term of an identifier that the store gave out.
	Term(id store.TermID) (rdf.Term, error)
}

// localKind is the top byte of the identifiers that Terms gives to terms the store does not know.
const localKind = 0xFF

// localBytes is what a computed term takes beside its text: the term, and its entry in a map.
const localBytes = 200

// cacheLimit is how many decoded terms a query keeps; beyond it the cache starts anew.
const cacheLimit = 1 << 18

// Terms is one query's view of the dictionary. Terms computed at run time get identifiers of the query's own unless
// the store knows them, so equal terms always have equal identifiers and joins work on identifiers alone.
// It is not for concurrent use.
type Terms struct {
	dictionary Dictionary
	local      []rdf.Term
	localID    map[rdf.Term]store.TermID
	cache      map[store.TermID]Value
	bytes      int64 // of local
}

// NewTerms returns an empty view over a dictionary.
func NewTerms(d Dictionary) *Terms {
	return &Terms{dictionary: d, localID: map[rdf.Term]store.TermID{}, cache: map[store.TermID]Value{}}
}

// Bytes estimates the memory of the terms that were computed.
func (t *Terms) Bytes() int64 { return t.bytes }

// IsLocal reports that id names a term of one query only, not of the store.
func IsLocal(id store.TermID) bool { return id>>56 == localKind }

// ID returns the identifier of a term, making one when the store has none; 0 for the zero Term.
func (t *Terms) ID(term rdf.Term) (store.TermID, error) {
	if term.Kind == rdf.None {
		return 0, nil
	}
	if id, ok := t.localID[term]; ok {
		return id, nil
	}
	id, known, err := t.dictionary.ID(term)
	if err != nil {
		return 0, fmt.Errorf("expr: identifier of a term: %w", err)
	}
	if !known {
		t.local = append(t.local, term)
		t.bytes += int64(len(term.Value)) + localBytes
		id = store.TermID(localKind)<<56 | store.TermID(len(t.local))
	}
	if !known || len(t.localID) < cacheLimit {
		t.localID[term] = id
	}
	return id, nil
}

// Term returns the term of an identifier; the zero Term for 0.
func (t *Terms) Term(id store.TermID) (rdf.Term, error) {
	if id == 0 {
		return rdf.Term{}, nil
	}
	v, err := t.Value(id)
	if err != nil {
		return rdf.Term{}, err
	}
	return v.Term(), nil
}

// Value returns the decoded term of an identifier; the error value for 0.
func (t *Terms) Value(id store.TermID) (Value, error) {
	if id == 0 {
		return Value{}, nil
	}
	if n, ok := id.Integer(); ok {
		return Value{Kind: Integer, num: n, id: id}, nil
	}
	if v, ok := t.cache[id]; ok {
		return v, nil
	}
	var term rdf.Term
	if IsLocal(id) {
		n := int(id &^ (localKind << 56))
		if n == 0 || n > len(t.local) {
			return Value{}, fmt.Errorf("expr: %#x is not a term of this query", uint64(id))
		}
		term = t.local[n-1]
	} else {
		var err error
		if term, err = t.dictionary.Term(id); err != nil {
			return Value{}, fmt.Errorf("expr: term of an identifier: %w", err)
		}
	}
	v := FromTerm(term)
	v.id = id
	if len(t.cache) >= cacheLimit {
		clear(t.cache)
	}
	t.cache[id] = v
	return v, nil
}

// ValueID returns the identifier of a value; 0 for an error value.
func (t *Terms) ValueID(v Value) (store.TermID, error) {
	if v.id != 0 {
		return v.id, nil
	}
	return t.ID(v.Term())
}
