package bundle

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/inklingdb/inkling/engine/exchange"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/store/rdf"
)

// Bundle is an open bundle. Close it.
type Bundle struct {
	Manifest Manifest
	dir      string
	unpacked bool // dir is ours
}

// Path returns the path of a file of the bundle.
func (b *Bundle) Path(name string) string { return filepath.Join(b.dir, filepath.FromSlash(name)) }

// Close removes what was unpacked.
func (b *Bundle) Close() error {
	if !b.unpacked {
		return nil
	}
	return os.RemoveAll(b.dir)
}

// Is reports whether a path is a bundle: a folder with a manifest, or a file named .tar.gz or .tgz.
func Is(path string) bool {
	if archived(path) {
		return true
	}
	about, err := os.Stat(filepath.Join(path, ManifestFile))
	return err == nil && about.Mode().IsRegular()
}

func archived(path string) bool {
	return strings.HasSuffix(path, ".tar.gz") || strings.HasSuffix(path, ".tgz")
}

// Open opens a folder or unpacks an archive into a temporary one, and reads the manifest. Files beyond those of Files,
// links, and more than maxBytes in all (0: DefaultBytes) are refused.
func Open(path string, maxBytes int64) (*Bundle, error) {
	if maxBytes <= 0 {
		maxBytes = DefaultBytes
	}
	b := &Bundle{dir: path}
	if archived(path) {
		dir, err := os.MkdirTemp("", "inkling-bundle-*")
		if err != nil {
			return nil, err
		}
		b.dir, b.unpacked = dir, true
		if err := unpack(path, dir, maxBytes); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", path, err), b.Close())
		}
	}
	if err := b.read(maxBytes); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), b.Close())
	}
	return b, nil
}

// read looks at the folder's files and reads the manifest.
func (b *Bundle) read(maxBytes int64) error {
	left := maxBytes
	err := filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(b.dir, path)
		if err != nil {
			return err
		}
		if name = filepath.ToSlash(name); d.IsDir() && (name == "." || name == EmbeddingDir) {
			return nil
		}
		if !allowed(name) || !d.Type().IsRegular() {
			return fmt.Errorf("%w: it holds %.100q, which is no part of a bundle", ErrBundle, name)
		}
		about, err := d.Info()
		if err != nil {
			return err
		}
		if left -= about.Size(); left < 0 {
			return fmt.Errorf("%w: more than the %d bytes that are read", ErrBundle, maxBytes)
		}
		return nil
	})
	if err != nil {
		return err
	}
	f, err := os.Open(b.Path(ManifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: there is no %s in it", ErrBundle, ManifestFile)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err != nil {
		return err
	}
	b.Manifest, err = ParseManifest(text)
	return err
}

// Check is what a bundle's files are against its manifest.
type Check struct {
	Signed bool         `json:"signed"` // the signature holds
	Signer string       `json:"signer"` // hexadecimal public key
	Intact bool         `json:"intact"` // signed, and every part is as it was
	Parts  []PartChange `json:"parts"`
}

// PartChange is one part against its manifest.
type PartChange struct {
	Name    string `json:"name"`
	Stated  int64  `json:"stated"` // leaves in the manifest
	Found   int64  `json:"found"`
	Changed int    `json:"changed"`           // of its Sections sections
	Problem string `json:"problem,omitempty"` // why it cannot be read
}

// Same reports whether the part is as it was.
func (p PartChange) Same() bool { return p.Changed == 0 && p.Problem == "" && p.Stated == p.Found }

// Check compares the files with the manifest. The error is that of ctx or of the disk; what is wrong with a part is in it.
func (b *Bundle) Check(ctx context.Context) (Check, error) {
	c := Check{Signed: b.Manifest.Signed(), Signer: fmt.Sprintf("%x", b.Manifest.PublicKey)}
	c.Intact = c.Signed
	for _, stated := range b.Manifest.Parts {
		change := PartChange{Name: stated.Name, Stated: stated.Count}
		found, err := partOf(ctx, b.dir, stated.Name)
		switch {
		case ctx.Err() != nil:
			return c, ctx.Err()
		case err != nil:
			change.Problem, change.Changed = err.Error(), Sections
		default:
			change.Found = found.Count
			for i := range found.Sections {
				if found.Sections[i] != stated.Sections[i] {
					change.Changed++
				}
			}
		}
		c.Intact = c.Intact && change.Same()
		c.Parts = append(c.Parts, change)
	}
	if !b.Manifest.HasEmbedding() {
		if _, err := os.Stat(b.Path(EmbeddingDir)); err == nil {
			c.Parts = append(c.Parts, PartChange{Name: EmbeddingDir, Problem: "the manifest tells of no embedding, but there is one"})
			c.Intact = false
		}
	}
	return c, nil
}

