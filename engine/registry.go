package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/udf"
)

// published is one immutable version of a model.
type published struct {
	embedding *model.Embedding
	functions *udf.Model // the same as functions see it
}

// served is a model by name.
type served struct {
	name    string
	graph   rdf.Term
	id      store.TermID     // of graph
	fixed   *model.Embedding // what an unmaintained database serves
	keeper  *keeper          // nil in an unmaintained database
	marking *marking         // nil without a watermark
	latest  atomic.Pointer[published]
	finder  finder
}

// registry holds the models by name.
type registry struct {
	mu       sync.RWMutex
	byName   map[string]*served
	standard string          // the default model's name, "" for none
	training map[string]bool // names being trained
	changed  chan struct{}   // closed when models come, go or change places; nil when nobody waits
}

// entry is what the store's metadata says of a model.
type entry struct {
	File  string    `json:"file"`
	Added time.Time `json:"added"`
	// New is the file that held the checkpoint when the entry was committed together with the model's triples. It takes the
	// place of File afterwards: while it is there, File is a former model's, or not there.
	New string `json:"new,omitempty"`
}

const (
	metaModel    = "model:" // followed by the model's name
	metaStandard = "default-model"
	modelsDir    = "models"
)

// edition is all models as they were at one moment.
type edition struct {
	byName   map[string]*published
	standard string
}

// edition returns the current version of every model.
func (r *registry) edition() edition {
	r.mu.RLock()
	defer r.mu.RUnlock()
	e := edition{byName: make(map[string]*published, len(r.byName)), standard: r.standard}
	for name, m := range r.byName {
		e.byName[name] = m.current()
	}
	return e
}

// find returns a model, nil when there was none; "" asks for the default one.
func (e edition) find(name string) *published {
	if name == "" {
		name = e.standard
	}
	return e.byName[name]
}

func (r *registry) find(name string) (*served, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if name == "" {
		if r.standard == "" {
			return nil, fmt.Errorf("%w: train one first (inkling train)", ErrNoModel)
		}
		name = r.standard
	}
	if m := r.byName[name]; m != nil {
		return m, nil
	}
	unknown := &udf.UnknownError{What: "model", Name: name, Nearest: udf.Nearest(name, func(yield func(string) bool) {
		for known := range r.byName {
			if !yield(known) {
				return
			}
		}
	})}
	if len(unknown.Nearest) == 0 {
		unknown.Nearest = slices.Sorted(maps.Keys(r.byName))
	}
	return nil, fmt.Errorf("%w: %w", ErrUnknownModel, unknown)
}

// all returns the models by name.
func (r *registry) all() []*served {
	r.mu.RLock()
	defer r.mu.RUnlock()
	list := make([]*served, 0, len(r.byName))
	for _, name := range slices.Sorted(maps.Keys(r.byName)) {
		list = append(list, r.byName[name])
	}
	return list
}

// put adds or replaces a model; the first one becomes the default.
func (r *registry) put(m *served) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byName == nil {
		r.byName = map[string]*served{}
	}
	r.byName[m.name] = m
	if r.standard == "" {
		r.standard = m.name
	}
	r.announce()
}

// change returns a channel that is closed at the next change of which models there are.
func (r *registry) change() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.changed == nil {
		r.changed = make(chan struct{})
	}
	return r.changed
}

// announce wakes those that wait for a change; the caller holds the lock.
func (r *registry) announce() {
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}

// setStandard makes a model the default unless it was removed meanwhile.
func (r *registry) setStandard(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byName[name] != nil {
		r.standard = name
		r.announce()
	}
}

// remove takes a model out; another one becomes the default when it was that. It returns the new default's name.
func (r *registry) remove(name string) (standard string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byName, name)
	if r.standard == name {
		r.standard = ""
		for _, other := range slices.Sorted(maps.Keys(r.byName)) {
			r.standard = other
			break
		}
	}
	r.announce()
	return r.standard
}

// embedding returns the current version of a model, with its watermark if it has one.
func (m *served) embedding() *model.Embedding {
	if m.marking != nil {
		return m.marking.of(m, m.clean())
	}
	return m.clean()
}

