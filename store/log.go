package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"
)

// chunkBytes is the most that one key of the log holds; larger commits have several.
const chunkBytes = 256 << 10

const (
	logFormat    = 1
	flagBulk     = 1 << 0
	levelGraph   = 3 // a change in another graph than the one before
	removedShift = 2
	levelBits    = 3
)

// encodeCommit returns a commit's log record. Changes must be sorted by graph, subject, predicate, object.
func encodeCommit(c Commit) []byte {
	b := []byte{logFormat, 0}
	if c.Bulk {
		b[1] |= flagBulk
	}
	b = binary.AppendUvarint(b, uint64(c.Version))
	b = binary.LittleEndian.AppendUint64(b, uint64(c.Time.UnixNano()))
	b = binary.AppendUvarint(b, uint64(len(c.Source)))
	b = append(b, c.Source...)
	b = binary.AppendUvarint(b, uint64(len(c.Changes)))
	var graph TermID
	var last tuple
	for _, change := range c.Changes {
		var removed uint64
		if change.Removed {
			removed = 1 << removedShift
		}
		t := SPO.arrange(change.Triple)
		switch {
		case change.Graph != graph:
			b = binary.AppendUvarint(b, removed|levelGraph)
			b = binary.AppendUvarint(b, rotate(change.Graph))
			for _, id := range t {
				b = binary.AppendUvarint(b, rotate(id))
			}
		case t[0] != last[0]:
			b = binary.AppendUvarint(b, uint64(t[0]-last[0])<<levelBits|removed|2)
			b = binary.AppendUvarint(b, rotate(t[1]))
			b = binary.AppendUvarint(b, rotate(t[2]))
		case t[1] != last[1]:
			b = binary.AppendUvarint(b, uint64(t[1]-last[1])<<levelBits|removed|1)
			b = binary.AppendUvarint(b, rotate(t[2]))
		default:
			b = binary.AppendUvarint(b, uint64(t[2]-last[2])<<levelBits|removed)
		}
		graph, last = change.Graph, t
	}
	return b
}

// logReader takes fields off a record; after an error all further fields are zero.
type logReader struct {
	data []byte
	bad  bool
}

func (r *logReader) uvarint() uint64 {
	x, n := binary.Uvarint(r.data)
	if n <= 0 {
		r.bad, r.data = true, nil
		return 0
	}
	r.data = r.data[n:]
	return x
}

func (r *logReader) bytes(n uint64) []byte {
	if n > uint64(len(r.data)) {
		r.bad, r.data = true, nil
		return nil
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

// decodeCommit is the inverse of encodeCommit.
func decodeCommit(data []byte) (Commit, error) {
	r := &logReader{data: data}
	start := r.bytes(2)
	if r.bad || start[0] != logFormat {
		return Commit{}, fmt.Errorf("log record header: %w", ErrCorrupt)
	}
	c := Commit{Bulk: start[1]&flagBulk != 0, Version: Version(r.uvarint())}
	if at := r.bytes(8); at != nil {
		c.Time = time.Unix(0, int64(binary.LittleEndian.Uint64(at))).UTC()
	}
	c.Source = string(r.bytes(r.uvarint()))
	count := r.uvarint()
	if count > uint64(len(r.data)) {
		return Commit{}, fmt.Errorf("log record of %d changes: %w", count, ErrCorrupt)
	}
	if count > 0 {
		c.Changes = make([]Change, 0, count)
	}
	var graph TermID
	var t tuple
	for range count {
		tag := r.uvarint()
		delta := TermID(tag >> levelBits)
		switch tag & 3 {
		case 0:
			t[2] += delta
		case 1:
			t[1] += delta
			t[2] = unrotate(r.uvarint())
		case 2:
			t[0] += delta
			t[1], t[2] = unrotate(r.uvarint()), unrotate(r.uvarint())
		case levelGraph:
			graph = unrotate(r.uvarint())
			t[0], t[1], t[2] = unrotate(r.uvarint()), unrotate(r.uvarint()), unrotate(r.uvarint())
		}
		c.Changes = append(c.Changes, Change{Graph: graph, Triple: SPO.triple(t), Removed: tag>>removedShift&1 == 1})
	}
	if r.bad || len(r.data) != 0 {
		return Commit{}, fmt.Errorf("log record of version %d: %w", c.Version, ErrCorrupt)
	}
	return c, nil
}

// logOps appends a commit's record as chunks: each holds the number of chunks, then its part.
func logOps(out []op, c Commit) []op {
	record := encodeCommit(c)
	count := (len(record) + chunkBytes - 1) / chunkBytes
	for i, part := range slices.Collect(slices.Chunk(record, chunkBytes)) {
		value := binary.LittleEndian.AppendUint32(nil, uint32(count))
		out = append(out, op{logKey(c.Version, uint32(i)), seal(append(value, part...))})
	}
	return out
}

// readCommit reads one version of the log.
func readCommit(k kv, v Version) (Commit, error) {
	var record []byte
	for i, count := uint32(0), uint32(1); i < count; i++ {
		value, err := getCopy(k, logKey(v, i))
		if err != nil {
			return Commit{}, err
		}
		part, err := unseal(value)
		if err == nil && len(part) < 4 {
			err = ErrCorrupt
		}
		if err != nil {
			return Commit{}, fmt.Errorf("store: log of version %d, chunk %d: %w", v, i, err)
		}
		count = binary.LittleEndian.Uint32(part)
		record = append(record, part[4:]...)
	}
	c, err := decodeCommit(record)
	if err == nil && c.Version != v {
		err = fmt.Errorf("holds version %d: %w", c.Version, ErrCorrupt)
	}
	if err != nil {
		return Commit{}, fmt.Errorf("store: log of version %d: %w", v, err)
	}
	return c, nil
}

// Changes calls fn with each commit after a version, in order, up to the latest when it is called.
func (s *Store) Changes(ctx context.Context, after Version, fn func(Commit) error) error {
	v, err := s.View()
	if err != nil {
		return err
	}
	last := v.Version()
	v.Close()
	for version := after + 1; version <= last; version++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		c, err := readCommit(s.kv, version)
		if err != nil {
			return err
		}
		if err := fn(c); err != nil {
			return err
		}
	}
	return nil
}

// Wait returns nil as soon as a version later than after is visible.
func (s *Store) Wait(ctx context.Context, after Version) error {
	for {
		s.mu.Lock()
		version, next, closed := s.state.version, s.state.next, s.closed
		s.mu.Unlock()
		if version > after {
			return nil
		}
		if closed {
			return fmt.Errorf("store: wait: %w", ErrClosed)
		}
		select {
		case <-next:
		case <-s.closing:
			return fmt.Errorf("store: wait: %w", ErrClosed)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Follow applies every commit to a follower, from its version on, until ctx ends or the follower fails.
// Commits are visible before it sees them.
func (s *Store) Follow(ctx context.Context, f Follower) error {
	for {
		if err := s.Changes(ctx, f.Version(), func(c Commit) error { return f.Apply(ctx, c) }); err != nil {
			return err
		}
		if err := s.Wait(ctx, f.Version()); err != nil {
			return err
		}
	}
}
