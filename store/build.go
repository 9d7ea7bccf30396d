package store

import (
	"encoding/binary"
	"fmt"
)

// builder writes a new generation: for each order, graph after graph, tuples ascending.
type builder struct {
	put    func(op) error
	gen    *generation
	order  Order
	graph  TermID
	list   *blockList
	full   []tuple // at most blockSize tuples, not yet written
	count  int64   // tuples of this graph and order
	filled bool    // a graph is begun
}

func newBuilder(s *Store, number uint32, version Version, put func(op) error) *builder {
	return &builder{put: put, full: make([]tuple, 0, blockSize), gen: &generation{number: number, version: version,
		graphs: map[TermID]*baseGraph{}, kv: s.kv, cache: s.cache}}
}

// add takes the next tuple of an order.
func (b *builder) add(o Order, g TermID, t tuple) error {
	if !b.filled || o != b.order || g != b.graph {
		if err := b.endGraph(); err != nil {
			return err
		}
		graph := b.gen.graphs[g]
		if graph == nil {
			graph = &baseGraph{}
			b.gen.graphs[g] = graph
		}
		b.order, b.graph, b.list, b.filled, b.count = o, g, &graph.orders[o-1], true, 0
	}
	if len(b.full) == blockSize {
		if err := b.flush(); err != nil {
			return err
		}
	}
	b.full = append(b.full, t)
	b.count++
	return nil
}

func (b *builder) flush() error {
	if len(b.full) == 0 {
		return nil
	}
	value := seal(appendBlock(make([]byte, 0, 4*len(b.full)+64), b.full))
	b.list.firsts = append(b.list.firsts, b.full[0])
	key := blockKey(b.gen.number, b.order, b.graph, b.full[0])
	b.full = b.full[:0]
	return b.put(op{key, value})
}

// endGraph writes the last block of a graph in an order, and its count once for all orders.
func (b *builder) endGraph() error {
	if !b.filled {
		return nil
	}
	if err := b.flush(); err != nil {
		return err
	}
	b.filled = false
	graph := b.gen.graphs[b.graph]
	if b.order != SPO {
		if graph.count != b.count {
			return fmt.Errorf("store: build generation %d: graph %x has %d triples in %v, %d in SPO: %w",
				b.gen.number, uint64(b.graph), b.count, b.order, graph.count, ErrCorrupt)
		}
		return nil
	}
	graph.count = b.count
	b.gen.triples += b.count
	return b.put(op{graphKey(b.gen.number, b.graph), binary.AppendUvarint(nil, uint64(b.count))})
}

// finish ends the last graph and returns the generation, ready to be read once put is durable.
func (b *builder) finish() (*generation, error) {
	if err := b.endGraph(); err != nil {
		return nil, err
	}
	return b.gen, b.gen.finish()
}
