package engine

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/inklingdb/inkling/store"
)

// tripleReader reads a graph in the order of subject, predicate, object.
type tripleReader struct {
	cursor *store.Cursor
	buf    [1024]store.Triple
	at, n  int
	read   int
	triple store.Triple
	ok     bool
	err    error
}

func newTripleReader(v *store.View, g store.TermID) (*tripleReader, error) {
	c, err := v.Scan(g, store.Pattern{}, store.SPO)
	if err != nil {
		return nil, err
	}
	return &tripleReader{cursor: c, ok: true}, nil
}

// next moves to the next triple; the first call to the first one.
func (r *tripleReader) next() bool {
	if r.at == r.n {
		r.n, r.err = r.cursor.Next(r.buf[:])
		r.at = 0
	}
	if r.ok = r.err == nil && r.at < r.n; r.ok {
		r.triple = r.buf[r.at]
		r.at++
		r.read++
	}
	return r.ok
}

func compareTriples(a, b store.Triple) int {
	return cmp.Or(cmp.Compare(a.S, b.S), cmp.Compare(a.P, b.P), cmp.Compare(a.O, b.O))
}

// A spool keeps the changes of a bulk import, which the log does not hold, until all after-hooks are done with them:
// "INKSPL1\n", then each change, sorted by graph, subject, predicate and object, in 33 bytes (graph, subject, predicate, object, little-endian; 1 for a removal), then the
// CRC-32C of all before it.
type spool struct {
	file *os.File
	out  *bufio.Writer
	sum  hash.Hash32
}

const (
	spoolMagic  = "INKSPL1\n"
	spoolRecord = 33
	hooksDir    = "hooks"
)

// hooksPath returns the folder of what hooks keep in files.
func (db *DB) hooksPath() string {
	if db.dir == "" {
		return filepath.Join(db.modelsDir, hooksDir)
	}
	return filepath.Join(db.dir, hooksDir)
}

func (db *DB) spoolPath(v store.Version) string {
	return filepath.Join(db.hooksPath(), fmt.Sprintf("bulk-%d.changes", v))
}

func newSpool(path string) (*spool, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("engine: keeping an import's changes for hooks: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("engine: keeping an import's changes for hooks: %w", err)
	}
	s := &spool{file: f, sum: crc32.New(crc32.MakeTable(crc32.Castagnoli))}
	s.out = bufio.NewWriterSize(io.MultiWriter(f, s.sum), 1<<18)
	_, err = s.out.WriteString(spoolMagic)
	return s, err
}

func (s *spool) add(changes []store.Change) error {
	var b [spoolRecord]byte
	for _, c := range changes {
		for i, id := range [4]store.TermID{c.Graph, c.Triple.S, c.Triple.P, c.Triple.O} {
			binary.LittleEndian.PutUint64(b[8*i:], uint64(id))
		}
		b[32] = 0
		if c.Removed {
			b[32] = 1
		}
		if _, err := s.out.Write(b[:]); err != nil {
			return err
		}
	}
	return nil
}

// close syncs the file, or removes it after an error, which it returns.
func (s *spool) close(err error) error {
	if err == nil {
		if err = s.out.Flush(); err == nil {
			_, err = s.file.Write(binary.LittleEndian.AppendUint32(nil, s.sum.Sum32()))
		}
		err = errors.Join(err, s.file.Sync())
	}
	err = errors.Join(err, s.file.Close())
	if err != nil {
		err = errors.Join(err, os.Remove(s.file.Name()))
	}
	return err
}

// keptSpool is a spool to read, its checksum verified.
type keptSpool struct {
	file  *os.File
	count int // of changes
}

// openSpool opens a spool. The error wraps fs.ErrNotExist when there is none, and store.ErrCorrupt when it is damaged.
func openSpool(path string) (_ *keptSpool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	about, err := f.Stat()
	if err != nil {
		return nil, err
	}
	body := about.Size() - int64(len(spoolMagic)) - 4
	if body < 0 || body%spoolRecord != 0 {
		return nil, fmt.Errorf("%s: %w", path, store.ErrCorrupt)
	}
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	if _, err := io.CopyN(sum, f, about.Size()-4); err != nil {
		return nil, err
	}
	var want [4]byte
	if _, err := io.ReadFull(f, want[:]); err != nil || binary.LittleEndian.Uint32(want[:]) != sum.Sum32() {
		return nil, fmt.Errorf("%s: %w", path, store.ErrCorrupt)
	}
	return &keptSpool{f, int(body / spoolRecord)}, nil
}