// clean returns the current version of a model without a watermark: what is trained, maintained and saved.
func (m *served) clean() *model.Embedding {
	if m.keeper != nil {
		return m.keeper.follower.Embedding()
	}
	return m.fixed
}

// current returns the current version of a model with what functions need of it.
func (m *served) current() *published {
	e := m.embedding()
	if p := m.latest.Load(); p != nil && p.embedding == e {
		return p
	}
	p := &published{embedding: e, functions: &udf.Model{
		Name: m.name, Version: e.Metadata.DataVersion, Graph: m.id, Threshold: e.Calibration.Threshold, Thresholds: e.Calibration.Thresholds,
		Vocabulary: e.Vocabulary, Scorer: scorer{e, m},
	}}
	m.latest.Store(p)
	return p
}

// loadModels opens the checkpoints that the metadata names, and removes those that a crash left half written.
func (db *DB) loadModels() error {
	halves, err := fs.Glob(os.DirFS(db.modelsDir), "*.inkmodel*.tmp*")
	for _, name := range halves {
		err = errors.Join(err, os.Remove(filepath.Join(db.modelsDir, name)))
	}
	if err != nil {
		db.log.Warn("removing half-written checkpoints", "problem", err)
	}
	v, err := db.store.View()
	if err != nil {
		return err
	}
	defer v.Close()
	var coming []string
	for _, key := range v.MetaNames() {
		name, ok := strings.CutPrefix(key, metaModel)
		if !ok {
			continue
		}
		var e entry
		if err := json.Unmarshal(v.Meta(key), &e); err != nil {
			return fmt.Errorf("metadata of model %s: %w", name, err)
		}
		coming = append(coming, e.New)
		err := db.takeUp(name, e)
		if err == nil {
			err = db.loadModel(v, name)
		}
		if err != nil {
			db.log.Warn("a model is left out; train it again", "model", name, "problem", err)
		}
	}
	if err := db.dropUncommitted(coming); err != nil {
		db.log.Warn("removing checkpoints that were not committed", "problem", err)
	}
	if standard := string(v.Meta(metaStandard)); standard != "" {
		if _, err := db.models.find(standard); err == nil {
			db.models.standard = standard
		}
	}
	return nil
}

func (db *DB) loadModel(v *store.View, name string) error {
	embedding, err := model.Load(db.modelPath(name))
	if err != nil {
		return err
	}
	m := &served{name: name, fixed: embedding}
	if embedding.Metadata.Graph != "" {
		m.graph = rdf.NewIRI(embedding.Metadata.Graph)
	}
	if m.id, err = graphID(v, m.graph); err != nil {
		return err
	}
	if err := db.keep(m); err != nil {
		return err
	}
	if seen := m.clean().Metadata.DataVersion; seen > v.Version() {
		db.release(m)
		return fmt.Errorf("it has seen version %d, the database is at %d", seen, v.Version())
	}
	if err := db.attachMark(v, m); err != nil {
		db.release(m)
		return err
	}
	db.prepare(m)
	db.models.put(m)
	return nil
}

// graphID returns the identifier of a graph; 0 for the default graph.
func graphID(v *store.View, g rdf.Term) (store.TermID, error) {
	if g.Kind == rdf.None {
		return 0, nil
	}
	id, known, err := v.ID(g)
	if err == nil && !known {
		err = fmt.Errorf("%w: the database has no graph <%s>", ErrBadInput, g.Value)
	}
	return id, err
}

// serve begins to maintain and to mark a model that was committed, and makes it known.
func (db *DB) serve(m *served, mark *marking) error {
	if err := db.keep(m); err != nil {
		return err
	}
	if err := db.putMark(m, mark); err != nil {
		return err
	}
	db.prepare(m)
	db.models.put(m)
	return nil
}

