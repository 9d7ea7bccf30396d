package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/inklingdb/inkling/store"
)

// bundleModel is a model that comes with its triples in one commit. Its rows go by identifiers that only the commit gives
// out, so it is made while the commit is: the checkpoint is written beside its place, the commit names it, and install, or
// the next opening, puts it there. A checkpoint that no commit names is removed by the next opening.
type bundleModel struct {
	db        *DB
	embedding embeddingJob
	model     *served
	mark      *marking
	file      string // the checkpoint, until install; "" while there is none
}

func (db *DB) newBundleModel(r ImportEmbeddingRequest) *bundleModel {
	return &bundleModel{db: db, embedding: embeddingJob{db: db, request: r, started: time.Now()}}
}

// claim checks the request and takes the model's name, to be given back by release.
func (b *bundleModel) claim() error {
	if err := b.embedding.settle(); err != nil {
		return err
	}
	return b.db.models.begin(b.embedding.request.Name, b.embedding.request.Replace)
}

func (b *bundleModel) release() { b.db.models.end(b.embedding.request.Name) }

// newCheckpoint stands between the name of a checkpoint's place and what tells one import from others.
const newCheckpoint = ".new-"

// metadata makes the model, given the store as the commit will leave it, and returns what the commit says of it.
func (b *bundleModel) metadata(ctx context.Context, after *store.View) (map[string][]byte, error) {
	m, err := b.embedding.make(ctx, after)
	if err != nil {
		return nil, fmt.Errorf("nothing is imported, since no model can be made of the embeddings: %w", err)
	}
	mark, record, err := b.db.successorMark(after, m)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%s%s%x", fileOf(m.name), newCheckpoint, m.fixed.Timing.Finished.UnixNano())
	value, err := json.Marshal(entry{File: fileOf(m.name), Added: time.Now().UTC(), New: name})
	if err != nil {
		return nil, err
	}
	b.model, b.mark, b.file = m, mark, filepath.Join(b.db.modelsDir, name)
	if err := b.db.save(m, b.file); err != nil {
		return nil, err
	}
	values := map[string][]byte{metaModel + m.name: value, metaMark + m.name: record}
	if len(b.db.models.all()) == 0 {
		values[metaStandard] = []byte(m.name)
	}
	return values, nil
}

// discard removes the checkpoint after an import that failed, unless nobody knows whether its commit reached the disk.
func (b *bundleModel) discard(failure error) error {
	if b.file == "" || errors.Is(failure, store.ErrStopped) {
		return nil
	}
	return removeIfThere(b.file)
}

// install puts the committed model in its place and serves it. The one it replaces answers until then.
func (b *bundleModel) install(ctx context.Context) (*EmbeddingImport, error) {
	ctx = context.WithoutCancel(ctx)
	m := b.model
	if old, err := b.db.models.find(m.name); err == nil {
		b.db.release(old) // it shares the checkpoint's place
	}
	if err := b.db.takeUp(m.name, entry{New: filepath.Base(b.file)}); err != nil {
		return nil, err
	}
	if err := b.db.serve(m, b.mark); err != nil {
		return nil, err
	}
	report, err := b.embedding.finish(ctx, m)
	return &report, err
}

// takeUp puts a committed checkpoint in its place, if that was not done yet. The marked rows there are of a former model;
// a journal tells by itself that it is.
func (db *DB) takeUp(name string, e entry) error {
	if e.New == "" {
		return nil
	}
	from := filepath.Join(db.modelsDir, filepath.Base(e.New))
	if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := removeIfThere(db.markedPath(name)); err != nil {
		return err
	}
	if err := os.Rename(from, db.modelPath(name)); err != nil {
		return fmt.Errorf("putting the checkpoint of model %s in its place: %w", name, err)
	}
	return nil
}

// dropUncommitted removes checkpoints of imports that ended before their commit: those that no entry names.
func (db *DB) dropUncommitted(named []string) error {
	found, err := fs.Glob(os.DirFS(db.modelsDir), "*.inkmodel"+newCheckpoint+"*")
	for _, name := range found {
		if !slices.Contains(named, name) {
			err = errors.Join(err, removeIfThere(filepath.Join(db.modelsDir, name)))
		}
	}
	return err
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
