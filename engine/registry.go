package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// served is a model by name: its current version and the work that keeps it current.
type served struct {
	name    string
	graph   rdf.Term
	current atomic.Pointer[published]
	keeper  *keeper // nil in an unmaintained database
	saved   atomic.Int64
	savedAt atomic.Pointer[time.Time]
}

// registry holds the models by name.
type registry struct {
	mu       sync.RWMutex
	byName   map[string]*served
	standard string          // the default model's name, "" for none
	training map[string]bool // names being trained
}

// entry is what the store's metadata says of a model.
type entry struct {
	File  string    `json:"file"`
	Added time.Time `json:"added"`
}

const (
	metaModel    = "model:" // followed by the model's name
	metaStandard = "default-model"
	modelsDir    = "models"
)

// lookup returns the current version of a model; "" asks for the default one.
func (r *registry) lookup(name string) (*published, error) {
	m, err := r.find(name)
	if err != nil {
		return nil, err
	}
	return m.current.Load(), nil
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
func (r *registry) put(m *served, standard bool) (replaced *served) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byName == nil {
		r.byName = map[string]*served{}
	}
	replaced = r.byName[m.name]
	r.byName[m.name] = m
	if standard || r.standard == "" {
		r.standard = m.name
	}
	return replaced
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
	return r.standard
}

// publish makes an embedding the current version of a model.
func (m *served) publish(e *model.Embedding, graph store.TermID) {
	m.current.Store(&published{embedding: e, functions: &udf.Model{
		Name: m.name, Version: e.Metadata.DataVersion, Graph: graph, Threshold: e.Calibration.Threshold,
		Vocabulary: e.Vocabulary, Scorer: scorer{e},
	}})
}

// loadModels opens the checkpoints that the metadata names.
func (db *DB) loadModels() error {
	v, err := db.store.View()
	if err != nil {
		return err
	}
	defer v.Close()
	for _, key := range v.MetaNames() {
		name, ok := strings.CutPrefix(key, metaModel)
		if !ok {
			continue
		}
		var e entry
		if err := json.Unmarshal(v.Meta(key), &e); err != nil {
			return fmt.Errorf("metadata of model %s: %w", name, err)
		}
		if err := db.loadModel(v, name, e); err != nil {
			db.log.Warn("a model is left out; train it again", "model", name, "problem", err)
		}
	}
	if standard := string(v.Meta(metaStandard)); standard != "" {
		if _, err := db.models.find(standard); err == nil {
			db.models.standard = standard
		}
	}
	return nil
}

func (db *DB) loadModel(v *store.View, name string, e entry) error {
	path := filepath.Join(db.dir, modelsDir, e.File)
	embedding, err := model.Load(path)
	if err != nil {
		return err
	}
	m := &served{name: name}
	if embedding.Metadata.Graph != "" {
		m.graph = rdf.NewIRI(embedding.Metadata.Graph)
	}
	if embedding.Metadata.DataVersion > v.Version() {
		return fmt.Errorf("it has seen version %d, the database is at %d", embedding.Metadata.DataVersion, v.Version())
	}
	id, err := graphID(v, m.graph)
	if err != nil {
		return err
	}
	m.publish(embedding, id)
	m.markSaved(embedding.Metadata.DataVersion)
	db.models.put(m, false)
	db.keep(m)
	return nil
}

func (m *served) markSaved(v store.Version) {
	now := time.Now()
	m.saved.Store(int64(v))
	m.savedAt.Store(&now)
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

// addModel saves a trained model and makes it known.
func (db *DB) addModel(ctx context.Context, m *served, e *model.Embedding) error {
	if err := db.save(m, e); err != nil {
		return err
	}
	value, err := json.Marshal(entry{File: fileOf(m.name), Added: time.Now().UTC()})
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
		return tx.SetMeta(metaModel+m.name, value)
	})
	if err != nil {
		return err
	}
	if replaced := db.models.put(m, false); replaced != nil {
		db.release(replaced)
	}
	db.keep(m)
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

// save writes a model's checkpoint; a database in memory has none.
func (db *DB) save(m *served, e *model.Embedding) error {
	if db.dir == "" {
		return nil
	}
	dir := filepath.Join(db.dir, modelsDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("engine: saving model %s: %w", m.name, err)
	}
	if err := e.Save(filepath.Join(dir, fileOf(m.name))); err != nil {
		return fmt.Errorf("engine: saving model %s: %w", m.name, err)
	}
	m.markSaved(e.Metadata.DataVersion)
	return nil
}

// saveModels writes the checkpoints of models that have moved on since their last one.
func (db *DB) saveModels() error {
	var errs []error
	for _, m := range db.models.all() {
		if e := m.current.Load().embedding; e.Metadata.DataVersion > store.Version(m.saved.Load()) {
			errs = append(errs, db.save(m, e))
		}
	}
	return errors.Join(errs...)
}

// DropModel removes a model and its checkpoint. Queries that use it finish with it.
func (db *DB) DropModel(ctx context.Context, name string) error {
	m, err := db.models.find(name)
	if err != nil {
		return err
	}
	standard := db.models.remove(m.name)
	db.release(m)
	_, err = db.store.Update(ctx, "drop:"+m.name, func(tx *store.Tx) error {
		if err := tx.SetMeta(metaStandard, nonEmpty(standard)); err != nil {
			return err
		}
		return tx.SetMeta(metaModel+m.name, nil)
	})
	if err != nil {
		return fmt.Errorf("engine: dropping model %s: %w", m.name, err)
	}
	if db.dir == "" {
		return nil
	}
	if err := os.Remove(filepath.Join(db.dir, modelsDir, fileOf(m.name))); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("engine: dropping model %s: %w", m.name, err)
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
	db.models.put(m, true)
	return nil
}
