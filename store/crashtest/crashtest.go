// Package crashtest kills a process that writes to a store, at random moments, and verifies what the store
// holds afterwards: every acknowledged commit, and no part of any other. The program that calls Run must
// begin with `if crashtest.Child() { return }`: Run starts the program's own binary as the victim.
package crashtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// Options of a run; zero values work except for Dir.
type Options struct {
	Dir     string        // of the store; created when there is none, and kept
	Rounds  int           // kills; default 10
	Writers int           // concurrent writers in the victim; default 4
	MaxLife time.Duration // a victim is killed at most this long after its first commit (or import); default 500 ms
	Seed    uint64        // of the moments
	Log     io.Writer     // a line per round; nil for none
}

// Report counts what happened. Lost and Torn must be 0.
type Report struct {
	Rounds       int
	Acknowledged int // commits, imports included
	Imports      int // of them, bulk imports
	Unconfirmed  int // commits found whole that the victim had no time to acknowledge
	Lost         int // acknowledged commits not found
	Torn         int // commits found in part
	MaxOpen      time.Duration
}

func (r Report) String() string {
	return fmt.Sprintf("%d kills: %d commits acknowledged (%d bulk imports), %d more found whole, %d lost, %d torn; slowest open %v",
		r.Rounds, r.Acknowledged, r.Imports, r.Unconfirmed, r.Lost, r.Torn, r.MaxOpen.Round(time.Millisecond))
}

// What a commit or import writes: each triple of its own subject, so that a part of it shows.
const (
	commitTriples = 7
	importTriples = 3000
	vocabulary    = "urn:inkling:crashtest:"
)

// name identifies one commit of one writer in one round; imports are those of writer "import".
type name struct {
	writer string
	round  int
	number int
}

func (n name) subject() rdf.Term {
	return rdf.NewIRI(fmt.Sprintf("%s%s/%d/%d", vocabulary, n.writer, n.round, n.number))
}

func (n name) size() int {
	if n.writer == importer {
		return importTriples
	}
	return commitTriples
}

func (n name) quads() []rdf.Quad {
	quads := make([]rdf.Quad, n.size())
	for i := range quads {
		quads[i] = rdf.Quad{S: n.subject(), P: rdf.NewIRI(vocabulary + "p"), O: rdf.NewString(fmt.Sprintf("%v %d", n, i))}
	}
	return quads
}

// last returns the quad that says which is a writer's last commit in a round.
func (n name) last() rdf.Quad {
	return rdf.Quad{S: rdf.NewIRI(fmt.Sprintf("%s%s/%d", vocabulary, n.writer, n.round)), P: rdf.NewIRI(vocabulary + "last"),
		O: rdf.NewTyped(fmt.Sprint(n.number), rdf.XSDInteger), G: rdf.NewIRI(vocabulary + "graph")}
}

// Run starts, kills and verifies as often as asked. An error means that it could not, or that the store
// could not be opened or failed its check; lost and torn commits are in the report.
func Run(ctx context.Context, o Options) (Report, error) {
	if o.Rounds == 0 {
		o.Rounds = 10
	}
	if o.Writers == 0 {
		o.Writers = 4
	}
	if o.MaxLife == 0 {
		o.MaxLife = 500 * time.Millisecond
	}
	random := rand.New(rand.NewPCG(o.Seed, 0))
	var report Report
	acknowledged := map[name]bool{}
	for round := range o.Rounds {
		life := time.Duration(random.Int64N(int64(o.MaxLife)))
		acks, err := victim(ctx, o, round, life)
		if err != nil {
			return report, fmt.Errorf("crashtest: round %d: %w", round, err)
		}
		for _, n := range acks {
			acknowledged[n] = true
			report.Acknowledged++
			if n.writer == importer {
				report.Imports++
			}
		}
		report.Rounds++
		if err := verify(ctx, o, round, acknowledged, &report); err != nil {
			return report, fmt.Errorf("crashtest: after kill %d: %w", round, err)
		}
		if o.Log != nil {
			fmt.Fprintf(o.Log, "killed after %v: %v\n", life.Round(time.Millisecond), report)
		}
	}
	return report, nil
}

