package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/hook"
	"github.com/inklingdb/inkling/engine/hookcrash"
	"github.com/inklingdb/inkling/store/rdf"
)

type benchHooks struct {
	Seconds float64 `default:"2" placeholder:"S" help:"Time of each measurement (${default})."`
	Writers int     `default:"64" placeholder:"N" help:"Concurrent writers, one triple a commit (${default})."`
	Triples int     `default:"1" placeholder:"N" help:"Triples a commit (${default})."`
	Crashes int     `placeholder:"N" help:"Instead, kill a writing process so many times and count what its hooks lost."`
	Seed    uint64  `default:"1" placeholder:"N" help:"Seed of the moments (${default})."`
}

// hookLoad is a kind of hook to measure.
type hookLoad struct {
	name       string
	definition hook.Definition
}

// hookLoads are measured each with every number of hooks.
var hookLoads = []hookLoad{
	{"before, other relation", hook.Definition{Action: "reject", Condition: `r == "other" && has_other(h, r, t)`}},
	{"before, h == t", hook.Definition{Action: "reject", Condition: `h == t`}},
	{"before, has_other", hook.Definition{Action: "reject", Condition: `has_other(h, r, t)`}},
	{"after, other relation", hook.Definition{Action: "tag", Condition: `r == "other"`}},
	{"after, has_other", hook.Definition{Action: "tag", Condition: `has_other(h, r, t)`}},
}

// Run measures commits a second, or crashes.
func (c *benchHooks) Run(a *app) (err error) {
	a.machine()
	dir, err := os.MkdirTemp("", "inkling-bench-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if c.Crashes > 0 {
		return c.crash(a, dir)
	}
	fmt.Fprintf(a.out, "%d writers, %s a commit, synced, %v each; commits a second, and share of those without hooks\n",
		c.Writers, plural(int64(c.Triples), "triple"), time.Duration(c.Seconds*float64(time.Second)))
	t := newTable(a.out, "hooks", "0", "1", "10", "100")
	for i, load := range hookLoads {
		row := []any{load.name}
		var first float64
		for _, n := range []int{0, 1, 10, 100} {
			rate, err := c.measure(a.ctx, filepath.Join(dir, fmt.Sprint(i, "-", n)), load, n)
			if err != nil {
				return err
			}
			if n == 0 {
				first = rate
			}
			row = append(row, fmt.Sprintf("%s (%.0f%%)", grouped(int64(rate)), 100*rate/first))
		}
		t.AppendRow(row)
	}
	t.Render()
	return nil
}

// measure returns the commits a second that writers reach with n hooks.
func (c *benchHooks) measure(ctx context.Context, dir string, load hookLoad, n int) (rate float64, err error) {
	db, err := engine.Open(dir, engine.Options{})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for i := range n {
		d := load.definition
		d.Name = fmt.Sprint("h", i)
		if _, err := db.AddHook(ctx, d); err != nil {
			return 0, err
		}
	}
	running, cancel := context.WithTimeout(ctx, time.Duration(c.Seconds*float64(time.Second)))
	defer cancel()
	start := time.Now()
	var commits atomic.Int64
	var group sync.WaitGroup
	failed := make(chan error, c.Writers)
	for w := range c.Writers {
		group.Go(func() {
			for i := 0; running.Err() == nil; i++ {
				quads := make([]rdf.Quad, c.Triples)
				for j := range quads {
					quads[j] = rdf.Quad{S: rdf.NewIRI(fmt.Sprintf("urn:s%d/%d/%d", w, i, j)), P: rdf.NewIRI("urn:p"), O: rdf.NewIRI(fmt.Sprint("urn:o", i%100))}
				}
				if _, err := db.Apply(ctx, quads, nil, "bench"); err != nil {
					failed <- err
					return
				}
				commits.Add(1)
			}
		})
	}
	group.Wait()
	took := time.Since(start)
	select {
	case err := <-failed:
		return 0, err
	default:
		return float64(commits.Load()) / took.Seconds(), ctx.Err()
	}
}

// crash kills writing processes and counts what hooks lost.
func (c *benchHooks) crash(a *app, dir string) error {
	b := a.newBar("crash")
	r, err := hookcrash.Run(a.ctx, hookcrash.Options{Dir: filepath.Join(dir, "db"), Rounds: c.Crashes, Seed: c.Seed,
		Log: &roundCounter{b: b, rounds: c.Crashes}})
	if err != nil {
		b.fail()
		return err
	}
	b.done(plural(int64(r.Rounds), "kill"))
	fmt.Fprintln(a.out, r)
	if r.Bad() {
		return errors.New("hooks lost or repeated what they must not")
	}
	return nil
}
