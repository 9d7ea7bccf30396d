package engine

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/inklingdb/inkling/engine/maintain"
	"github.com/inklingdb/inkling/store"
)

// A backup is a zstd-compressed tar archive: the models' checkpoints under models/, then the store's own backup,
// storeEntry. Checkpoints come first and are of versions no later than the store's, so that a restored model only
// has to catch up.
const storeEntry = "store.backup"

// Backup writes a consistent copy of the database, models included, while it goes on being used. It returns the
// bytes written.
func (db *DB) Backup(ctx context.Context, w io.Writer) (int64, error) {
	counted := &countingWriter{w: w}
	if err := db.backup(ctx, counted); err != nil {
		return counted.n, fmt.Errorf("engine: backup: %w", err)
	}
	return counted.n, nil
}

func (db *DB) backup(ctx context.Context, w io.Writer) error {
	z, err := zstd.NewWriter(w)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(z)
	for _, m := range db.models.all() {
		if err := errors.Join(ctx.Err(), db.archiveModel(archive, m)); err != nil {
			return err
		}
	}
	if err := db.archiveStore(ctx, archive); err != nil {
		return err
	}
	return errors.Join(archive.Close(), z.Close())
}

// archiveModel writes a model's checkpoint; its successor's, or none, when the model was replaced or dropped meanwhile.
func (db *DB) archiveModel(archive *tar.Writer, m *served) error {
	if m.keeper != nil { // folds what it has learnt since into the checkpoint
		if err := m.keeper.follower.Checkpoint(); err != nil && !errors.Is(err, maintain.ErrClosed) {
			return err
		}
	}
	err := archiveFile(archive, db.modelPath(m.name), modelsDir+"/"+fileOf(m.name))
	if err == nil && m.marking != nil {
		if err = m.marking.save(m); err == nil {
			err = archiveFile(archive, db.markedPath(m.name), modelsDir+"/"+filepath.Base(db.markedPath(m.name)))
		}
	}
	if errors.Is(err, os.ErrNotExist) {
		if now, _ := db.models.find(m.name); now != m {
			return nil
		}
	}
	return err
}

// archiveStore writes the store's backup to a scratch file first, since an archive states sizes before contents.
func (db *DB) archiveStore(ctx context.Context, archive *tar.Writer) error {
	scratch, err := os.CreateTemp("", "inkling-backup-*")
	if err != nil {
		return err
	}
	defer os.Remove(scratch.Name())
	err = db.store.Backup(ctx, scratch)
	if err = errors.Join(err, scratch.Close()); err != nil {
		return err
	}
	return archiveFile(archive, scratch.Name(), storeEntry)
}

func archiveFile(archive *tar.Writer, path, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	about, err := f.Stat()
	if err != nil {
		return err
	}
	head := &tar.Header{Name: name, Mode: 0o644, Size: about.Size(), ModTime: time.Now()}
	if err := archive.WriteHeader(head); err != nil {
		return err
	}
	_, err = io.Copy(archive, f)
	return err
}

// Restore makes a new database in a directory that is empty or absent from what Backup wrote.
func Restore(ctx context.Context, dir string, r io.Reader) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("engine: restore: %w: %s is not empty", ErrBadInput, dir)
	}
	if err := restore(ctx, dir, r); err != nil {
		return fmt.Errorf("engine: restore: %w", err)
	}
	return nil
}

// restore puts the store first in place, since it makes the directory, and the models beside it afterwards.
func restore(ctx context.Context, dir string, r io.Reader) error {
	z, err := zstd.NewReader(r)
	if err != nil {
		return err
	}
	defer z.Close()
	parent := filepath.Dir(filepath.Clean(dir))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp(parent, ".inkling-restore-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	archive := tar.NewReader(z)
	restored := false
	for {
		head, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("reading the archive: %w", err)
		}
		switch name, isModel := strings.CutPrefix(head.Name, modelsDir+"/"); {
		case head.Name == storeEntry:
			if err := store.Restore(ctx, archive, dir); err != nil {
				return err
			}
			restored = true
		case isModel && filepath.IsLocal(name) && !strings.ContainsAny(name, `/\`):
			if err := writeFile(filepath.Join(scratch, name), archive); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%w: the archive holds %q, which is no part of a backup", ErrBadInput, head.Name)
		}
	}
	if !restored {
		return fmt.Errorf("%w: the archive holds no store", ErrBadInput)
	}
	return os.Rename(scratch, filepath.Join(dir, modelsDir))
}

func writeFile(path string, r io.Reader) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}

// countingWriter counts the bytes that pass.
type countingWriter struct {
	w io.Writer
	n int64
}

// Write passes bytes on and counts them.
func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
