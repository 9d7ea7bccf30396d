package model

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/inklingdb/inkling/store"
)

// The checkpoint file's parts; FORMAT.md describes them. A new layout takes a new version, and tags are not reused.
const (
	checkpointMagic   = "INKEMBED"
	checkpointVersion = 1
	headerBytes       = len(checkpointMagic) + 4
	sectionHead       = 4 + 8 // tag, payload length
	sectionTail       = 4     // CRC-32C of head and payload
)

// Section tags, in file order.
const (
	tagDescription = "DESC"
	tagEntityIDs   = "EIDS"
	tagRelationIDs = "RIDS"
	tagEntities    = "ENTS"
	tagRelations   = "RELS"
	tagTiming      = "TIME"
	tagEnd         = "END."
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// description is the DESC section's JSON.
type description struct {
	Family      string
	Dim         int
	Reciprocal  bool
	Entities    int
	Relations   int // of the vocabulary; twice as many rows when reciprocal
	Calibration Calibration
	Metadata    Metadata
}

// Save writes the embedding to a file: first to a temporary one beside it, synced, then renamed over path, so
// that path holds either the old bytes or all of the new ones.
func (e *Embedding) Save(path string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmp*")
	if err != nil {
		return fmt.Errorf("model: save %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
			err = fmt.Errorf("model: save %s: %w", path, err)
		}
	}()
	if err = e.writeAndSync(f); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func (e *Embedding) writeAndSync(f *os.File) error {
	_, err := e.WriteTo(f)
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}

// syncFolder makes a rename in the folder durable.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// WriteTo writes the checkpoint and returns the bytes written. The same embedding gives the same bytes.
func (e *Embedding) WriteTo(w io.Writer) (int64, error) {
	if err := e.Check(); err != nil {
		return 0, err
	}
	about, err := json.Marshal(description{
		Family: e.Family.Name, Dim: e.Dim, Reciprocal: e.Reciprocal,
		Entities: e.Vocabulary.Entities(), Relations: e.Vocabulary.Relations(),
		Calibration: e.Calibration, Metadata: e.Metadata,
	})
	if err != nil {
		return 0, fmt.Errorf("model: checkpoint: %w", err)
	}
	timing, err := json.Marshal(e.Timing)
	if err != nil {
		return 0, fmt.Errorf("model: checkpoint: %w", err)
	}
	s := newSectionWriter(w)
	s.write([]byte(checkpointMagic))
	s.write(binary.LittleEndian.AppendUint32(nil, checkpointVersion))
	s.bytes(tagDescription, about)
	s.ids(tagEntityIDs, e.Vocabulary.EntityIDs())
	s.ids(tagRelationIDs, e.Vocabulary.RelationIDs())
	s.floats(tagEntities, e.Entities)
	s.floats(tagRelations, e.Relations)
	s.bytes(tagTiming, timing)
	s.bytes(tagEnd, nil)
	return s.finish()
}

// sectionWriter writes sections and remembers the first error.
type sectionWriter struct {
	w       *bufio.Writer
	written int64
	sum     uint32
	err     error
}

func newSectionWriter(w io.Writer) *sectionWriter {
	return &sectionWriter{w: bufio.NewWriterSize(w, 1<<18)}
}

func (s *sectionWriter) write(p []byte) {
	if s.err != nil {
		return
	}
	n, err := s.w.Write(p)
	s.written += int64(n)
	s.sum = crc32.Update(s.sum, castagnoli, p)
	s.err = err
}

func (s *sectionWriter) begin(tag string, length int) {
	s.sum = 0
	s.write(binary.LittleEndian.AppendUint64([]byte(tag), uint64(length)))
}

func (s *sectionWriter) end() {
	s.write(binary.LittleEndian.AppendUint32(nil, s.sum))
}

func (s *sectionWriter) bytes(tag string, payload []byte) {
	s.begin(tag, len(payload))
	s.write(payload)
	s.end()
}

func (s *sectionWriter) ids(tag string, ids []store.TermID) {
	s.begin(tag, 8*len(ids))
	var word [8]byte
	for _, id := range ids {
		binary.LittleEndian.PutUint64(word[:], uint64(id))
		s.write(word[:])
	}
	s.end()
}

func (s *sectionWriter) floats(tag string, values []float32) {
	s.begin(tag, 4*len(values))
	buffer := make([]byte, 0, 1<<14)
	for len(values) > 0 {
		n := min(len(values), cap(buffer)/4)
		for _, v := range values[:n] {
			buffer = binary.LittleEndian.AppendUint32(buffer, math.Float32bits(v))
		}
		s.write(buffer)
		buffer, values = buffer[:0], values[n:]
	}
	s.end()
}

func (s *sectionWriter) finish() (int64, error) {
	if s.err == nil {
		s.err = s.w.Flush()
	}
	if s.err != nil {
		return s.written, fmt.Errorf("model: checkpoint: %w", s.err)
	}
	return s.written, nil
}
