package watermark

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// ErrExposed is returned for a ring file that others than its owner can read or write.
var ErrExposed = errors.New("others can read the key ring")

// File is a ring in a file. Passphrase is asked when the file is sealed, and when a new file is to be; nil means none.
type File struct {
	Path       string
	Passphrase func() (string, error)
}

// DefaultPath returns where a ring lies unless told otherwise: keys.json in the folder inkling of the user's settings.
func DefaultPath() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("watermark: no folder for the key ring: name the file (--keys): %w", err)
	}
	return filepath.Join(dir, "inkling", "keys.json"), nil
}

// Load reads the ring. A file that is not there is fs.ErrNotExist; one that others can read is ErrExposed.
func (f File) Load() (*Ring, error) {
	r, _, err := f.load()
	return r, err
}

func (f File) load() (*Ring, []byte, error) {
	file, err := os.Open(f.Path)
	if err != nil {
		return nil, nil, fmt.Errorf("watermark: key ring: %w", err)
	}
	defer file.Close()
	about, err := file.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("watermark: key ring: %w", err)
	}
	if mode := about.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		return nil, nil, fmt.Errorf("watermark: %w: %s has mode %04o; if nobody has: chmod 600 %s", ErrExposed, f.Path, mode, f.Path)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxRingBytes+1))
	if err != nil {
		return nil, nil, fmt.Errorf("watermark: key ring: %w", err)
	}
	r, err := ParseRing(text, f.Passphrase)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	return r, text, nil
}

// Update changes the ring and writes it, sealed as it was; a new file is sealed when Passphrase is set. The file is
// replaced as a whole, so a crash leaves the former or the new one. When another process changed it meanwhile, nothing is
// written.
func (f File) Update(change func(*Ring) error) error {
	word := ""
	ask := f.Passphrase
	if ask != nil {
		f.Passphrase = func() (string, error) {
			var err error
			word, err = ask()
			return word, err
		}
	}
	r, before, err := f.load()
	if errors.Is(err, fs.ErrNotExist) {
		r, err = &Ring{}, nil
		if ask != nil {
			_, err = f.Passphrase()
		}
	}
	if err != nil {
		return err
	}
	if err := change(r); err != nil {
		return err
	}
	text, err := r.encode(word)
	if err != nil {
		return fmt.Errorf("watermark: key ring: %w", err)
	}
	if now, err := os.ReadFile(f.Path); err == nil && !bytes.Equal(now, before) {
		return fmt.Errorf("watermark: key ring: another process changed %s meanwhile: try again", f.Path)
	}
	return writePrivate(f.Path, text)
}

// writePrivate replaces a file by one that its owner alone can read.
func writePrivate(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("watermark: key ring: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // with mode 0600
	if err != nil {
		return fmt.Errorf("watermark: key ring: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(text)
	err = errors.Join(err, tmp.Chmod(0o600), tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("watermark: key ring: %w", err)
	}
	return nil
}
