package store

import (
	"encoding/binary"
	"fmt"
	"sort"
	"sync"
)

// generation is one published base: for each graph its triples in each order, in packed blocks.
// The sparse index lies in memory, the blocks on disk and in the cache.
type generation struct {
	number  uint32
	version Version // the base holds all commits up to this one
	graphs  map[TermID]*baseGraph
	triples int64
	kv      kv
	cache   *cache
	refs    int // views and the state that use it; guarded by Store.mu
}

type baseGraph struct {
	count  int64
	orders [len(orders)]blockList
}

// blockList is the blocks of one graph in one order: the first tuple of each, and where it is cached.
type blockList struct {
	firsts []tuple
	slots  []slot
}

// openGeneration reads the sparse index of a base.
func openGeneration(k kv, c *cache, number uint32, version Version) (*generation, error) {
	gen := &generation{number: number, version: version, graphs: map[TermID]*baseGraph{}, kv: k, cache: c}
	if number == 0 {
		return gen, nil
	}
	err := k.Scan(generationKey(prefixGraph, number), false, func(key, value []byte) error {
		n, size := binary.Uvarint(value)
		if len(key) != 13 || size <= 0 {
			return fmt.Errorf("store: graph key %x: %w", key, ErrCorrupt)
		}
		gen.graphs[TermID(binary.BigEndian.Uint64(key[5:]))] = &baseGraph{count: int64(n)}
		gen.triples += int64(n)
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = k.Scan(generationKey(prefixBlock, number), true, func(key, _ []byte) error {
		o, g, first, err := parseBlockKey(key)
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		graph := gen.graphs[g]
		if graph == nil {
			return fmt.Errorf("store: block key %x of a graph without count: %w", key, ErrCorrupt)
		}
		list := &graph.orders[o-1]
		list.firsts = append(list.firsts, first)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return gen, gen.finish()
}

// finish makes the slots, and checks that each order has the blocks its graph's count asks for.
func (gen *generation) finish() error {
	for g, graph := range gen.graphs {
		for i := range graph.orders {
			list := &graph.orders[i]
			if want := (graph.count + blockSize - 1) / blockSize; int64(len(list.firsts)) != want {
				return fmt.Errorf("store: generation %d, graph %x, order %v: %d blocks, not %d: %w",
					gen.number, uint64(g), orders[i], len(list.firsts), want, ErrCorrupt)
			}
			list.slots = make([]slot, len(list.firsts))
		}
	}
	return nil
}

// block returns the encoded block at an index.
func (gen *generation) block(o Order, g TermID, list *blockList, index int) ([]byte, error) {
	s := &list.slots[index]
	if c := s.get(); c != nil {
		return c.packed, nil
	}
	key := blockKey(gen.number, o, g, list.firsts[index])
	value, err := getCopy(gen.kv, key)
	if err != nil {
		return nil, err
	}
	packed, err := unseal(value)
	if err != nil {
		return nil, fmt.Errorf("store: block %x: %w", key, err)
	}
	gen.cache.fill(s, &cached{packed: packed, sizeBytes: int64(len(packed)) + 64})
	return packed, nil
}

// find returns the index of the block that a tuple would be in, -1 when it sorts before all.
func (l *blockList) find(t tuple) int {
	low, high := 0, len(l.firsts)
	for low < high {
		middle := int(uint(low+high) >> 1)
		if t.less(l.firsts[middle]) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low - 1
}

// has reports whether the base holds a triple.
func (gen *generation) has(g TermID, t Triple) (bool, error) {
	graph := gen.graphs[g]
	if graph == nil {
		return false, nil
	}
	list, want := &graph.orders[SPO-1], SPO.arrange(t)
	index := list.find(want)
	if index < 0 {
		return false, nil
	}
	packed, err := gen.block(SPO, g, list, index)
	if err != nil {
		return false, err
	}
	found, err := blockHas(packed, list.firsts[index], want)
	if err != nil {
		return false, fmt.Errorf("store: generation %d, graph %x, SPO, block %d: %w", gen.number, uint64(g), index, err)
	}
	return found, nil
}

// rank returns how many tuples of a graph sort before t.
func (gen *generation) rank(o Order, g TermID, t tuple) (int64, error) {
	graph := gen.graphs[g]
	if graph == nil {
		return 0, nil
	}
	list := &graph.orders[o-1]
	index := list.find(t)
	if index < 0 {
		return 0, nil
	}
	var c baseCursor
	c.open(gen, o, g, tuple{maxID, maxID, maxID})
	defer c.close()
	if err := c.load(index); err != nil {
		return 0, err
	}
	within := sort.Search(c.n, func(i int) bool { return !c.buffer[i].less(t) })
	return int64(index)*blockSize + int64(within), nil
}

// count returns how many tuples lie in a span, both ends included.
func (gen *generation) count(o Order, g TermID, low, high tuple) (int64, error) {
	from, err := gen.rank(o, g, low)
	if err != nil {
		return 0, err
	}
	if high == (tuple{maxID, maxID, maxID}) {
		if graph := gen.graphs[g]; graph != nil {
			return graph.count - from, nil
		}
		return 0, nil
	}
	to, err := gen.rank(o, g, high) // no triple has maxID in it, so high itself is never stored unless full
	if err != nil {
		return 0, err
	}
	if high[2] != maxID {
		found, err := gen.has(g, o.triple(high))
		if err != nil {
			return 0, err
		}
		if found {
			to++
		}
	}
	return to - from, nil
}

// baseCursor walks one graph's tuples in one order, a decoded block at a time.
type baseCursor struct {
	gen    *generation
	order  Order
	graph  TermID
	list   *blockList
	index  int   // of the block in buffer
	last   tuple // the walk need not go further
	n, at  int   // tuples in buffer; the next to give
	buffer *[blockSize]tuple
}

// buffers holds decoded blocks of cursors that were closed.
var buffers = sync.Pool{New: func() any { return new([blockSize]tuple) }}

func (c *baseCursor) open(gen *generation, o Order, g TermID, last tuple) {
	c.gen, c.order, c.graph, c.last, c.n, c.at, c.index = gen, o, g, last, 0, 0, -1
	c.buffer = buffers.Get().(*[blockSize]tuple)
	c.list = &blockList{}
	if graph := gen.graphs[g]; graph != nil {
		c.list = &graph.orders[o-1]
	}
}

// close gives the buffer back.
func (c *baseCursor) close() {
	if c.buffer != nil {
		buffers.Put(c.buffer)
		c.buffer, c.n, c.at = nil, 0, 0
	}
}

func (c *baseCursor) load(index int) error {
	packed, err := c.gen.block(c.order, c.graph, c.list, index)
	if err != nil {
		return err
	}
	n, err := decodeBlock(packed, c.list.firsts[index], c.last, c.buffer)
	if err != nil {
		return fmt.Errorf("store: generation %d, graph %x, %v, block %d: %w",
			c.gen.number, uint64(c.graph), c.order, index, err)
	}
	c.index, c.n, c.at = index, n, 0
	return nil
}

// seek moves forward to the first tuple not before t.
func (c *baseCursor) seek(t tuple) error {
	if c.at < c.n && !c.buffer[c.at].less(t) {
		return nil
	}
	if c.at >= c.n || c.buffer[c.n-1].less(t) {
		index := max(c.list.find(t), 0)
		if index > c.index {
			if index >= len(c.list.firsts) {
				return nil
			}
			if err := c.load(index); err != nil {
				return err
			}
		}
	}
	rest := c.buffer[c.at:c.n]
	c.at += sort.Search(len(rest), func(i int) bool { return !rest[i].less(t) })
	return nil
}

// fill makes sure that buffer[at:n] is not empty, unless the walk is over.
func (c *baseCursor) fill() error {
	if c.at < c.n || c.index+1 >= len(c.list.firsts) {
		return nil
	}
	return c.load(c.index + 1)
}
