package store

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// spilledRun is sorted rows on disk, one file for each order: blocks with graph, first tuple and length before.
type spilledRun [len(orders)]string

const spillHeader = 8 + 24 + 4

// writeRun sorts rows in each order and writes them. rows are permuted.
func (m *Import) writeRun(name string, rows []quad) (run spilledRun, err error) {
	if len(m.spare) < len(rows) {
		m.spare = make([]quad, max(len(rows), min(m.limit, 2*len(rows))))
	}
	other := m.spare
	for i, o := range orders {
		sorted := sortQuads(rows, other)
		if &sorted[0] != &rows[0] {
			rows, other = other[:len(rows)], rows
		}
		run[i] = name + "-" + o.String()
		if err := writeSpill(run[i], sorted); err != nil {
			return run, fmt.Errorf("store: import: spill: %w", err)
		}
		turn(rows)
	}
	return run, nil
}

func writeSpill(path string, sorted []quad) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 1<<20)
	var tuples []tuple
	var buffer []byte
	for i := 0; i < len(sorted); {
		g := sorted[i].g
		tuples = tuples[:0]
		for ; i < len(sorted) && len(tuples) < blockSize && sorted[i].g == g; i++ {
			if n := len(tuples); n == 0 || tuples[n-1] != sorted[i].t {
				tuples = append(tuples, sorted[i].t)
			}
		}
		buffer = binary.BigEndian.AppendUint64(buffer[:0], uint64(g))
		for _, id := range tuples[0] {
			buffer = binary.BigEndian.AppendUint64(buffer, uint64(id))
		}
		buffer = append(buffer, 0, 0, 0, 0)
		buffer = appendBlock(buffer, tuples)
		binary.BigEndian.PutUint32(buffer[spillHeader-4:], uint32(len(buffer)-spillHeader))
		if _, err := out.Write(buffer); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(out.Flush(), f.Close())
}

// quadSource gives quads of one order, ascending; ok is false at the end.
type quadSource interface {
	next() (q quad, ok bool, err error)
}

// sliceSource gives sorted rows.
type sliceSource struct {
	rows []quad
	at   int
}

func (s *sliceSource) next() (quad, bool, error) {
	if s.at == len(s.rows) {
		return quad{}, false, nil
	}
	s.at++
	return s.rows[s.at-1], true, nil
}

// spillSource reads a spilled run.
type spillSource struct {
	file   *os.File
	in     *bufio.Reader
	graph  TermID
	tuples [blockSize]tuple
	n, at  int
	packed []byte
}

func openSpill(path string) (*spillSource, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("store: import: %w", err)
	}
	return &spillSource{file: f, in: bufio.NewReaderSize(f, 256<<10)}, nil
}

func (s *spillSource) next() (quad, bool, error) {
	if s.at == s.n {
		more, err := s.load()
		if err != nil {
			return quad{}, false, fmt.Errorf("store: import: read spilled run: %w", err)
		}
		if !more {
			return quad{}, false, nil
		}
	}
	s.at++
	return quad{s.graph, s.tuples[s.at-1]}, true, nil
}

func (s *spillSource) load() (more bool, err error) {
	var header [spillHeader]byte
	if _, err := io.ReadFull(s.in, header[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		return false, err
	}
	s.graph = TermID(binary.BigEndian.Uint64(header[:]))
	var first tuple
	for i := range first {
		first[i] = TermID(binary.BigEndian.Uint64(header[8+8*i:]))
	}
	length := int(binary.BigEndian.Uint32(header[spillHeader-4:]))
	if cap(s.packed) < length {
		s.packed = make([]byte, length)
	}
	s.packed = s.packed[:length]
	if _, err := io.ReadFull(s.in, s.packed); err != nil {
		return false, err
	}
	s.at = 0
	s.n, err = decodeBlock(s.packed, first, tuple{maxID, maxID, maxID}, &s.tuples)
	return true, err
}

// stateSource gives all quads of a state.
type stateSource struct {
	view   *View
	order  Order
	graphs []TermID // still to come
	graph  TermID
	cursor *Cursor
	buffer []Triple
	n, at  int
}

func newStateSource(v *View, o Order) *stateSource {
	return &stateSource{view: v, order: o, graphs: append([]TermID{0}, v.Graphs()...), buffer: make([]Triple, 1024)}
}

func (s *stateSource) next() (quad, bool, error) {
	for s.at == s.n {
		if s.cursor == nil {
			if len(s.graphs) == 0 {
				return quad{}, false, nil
			}
			s.graph, s.graphs = s.graphs[0], s.graphs[1:]
			s.cursor = newCursor(s.view, s.graph, Pattern{}, s.order)
		}
		var err error
		s.at = 0
		if s.n, err = s.cursor.Next(s.buffer); err != nil {
			return quad{}, false, err
		}
		if s.n == 0 {
			s.cursor.Close()
			s.cursor = nil
		}
	}
	s.at++
	return quad{s.graph, s.order.arrange(s.buffer[s.at-1])}, true, nil
}

// merger gives the distinct quads of several sources, ascending.
type merger struct {
	heads   []mergeHead // a heap, least first
	last    quad
	started bool
}

type mergeHead struct {
	quad
	source quadSource
}

func newMerger(sources []quadSource) (*merger, error) {
	m := &merger{}
	for _, s := range sources {
		q, ok, err := s.next()
		if err != nil {
			return nil, err
		}
		if ok {
			m.heads = append(m.heads, mergeHead{q, s})
		}
	}
	for i := len(m.heads)/2 - 1; i >= 0; i-- {
		m.sink(i)
	}
	return m, nil
}

func (m *merger) sink(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(m.heads); child++ {
			if m.heads[child].compare(m.heads[least].quad) < 0 {
				least = child
			}
		}
		if least == i {
			return
		}
		m.heads[i], m.heads[least] = m.heads[least], m.heads[i]
		i = least
	}
}

func (m *merger) next() (quad, bool, error) {
	for len(m.heads) > 0 {
		q := m.heads[0].quad
		following, ok, err := m.heads[0].source.next()
		if err != nil {
			return quad{}, false, err
		}
		if ok {
			m.heads[0].quad = following
		} else {
			last := len(m.heads) - 1
			m.heads[0] = m.heads[last]
			m.heads = m.heads[:last]
		}
		m.sink(0)
		if !m.started || q != m.last {
			m.started, m.last = true, q
			return q, true, nil
		}
	}
	return quad{}, false, nil
}
