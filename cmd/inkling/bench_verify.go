package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/store/rdf"
)

type benchVerify struct {
	Files   []string `arg:"" optional:"" placeholder:"FILE" help:"Files to import; without one a generated graph."`
	Triples int      `default:"500000" placeholder:"N" help:"Size of the generated graph (${default})."`
	Rounds  int      `default:"3" placeholder:"N" help:"Imports of each kind, in turn; medians count (${default})."`
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
	var costs [2][]cost
	var read int64
	for round := range c.Rounds {
		for i := range costs {
			kind := (round + i) % 2 // neither is always the first
			spent, err := c.measure(func() error {
				report, err := importOnce(a, filepath.Join(dir, fmt.Sprintf("db%d%d", round, kind)), files, []engine.Options{{}, tested}[kind])
				read = report.Read
				return err
			})
			if err != nil {
				return err
			}
			costs[kind] = append(costs[kind], spent)
		}
	}
	plain, verified := medianCost(costs[0]), medianCost(costs[1])
	fmt.Fprintf(a.out, "import of %s: %s, processor %s; tested for %s: %s (%+.1f%%), processor %s (%+.1f%%)\n", plural(read, "triple"), shortTime(plain.wall), shortTime(plain.cpu),
		plural(int64(c.Keys), "key"), shortTime(verified.wall), 100*float64(verified.wall)/float64(plain.wall)-100, shortTime(verified.cpu), 100*float64(verified.cpu)/float64(max(1, plain.cpu))-100)
	return c.mark(a, filepath.Join(dir, "db00"), ring.Keys[0], plain)
}

// measure returns what f takes. What lies about from before is collected first.
func (c *benchVerify) measure(f func() error) (cost, error) {
	runtime.GC()
	started, before := time.Now(), processorTime()
	err := f()
	return cost{time.Since(started), time.Duration((processorTime() - before) * 1e9)}, err
}

func medianCost(list []cost) cost {
	wall, cpu := make([]time.Duration, len(list)), make([]time.Duration, len(list))
	for i, c := range list {
		wall[i], cpu[i] = c.wall, c.cpu
	}
	slices.Sort(wall)
	slices.Sort(cpu)
	return cost{wall[len(wall)/2], cpu[len(cpu)/2]}
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
func (c *benchVerify) mark(a *app, dir string, key *watermark.Key, plain cost) error {
	ring := &watermark.Ring{Keys: []*watermark.Key{key}}
	db, err := engine.Open(dir, engine.Options{Keys: func() (*watermark.Ring, error) { return ring, nil }})
	if err != nil {
		return err
	}
	defer db.Close()
	var report engine.WatermarkReport
	var marked []cost
	var exports [2][]cost
	for round := range c.Rounds {
		if _, err := db.Patterns(a.ctx, rdf.Term{}); err != nil { // known of a graph in use
			return err
		}
		spent, err := c.measure(func() (err error) {
			report, err = db.WatermarkEmbed(a.ctx, engine.WatermarkRequest{Key: key})
			return err
		})
		if err != nil {
			return err
		}
		marked = append(marked, spent)
		if _, err := db.Patterns(a.ctx, rdf.Term{}); err != nil {
			return err
		}
		for i := range exports {
			kind := (round + i) % 2
			spent, err := c.measure(func() error {
				_, err := db.Export(a.ctx, io.Discard, engine.ExportRequest{Publish: kind == 1})
				return err
			})
			if err != nil {
				return err
			}
			exports[kind] = append(exports[kind], spent)
		}
	}
	share := func(d time.Duration) float64 { return 100 * float64(d) / float64(max(1, plain.cpu)) }
	spent, more := medianCost(marked), medianCost(exports[1]).cpu-medianCost(exports[0]).cpu
	fmt.Fprintf(a.out, "marking the triples: %s, processor %s, %.1f%% of the import's; leaving %s out of an export: processor %s more, %.1f%% of the import's\n", shortTime(spent.wall), shortTime(spent.cpu),
		share(spent.cpu), plural(int64(report.Selection.LeftOut), "triple"), shortTime(more), share(more))
	return db.Close()
}
