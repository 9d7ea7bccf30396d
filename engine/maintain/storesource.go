package maintain

import (
	"context"
	"fmt"
	"slices"

	"github.com/inklingdb/inkling/store"
)

// FromStore returns one graph of a store as a Source; graph 0 is the default graph.
func FromStore(s *store.Store, graph store.TermID) Source { return storeSource{s, graph} }

type storeSource struct {
	store *store.Store
	graph store.TermID
}

func (s storeSource) Graph() store.TermID { return s.graph }

func (s storeSource) Snapshot() (Snapshot, error) {
	v, err := s.store.View()
	if err != nil {
		return nil, fmt.Errorf("maintain: %w", err)
	}
	return storeSnapshot{v, s.graph}, nil
}

func (s storeSource) Changes(ctx context.Context, after store.Version, fn func(store.Commit) error) error {
	return s.store.Changes(ctx, after, fn)
}

func (s storeSource) Wait(ctx context.Context, after store.Version) error {
	return s.store.Wait(ctx, after)
}

type storeSnapshot struct {
	*store.View
	graph store.TermID
}

func (s storeSnapshot) Triples(p store.Pattern, from store.Triple, limit int) ([]store.Triple, error) {
	order := store.SPO
	switch {
	case p.S != 0:
	case p.P != 0:
		order = store.POS
	case p.O != 0:
		order = store.OSP
	}
	c, err := s.Scan(s.graph, p, order)
	if err != nil {
		return nil, fmt.Errorf("maintain: %w", err)
	}
	defer c.Close()
	if from != (store.Triple{}) {
		if err := c.Seek(from); err != nil {
			return nil, fmt.Errorf("maintain: %w", err)
		}
	}
	var out []store.Triple
	for size := firstRead; len(out) < limit; size *= 4 { // most patterns have few matches, a few have many
		size = min(size, limit-len(out))
		out = slices.Grow(out, size)
		n, err := c.Next(out[len(out) : len(out)+size])
		if err != nil {
			return nil, fmt.Errorf("maintain: %w", err)
		}
		out = out[:len(out)+n]
		if n < size {
			break
		}
	}
	return out, nil
}

// firstRead is how many triples are asked for at first.
const firstRead = 32
