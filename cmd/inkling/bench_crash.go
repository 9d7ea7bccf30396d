package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/inklingdb/inkling/store/crashtest"
)

type benchCrash struct {
	Rounds int    `default:"20" placeholder:"N" help:"Times to kill the process (${default})."`
	Seed   uint64 `default:"1" placeholder:"N" help:"Seed of the moments (${default})."`
}

// Run kills processes that write and import as fast as they can and looks at what is left after each.
func (c *benchCrash) Run(a *app) (err error) {
	a.machine()
	dir, err := os.MkdirTemp("", "inkling-bench-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := a.newBar("crash")
	report, err := crashtest.Run(a.ctx, crashtest.Options{Dir: dir, Rounds: c.Rounds, Seed: c.Seed, Log: &roundCounter{b: b, rounds: c.Rounds}})
	if err != nil {
		b.fail()
		return err
	}
	b.done(plural(int64(report.Rounds), "kill"))
	fmt.Fprintln(a.out, report)
	if report.Lost > 0 || report.Torn > 0 {
		return errors.New("commits were lost or torn")
	}
	return nil
}

// roundCounter moves a bar on by one round for each line written to it.
type roundCounter struct {
	b            *bar
	rounds, done int
}

var _ io.Writer = (*roundCounter)(nil)

func (r *roundCounter) Write(line []byte) (int, error) {
	r.done++
	r.b.set(float64(r.done)/float64(r.rounds), plural(int64(r.done), "kill"))
	return len(line), nil
}
