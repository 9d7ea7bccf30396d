package store

import (
	"sync"
	"sync/atomic"

	"github.com/inklingdb/inkling/store/rdf"
)

// slot is where one block's decoded or raw form is found while it is cached. Reading it takes no lock.
type slot struct{ cached atomic.Pointer[cached] }

// cached is an immutable block in memory: packed triples or 64 terms.
type cached struct {
	packed    []byte
	terms     []rdf.Term
	sizeBytes int64
	touched   atomic.Bool // since the cache last looked
}

// cache bounds the memory of all slots: second chance, in the order in which they were filled.
type cache struct {
	mu         sync.Mutex
	limitBytes int64
	usedBytes  int64
	queue      []*slot // a ring would save the copy in trim; blocks are filled rarely
	head       int
}

func newCache(limitBytes int64) *cache { return &cache{limitBytes: limitBytes} }

// get returns what a slot holds, or nil.
func (s *slot) get() *cached {
	c := s.cached.Load()
	if c != nil && !c.touched.Load() {
		c.touched.Store(true)
	}
	return c
}

// fill puts a value in a slot and evicts others until the bound holds.
func (c *cache) fill(s *slot, value *cached) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !s.cached.CompareAndSwap(nil, value) {
		return // another reader was faster
	}
	c.queue = append(c.queue, s)
	c.usedBytes += value.sizeBytes
	for c.usedBytes > c.limitBytes && c.head < len(c.queue) {
		victim := c.queue[c.head]
		c.queue[c.head] = nil
		c.head++
		old := victim.cached.Load()
		if old == nil {
			continue
		}
		if old.touched.CompareAndSwap(true, false) && len(c.queue)-c.head > 0 {
			c.queue = append(c.queue, victim)
			continue
		}
		victim.cached.Store(nil)
		c.usedBytes -= old.sizeBytes
	}
	if c.head > len(c.queue)/2 {
		n := copy(c.queue, c.queue[c.head:])
		clear(c.queue[n:])
		c.queue, c.head = c.queue[:n], 0
	}
}

// drop forgets slots whose blocks are gone from disk.
func (c *cache) drop(gone map[*slot]bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := make([]*slot, 0, len(c.queue)-c.head)
	for _, s := range c.queue[c.head:] {
		if !gone[s] {
			kept = append(kept, s)
		} else if old := s.cached.Swap(nil); old != nil {
			c.usedBytes -= old.sizeBytes
		}
	}
	c.queue, c.head = kept, 0
}