// addModel saves a trained model, makes it known and starts to maintain it. The one it replaces goes on answering
// until then.
func (db *DB) addModel(ctx context.Context, m *served) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx) // half of what follows would leave the name to a model that no longer follows
	old, err := db.models.find(m.name)
	if err == nil {
		db.release(old) // it shares the checkpoint's file
	}
	if err := db.save(m, db.modelPath(m.name)); err != nil {
		return errors.Join(err, db.keepOn(old))
	}
	value, err := json.Marshal(entry{File: fileOf(m.name), Added: time.Now().UTC()})
	if err != nil {
		return err
	}
	v, err := db.store.View()
	if err != nil {
		return err
	}
	mark, record, err := db.successorMark(v, m)
	v.Close()
	if err != nil {
		return err
	}
	first := len(db.models.all()) == 0
	_, err = db.store.Update(ctx, "train:"+m.name, func(tx *store.Tx) error {
		if first {
			if err := tx.SetMeta(metaStandard, []byte(m.name)); err != nil {
				return err
			}
		}
		if err := tx.SetMeta(metaMark+m.name, record); err != nil {
			return err
		}
		return tx.SetMeta(metaModel+m.name, value)
	})
	if err != nil {
		return err
	}
	return db.serve(m, mark)
}

// keepOn takes up the maintenance of a model whose successor could not be saved.
func (db *DB) keepOn(old *served) error {
	if old == nil {
		return nil
	}
	again := &served{name: old.name, graph: old.graph, id: old.id, fixed: old.clean(), marking: old.marking}
	if err := db.keep(again); err != nil {
		return err
	}
	db.prepare(again)
	db.models.put(again)
	return nil
}

// fileOf returns the checkpoint's file name: letters, digits, '-' and '_' of the name, others as =XX.
func fileOf(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	return b.String() + ".inkmodel"
}

// modelPath returns the path of a model's checkpoint.
func (db *DB) modelPath(name string) string { return filepath.Join(db.modelsDir, fileOf(name)) }

// save writes a model's checkpoint to a file in the models' folder.
func (db *DB) save(m *served, path string) error {
	if err := os.MkdirAll(db.modelsDir, 0o755); err != nil {
		return fmt.Errorf("engine: saving model %s: %w", m.name, err)
	}
	if err := m.fixed.Save(path); err != nil {
		return fmt.Errorf("engine: saving model %s: %w", m.name, err)
	}
	return nil
}

// DropModel removes a model and its checkpoint. Queries that use it finish with it. It is refused while a training is
// about to replace the model.
func (db *DB) DropModel(ctx context.Context, name string) error {
	m, err := db.models.find(name)
	if err != nil {
		return err
	}
	if err := db.models.begin(m.name, true); err != nil {
		return fmt.Errorf("engine: dropping model %s: %w", m.name, err)
	}
	defer db.models.end(m.name)
	if m, err = db.models.find(m.name); err != nil {
		return err
	}
	standard := db.models.remove(m.name)
	db.release(m)
	_, err = db.store.Update(ctx, "drop:"+m.name, func(tx *store.Tx) error {
		if err := tx.SetMeta(metaStandard, nonEmpty(standard)); err != nil {
			return err
		}
		if err := tx.SetMeta(metaMark+m.name, nil); err != nil {
			return err
		}
		return tx.SetMeta(metaModel+m.name, nil)
	})
	if err != nil {
		return fmt.Errorf("engine: dropping model %s: %w", m.name, err)
	}
	for _, path := range []string{db.modelPath(m.name), db.modelPath(m.name) + ".journal", db.markedPath(m.name)} {
		if err := removeIfThere(path); err != nil {
			return fmt.Errorf("engine: dropping model %s: %w", m.name, err)
		}
	}
	return nil
}

// nonEmpty returns the bytes of a text, nil for none: metadata set to nil is deleted.
func nonEmpty(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

// SetDefaultModel makes a model the one used where a question names none.
func (db *DB) SetDefaultModel(ctx context.Context, name string) error {
	m, err := db.models.find(name)
	if err != nil {
		return err
	}
	_, err = db.store.Update(ctx, "default:"+m.name, func(tx *store.Tx) error {
		return tx.SetMeta(metaStandard, []byte(m.name))
	})
	if err != nil {
		return fmt.Errorf("engine: default model: %w", err)
	}
	db.models.setStandard(m.name)
	return nil
}
