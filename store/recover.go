package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
)

// cleanLeftovers removes what a crash left of writes of many parts: keys that the head does not refer to.
func cleanLeftovers(k kv, h head) error {
	var intents []op
	var dictionary bool
	err := k.Scan([]byte{prefixIntent}, true, func(key, _ []byte) error {
		intents = append(intents, op{key: slices.Clone(key)})
		dictionary = dictionary || string(key[1:]) != intentFold
		return nil
	})
	if err != nil || len(intents) == 0 {
		return err
	}
	var dead []op
	for _, prefix := range []byte{prefixBlock, prefixGraph} {
		err := k.Scan([]byte{prefix}, true, func(key, _ []byte) error {
			if binary.BigEndian.Uint32(key[1:]) != h.generation {
				dead = append(dead, op{key: slices.Clone(key)})
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if dictionary {
		if dead, err = deadTerms(k, h, dead); err != nil {
			return err
		}
	}
	err = k.Load(func(put func(op) error) error { return putAll(dead, put) })
	if err != nil {
		return err
	}
	return k.Commit(intents)
}

func putAll(ops []op, put func(op) error) error {
	for _, o := range ops {
		if err := put(o); err != nil {
			return err
		}
	}
	return nil
}

// deadTerms appends what removes dictionary and log entries beyond the head.
func deadTerms(k kv, h head, dead []op) ([]op, error) {
	err := k.Scan([]byte{prefixTerm}, false, func(key, value []byte) error {
		if binary.BigEndian.Uint32(value) >= h.next {
			dead = append(dead, op{key: slices.Clone(key)})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = k.Scan([]byte{prefixHashed}, false, func(key, value []byte) error {
		kept, before := make([]byte, 0, len(value)), len(value)
		for ; len(value) >= 4; value = value[4:] {
			if binary.BigEndian.Uint32(value) < h.next {
				kept = append(kept, value[:4]...)
			}
		}
		if len(kept) == before {
			return nil
		}
		if len(kept) == 0 {
			kept = nil
		}
		dead = append(dead, op{slices.Clone(key), kept})
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = k.Scan([]byte{prefixRun}, true, func(key, _ []byte) error {
		if run := binary.BigEndian.Uint32(key[1:]); run < h.runsFrom || run > h.runsTo {
			dead = append(dead, op{key: slices.Clone(key)})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	tail := blockOf(h.next)*termsPerBlock + 1
	for _, from := range [][]byte{singleKey(h.next), termsKey(blockOf(tail)), logKey(h.version+1, 0)} {
		err := k.Scan(from[:1], true, func(key, _ []byte) error {
			if bytes.Compare(key, from) >= 0 {
				dead = append(dead, op{key: slices.Clone(key)})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return dead, nil
}

// replay brings a freshly loaded base up to a version by the log, and the indexes with it: one that is
// behind the base is rebuilt, others see each commit.
func (s *Store) replay(last Version) error {
	ctx := context.Background()
	behind := map[Indexer]bool{} // follow from the base on, once their version is reached
	for _, x := range s.options.Indexes {
		behind[x] = x.Version() > 0 && x.Version() >= s.state.version && x.Version() <= last
	}
	var waiting []Change // not yet pushed: many commits make one run when nobody must see them apart
	for v := s.state.version + 1; v <= last; v++ {
		c, err := readCommit(s.kv, v)
		if err != nil {
			return err
		}
		if c.Bulk {
			return fmt.Errorf("store: log of version %d: a bulk import above the base of version %d: %w",
				v, s.state.gen.version, ErrCorrupt)
		}
		s.state.version, s.state.time = v, c.Time
		if len(c.Changes) > 0 {
			s.state.changed = v
		}
		waiting = append(waiting, c.Changes...)
		seen := false
		for x := range behind {
			seen = seen || behind[x] && x.Version() < v
		}
		if !seen && v < last && len(waiting) < 1<<16 {
			continue
		}
		s.state.delta = s.state.delta.push(newRun(netChanges(waiting)))
		waiting = waiting[:0]
		for x, follows := range behind {
			if follows && x.Version() < v {
				behind[x] = x.Apply(ctx, c, &View{store: s, state: s.state}) == nil
			}
		}
	}
	for _, x := range s.options.Indexes {
		if !behind[x] {
			if err := x.Rebuild(ctx, &View{store: s, state: s.state}); err != nil {
				return fmt.Errorf("store: rebuild index %s: %w", x.Name(), err)
			}
		}
		s.state.indexes[x.Name()] = x.Snapshot()
	}
	return nil
}

// netChanges returns what a sequence of real changes amounts to.
func netChanges(changes []Change) []Change {
	net := make(map[placed]bool, len(changes))
	for _, c := range changes {
		toggle(net, placed{c.Graph, c.Triple}, c.Removed)
	}
	return changeList(net)
}

// applyIndexes brings the indexes to a commit's state and records their snapshots in it. An index that
// fails is rebuilt; one that cannot be is left out, so that readers fall back to scans.
func (s *Store) applyIndexes(c Commit, st *state) {
	if len(s.options.Indexes) == 0 {
		return
	}
	ctx := context.Background()
	st.indexes = make(map[string]any, len(s.options.Indexes))
	v := &View{store: s, state: st}
	defer v.Close()
	for _, x := range s.options.Indexes {
		var err error
		if c.Bulk || x.Version()+1 != c.Version {
			err = x.Rebuild(ctx, v)
		} else if err = x.Apply(ctx, c, v); err != nil {
			err = x.Rebuild(ctx, v)
		}
		if err == nil {
			st.indexes[x.Name()] = x.Snapshot()
		}
	}
}
