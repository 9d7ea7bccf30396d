package store

import (
	"context"
	"fmt"
	"io"
)

// Problem is one thing that Check found wrong.
type Problem struct {
	Place string // key, block or version
	What  string
}

// CheckReport is what Check read and what it found.
type CheckReport struct {
	Version  Version
	Triples  int64
	Terms    int64
	Commits  int64
	Problems []Problem
}

// Check reads everything and verifies it.
func (s *Store) Check(ctx context.Context) (CheckReport, error) {
	return CheckReport{}, fmt.Errorf("store: check: not written yet")
}

// Backup writes the whole store, at one version, to w.
func (s *Store) Backup(ctx context.Context, w io.Writer) error {
	return fmt.Errorf("store: backup: not written yet")
}

// Restore makes a new store in dir, which must not exist or be empty, from a backup.
func Restore(ctx context.Context, r io.Reader, dir string) error {
	return fmt.Errorf("store: restore: not written yet")
}
