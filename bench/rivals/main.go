// Command rivals loads the same triples into Inkling and into SQLite (modernc.org/sqlite, no cgo) and prints what
// each took. It is a module of its own, so that Inkling does not depend on its rivals.
//
//	cd bench/rivals && go run . ../../../shared/data/FB15k-237/train.tsv.gz
//	cd bench/rivals && go run . -generate 2000000
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/inklingdb/inkling/internal/generate"
)

// Figures are what one engine took to load a file.
type Figures struct {
	Engine    string
	Triples   int64
	Seconds   float64
	CPU       float64 // seconds of processor time: on a shared machine it says more than the clock
	DiskBytes int64
	PeakBytes int64 // resident, of the whole process
}

// loader loads a file into an empty directory and returns the number of triples it holds then, durably.
type loader func(ctx context.Context, file, dir string) (int64, error)

// engines lists what is compared, in the order they run.
var engines = []struct {
	name string
	load loader
}{
	{"inkling", loadInkling},
	{"sqlite", loadSQLite},
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "rivals:", err)
		os.Exit(1)
	}
}

func run() error {
	one := flag.String("engine", "", "load with this engine only and print its figures as JSON")
	triples := flag.Int("generate", 0, "load a generated power-law graph of so many triples instead of a file")
	seed := flag.Uint64("seed", 1, "of the generated graph")
	flag.Parse()
	work, err := os.MkdirTemp("", "rivals-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	file := flag.Arg(0)
	if *triples > 0 {
		file = filepath.Join(work, "generated.nt")
		if err := writeGraph(file, *triples, *seed); err != nil {
			return err
		}
	}
	if file == "" {
		return errors.New("name a file, or -generate N")
	}
	if *one != "" {
		return measure(*one, file, work)
	}
	fmt.Printf("%-10s %10s %9s %12s %9s %14s %10s\n", "engine", "triples", "seconds", "triples/s", "cpu s", "bytes/triple", "peak MB")
	for _, e := range engines {
		f, err := child(e.name, file)
		if err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		n := float64(f.Triples)
		fmt.Printf("%-10s %10d %9.2f %12.0f %9.2f %14.1f %10.0f\n", f.Engine, f.Triples, f.Seconds, n/f.Seconds, f.CPU,
			float64(f.DiskBytes)/n, float64(f.PeakBytes)/(1<<20))
	}
	return nil
}

func writeGraph(file string, triples int, seed uint64) error {
	w, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(generate.PowerLaw{Triples: triples, Seed: seed}.NTriples(w), w.Close())
}

// child runs one engine in a process of its own, so that peaks do not mix.
func child(engine, file string) (f Figures, err error) {
	self, err := os.Executable()
	if err != nil {
		return f, err
	}
	cmd := exec.Command(self, "-engine", engine, file)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(out, &f)
}

func measure(engine, file, work string) error {
	for _, e := range engines {
		if e.name != engine {
			continue
		}
		dir := filepath.Join(work, engine)
		start := time.Now()
		n, err := e.load(context.Background(), file, dir)
		if err != nil {
			return err
		}
		f := Figures{Engine: engine, Triples: n, Seconds: time.Since(start).Seconds(), CPU: cpuSeconds(), PeakBytes: peakBytes()}
		if f.DiskBytes, err = diskBytes(dir); err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(f)
	}
	return fmt.Errorf("no engine is called %q", engine)
}

func diskBytes(dir string) (total int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	return total, err
}

// cpuSeconds returns the processor time this process has taken.
func cpuSeconds() float64 {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano()).Seconds()
}

// peakBytes returns the highest resident size of this process; 0 where /proc does not say.
func peakBytes() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(status), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kb << 10
		}
	}
	return 0
}
