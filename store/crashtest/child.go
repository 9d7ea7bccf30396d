package crashtest

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"

	"github.com/inklingdb/inkling/store"
)

const (
	childVariable = "INKLING_CRASHTEST"
	importer      = "import"
)

// Child reports whether this process is a victim that Run started; it then returns only when writing failed.
func Child() bool {
	dir := os.Getenv(childVariable)
	if dir == "" {
		return false
	}
	if err := child(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return true
}

// child writes until it is killed: several writers, an importer, and folds that never rest.
func child(dir string) error {
	round, err := strconv.Atoi(os.Getenv(childVariable + "_ROUND"))
	if err != nil {
		return fmt.Errorf("%w: round: %w", errChild, err)
	}
	writers, err := strconv.Atoi(os.Getenv(childVariable + "_WRITERS"))
	if err != nil {
		return fmt.Errorf("%w: writers: %w", errChild, err)
	}
	s, err := store.Open(dir, store.Options{FoldMin: 200, FoldFraction: 1e-9})
	if err != nil {
		return fmt.Errorf("%w: %w", errChild, err)
	}
	var group sync.WaitGroup
	errs := make(chan error, writers+1)
	run := func(writer string, write func(name) error) {
		defer group.Done()
		for n := (name{writer, round, 0}); ; n.number++ {
			if err := write(n); err != nil {
				errs <- fmt.Errorf("%w: %v: %w", errChild, n, err)
				return
			}
			// One write call per line: a kill leaves whole lines, except perhaps the last.
			if _, err := os.Stdout.WriteString(fmt.Sprintln(n.writer, n.round, n.number)); err != nil {
				errs <- err
				return
			}
		}
	}
	group.Add(writers + 1)
	for w := range writers {
		go run(fmt.Sprint("w", w), func(n name) error { return commit(s, n) })
	}
	go run(importer, func(n name) error { return bulk(s, n) })
	err = <-errs
	group.Wait()
	return err
}

// commit writes a name's quads and moves the writer's mark to it.
func commit(s *store.Store, n name) error {
	b := store.Batch{Source: "crashtest", Add: append(n.quads(), n.last())}
	if n.number > 0 {
		b.Remove = append(b.Remove, name{n.writer, n.round, n.number - 1}.last())
	}
	_, err := s.Write(context.Background(), b)
	return err
}

// bulk imports a name's quads as a new generation, spilling runs.
func bulk(s *store.Store, n name) error {
	ctx := context.Background()
	imp, err := s.NewImport(ctx, store.ImportOptions{Source: "crashtest", CommitLimit: 1, MemoryBytes: 1 << 16})
	if err != nil {
		return err
	}
	defer imp.Abort()
	if err := imp.Add(ctx, n.quads()); err != nil {
		return err
	}
	_, _, err = imp.Commit(ctx)
	return err
}
