package maintain

import (
	"context"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// TestHistory compares the graph of every past version with what it was then.
func TestHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := store.Open("", store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		source := FromStore(s, 0)
		var past []map[store.Triple]bool
		state := map[store.Triple]bool{}
		for range rapid.IntRange(1, 8).Draw(t, "commits") {
			c, err := s.Write(context.Background(), store.Batch{Remove: drawQuads(t, "remove"), Add: drawQuads(t, "add")})
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Changes) == 0 {
				continue
			}
			next := map[store.Triple]bool{}
			for x := range state {
				next[x] = true
			}
			for _, x := range c.Changes {
				if x.Removed {
					delete(next, x.Triple)
				} else {
					next[x.Triple] = true
				}
			}
			state = next
			past = append(past, state)
		}
		for i, want := range past {
			checkPast(t, source, store.Version(i+1), want)
		}
	})
}

func drawQuads(t *rapid.T, name string) []rdf.Quad {
	term := rapid.Custom(func(t *rapid.T) rdf.Term { return entityTerm(rapid.Uint32Range(0, 3).Draw(t, "term")) })
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) rdf.Quad {
		return rdf.Quad{S: term.Draw(t, "s"), P: term.Draw(t, "p"), O: term.Draw(t, "o")}
	}), 0, 6).Draw(t, name)
}

func checkPast(t *rapid.T, source Source, v store.Version, want map[store.Triple]bool) {
	snapshot, err := source.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	var later []store.Commit
	if err := source.Changes(context.Background(), v, func(c store.Commit) error { later = append(later, c); return nil }); err != nil {
		t.Fatal(err)
	}
	h := newHistory(snapshot, v, 0, later)
	for x := range want {
		for _, p := range []store.Pattern{{}, {S: x.S}, {P: x.P}, {O: x.O}, {S: x.S, P: x.P}, {P: x.P, O: x.O}} {
			var all []store.Triple
			for y := range want {
				if matches(p, y) {
					all = append(all, y)
				}
			}
			slices.SortFunc(all, orderOf(p))
			for _, limit := range []int{1, 2, 100} {
				checkTriples(t, h, p, store.Triple{}, all, limit)
				at, _ := slices.BinarySearchFunc(all, x, orderOf(p))
				checkTriples(t, h, p, x, all[at:], limit)
			}
		}
	}
}

func checkTriples(t *rapid.T, h *history, p store.Pattern, from store.Triple, want []store.Triple, limit int) {
	got, err := h.Triples(p, from, limit)
	if err != nil {
		t.Fatal(err)
	}
	if want = want[:min(limit, len(want))]; !slices.Equal(got, want) {
		t.Fatalf("version %d, %v from %v, %d: got %v, want %v", h.version, p, from, limit, got, want)
	}
}
