package store

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"math"
	"os"

	"github.com/inklingdb/inkling/store/rdf"
)

// termTable gives terms of an import their numbers: a term the dictionary has keeps its own, others get
// provisional ones from first on, in the order in which they come. The table holds 96 bits of hash under
// seeds of its own instead of terms: two of 100 million terms collide with a chance of 10⁻¹³.
type termTable struct {
	dictionary *dictionary
	first      uint32 // number of the first new term
	count      uint32 // new terms
	seeds      [2]maphash.Seed
	entries    []termEntry // open addressing, a power of two
	used       int
	last       [4]rdf.Term // of the row before, by position
	lastID     [4]TermID
	spool      spool
	buffer     []byte
}

type termEntry struct {
	hash   uint64
	hash2  uint32
	number uint32 // 0: free
}

func newTermTable(d *dictionary, first uint32, dir string) (*termTable, error) {
	t := &termTable{dictionary: d, first: first, entries: make([]termEntry, 1<<16)}
	t.seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}
	if dir == "" {
		return t, nil
	}
	f, err := os.CreateTemp(dir, "terms-")
	if err != nil {
		return nil, fmt.Errorf("store: import: %w", err)
	}
	t.spool.file = f
	t.spool.out = bufio.NewWriterSize(f, 1<<20)
	return t, nil
}

// row returns a quad's identifiers, with provisional ones for new terms.
func (t *termTable) row(q *rdf.Quad) (quad, error) {
	var ids [4]TermID
	for i, term := range [4]*rdf.Term{&q.G, &q.S, &q.P, &q.O} {
		if i == 0 && term.Kind == rdf.None {
			continue
		}
		if *term == t.last[i] {
			ids[i] = t.lastID[i]
			continue
		}
		id, err := t.id(*term)
		if err != nil {
			return quad{}, err
		}
		ids[i], t.last[i], t.lastID[i] = id, *term, id
	}
	triple := Triple{S: ids[1], P: ids[2], O: ids[3]}
	if !triple.allowed() || ids[0] != 0 && !ids[0].IsNode() {
		return quad{}, fmt.Errorf("store: import: %v: %w", *q, ErrTerm)
	}
	return quad{ids[0], SPO.arrange(triple)}, nil
}

func (t *termTable) id(term rdf.Term) (TermID, error) {
	if term.Kind == rdf.Literal {
		if id, ok := inlineID(term); ok {
			return id, nil
		}
		term = canonical(term)
	}
	k := dictionaryKind(term)
	if k == KindNone {
		return 0, fmt.Errorf("store: import: no term: %w", ErrTerm)
	}
	h := maphash.String(t.seeds[0], term.Value) + uint64(k)*0x9e3779b97f4a7c15
	h2 := maphash.String(t.seeds[1], term.Value)
	if k >= KindLang {
		h ^= maphash.String(t.seeds[1], term.Lang+"@"+term.Datatype)
		h2 += maphash.String(t.seeds[0], term.Datatype+"@"+term.Lang)
	}
	mask := uint64(len(t.entries) - 1)
	at := h & mask
	for ; t.entries[at].number != 0; at = (at + 1) & mask {
		if t.entries[at].hash == h && t.entries[at].hash2 == uint32(h2) {
			return makeID(k, uint64(t.entries[at].number)), nil
		}
	}
	number, err := t.add(k, term)
	if err != nil {
		return 0, err
	}
	t.entries[at] = termEntry{hash: h, hash2: uint32(h2), number: number}
	if t.used++; t.used*4 > len(t.entries)*3 {
		t.double()
	}
	return makeID(k, uint64(number)), nil
}

// add finds or makes the number of a term that the table does not have.
func (t *termTable) add(k Kind, term rdf.Term) (uint32, error) {
	if t.first > 1 {
		n, err := t.dictionary.lookup(term, t.first)
		if n != 0 || err != nil {
			return n, err
		}
	}
	t.buffer = appendTerm(t.buffer[:0], k, term)
	if len(t.buffer) > maxTermBytes {
		return 0, fmt.Errorf("store: import: a term of %d bytes, at most %d: %w", len(t.buffer), maxTermBytes, ErrTerm)
	}
	n := uint64(t.first) + uint64(t.count)
	if n >= math.MaxUint32 {
		return 0, errors.New("store: import: all 2^32 numbers are given out")
	}
	t.count++
	return uint32(n), t.spool.add(k, t.buffer)
}

func (t *termTable) double() {
	old := t.entries
	t.entries = make([]termEntry, 2*len(old))
	mask := uint64(len(t.entries) - 1)
	for _, e := range old {
		if e.number == 0 {
			continue
		}
		at := e.hash & mask
		for t.entries[at].number != 0 {
			at = (at + 1) & mask
		}
		t.entries[at] = e
	}
}

// forget frees the table: no more rows will come.
func (t *termTable) forget() { t.entries = nil }

func (t *termTable) close() { t.spool.close() }

// spool keeps encoded terms in the order of their numbers, on disk or in memory.
type spool struct {
	file   *os.File // nil: in memory
	out    *bufio.Writer
	memory []byte
}

func (s *spool) add(k Kind, payload []byte) error {
	var header [1 + binary.MaxVarintLen64]byte
	header[0] = byte(k)
	n := 1 + binary.PutUvarint(header[1:], uint64(len(payload)))
	if s.file == nil {
		s.memory = append(append(s.memory, header[:n]...), payload...)
		return nil
	}
	if _, err := s.out.Write(header[:n]); err != nil {
		return fmt.Errorf("store: import: %w", err)
	}
	if _, err := s.out.Write(payload); err != nil {
		return fmt.Errorf("store: import: %w", err)
	}
	return nil
}

// each calls fn with all terms in order; the payload is valid during the call.
func (s *spool) each(fn func(k Kind, payload []byte) error) error {
	var in *bufio.Reader
	if s.file == nil {
		in = bufio.NewReader(bytes.NewReader(s.memory))
	} else {
		if err := s.out.Flush(); err != nil {
			return fmt.Errorf("store: import: %w", err)
		}
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("store: import: %w", err)
		}
		in = bufio.NewReaderSize(s.file, 1<<20)
	}
	var payload []byte
	for {
		k, err := in.ReadByte()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var length uint64
		if err == nil {
			length, err = binary.ReadUvarint(in)
		}
		if err == nil {
			if uint64(cap(payload)) < length {
				payload = make([]byte, length)
			}
			payload = payload[:length]
			_, err = io.ReadFull(in, payload)
		}
		if err != nil {
			return fmt.Errorf("store: import: read spooled terms: %w", err)
		}
		if err := fn(Kind(k), payload); err != nil {
			return err
		}
	}
}

func (s *spool) close() {
	if s.file != nil {
		_ = s.file.Close() // a scratch file
	}
	s.memory = nil
}