func (k *keptSpool) close() { _ = k.file.Close() } // it was only read

// visit calls a function with the changes from number from on, in batches of size.
func (k *keptSpool) visit(from, size int, visit func(at int, changes []store.Change) error) error {
	from = min(from, k.count)
	at := int64(len(spoolMagic) + from*spoolRecord)
	in := bufio.NewReaderSize(io.NewSectionReader(k.file, at, int64(k.count-from)*spoolRecord), 1<<18)
	for at := from; ; {
		changes, err := readChanges(in, size)
		if err != nil || len(changes) == 0 {
			return err
		}
		if err := visit(at, changes); err != nil {
			return err
		}
		at += len(changes)
	}
}

// has reports whether a triple is among the changes, which are sorted as they were written.
func (k *keptSpool) has(key located) (bool, error) {
	var failed error
	_, found := sort.Find(k.count, func(i int) int {
		list, err := readChanges(io.NewSectionReader(k.file, int64(len(spoolMagic)+i*spoolRecord), spoolRecord), 1)
		if err != nil || len(list) == 0 {
			failed = errors.Join(failed, err, io.ErrUnexpectedEOF)
			return 0
		}
		return cmp.Or(cmp.Compare(key.graph, list[0].Graph), compareTriples(key.triple, list[0].Triple))
	})
	return found && failed == nil, failed
}

func readChanges(in io.Reader, most int) ([]store.Change, error) {
	var list []store.Change
	var b [spoolRecord]byte
	for len(list) < most {
		if _, err := io.ReadFull(in, b[:]); err == io.EOF {
			return list, nil
		} else if err != nil {
			return nil, err
		}
		id := func(i int) store.TermID { return store.TermID(binary.LittleEndian.Uint64(b[8*i:])) }
		list = append(list, store.Change{Graph: id(0), Triple: store.Triple{S: id(1), P: id(2), O: id(3)}, Removed: b[32] == 1})
	}
	return list, nil
}

// spools lists the versions of the imports whose changes are kept.
func (db *DB) spools() (list []store.Version) {
	files, err := filepath.Glob(filepath.Join(globEscape.Replace(db.hooksPath()), "bulk-*.changes"))
	if err != nil {
		return nil // the pattern is a good one
	}
	for _, path := range files {
		var v store.Version
		if _, err := fmt.Sscanf(strings.TrimPrefix(filepath.Base(path), "bulk-"), "%d.changes", &v); err == nil {
			list = append(list, v)
		}
	}
	return list
}

// globEscape takes a folder's name as it is, whatever characters it has.
var globEscape = strings.NewReplacer("[", "\\[", "*", "\\*", "?", "\\?", "\\", "\\\\")

// dropSpools removes the spools of versions that every after-hook is done with.
func (db *DB) dropSpools(done store.Version) {
	for _, v := range db.spools() {
		if v > done {
			continue
		}
		if err := os.Remove(db.spoolPath(v)); err != nil {
			db.log.Warn("removing an import's kept changes", "file", db.spoolPath(v), "problem", err)
		}
	}
}

// imports tells which triples bulk imports brought, by their spools. It belongs to one goroutine.
type imports struct {
	db       *DB
	listed   bool
	versions []store.Version
	kept     map[store.Version]*keptSpool // nil for one that cannot be read
}

// brought reports whether an import from one version to another brought a triple; true also where the import's changes
// were not kept, so that nobody can tell.
func (i *imports) brought(key located, from, to store.Version, commits []store.Commit) (bool, error) {
	if !i.listed {
		i.listed, i.versions, i.kept = true, i.db.spools(), map[store.Version]*keptSpool{}
		for _, c := range commits {
			if c.Bulk && !slices.Contains(i.versions, c.Version) {
				i.versions = append(i.versions, c.Version)
			}
		}
	}
	for _, v := range i.versions {
		if v < from || v > to {
			continue
		}
		k, err := i.open(v)
		if err != nil {
			return false, err
		}
		if k == nil {
			return true, nil
		}
		if found, err := k.has(key); found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// open opens an import's spool once; nil when there is none.
func (i *imports) open(v store.Version) (*keptSpool, error) {
	if k, opened := i.kept[v]; opened {
		return k, nil
	}
	k, err := openSpool(i.db.spoolPath(v))
	if err != nil && !isLost(err) {
		return nil, err
	}
	i.kept[v] = k
	return k, nil
}

// isLost reports that a spool is not there or is damaged.
func isLost(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, store.ErrCorrupt)
}

func (i *imports) close() {
	for _, k := range i.kept {
		if k != nil {
			k.close()
		}
	}
}
