package factor

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
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
					for b.Loop() {
						if err := s.sweep(); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}
