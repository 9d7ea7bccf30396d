package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"

	"github.com/inklingdb/inkling/engine/watermark"
)

// keyRing is the flags that name the key ring of watermarks. Every command that opens a database has them, for a marked
// model is served and followed with its key.
type keyRing struct {
	Keys           string `hidden:"" placeholder:"FILE" help:"The key ring."`
	PassphraseFile string `hidden:"" placeholder:"FILE" help:"A file whose first line opens a sealed key ring."`
}

// file returns the ring's file. Without --passphrase-file the terminal is asked, once, for what opens a sealed one.
func (k keyRing) file() (watermark.File, error) {
	f := watermark.File{Path: k.Keys}
	if f.Path == "" {
		var err error
		if f.Path, err = watermark.DefaultPath(); err != nil {
			return f, err
		}
	}
	f.Passphrase = sync.OnceValues(k.passphrase)
	return f, nil
}

func (k keyRing) passphrase() (string, error) {
	if k.PassphraseFile != "" {
		data, err := os.ReadFile(k.PassphraseFile)
		if err != nil {
			return "", err
		}
		line, _, _ := strings.Cut(string(data), "\n")
		if line = strings.TrimSuffix(line, "\r"); line == "" {
			return "", fmt.Errorf("%w: the first line of %s is empty", watermark.ErrPassphrase, k.PassphraseFile)
		}
		return line, nil
	}
	fd := int(os.Stdin.Fd())
	if !term.IsTerminal(fd) {
		return "", fmt.Errorf("%w: the key ring is sealed with one: give it with --passphrase-file", watermark.ErrPassphrase)
	}
	fmt.Fprint(os.Stderr, "passphrase of the key ring: ")
	word, err := term.ReadPassword(fd)
	fmt.Fprintln(os.Stderr)
	return string(word), err
}

// ring reads the ring; a file that is not there is an empty ring.
func (k keyRing) ring() (*watermark.Ring, error) {
	f, err := k.file()
	if err != nil {
		return nil, err
	}
	r, err := f.Load()
	if errors.Is(err, fs.ErrNotExist) {
		return &watermark.Ring{}, nil
	}
	return r, err
}

// update changes the ring. A new file is sealed only with --passphrase-file, or where seal says so.
func (k keyRing) update(seal bool, change func(*watermark.Ring) error) error {
	f, err := k.file()
	if err != nil {
		return err
	}
	if _, err := os.Stat(f.Path); errors.Is(err, fs.ErrNotExist) && !seal && k.PassphraseFile == "" {
		f.Passphrase = nil
	}
	return f.Update(change)
}

// record notes in the ring what a key marked.
func (k keyRing) record(id string, entry watermark.Marked) error {
	return k.update(false, func(r *watermark.Ring) error {
		key, err := r.Find(id)
		if err == nil {
			key.Record(entry)
		}
		return err
	})
}
