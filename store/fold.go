package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// foldIfDue wakes the folder when the delta has grown above its share. The committer calls it.
func (s *Store) foldIfDue() {
	recent := s.state.delta.size()
	if s.options.FoldFraction < 0 || recent < s.options.FoldMin ||
		float64(recent) < s.options.FoldFraction*float64(s.state.gen.triples) {
		return
	}
	select {
	case s.foldWanted <- struct{}{}:
	default:
	}
}

// foldLoop folds whenever it is woken.
func (s *Store) foldLoop() {
	defer s.background.Done()
	for {
		select {
		case <-s.closing:
			return
		case <-s.foldWanted:
			// A failed fold loses nothing: the delta stays, and the next one tries again.
			_ = s.fold(context.Background())
		}
	}
}

// Fold writes base and recent changes as a new base now, without stopping writers or readers.
func (s *Store) Fold(ctx context.Context) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return fmt.Errorf("store: fold: %w", ErrClosed)
	}
	s.background.Add(1) // Close waits: a build reads keys while it writes others
	s.mu.Unlock()
	defer s.background.Done()
	return s.fold(ctx)
}

func (s *Store) fold(ctx context.Context) error {
	s.folding.Lock()
	defer s.folding.Unlock()
	var from *state
	err := s.alone(ctx, func() error {
		if s.state.delta.size() == 0 {
			return nil
		}
		frozen := *s.state
		frozen.delta = frozen.delta.freeze()
		s.publish(&frozen)
		s.mu.Lock()
		s.state.gen.refs++
		s.mu.Unlock()
		from = s.state
		return nil
	})
	if err != nil || from == nil {
		return err
	}
	defer s.release(from.gen)
	gen, err := s.buildFrom(ctx, from)
	if err != nil {
		s.dropUnpublished()
	} else if err = s.alone(context.WithoutCancel(ctx), func() error { return s.publishFold(gen) }); err != nil {
		s.leftovers = true
	}
	if err != nil {
		unfreeze := s.alone(context.WithoutCancel(ctx), func() error {
			thawed := *s.state
			thawed.delta = thawed.delta.unfreeze()
			s.publish(&thawed)
			return nil
		})
		return fmt.Errorf("store: fold: %w", errors.Join(err, unfreeze))
	}
	return nil
}

// buildFrom writes a state's triples as a new generation, not yet published.
func (s *Store) buildFrom(ctx context.Context, from *state) (gen *generation, err error) {
	if err := s.kv.Commit([]op{{intentKey(intentFold), []byte{formatVersion}}}); err != nil {
		return nil, err
	}
	s.lastGeneration++
	view := &View{store: s, state: from}
	graphs := append([]TermID{0}, view.Graphs()...)
	err = s.kv.Load(func(put func(op) error) error {
		b := newBuilder(s, s.lastGeneration, from.version, put)
		for _, o := range orders {
			for _, g := range graphs {
				if err := s.copyGraph(ctx, view, g, o, b); err != nil {
					return err
				}
			}
		}
		gen, err = b.finish()
		return err
	})
	return gen, err
}

func (s *Store) copyGraph(ctx context.Context, v *View, g TermID, o Order, b *builder) error {
	c := newCursor(v, g, Pattern{}, o)
	defer c.Close()
	buffer := make([]Triple, 1024)
	for {
		select {
		case <-s.closing:
			return ErrClosed
		default:
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := c.Next(buffer)
		if err != nil || n == 0 {
			return err
		}
		for _, t := range buffer[:n] {
			if err := b.add(o, g, o.arrange(t)); err != nil {
				return err
			}
		}
	}
}

// publishFold makes a folded generation the base; it runs in the committer.
func (s *Store) publishFold(gen *generation) error {
	next := *s.state
	next.gen = gen
	next.delta = next.delta.thaw()
	h := s.head(&next)
	if err := s.kv.Commit([]op{{[]byte{prefixHead}, h.encode()}}); err != nil {
		return err
	}
	s.publish(&next)
	return nil
}

// dropUnpublished deletes what a failed build left of the highest generation, unless the store is being closed; the
// next opening does it then, or when this fails. The caller holds folding.
func (s *Store) dropUnpublished() {
	s.mu.Lock()
	published, closed := s.state.gen.number, s.closed
	s.mu.Unlock()
	if s.lastGeneration == published {
		return
	}
	var dead []op
	var err error
	for _, prefix := range []byte{prefixBlock, prefixGraph} {
		if err == nil && !closed {
			err = s.kv.Scan(generationKey(prefix, s.lastGeneration), true, func(key, _ []byte) error {
				dead = append(dead, op{key: slices.Clone(key)})
				return nil
			})
		}
	}
	if err == nil && !closed {
		err = s.kv.Load(func(put func(op) error) error { return putAll(dead, put) })
	}
	s.leftovers = s.leftovers || closed || err != nil
}

// dropGeneration deletes a generation that nothing reads any more.
func (s *Store) dropGeneration(gen *generation) {
	gone := map[*slot]bool{}
	err := s.kv.Load(func(put func(op) error) error {
		for g, graph := range gen.graphs {
			for i := range graph.orders {
				list := &graph.orders[i]
				for j, first := range list.firsts {
					gone[&list.slots[j]] = true
					if err := put(op{key: blockKey(gen.number, orders[i], g, first)}); err != nil {
						return err
					}
				}
			}
			if err := put(op{key: graphKey(gen.number, g)}); err != nil {
				return err
			}
		}
		return nil
	})
	s.cache.drop(gone)
	s.folding.Lock()
	defer s.folding.Unlock()
	if err != nil {
		s.leftovers = true
	}
	if !s.leftovers && s.onlyGeneration() {
		_ = s.kv.Commit([]op{{key: intentKey(intentFold)}}) // kept by an error, it costs a scan at opening
	}
}

// onlyGeneration reports whether the published base is the only one on disk.
func (s *Store) onlyGeneration() bool {
	s.mu.Lock()
	number := s.state.gen.number
	s.mu.Unlock()
	other := errors.New("another generation")
	err := s.kv.Scan([]byte{prefixGraph}, true, func(key, _ []byte) error {
		if binary.BigEndian.Uint32(key[1:]) != number {
			return other
		}
		return nil
	})
	return err == nil
}