// victim runs the child for a while, kills it and returns what it acknowledged.
func victim(ctx context.Context, o Options, round int, life time.Duration) (acks []name, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s", childVariable, o.Dir),
		fmt.Sprintf("%s_ROUND=%d", childVariable, round), fmt.Sprintf("%s_WRITERS=%d", childVariable, o.Writers))
	var failure strings.Builder
	cmd.Stderr = &failure
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	timed := false
	for lines.Scan() {
		var n name
		if _, err := fmt.Sscan(lines.Text(), &n.writer, &n.round, &n.number); err != nil {
			break // the last line may be cut off
		}
		// Every other victim first gets the time for a whole import, however slow the machine.
		if !timed && (round%2 == 0 || n.writer == importer) {
			timed = true
			timer := time.AfterFunc(life, func() { _ = cmd.Process.Kill() })
			defer timer.Stop()
		}
		acks = append(acks, n)
	}
	_ = cmd.Wait() // it was killed
	if cmd.ProcessState.Exited() {
		return nil, fmt.Errorf("the victim ended by itself: %v: %s", cmd.ProcessState, failure.String())
	}
	return acks, ctx.Err()
}

// verify opens the store and compares.
func verify(ctx context.Context, o Options, round int, acknowledged map[name]bool, report *Report) error {
	start := time.Now()
	s, err := store.Open(o.Dir, store.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	report.MaxOpen = max(report.MaxOpen, time.Since(start))
	v, err := s.View()
	if err != nil {
		return err
	}
	defer v.Close()
	for n := range acknowledged {
		if err := verifyCommit(v, n, true, report); err != nil {
			return err
		}
	}
	// A writer may have committed once more than it could say.
	writers := []string{importer}
	for w := range o.Writers {
		writers = append(writers, fmt.Sprint("w", w))
	}
	for _, w := range writers {
		n := name{w, round, 0}
		for acknowledged[n] {
			n.number++
		}
		if err := verifyCommit(v, n, false, report); err != nil {
			return err
		}
		if w != importer {
			if err := verifyLast(v, n, report); err != nil {
				return err
			}
		}
	}
	check, err := s.Check(ctx)
	if err == nil && len(check.Problems) > 0 {
		err = fmt.Errorf("check: %d problems, first %v", len(check.Problems), check.Problems[0])
	}
	return err
}

func verifyCommit(v *store.View, n name, acknowledged bool, report *Report) error {
	found := 0
	for _, q := range n.quads() {
		has, err := hasQuad(v, q)
		if err != nil {
			return err
		}
		if has {
			found++
		}
	}
	switch {
	case found == n.size() && !acknowledged:
		report.Unconfirmed++
	case found == 0 && acknowledged:
		report.Lost++
	case found != 0 && found != n.size():
		report.Torn++
	}
	return nil
}

// verifyLast checks the removals: exactly one commit is a writer's last. n is the first not acknowledged.
func verifyLast(v *store.View, n name, report *Report) error {
	lasts := 0
	for number := range n.number + 1 {
		has, err := hasQuad(v, name{n.writer, n.round, number}.last())
		if err != nil {
			return err
		}
		if has {
			lasts++
		}
		if has && number < n.number-1 {
			report.Torn++
		}
	}
	if lasts != 1 && n.number > 0 {
		report.Torn++
	}
	return nil
}

func hasQuad(v *store.View, q rdf.Quad) (bool, error) {
	var ids [4]store.TermID
	for i, t := range [4]rdf.Term{q.G, q.S, q.P, q.O} {
		if i == 0 && t.Kind == rdf.None {
			continue
		}
		id, ok, err := v.ID(t)
		if err != nil || !ok {
			return false, err
		}
		ids[i] = id
	}
	return v.Has(ids[0], store.Triple{S: ids[1], P: ids[2], O: ids[3]})
}

var errChild = errors.New("crashtest: child")
