package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/store/rdf"
)

type benchVerify struct {
	Files   []string `arg:"" optional:"" placeholder:"FILE" help:"Files to import; without one a generated graph."`
	Triples int      `default:"500000" placeholder:"N" help:"Size of the generated graph (${default})."`
	Rounds  int      `default:"3" placeholder:"N" help:"Imports of each kind, in turn; the fastest counts (${default})."`
	Keys    int      `default:"1" placeholder:"N" help:"Keys in the ring, each of which marked one graph (${default})."`
}

// cost is what an import took: time, and time of all processors where the system tells it, which other programs disturb less.
type cost struct{ wall, cpu time.Duration }

// Run measures what marking triples and testing them at import add to an import.
func (c *benchVerify) Run(a *app) (err error) {
	if c.Rounds < 1 || c.Keys < 1 {
		return usageError{errors.New("--rounds and --keys are at least 1")}
	}
	a.machine()
	dir, err := os.MkdirTemp("", "inkling-bench-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	files := c.Files
	if len(files) == 0 {
		files = []string{filepath.Join(dir, "generated.nt")}
		if err := generateTo(files[0], c.Triples); err != nil {
			return err
		}
	}
	ring := &watermark.Ring{}
	for i := range c.Keys {
		key, err := watermark.NewKey(fmt.Sprintf("key%d", i))
		if err != nil {
			return err
		}
		key.Record(watermark.Marked{Graph: watermark.NewUUID(), Gamma: watermark.DefaultGamma})
		ring.Keys = append(ring.Keys, key)
	}
	tested := engine.Options{Keys: func() (*watermark.Ring, error) { return ring, nil }}
	plain, verified := cost{1 << 62, 1 << 62}, cost{1 << 62, 1 << 62}
	var read int64
	for round := range c.Rounds {
		for i, o := range []engine.Options{{}, tested} {
			before := processorTime()
			report, err := importOnce(a, filepath.Join(dir, fmt.Sprintf("db%d%d", round, i)), files, o)
			if err != nil {
				return err
			}
			read = report.Read
			best := []*cost{&plain, &verified}[i]
			best.wall, best.cpu = min(best.wall, report.Elapsed), min(best.cpu, time.Duration((processorTime()-before)*1e9))
		}
	}
	fmt.Fprintf(a.out, "import of %s: %s, processor %s; tested for %s: %s (%+.1f%%), processor %s (%+.1f%%)\n", plural(read, "triple"), shortTime(plain.wall), shortTime(plain.cpu),
		plural(int64(c.Keys), "key"), shortTime(verified.wall), 100*float64(verified.wall)/float64(plain.wall)-100, shortTime(verified.cpu), 100*float64(verified.cpu)/float64(max(1, plain.cpu))-100)
	share := func(d time.Duration) float64 { return 100 * float64(d) / float64(plain.wall) }
	return c.mark(a, filepath.Join(dir, "db00"), ring.Keys[0], share)
}

func importOnce(a *app, dir string, files []string, o engine.Options) (engine.ImportReport, error) {
	db, err := engine.Open(dir, o)
	if err != nil {
		return engine.ImportReport{}, err
	}
	report, err := db.Import(a.ctx, engine.ImportRequest{Paths: files})
	return report, errors.Join(err, db.Close())
}

// mark measures marking the triples and writing the copy to give away, beside writing one with every fact.
func (c *benchVerify) mark(a *app, dir string, key *watermark.Key, share func(time.Duration) float64) error {
	ring := &watermark.Ring{Keys: []*watermark.Key{key}}
	db, err := engine.Open(dir, engine.Options{Keys: func() (*watermark.Ring, error) { return ring, nil }})
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.Patterns(a.ctx, rdf.Term{}); err != nil { // known of a graph in use
		return err
	}
	report, err := db.WatermarkEmbed(a.ctx, engine.WatermarkRequest{Key: key})
	if err != nil {
		return err
	}
	var took [2]time.Duration
	for i, publish := range []bool{false, true} {
		started := time.Now()
		if _, err := db.Export(a.ctx, io.Discard, engine.ExportRequest{Publish: publish}); err != nil {
			return err
		}
		took[i] = time.Since(started)
	}
	fmt.Fprintf(a.out, "marking the triples: %s, %.1f%% of the import; leaving %s out of an export: %s more, %.1f%%\n", shortTime(report.Elapsed), share(report.Elapsed),
		plural(int64(report.Selection.LeftOut), "triple"), shortTime(took[1]-took[0]), share(took[1]-took[0]))
	return db.Close()
}
