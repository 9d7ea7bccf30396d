package main

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/store/rdf"
)

type benchCrash struct {
	Rounds int    `default:"20" placeholder:"N" help:"Times to kill the process (${default})."`
	Seed   uint64 `default:"1" placeholder:"N" help:"Seed of the moments (${default})."`
	Child  string `hidden:"" help:"Commit to this database until killed, after the commit numbered --from."`
	From   int    `hidden:""`
}

// crashTriples is how many triples one commit adds: a torn one would show only some of them.
const crashTriples = 5

// Run kills children that commit as fast as they can and looks at what is left after each.
func (c *benchCrash) Run(a *app) (err error) {
	if c.Child != "" {
		return commitForever(a, c.Child, c.From)
	}
	a.machine()
	dir, err := os.MkdirTemp("", "inkling-bench-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	random := rand.New(rand.NewPCG(c.Seed, 0))
	b := a.newBar("crash")
	acknowledged, lost, torn := 0, 0, 0
	for round := range c.Rounds {
		wait := time.Duration(100+random.IntN(900)) * time.Millisecond
		last, err := killChild(a, dir, acknowledged, wait)
		if err != nil {
			b.fail()
			return err
		}
		acknowledged = max(acknowledged, last)
		whole, broken, problems, err := countCommits(a, dir)
		if err != nil {
			b.fail()
			return err
		}
		if problems > 0 {
			b.fail()
			return fmt.Errorf("round %d: inkling check finds %s", round+1, plural(int64(problems), "problem"))
		}
		lost, torn = max(lost, acknowledged-whole), torn+broken
		acknowledged = max(acknowledged, whole) // a commit may be durable although its acknowledgement was cut off
		b.set(float64(round+1)/float64(c.Rounds), plural(int64(acknowledged), "commit"))
	}
	b.done(plural(int64(c.Rounds), "kill"))
	fmt.Fprintf(a.out, "%s survived: %s acknowledged or found durable, %d lost, %d torn\n", plural(int64(c.Rounds), "kill -9"),
		plural(int64(acknowledged), "commit"), max(0, lost), torn)
	if lost > 0 || torn > 0 {
		return errors.New("commits were lost or torn")
	}
	return nil
}

// commitForever adds crashTriples triples a commit and prints the number of each once it is acknowledged.
func commitForever(a *app, dir string, from int) error {
	db, err := engine.Open(dir, engine.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	out := bufio.NewWriter(a.out)
	for n := from + 1; ; n++ {
		var add []rdf.Quad
		for i := range crashTriples {
			add = append(add, rdf.Quad{S: crashIRI("commit%d", n), P: crashIRI("part%d", i), O: crashIRI("thing%d", n%1000)})
		}
		if _, err := db.Apply(a.ctx, add, nil, "bench"); err != nil {
			return err
		}
		fmt.Fprintln(out, "acknowledged", n)
		if err := out.Flush(); err != nil {
			return err
		}
	}
}

func crashIRI(format string, n int) rdf.Term {
	return rdf.NewIRI(rdf.DefaultBase + fmt.Sprintf(format, n))
}

// killChild starts a child, kills it after a while, and returns the last commit it acknowledged.
func killChild(a *app, dir string, from int, after time.Duration) (last int, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	child := exec.CommandContext(a.ctx, self, "bench", "crash", "--child", dir, "--from", fmt.Sprint(from))
	child.Stderr = a.err
	pipe, err := child.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := child.Start(); err != nil {
		return 0, err
	}
	timer := time.AfterFunc(after, func() { _ = child.Process.Kill() })
	defer timer.Stop()
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		var n int
		if _, err := fmt.Sscanf(lines.Text(), "acknowledged %d", &n); err == nil {
			last = n
		}
	}
	_ = child.Wait() // it was killed
	return last, a.ctx.Err()
}

// countCommits returns how many commits are there whole, counted from the first without a gap, how many are there in
// part, and how many problems a check finds.
func countCommits(a *app, dir string) (whole, torn, problems int, err error) {
	db, err := engine.Open(dir, engine.Options{})
	if err != nil {
		return 0, 0, 0, fmt.Errorf("reopening after a kill: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	report, err := db.Check(a.ctx)
	if err != nil {
		return 0, 0, 0, err
	}
	r, err := db.Query(a.ctx, "SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?s", engine.QueryOptions{})
	if err != nil {
		return 0, 0, 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	complete := map[string]bool{}
	for row, err := range r.Rows() {
		if err != nil {
			return 0, 0, 0, err
		}
		if row[1].Value == fmt.Sprint(crashTriples) {
			complete[strings.TrimPrefix(row[0].Value, rdf.DefaultBase)] = true
		} else {
			torn++
		}
	}
	for complete[fmt.Sprintf("commit%d", whole+1)] {
		whole++
	}
	return whole, torn, len(report.Problems), nil
}
