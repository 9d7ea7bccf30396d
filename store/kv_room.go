package store

import (
	"fmt"
	"sync/atomic"
)

const (
	// memTableBytes is Badger's memtable as configured (its default): what may still have to be written out.
	memTableBytes = 64 << 20
	// spareBytes stays free for what removes things, for the log's head and for the file system itself.
	spareBytes = 4 << 20
	// loadCheckBytes is how much of a Load passes between two looks at the disk.
	loadCheckBytes = 1 << 20
	// opOverheadBytes is what Badger adds to a key and value: entry header, checksum, index.
	opOverheadBytes = 40
)

// roomKV refuses what the disk may not have room for. Badger writes through memory maps of sparse files, and a map
// that cannot grow kills the process (SIGBUS) where a plain write would return an error: so the store looks first.
// Commit refused with ErrDiskFull did nothing.
type roomKV struct {
	kv
	dir     string
	free    func(dir string) (bytes int64, ok bool) // ok is false where nobody can tell
	written atomic.Int64                            // since opening: bounds what the memtable holds
}

func newRoomKV(k kv, dir string) *roomKV { return &roomKV{kv: k, dir: dir, free: freeBytes} }

// Commit looks for room unless every op is a removal, which makes room.
func (r *roomKV) Commit(ops []op) error {
	var size int64
	grows := false
	for _, o := range ops {
		size += opBytes(o)
		grows = grows || o.value != nil
	}
	if grows {
		if err := r.reserve(size); err != nil {
			return err
		}
	}
	return r.kv.Commit(ops)
}

// Load looks for room once a megabyte.
func (r *roomKV) Load(fill func(put func(op) error) error) error {
	return r.kv.Load(func(put func(op) error) error {
		var size int64
		return fill(func(o op) error {
			size += opBytes(o)
			if size >= loadCheckBytes && o.value != nil {
				if err := r.reserve(size); err != nil {
					return err
				}
				size = 0
			}
			return put(o)
		})
	})
}

// reserve reports ErrDiskFull unless there is room for size more bytes: once in the write-ahead file and once in the
// table that it is flushed to, beside what waits to be flushed.
func (r *roomKV) reserve(size int64) error {
	free, ok := r.free(r.dir)
	if !ok {
		return nil
	}
	waiting := min(r.written.Load()+size, memTableBytes)
	if need := 2*size + 2*waiting + spareBytes; free < need {
		return fmt.Errorf("%w: %s has %.1f MB free and %.1f MB may be needed; make room and try again",
			ErrDiskFull, r.dir, float64(free)/1e6, float64(need)/1e6)
	}
	r.written.Add(size)
	return nil
}

func opBytes(o op) int64 { return int64(len(o.key)+len(o.value)) + opOverheadBytes }
