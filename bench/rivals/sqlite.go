package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/inklingdb/inkling/store/rdf"
	_ "modernc.org/sqlite" // the driver registers itself
)

// schema holds terms once and triples in the three orders that answer every pattern, as Inkling does.
const schema = `
CREATE TABLE terms (id INTEGER PRIMARY KEY, term TEXT NOT NULL);
CREATE TABLE triples (s INTEGER NOT NULL, p INTEGER NOT NULL, o INTEGER NOT NULL, PRIMARY KEY (s, p, o)) WITHOUT ROWID;`

// indexes are made after the rows are in: the faster way round.
const indexes = `
CREATE UNIQUE INDEX term ON terms (term);
CREATE INDEX pos ON triples (p, o, s);
CREATE INDEX osp ON triples (o, s, p);`

// loadSQLite loads in one transaction with prepared statements, the dictionary in a Go map meanwhile, parsed by the
// same parser as Inkling's; synced once at the end.
func loadSQLite(ctx context.Context, file, dir string) (n int64, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "triples.db"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	for _, s := range []string{"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA cache_size = -262144", schema} {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return 0, fmt.Errorf("%s: %w", s, err)
		}
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback() // after Commit it does nothing
	if err := insert(ctx, tx, file); err != nil {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, indexes); err != nil {
		return 0, err
	}
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM triples").Scan(&n); err != nil {
		return 0, err
	}
	if err := tx.Commit(); err != nil {
		return 0, err
	}
	_, err = db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return n, err
}

func insert(ctx context.Context, tx *sql.Tx, file string) error {
	term, err := tx.PrepareContext(ctx, "INSERT INTO terms VALUES (?, ?)")
	if err != nil {
		return err
	}
	triple, err := tx.PrepareContext(ctx, "INSERT OR IGNORE INTO triples VALUES (?, ?, ?)")
	if err != nil {
		return err
	}
	r, err := rdf.OpenFile(file, nil, rdf.Options{})
	if err != nil {
		return err
	}
	defer r.Close()
	ids := map[rdf.Term]int64{}
	id := func(t rdf.Term) (int64, error) {
		n, known := ids[t]
		if !known {
			n = int64(len(ids) + 1)
			ids[t] = n
			_, err := term.ExecContext(ctx, n, t.String())
			return n, err
		}
		return n, nil
	}
	buf := make([]rdf.Quad, 1000)
	for {
		n, err := r.Read(buf)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for _, q := range buf[:n] {
			s, errS := id(q.S)
			p, errP := id(q.P)
			o, errO := id(q.O)
			if err := errors.Join(errS, errP, errO); err != nil {
				return err
			}
			if _, err := triple.ExecContext(ctx, s, p, o); err != nil {
				return err
			}
		}
	}
}