// partOf reads a part of the bundle in a folder.
func partOf(ctx context.Context, dir, name string) (Part, error) {
	var t Tree
	var err error
	embedding := filepath.Join(dir, EmbeddingDir)
	switch name {
	case Triples:
		err = addTriples(ctx, &t, filepath.Join(dir, TriplesFile))
	case Description:
		var text []byte
		if text, err = os.ReadFile(filepath.Join(embedding, exchange.DescriptionFile)); err == nil {
			t.Add(text)
		}
	default:
		var s exchange.Sources
		if s, err = (exchange.Sources{}).Find(embedding); err != nil {
			break
		}
		read := s.ReadEntities
		if name == Relations {
			read = s.ReadRelations
		}
		var m exchange.Matrix
		if m, err = read(ctx); err == nil {
			err = addRows(&t, m)
		}
	}
	return t.Part(name), err
}

// addTriples adds a leaf for each triple, as N-Triples writes it.
func addTriples(ctx context.Context, t *Tree, path string) (err error) {
	r, err := rdf.OpenFile(path, rdf.FormatByName("nt"), rdf.Options{File: TriplesFile})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	buf := make([]rdf.Quad, 4096)
	var line []byte
	for {
		n, err := r.Read(buf)
		for _, q := range buf[:n] {
			line = rdf.AppendQuad(line[:0], q)
			t.Add(line)
		}
		if err == io.EOF {
			return nil
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
	}
}

// addRows adds a leaf for each row: the name's length, the name, the numbers as little-endian float32.
func addRows(t *Tree, m exchange.Matrix) error {
	if m.Names != nil && len(m.Names) != m.Rows {
		return fmt.Errorf("%s: %d names for %d rows", m.File, len(m.Names), m.Rows)
	}
	var leaf []byte
	for i := range m.Rows {
		name := ""
		if m.Names != nil {
			name = m.Names[i]
		}
		leaf = binary.LittleEndian.AppendUint64(leaf[:0], uint64(len(name)))
		leaf = append(leaf, name...)
		for _, x := range m.Values[i*m.Width : (i+1)*m.Width] {
			leaf = binary.LittleEndian.AppendUint32(leaf, math.Float32bits(x))
		}
		t.Add(leaf)
	}
	return nil
}

// Write makes a bundle at a path that is not there yet, an archive where it is named so: fill writes triples and, in
// EmbeddingDir, embeddings into a folder; Write adds the manifest m, completed and signed, and returns it. It appears when all
// is written.
func Write(ctx context.Context, path string, m Manifest, key *watermark.Key, fill func(dir string) error) (Manifest, error) {
	path = filepath.Clean(path)
	if _, err := os.Lstat(path); err == nil {
		return m, fmt.Errorf("%w: %s is there already: name a new one", ErrBundle, path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return m, err
	}
	fresh, err := os.MkdirTemp(filepath.Dir(path), "."+filepath.Base(path)+".tmp*")
	if err != nil {
		return m, err
	}
	defer os.RemoveAll(fresh) // what is left after an error; else it has another name
	if err := fill(fresh); err != nil {
		return m, err
	}
	if err := m.complete(ctx, fresh, key); err != nil {
		return m, err
	}
	if archived(path) {
		return m, pack(fresh, path)
	}
	return m, errors.Join(os.Chmod(fresh, 0o755), os.Rename(fresh, path))
}

// complete reads the parts back, signs and writes the manifest.
func (m *Manifest) complete(ctx context.Context, dir string, key *watermark.Key) error {
	names := partNames
	if _, err := os.Stat(filepath.Join(dir, EmbeddingDir)); errors.Is(err, fs.ErrNotExist) {
		names = names[:1]
	}
	m.Parts = nil
	for _, name := range names {
		p, err := partOf(ctx, dir, name)
		if err != nil {
			return err
		}
		m.Parts = append(m.Parts, p)
	}
	if err := m.sign(key); err != nil {
		return err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, ManifestFile))
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	_, err = w.Write(append(text, '\n'))
	return errors.Join(err, w.Flush(), f.Close())
}
