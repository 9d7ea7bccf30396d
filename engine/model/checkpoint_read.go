package model

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"

	"github.com/inklingdb/inkling/store"
)

// ErrCorrupt is returned for a checkpoint that is not one, is cut short or fails its checksum.
var ErrCorrupt = errors.New("broken checkpoint")

// ErrVersion is returned for a checkpoint written by a later Inkling.
var ErrVersion = errors.New("unknown checkpoint version")

// Load reads a checkpoint file. A broken one gives an error that names the file, the byte offset and the reason.
func Load(path string) (*Embedding, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("model: load: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("model: load: %w", err)
	}
	return Read(f, info.Size(), path)
}

// Read reads a checkpoint of size bytes; name stands in errors for the file. It allocates no more than a few
// times size, whatever the bytes say.
func Read(r io.Reader, size int64, name string) (*Embedding, error) {
	s := &sectionReader{r: r, name: name, left: size}
	s.header()
	about := s.bytes(tagDescription)
	entityIDs := s.ids(tagEntityIDs)
	relationIDs := s.ids(tagRelationIDs)
	entities := s.floats(tagEntities)
	relations := s.floats(tagRelations)
	timing := s.bytes(tagTiming)
	s.bytes(tagEnd)
	if s.err == nil && s.left != 0 {
		s.fail(s.at, "%d bytes after the end", s.left)
	}
	if s.err != nil {
		return nil, s.err
	}
	e, err := assemble(about, timing, entityIDs, relationIDs)
	if err != nil {
		return nil, fmt.Errorf("model: checkpoint %s: %w: %w", name, ErrCorrupt, err)
	}
	e.Entities, e.Relations = entities, relations
	if err := e.Check(); err != nil {
		return nil, fmt.Errorf("model: checkpoint %s: %w: %w", name, ErrCorrupt, err)
	}
	return e, nil
}

// assemble builds the embedding, without its tables, from the sections that describe it.
func assemble(about, timing []byte, entityIDs, relationIDs []store.TermID) (*Embedding, error) {
	var d description
	if err := json.Unmarshal(about, &d); err != nil {
		return nil, err
	}
	e := &Embedding{Calibration: d.Calibration, Metadata: d.Metadata}
	if err := json.Unmarshal(timing, &e.Timing); err != nil {
		return nil, err
	}
	if d.Dim < 1 || d.Dim > 1<<20 {
		return nil, fmt.Errorf("dimension %d", d.Dim)
	}
	if d.Entities != len(entityIDs) || d.Relations != len(relationIDs) {
		return nil, fmt.Errorf("%d entities and %d relations described, %d and %d listed",
			d.Entities, d.Relations, len(entityIDs), len(relationIDs))
	}
	family, err := FamilyByName(d.Family)
	if err != nil {
		return nil, err
	}
	vocabulary, err := NewVocabulary(entityIDs, relationIDs)
	if err != nil {
		return nil, err
	}
	if err := d.Calibration.check(d.Relations); err != nil {
		return nil, err
	}
	e.Family, e.Dim, e.Reciprocal, e.Vocabulary = family, d.Dim, d.Reciprocal, vocabulary
	return e, nil
}

// sectionReader reads sections and remembers the first error; after it, everything read is empty.
type sectionReader struct {
	r    io.Reader
	name string
	at   int64 // bytes read
	left int64 // bytes not yet read
	err  error
}

func (s *sectionReader) fail(at int64, format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("model: checkpoint %s at byte %d: %w: %s", s.name, at, ErrCorrupt, fmt.Sprintf(format, args...))
	}
}

// take returns the next n bytes, nil after an error.
func (s *sectionReader) take(n int64, what string) []byte {
	if s.err != nil {
		return nil
	}
	if n > s.left {
		s.fail(s.at, "%s needs %d bytes, %d are left", what, n, s.left)
		return nil
	}
	p := make([]byte, n)
	if _, err := io.ReadFull(s.r, p); err != nil {
		s.fail(s.at, "%s: %v", what, err)
		return nil
	}
	s.at += n
	s.left -= n
	return p
}

func (s *sectionReader) header() {
	p := s.take(int64(headerBytes), "the header")
	if p == nil {
		return
	}
	if string(p[:len(checkpointMagic)]) != checkpointMagic {
		s.fail(0, "it does not begin with %s", checkpointMagic)
		return
	}
	if v := binary.LittleEndian.Uint32(p[len(checkpointMagic):]); v != checkpointVersion {
		s.err = fmt.Errorf("model: checkpoint %s: %w %d (this program reads %d)", s.name, ErrVersion, v, checkpointVersion)
	}
}

// bytes returns the payload of the next section, which must have the given tag and a right checksum.
func (s *sectionReader) bytes(tag string) []byte {
	begin := s.at
	head := s.take(int64(sectionHead), "the head of section "+tag)
	if head == nil {
		return nil
	}
	if string(head[:4]) != tag {
		s.fail(begin, "section %q where %s belongs", head[:4], tag)
		return nil
	}
	length := binary.LittleEndian.Uint64(head[4:])
	if length > uint64(s.left) {
		s.fail(begin, "section %s claims %d bytes, %d are left", tag, length, s.left)
		return nil
	}
	payload := s.take(int64(length), "section "+tag)
	tail := s.take(sectionTail, "the checksum of section "+tag)
	if tail == nil {
		return nil
	}
	sum := crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, payload)
	if sum != binary.LittleEndian.Uint32(tail) {
		s.fail(begin, "section %s of %d bytes fails its checksum", tag, length)
		return nil
	}
	return payload
}

func (s *sectionReader) ids(tag string) []store.TermID {
	p := s.whole(tag, 8)
	ids := make([]store.TermID, len(p)/8)
	for i := range ids {
		ids[i] = store.TermID(binary.LittleEndian.Uint64(p[8*i:]))
	}
	return ids
}

func (s *sectionReader) floats(tag string) []float32 {
	p := s.whole(tag, 4)
	values := make([]float32, len(p)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(p[4*i:]))
	}
	return values
}

// whole is bytes for a section that holds values of a fixed width.
func (s *sectionReader) whole(tag string, width int) []byte {
	begin := s.at
	p := s.bytes(tag)
	if len(p)%width != 0 {
		s.fail(begin, "section %s has %d bytes, not a multiple of %d", tag, len(p), width)
		return nil
	}
	return p
}
