package engine

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/nearest"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store"
)

// marking is the watermark of a served model: a layer over its rows. Training and maintenance see the clean rows; what is
// served and exported is each clean row with what the mark adds to it, which depends on nothing but that row, its name
// and the frozen scale. So a new version costs the rows that changed, and no error adds up.
type marking struct {
	db     *DB
	key    *watermark.GraphKey // nil when the key is not at hand: then frozen is served
	frozen *model.Embedding    // the last marked rows that were saved
	reason string              // why the key is not at hand

	latest atomic.Pointer[layered]

	mu     sync.Mutex // guards what follows, and making the next latest
	record markRecord
	stale  bool // the metadata holds a former record
	moved  int  // rows marked anew since the scale was last compared with the table's
	marker *watermark.Marker
	saved  *model.Embedding // marked, as the file holds it
}

// layered is a version of a model without and with its mark.
type layered struct{ clean, marked *model.Embedding }

// markRecord is what the store's metadata keeps of a model's mark: all that detection and re-marking need but the key.
type markRecord struct {
	Graph     watermark.UUID      `json:"graph"`
	IRI       string              `json:"iri,omitempty"`
	KeyID     string              `json:"key_id"`
	KeyName   string              `json:"key_name"`
	Time      time.Time           `json:"time"`
	Sizing    watermark.Sizing    `json:"sizing"`
	Strengths watermark.Strengths `json:"strengths"`
	Forecast  watermark.Forecast  `json:"forecast"`
	Mean      []byte              `json:"mean"`      // float32, little-endian
	Deviation []byte              `json:"deviation"` // likewise
}

// metaMark is followed by the name of a marked model.
const metaMark = "watermark:"

// mark returns the record's mark.
func (r markRecord) mark() watermark.Mark {
	return watermark.Mark{Strengths: r.Strengths, Scale: watermark.Scale{Mean: floatsOf(r.Mean), Deviation: floatsOf(r.Deviation)}}
}

