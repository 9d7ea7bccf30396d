package model

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/inklingdb/inkling/store"
)

// A vocabulary extended in arbitrary steps equals a map, and earlier versions stay as they were.
func TestVocabularyEqualsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, err := NewVocabulary(nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		rows := map[store.TermID]uint32{}
		id := rapid.Custom(func(t *rapid.T) store.TermID {
			kind := rapid.Uint64Range(0, 2).Draw(t, "kind")
			return store.TermID(kind<<56 | rapid.Uint64Range(1, 20_000).Draw(t, "number"))
		})
		for range rapid.IntRange(1, 5).Draw(t, "steps") {
			before, count := v, v.Entities()
			var fresh []store.TermID
			numbers := map[uint32]bool{}
			for k := range rows {
				numbers[uint32(k)] = true
			}
			for _, x := range rapid.SliceOfN(id, 0, 30).Draw(t, "ids") {
				if !numbers[uint32(x)] {
					numbers[uint32(x)] = true
					rows[x] = uint32(count + len(fresh))
					fresh = append(fresh, x)
				}
			}
			if v, err = v.Extend(fresh, nil); err != nil {
				t.Fatal(err)
			}
			for _, x := range fresh {
				if _, ok := before.Entity(x); ok {
					t.Fatalf("extending changed the version before: %#x", x)
				}
			}
		}
		for x := range rows {
			if row, ok := v.Entity(x); !ok || row != rows[x] || v.EntityID(row) != x {
				t.Fatalf("%#x: row %d, %v; want %d", x, row, ok, rows[x])
			}
		}
		for range 20 {
			x := id.Draw(t, "probe")
			row, ok := v.Entity(x)
			want, known := rows[x]
			if ok != known || (ok && row != want) {
				t.Fatalf("%#x: row %d, %v; want %d, %v", x, row, ok, want, known)
			}
		}
	})
}

func TestVocabularyRefusesRepeats(t *testing.T) {
	if _, err := NewVocabulary(ids(0, 3), []store.TermID{9, 9}); err == nil {
		t.Error("a relation twice is accepted")
	}
	if _, err := NewVocabulary([]store.TermID{0}, nil); err == nil {
		t.Error("the zero term is accepted")
	}
	v, err := NewVocabulary(ids(0, 3), ids(3, 2))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Extend(ids(2, 1), nil); err == nil {
		t.Error("a known entity is accepted again")
	}
	if got, ok := v.Triple(store.Triple{S: 1, P: 5, O: 3}); !ok || got != (Triple{0, 1, 2}) {
		t.Errorf("rows %v, %v", got, ok)
	}
	if _, ok := v.Triple(store.Triple{S: 1, P: 1, O: 3}); ok {
		t.Error("an entity passes as a relation")
	}
}
