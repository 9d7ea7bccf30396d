package store

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
)

// A backup is this line, then for each key its length, the value's length, key and value, all of one
// snapshot; then two zero lengths, the number of keys, and the checksum of everything before it.
const backupMagic = "inkling backup 1\n"

const maxBackupValue = 1 << 30 // a longer one is damage, not data

// Backup writes the whole store, as it is now, to w. Writers and readers go on.
func (s *Store) Backup(ctx context.Context, w io.Writer) error {
	sum := crc32.New(castagnoli)
	out := bufio.NewWriterSize(io.MultiWriter(w, sum), 1<<20)
	if _, err := out.WriteString(backupMagic); err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	var count uint64
	err := s.kv.Scan(nil, false, func(key, value []byte) error {
		if count++; count%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		lengths := binary.AppendUvarint(binary.AppendUvarint(nil, uint64(len(key))), uint64(len(value)))
		for _, part := range [][]byte{lengths, key, value} {
			if _, err := out.Write(part); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	if _, err := out.Write(binary.AppendUvarint([]byte{0, 0}, count)); err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	if _, err := w.Write(binary.LittleEndian.AppendUint32(nil, sum.Sum32())); err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	return nil
}

// Restore makes a store in dir, which must not exist or be empty, from a backup. It fails without leaving
// a store behind when the backup is damaged or cut off.
func Restore(ctx context.Context, r io.Reader, dir string) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("store: restore: %s is not empty", dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("store: restore: %w", err)
	}
	lock, err := lockDir(filepath.Join(dir, lockFile))
	if err != nil {
		return fmt.Errorf("store: restore %s: %w", dir, err)
	}
	data := filepath.Join(dir, dataDir)
	if _, err := os.Stat(data); !errors.Is(err, os.ErrNotExist) { // another process was faster
		return fmt.Errorf("store: restore: %w", errors.Join(err, fmt.Errorf("%s is not empty", dir), unlockDir(lock)))
	}
	if err := restore(ctx, r, dir); err != nil {
		err = errors.Join(err, os.RemoveAll(data), os.Remove(lock.Name()), unlockDir(lock))
		return fmt.Errorf("store: restore: %w", err)
	}
	return unlockDir(lock)
}

func restore(ctx context.Context, r io.Reader, dir string) error {
	files, err := openBadger(filepath.Join(dir, dataDir), Options{})
	if err != nil {
		return err
	}
	kv := newRoomKV(files, dir)
	in := &summedReader{in: bufio.NewReaderSize(r, 1<<20), sum: crc32.New(castagnoli)}
	var headValue []byte // written last: until then there is no store
	err = kv.Load(func(put func(op) error) error {
		headValue, err = in.pairs(ctx, put)
		return err
	})
	if err == nil && headValue != nil {
		err = kv.Commit([]op{{[]byte{prefixHead}, headValue}})
	}
	return errors.Join(err, kv.Close())
}

// summedReader reads a backup and sums what it has read.
type summedReader struct {
	in  *bufio.Reader
	sum io.Writer
	n   [1]byte
}

func (r *summedReader) ReadByte() (byte, error) {
	b, err := r.in.ReadByte()
	if err == nil {
		r.n[0] = b
		_, err = r.sum.Write(r.n[:])
	}
	return b, err
}

func (r *summedReader) bytes(n uint64) ([]byte, error) {
	if n > maxBackupValue {
		return nil, fmt.Errorf("a value of %d bytes: %w", n, ErrCorrupt)
	}
	var b bytes.Buffer // grows with what is there, not with what a damaged length says
	if _, err := io.CopyN(&b, r.in, int64(n)); err != nil {
		return nil, err
	}
	_, err := r.sum.Write(b.Bytes())
	return b.Bytes(), err
}

// pairs puts all pairs but the head's value, which it returns, and verifies count and checksum.
func (r *summedReader) pairs(ctx context.Context, put func(op) error) (headValue []byte, err error) {
	magic, err := r.bytes(uint64(len(backupMagic)))
	if err != nil || string(magic) != backupMagic {
		return nil, fmt.Errorf("not a backup of this format: %w", errors.Join(ErrFormat, err))
	}
	for count := uint64(0); ; count++ {
		if count%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		keyBytes, err := binary.ReadUvarint(r)
		if err != nil {
			return nil, cutOff(err)
		}
		valueBytes, err := binary.ReadUvarint(r)
		if err != nil {
			return nil, cutOff(err)
		}
		if keyBytes == 0 {
			return headValue, r.end(count)
		}
		key, err := r.bytes(keyBytes)
		if err != nil {
			return nil, cutOff(err)
		}
		value, err := r.bytes(valueBytes)
		if err != nil {
			return nil, cutOff(err)
		}
		if key[0] == prefixHead {
			headValue = value
			continue
		}
		if value == nil {
			value = []byte{}
		}
		if err := put(op{key, value}); err != nil {
			return nil, err
		}
	}
}

// end verifies what follows the last pair.
func (r *summedReader) end(count uint64) error {
	want, err := binary.ReadUvarint(r)
	if err != nil {
		return cutOff(err)
	}
	have := r.sum.(interface{ Sum32() uint32 }).Sum32()
	var sum [4]byte
	if _, err := io.ReadFull(r.in, sum[:]); err != nil {
		return cutOff(err)
	}
	if want != count || binary.LittleEndian.Uint32(sum[:]) != have {
		return fmt.Errorf("%d keys of %d, or a wrong checksum: %w", count, want, ErrCorrupt)
	}
	return nil
}

func cutOff(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the backup ends early: %w", ErrCorrupt)
	}
	return err
}