func bytesOf(list []float32) []byte {
	var b []byte
	for _, x := range list {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

func floatsOf(b []byte) []float32 {
	list := make([]float32, len(b)/4)
	for i := range list {
		list[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return list
}

// markOf returns the record of a model's mark; nil when it has none.
func markOf(v *store.View, name string) (*markRecord, error) {
	text := v.Meta(metaMark + name)
	if text == nil {
		return nil, nil
	}
	var r markRecord
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("metadata of the watermark of model %s: %w", name, err)
	}
	return &r, nil
}

// markedPath returns the file of a model's marked rows, which are served when the key is not at hand.
func (db *DB) markedPath(name string) string { return db.modelPath(name) + ".marked" }

// attachMark gives a model that was just loaded the mark that the metadata tells of.
func (db *DB) attachMark(v *store.View, m *served) error {
	record, err := markOf(v, m.name)
	if record == nil || err != nil {
		return err
	}
	k := &marking{db: db, record: *record}
	m.marking = k
	key, err := db.findKey(record.KeyID)
	if err == nil {
		k.key = key.Graph(record.Graph)
		if err := k.start(m); err != nil {
			return err
		}
		if _, err := os.Stat(db.markedPath(m.name)); err == nil {
			k.saved = k.latest.Load().marked // or a little older, after a crash
		}
		return nil
	}
	k.reason = err.Error()
	if k.frozen, err = model.Load(db.markedPath(m.name)); err != nil {
		return fmt.Errorf("it is marked with key %s (%s), which is not at hand (%s), and its marked rows cannot be read: give the key: %w",
			record.KeyName, record.KeyID, k.reason, err)
	}
	db.log.Warn("a marked model serves the last rows that were marked: its key is not at hand", "model", m.name,
		"key", record.KeyName, "key ID", record.KeyID, "problem", k.reason)
	return nil
}

// findKey returns a key of the ring by its name or ID.
func (db *DB) findKey(name string) (*watermark.Key, error) {
	ring, err := db.keyRing()
	if err != nil {
		return nil, err
	}
	return ring.Find(name)
}

// keyRing returns the ring that Options name.
func (db *DB) keyRing() (*watermark.Ring, error) {
	if db.opts.Keys == nil {
		return nil, fmt.Errorf("%w: no key ring is open", watermark.ErrNoKey)
	}
	return db.opts.Keys()
}

// start marks the model as it is now.
func (k *marking) start(m *served) error {
	clean := m.clean()
	if w, _ := clean.Widths(); len(k.record.Mean) != 4*w || len(k.record.Deviation) != 4*w {
		return fmt.Errorf("its mark is for rows of %d numbers, it has %d: mark it again", len(k.record.Mean)/4, w)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	names, err := k.db.canonicalNames(clean.Vocabulary.EntityIDs())
	if err != nil {
		return err
	}
	return k.markAll(clean, names)
}

// markAll marks every row by the record. The caller holds mu.
func (k *marking) markAll(clean *model.Embedding, names []string) error {
	mark := k.record.mark()
	k.marker = mark.With(k.key)
	rows, err := mark.Apply(k.db.running, k.key, watermark.Table{Names: names, Rows: clean.EntityMatrix()}, runtime.GOMAXPROCS(0))
	if err != nil {
		return err
	}
	k.publish(clean, rows.Data)
	return nil
}

// publish makes marked rows the latest.
func (k *marking) publish(clean *model.Embedding, rows []float32) {
	marked := *clean
	marked.Entities = rows
	k.latest.Store(&layered{clean, &marked})
}

// canonicalNames returns the names under which rows of terms are marked.
func (db *DB) canonicalNames(ids []store.TermID) ([]string, error) {
	v, err := db.store.View()
	if err != nil {
		return nil, err
	}
	defer v.Close()
	return canonicalNamesIn(v, ids)
}

func canonicalNamesIn(v *store.View, ids []store.TermID) ([]string, error) {
	names := make([]string, len(ids))
	for i, id := range ids {
		t, err := v.Term(id)
		if err != nil {
			return nil, err
		}
		names[i] = watermark.CanonicalName(t)
	}
	return names, nil
}

// of returns a version of the model with its mark. An older version than the latest gets the latest.
func (k *marking) of(m *served, clean *model.Embedding) *model.Embedding {
	if k.frozen != nil {
		return k.frozen
	}
	if p := k.latest.Load(); p.clean == clean {
		return p.marked
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	p := k.latest.Load()
	if p.clean == clean || clean.Metadata.DataVersion < p.clean.Metadata.DataVersion {
		return p.marked
	}
	if err := k.renew(m, p, clean); err != nil {
		k.db.log.Warn("a marked model stays at its last version", "model", m.name, "problem", err)
	}
	return k.latest.Load().marked
}

// renew marks the rows in which a version differs from the latest.
func (k *marking) renew(m *served, p *layered, clean *model.Embedding) error {
	if len(clean.Entities) == len(p.clean.Entities) && len(clean.Entities) > 0 && &clean.Entities[0] == &p.clean.Entities[0] {
		k.publish(clean, p.marked.Entities) // a version without a change of rows
		return nil
	}
	changed := k.changed(m, p.clean, clean)
	if k.moved += len(changed); k.moved >= clean.Vocabulary.Entities() {
		k.moved = 0
		if done, err := k.rescale(clean); done || err != nil {
			return err
		}
	}
	ids := make([]store.TermID, len(changed))
	for i, row := range changed {
		ids[i] = clean.Vocabulary.EntityID(row)
	}
	names, err := k.db.canonicalNames(ids)
	if err != nil {
		return err
	}
	width, _ := clean.Widths()
	rows := make([]float32, len(clean.Entities))
	copy(rows, p.marked.Entities)
	out := vec.MatrixOf(rows, clean.Vocabulary.Entities(), width)
	for i, row := range changed {
		k.marker.Add(names[i], clean.Entity(row), out.Row(int(row)))
	}
	k.publish(clean, rows)
	return nil
}

// mostDrift is the distance between the frozen scale and the table's beyond which a new one is taken: it costs about as
// much of z.
const mostDrift = 0.05

// rescale freezes the scale anew where the table has moved away from it, and marks all rows. It is tried once as many rows
// were marked as there are, so it does not add to what a changed row costs. Detection needs no scale but the copy's own.
func (k *marking) rescale(clean *model.Embedding) (done bool, err error) {
	table := watermark.Table{Rows: clean.EntityMatrix()}
	scale := table.Scale()
	if k.record.mark().Distance(scale) <= mostDrift {
		return false, nil
	}
	if table.Names, err = k.db.canonicalNames(clean.Vocabulary.EntityIDs()); err != nil {
		return false, err
	}
	r := k.record
	if r.Strengths, r.Forecast, err = r.Sizing.Strength(table, scale); err != nil {
		return false, err
	}
	r.Mean, r.Deviation = bytesOf(scale.Mean), bytesOf(scale.Deviation)
	k.record, k.stale = r, true
	return true, k.markAll(clean, table.Names)
}

// changed returns the rows of a later version that differ from a former one or are new, ascending.
func (k *marking) changed(m *served, from, to *model.Embedding) []uint32 {
	var rows []uint32
	known := false
	if m.keeper != nil {
		rows, known = m.keeper.follower.Changed(from.Metadata.DataVersion, to.Metadata.DataVersion)
	}
	if !known {
		rows = nearest.Differences(from.EntityMatrix(), to.EntityMatrix(), runtime.GOMAXPROCS(0))
	}
	for row := from.Vocabulary.Entities(); row < to.Vocabulary.Entities(); row++ {
		rows = append(rows, uint32(row))
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}

// save keeps the marked rows for a time without the key; nothing when they are kept already.
func (k *marking) save(m *served) error {
	if k.key == nil {
		return nil
	}
	marked := k.of(m, m.clean())
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.saved == marked {
		return nil
	}
	if err := marked.Save(k.db.markedPath(m.name)); err != nil {
		return fmt.Errorf("engine: saving the marked rows of model %s: %w", m.name, err)
	}
	k.saved = marked
	if !k.stale {
		return nil
	}
	record, err := json.Marshal(k.record)
	if err != nil {
		return err
	}
	_, err = k.db.store.Update(context.Background(), "watermark", func(tx *store.Tx) error { return tx.SetMeta(metaMark+m.name, record) })
	k.stale = err != nil
	if err != nil {
		return fmt.Errorf("engine: saving the watermark of model %s: %w", m.name, err)
	}
	return nil
}

// WatermarkInfo is what a model's card says of its mark.
type WatermarkInfo struct {
	Graph    watermark.UUID      `json:"graph"`
	Key      string              `json:"key"`
	KeyID    string              `json:"key_id"`
	Marked   time.Time           `json:"marked"`
	Strength watermark.Strengths `json:"strength"`
	Expected watermark.Forecast  `json:"expected"` // when it was marked
	// Frozen says why the rows served are the last that were marked, not those of the present: the key is not at hand.
	Frozen string `json:"frozen,omitempty"`
}

// info describes the mark.
func (k *marking) info() *WatermarkInfo {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	r := k.record
	info := &WatermarkInfo{Graph: r.Graph, Key: r.KeyName, KeyID: r.KeyID, Marked: r.Time, Strength: r.Strengths, Expected: r.Forecast}
	if k.frozen != nil {
		info.Frozen = fmt.Sprintf("key %s (%s) is not at hand (%s): the rows served are those marked last, of version %d",
			r.KeyName, r.KeyID, k.reason, k.frozen.Metadata.DataVersion)
	}
	return info
}
