package maintain

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
)

// The journal's parts; FORMAT.md describes them. A new layout takes a new version, and tags are not reused.
const (
	journalMagic   = "INKDELTA"
	journalVersion = 2
	journalHeader  = len(journalMagic) + 4
	recordHead     = 4 + 8 // tag, payload length
	recordTail     = 4     // CRC-32C of head and payload

	tagBase  = "BASE"
	tagState = "STAT"
	tagStep  = "STEP"
	tagDelta = "DELT" // of version 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ErrJournal is returned for a journal that another program or a later Inkling wrote.
var ErrJournal = errors.New("not a journal of this program")

// base is what maintenance keeps of the trained model, and its counters when the journal began.
type base struct {
	Training string        // names the training, so that a journal never meets another model
	Version  store.Version // of the checkpoint that the journal continues
	Typical  float32       // mean score of the sample when trained
	Scale    float64       // root mean square of the entity table when trained
	Entities int           // rows when trained
	Triples  int           // trained on
	Sample   []store.Triple
	Losses   []float64 // of each of Sample when trained
	Low      float32   // mean score of random triples when trained
	Probes   []probe
	// Ceilings are four times the largest number of an entity's and of a relation's row when trained.
	Ceilings [2]float32
	// Sharpness is what scores are multiplied by for a softmax of them; 0 counts as 1.
	Sharpness float32
	Changes   int64
	Stale     string
	Stage     stage  // of the commit after the checkpoint's version
	Tables    uint32 // checksum of the checkpoint that the journal continues
}

// stage is how far a large commit has been applied: all that comes before the part, and in a bulk import all triples
// before From.
type stage struct {
	Part uint32
	From store.Triple
}

// before reports whether a commit's stage comes before another.
func (s stage) before(other stage) bool { return s.Part < other.Part }

// record is one durable step of a model.
type record struct {
	version     store.Version
	stage       stage // of the commit after version
	changes     int64
	stale       string
	calibration *model.Calibration // nil when it has not changed
	delta
}

// empty reports whether a record changes no table.
func (d delta) empty() bool { return len(d.rows)+len(d.entities)+len(d.relations) == 0 }

// journal is an append-only file of records beside a checkpoint.
type journal struct {
	path     string
	file     *os.File
	size     int64
	unsynced bool
}

// createJournal replaces the file at path by a journal that holds only b and a solver's state: the old one or the whole
// new one is there after a crash.
func createJournal(path string, b base, state []byte, unsynced bool) (*journal, error) {
	payload, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("maintain: journal: %w", err)
	}
	content := binary.LittleEndian.AppendUint32([]byte(journalMagic), journalVersion)
	content = appendFrame(content, tagBase, payload)
	if len(state) > 0 {
		content = appendFrame(content, tagState, state)
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmp*")
	if err != nil {
		return nil, fmt.Errorf("maintain: journal: %w", err)
	}
	_, err = f.Write(content)
	if err == nil && !unsynced {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil && !unsynced {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		f.Close()
		os.Remove(f.Name())
		return nil, fmt.Errorf("maintain: journal: %w", err)
	}
	return &journal{path: path, file: f, size: int64(len(content)), unsynced: unsynced}, nil
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// opened is what openJournal found in a file.
type opened struct {
	*journal
	base    base
	state   []byte // of a solver, when the journal began; nil for none
	records []record
	old     bool // of an earlier version of the format, to which nothing may be appended
}

// openJournal returns the journal at path and what is in it. A record cut short or damaged ends it: it and
// what follows is cut off. It returns fs.ErrNotExist when there is no file or not even a whole base in it.
func openJournal(path string, widths [2]int, unsynced bool) (opened, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return opened{}, fmt.Errorf("maintain: journal: %w", err)
	}
	o := opened{journal: &journal{path: path, file: f, unsynced: unsynced}}
	if err := o.read(widths); err != nil {
		f.Close()
		return opened{}, fmt.Errorf("maintain: journal %s: %w", path, err)
	}
	return o, nil
}

// read reads the file and cuts off what is damaged.
func (o *opened) read(widths [2]int) error {
	content, err := io.ReadAll(o.file)
	if err != nil {
		return err
	}
	if len(content) >= journalHeader {
		version := binary.LittleEndian.Uint32(content[len(journalMagic):])
		if string(content[:len(journalMagic)]) != journalMagic || version < 1 || version > journalVersion {
			return ErrJournal
		}
		o.old = version < journalVersion
	}
	payloads, size := readFrames(content)
	if len(payloads) == 0 || payloads[0].tag != tagBase || json.Unmarshal(payloads[0].payload, &o.base) != nil {
		return fmt.Errorf("it has no base: %w", fs.ErrNotExist)
	}
	payloads = payloads[1:]
	if len(payloads) > 0 && payloads[0].tag == tagState {
		o.state, payloads = payloads[0].payload, payloads[1:]
	}
	for _, p := range payloads {
		r, ok := decodeRecord(p.tag, p.payload, widths)
		if !ok {
			size = p.offset
			break
		}
		o.records = append(o.records, r)
	}
	o.size = size
	return o.file.Truncate(size)
}

// rename gives the journal another name, which replaces what has it: one of the two is there after a crash.
func (j *journal) rename(path string) error {
	if err := os.Rename(j.path, path); err != nil {
		return fmt.Errorf("maintain: journal: %w", err)
	}
	j.path = path
	if j.unsynced {
		return nil
	}
	return syncFolder(filepath.Dir(path))
}

// append writes records, framed, and, unless told otherwise, syncs them: they are durable when append returns. After an
// error the file is as before.
func (j *journal) append(frames []byte) error {
	_, err := j.file.WriteAt(frames, j.size)
	if err == nil && !j.unsynced {
		err = j.file.Sync()
	}
	if err != nil {
		j.file.Truncate(j.size)
		return fmt.Errorf("maintain: journal: %w", err)
	}
	j.size += int64(len(frames))
	return nil
}

func (j *journal) close() error { return j.file.Close() }

// frame is a record as it stands in the file.
type frame struct {
	tag     string
	payload []byte
	offset  int64
}

func appendFrame(dst []byte, tag string, payload []byte) []byte {
	start := len(dst)
	dst = binary.LittleEndian.AppendUint64(append(dst, tag...), uint64(len(payload)))
	dst = append(dst, payload...)
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

// readFrames returns the whole, undamaged frames after the header and where they end.
func readFrames(content []byte) (frames []frame, end int64) {
	at := journalHeader
	for at+recordHead <= len(content) {
		head := content[at:]
		n := binary.LittleEndian.Uint64(head[4:])
		if n > uint64(len(head)-recordHead) || len(head)-recordHead-int(n) < recordTail {
			break
		}
		body := head[:recordHead+int(n)]
		if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(head[len(body):]) {
			break
		}
		frames = append(frames, frame{string(head[:4]), body[recordHead:], int64(at)})
		at += len(body) + recordTail
	}
	return frames, int64(at)
}

func encodeRecord(r record) []byte {
	le := binary.LittleEndian
	b := le.AppendUint64(nil, uint64(r.version))
	b = le.AppendUint32(b, r.stage.Part)
	for _, id := range []store.TermID{r.stage.From.S, r.stage.From.P, r.stage.From.O} {
		b = le.AppendUint64(b, uint64(id))
	}
	b = le.AppendUint64(b, uint64(r.changes))
	b = append(le.AppendUint32(b, uint32(len(r.stale))), r.stale...)
	b = appendCalibration(b, r.calibration)
	for _, ids := range [][]store.TermID{r.entities, r.relations} {
		b = le.AppendUint32(b, uint32(len(ids)))
		for _, id := range ids {
			b = le.AppendUint64(b, uint64(id))
		}
	}
	b = le.AppendUint32(b, uint32(len(r.rows)))
	for i, k := range r.rows {
		kind := byte(0)
		if k.relation {
			kind = 1
		}
		b = le.AppendUint32(append(b, kind), k.row)
		for _, v := range r.values[i] {
			b = le.AppendUint32(b, math.Float32bits(v))
		}
	}
	return b
}

// appendCalibration appends whether there is a calibration, and the two numbers of it that maintenance moves.
func appendCalibration(b []byte, c *model.Calibration) []byte {
	if c == nil {
		return append(b, 0)
	}
	b = append(b, 1)
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(c.Slope))
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(c.Intercept))
}

// decodeRecord reads a record; widths are those of an entity row and a relation row. It reports false for bytes that
// are none.
func decodeRecord(tag string, b []byte, widths [2]int) (record, bool) {
	if tag != tagStep && tag != tagDelta {
		return record{}, false
	}
	d := decoder{rest: b}
	r := record{version: store.Version(d.uint64())}
	if tag == tagStep {
		r.stage.Part = d.uint32()
		r.stage.From = store.Triple{S: store.TermID(d.uint64()), P: store.TermID(d.uint64()), O: store.TermID(d.uint64())}
	}
	r.changes = int64(d.uint64())
	r.stale = string(d.take(int(d.uint32())))
	if tag == tagStep {
		r.calibration = d.calibration()
	}
	for _, ids := range []*[]store.TermID{&r.entities, &r.relations} {
		for range d.count(8) {
			*ids = append(*ids, store.TermID(d.uint64()))
		}
	}
	for range d.count(5) {
		kind := d.take(1)
		k := rowKey{row: d.uint32()}
		k.relation = !d.failed && kind[0] == 1
		width := widths[0]
		if k.relation {
			width = widths[1]
		}
		raw := d.take(4 * width)
		if d.failed {
			break
		}
		values := make([]float32, width)
		for i := range values {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		r.rows, r.values = append(r.rows, k), append(r.values, values)
	}
	return r, !d.failed && len(d.rest) == 0
}

// decoder reads from bytes and remembers whether they ran out.
type decoder struct {
	rest   []byte
	failed bool
}

// take returns the next n bytes, n zeros when there are not as many.
func (d *decoder) take(n int) []byte {
	if n < 0 || n > len(d.rest) {
		d.failed, d.rest = true, nil
		return make([]byte, 8)[:min(max(n, 0), 8)]
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

// calibration returns what appendCalibration wrote, nil for none.
func (d *decoder) calibration() *model.Calibration {
	switch present := d.take(1); {
	case d.failed || present[0] > 1:
		d.failed = true
		return nil
	case present[0] == 0:
		return nil
	}
	return &model.Calibration{Slope: math.Float64frombits(d.uint64()), Intercept: math.Float64frombits(d.uint64())}
}

func (d *decoder) uint32() uint32 { return binary.LittleEndian.Uint32(d.take(4)) }
func (d *decoder) uint64() uint64 { return binary.LittleEndian.Uint64(d.take(8)) }

// count returns a length field, 0 and failure when so many items of at least size bytes cannot follow.
func (d *decoder) count(size int) int {
	n := int(d.uint32())
	if n > len(d.rest)/size {
		d.failed = true
		return 0
	}
	return n
}
