package main

import (
	"context"
	"errors"

	"github.com/inklingdb/inkling/engine"
)

// loadInkling imports as `inkling import` does, indexes and sync included.
func loadInkling(ctx context.Context, file, dir string) (int64, error) {
	db, err := engine.Open(dir, engine.Options{})
	if err != nil {
		return 0, err
	}
	report, err := db.Import(ctx, engine.ImportRequest{Paths: []string{file}})
	return report.Added, errors.Join(err, db.Close())
}
