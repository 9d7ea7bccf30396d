package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/internal/generate"
	"github.com/inklingdb/inkling/store/rdf"
)

type benchLoad struct {
	Files   []string `arg:"" optional:"" placeholder:"FILE" help:"Files to load; without one a generated graph."`
	Triples int      `default:"2000000" placeholder:"N" help:"Size of the generated graph (${default})."`
}

// Run loads and measures. Another store on the same file: bench/rivals, a module of its own.
func (c *benchLoad) Run(a *app) (err error) {
	a.machine()
	dir, err := os.MkdirTemp("", "inkling-bench-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	files := c.Files
	if len(files) == 0 {
		path := filepath.Join(dir, "generated.nt")
		if err := generateTo(path, c.Triples); err != nil {
			return err
		}
		files = []string{path}
	}
	parsed, parsing, err := parseOnly(a, files)
	if err != nil {
		return err
	}
	db, err := engine.Open(filepath.Join(dir, "db"), engine.Options{})
	if err != nil {
		return err
	}
	report, err := db.Import(a.ctx, engine.ImportRequest{Paths: files})
	if err != nil {
		return errors.Join(err, db.Close())
	}
	if err := db.Close(); err != nil {
		return err
	}
	again, err := engine.Open(filepath.Join(dir, "db"), engine.Options{})
	if err != nil {
		return err
	}
	stats, err := again.Stats(a.ctx)
	if err = errors.Join(err, again.Close()); err != nil {
		return err
	}
	rate := float64(report.Read) / report.Elapsed.Seconds()
	fmt.Fprintf(a.out, "import: %s in %s: %s/s, durable; %.1f bytes a triple on disk, dictionary included; peak memory %s\n",
		plural(report.Added, "triple"), shortTime(report.Elapsed), plural(int64(rate), "triple"),
		float64(stats.DiskBytes)/float64(max(1, stats.Triples)), sizeText(peakMemory()))
	fmt.Fprintf(a.out, "baseline, the parser alone: %s/s; import takes %.1f times as long\n",
		plural(int64(float64(parsed)/parsing.Seconds()), "triple"), report.Elapsed.Seconds()/parsing.Seconds())
	return nil
}

func generateTo(path string, triples int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	err = generate.PowerLaw{Triples: triples, Seed: 1}.NTriples(f)
	return errors.Join(err, f.Close())
}

// parseOnly reads the files without storing anything.
func parseOnly(a *app, files []string) (triples int64, took time.Duration, err error) {
	started := time.Now()
	buf := make([]rdf.Quad, 4096)
	for _, path := range files {
		r, err := rdf.OpenFile(path, nil, rdf.Options{})
		if err != nil {
			return 0, 0, err
		}
		for err == nil && a.ctx.Err() == nil {
			var n int
			n, err = r.Read(buf)
			triples += int64(n)
		}
		if closing := r.Close(); err == io.EOF {
			err = closing
		}
		if err = errors.Join(err, a.ctx.Err()); err != nil {
			return 0, 0, err
		}
	}
	return triples, time.Since(started), nil
}
