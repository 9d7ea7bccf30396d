package bundle

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// allowed reports whether a bundle may hold a file of that name. Names are compared whole, so none leads elsewhere.
func allowed(name string) bool { return slices.Contains(Files, name) }

// pack writes a folder's files as a .tar.gz, the manifest first, which appears when all is written.
func pack(dir, path string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".tmp*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	z := gzip.NewWriter(f)
	w := tar.NewWriter(z)
	for _, name := range Files {
		if err == nil {
			err = packFile(w, dir, name)
		}
	}
	if err = errors.Join(err, w.Close(), z.Close(), f.Sync(), f.Close()); err != nil {
		return err
	}
	return errors.Join(os.Chmod(f.Name(), 0o644), os.Rename(f.Name(), path))
}

// packFile adds a file, if it is there.
func packFile(w *tar.Writer, dir, name string) error {
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	about, err := f.Stat()
	if err != nil {
		return err
	}
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: about.Size(), ModTime: about.ModTime(), Format: tar.FormatPAX}); err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return err
}

// maxEntries bounds the entries of an archive: the files and their folder.
const maxEntries = 64

// unpack writes an archive's files into a folder.
func unpack(path, dir string, maxBytes int64) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return unpackStream(f, dir, maxBytes)
}

// unpackStream reads a .tar.gz. Whatever it holds beside the files of a bundle is an error, and nothing is written
// outside of dir.
func unpackStream(r io.Reader, dir string, maxBytes int64) error {
	z, err := gzip.NewReader(r)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBundle, err)
	}
	left := maxBytes
	t := tar.NewReader(io.LimitReader(z, maxBytes+maxEntries*4096)) // headers count too
	for range maxEntries {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrBundle, err)
		}
		name := strings.TrimPrefix(h.Name, "./")
		if h.Typeflag == tar.TypeDir && (name == "" || strings.TrimSuffix(name, "/") == EmbeddingDir) {
			continue
		}
		if h.Typeflag != tar.TypeReg || !allowed(name) {
			return fmt.Errorf("%w: it holds %.100q, which is no part of a bundle", ErrBundle, h.Name)
		}
		if left -= h.Size; left < 0 {
			return fmt.Errorf("%w: unpacked it has more than the %d bytes that are read", ErrBundle, maxBytes)
		}
		if err := unpackFile(t, filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return fmt.Errorf("%w: more than %d entries", ErrBundle, maxEntries)
}

// unpackFile writes one file, which must be new.
func unpackFile(r io.Reader, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: it is there twice", ErrBundle)
	}
	if err != nil {
		return err
	}
	if _, err = io.Copy(f, r); err != nil {
		err = fmt.Errorf("%w: %w", ErrBundle, err)
	}
	return errors.Join(err, f.Close())
}
