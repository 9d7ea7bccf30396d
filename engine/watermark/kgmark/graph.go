package kgmark

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
)

// Graph is a table of embeddings and the triples over it. Row i belongs to Names[i]; H and T of a triple are rows, R is
// below Relations. Nothing here changes it.
type Graph struct {
	Names     []string // no name twice
	Rows      vec.Matrix
	Triples   []model.Triple
	Relations int
}

// check returns ErrGraph with the reason, or nil.
func (g Graph) check() error {
	if len(g.Names) != g.Rows.Rows {
		return fmt.Errorf("kgmark: %w: %d names for %d rows", ErrGraph, len(g.Names), g.Rows.Rows)
	}
	if g.Rows.Rows < 2 || g.Rows.Cols < 2 {
		return fmt.Errorf("kgmark: %w: a table of %d x %d has nothing to mark", ErrGraph, g.Rows.Rows, g.Rows.Cols)
	}
	for i, t := range g.Triples {
		if int(t.H) >= g.Rows.Rows || int(t.T) >= g.Rows.Rows || int(t.R) >= g.Relations {
			return fmt.Errorf("kgmark: %w: triple %d (%d, %d, %d) is outside %d rows and %d relations", ErrGraph, i, t.H, t.R, t.T, g.Rows.Rows, g.Relations)
		}
	}
	seen := make(map[string]int, len(g.Names))
	for i, name := range g.Names {
		if j, twice := seen[name]; twice {
			return fmt.Errorf("kgmark: %w: rows %d and %d are both named %q", ErrGraph, j, i, name)
		}
		seen[name] = i
		for j, x := range g.Rows.Row(i) {
			if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
				return fmt.Errorf("kgmark: %w: row %d (%q), column %d is %g", ErrGraph, i, name, j, x)
			}
		}
	}
	return nil
}

// Neighbours holds the undirected simple graph of triples: each row's neighbours, sorted, itself left out.
type Neighbours [][]uint32

// NeighboursOf returns the neighbours of n rows.
func NeighboursOf(n int, triples []model.Triple) Neighbours {
	adj := make(Neighbours, n)
	for _, t := range triples {
		if t.H != t.T {
			adj[t.H] = append(adj[t.H], t.T)
			adj[t.T] = append(adj[t.T], t.H)
		}
	}
	for v := range adj {
		slices.Sort(adj[v])
		adj[v] = slices.Compact(adj[v])
	}
	return adj
}

// clusteringSample is the number of neighbours of a hub among which triangles are counted: all pairs of 10,000
// neighbours would cost seconds each.
const clusteringSample = 256

// clustering returns the local clustering coefficient of a row: the share of pairs of neighbours that are neighbours. Of
// a hub, the first clusteringSample neighbours stand for all.
func (adj Neighbours) clustering(v uint32) float64 {
	near := adj[v]
	near = near[:min(len(near), clusteringSample)]
	if len(near) < 2 {
		return 0
	}
	links := 0
	for i, a := range near {
		for _, b := range near[i+1:] {
			if _, ok := slices.BinarySearch(adj[a], b); ok {
				links++
			}
		}
	}
	return 2 * float64(links) / float64(len(near)*(len(near)-1))
}

// align sorts rows by degree, then by clustering coefficient: eq. 17. Ties, which are nearly all rows of a real graph,
// keep the order given.
func (adj Neighbours) align(rows []uint32, ascending bool) {
	coefficient := make(map[uint32]float64, len(rows))
	for _, v := range rows {
		coefficient[v] = adj.clustering(v)
	}
	slices.SortStableFunc(rows, func(a, b uint32) int {
		order := cmp.Or(cmp.Compare(len(adj[b]), len(adj[a])), cmp.Compare(coefficient[b], coefficient[a]))
		if ascending {
			return -order
		}
		return order
	})
}

// stream returns the random numbers of a key for one purpose: ChaCha8 under HMAC-SHA256(key, purpose).
func stream(key []byte, purpose string) *rand.Rand {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("inkling/kgmark/v1/" + purpose))
	return rand.New(rand.NewChaCha8([32]byte(mac.Sum(nil))))
}

// seeded returns the random numbers of a training's seed for one purpose.
func seeded(seed uint64, purpose string) *rand.Rand {
	return stream(fmt.Appendf(nil, "seed %d", seed), purpose)
}

// parallel calls do for 0 to n-1 on so many goroutines and waits; it stops early, with its error, when ctx ends.
func parallel(ctx context.Context, n, workers int, do func(i int)) error {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range max(1, min(workers, n)) {
		wait.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(i)
			}
		})
	}
	wait.Wait()
	return ctx.Err()
}

// ranges calls do with consecutive ranges of 0 to n of a fixed size, in parallel: what a range computes does not depend
// on the number of workers.
func ranges(n, workers int, do func(lo, hi int)) {
	const size = 64
	_ = parallel(context.Background(), (n+size-1)/size, workers, func(i int) { do(i*size, min(n, (i+1)*size)) })
}

func newMatrix(rows, cols int) vec.Matrix {
	return vec.MatrixOf(make([]float32, rows*cols), rows, cols)
}

// matrixOf returns data as rows of so many columns.
func matrixOf(data []float32, cols int) vec.Matrix { return vec.MatrixOf(data, len(data)/cols, cols) }

// sortByDegree sorts places by the degrees they have, the highest first, keeping the order of ties.
func sortByDegree(places, degree []int) {
	slices.SortStableFunc(places, func(a, b int) int { return cmp.Compare(degree[b], degree[a]) })
}
