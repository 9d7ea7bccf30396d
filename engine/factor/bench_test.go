//go:build unix

package factor

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/inklingdb/inkling/engine/train"
)

// BenchmarkSweep times one iteration of each method on the benchmarks' graphs, at the source's ranks (as many as there are
// relations): go test -bench Sweep/FB15k-237/rescal -benchtime 5x ./engine/factor. INKLING_DATA names their folder.
func BenchmarkSweep(b *testing.B) {
	root := os.Getenv("INKLING_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	for _, name := range []string{"Kinship", "UMLS", "FB13", "WN18", "WN18RR", "FB15k-237"} {
		d, err := train.ReadSplits(filepath.Join(root, name))
		if err != nil {
			b.Logf("%s is not there: %v", name, err)
			continue
		}
		x := newTensor(d.Train, d.Vocabulary.Entities(), d.Vocabulary.Relations())
		for _, m := range Methods {
			for _, solver := range []Solver{ALS, Adam} {
				if solver == Adam && !m.constrained {
					continue
				}
				b.Run(fmt.Sprintf("%s/%s-%s", name, m.Name, solver), func(b *testing.B) {
					o := Options{Method: m.Name, Rank: d.Vocabulary.Relations(), Workers: 2, Settings: Settings{Solver: solver, Start: Random}}.Defaults(d)
					similarity, err := similarityFor(m, o, d)
					if err != nil {
						b.Fatal(err)
					}
					s := newSolver(m, o, x, similarity)
					if err := s.prepare(rand.New(rand.NewPCG(1, 1))); err != nil {
						b.Fatal(err)
					}
					before := processorTime(b)
					for b.Loop() {
						if err := s.sweep(); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric((processorTime(b)-before)*1e3/float64(b.N), "cpu-ms/op")
				})
			}
		}
	}
}

// processorTime returns the seconds of processor time that the process has taken: on a machine that is shared, half of a
// sweep's is about what the sweep takes two cores of their own.
func processorTime(b *testing.B) float64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9
}
