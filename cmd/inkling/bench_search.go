package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/inklingdb/inkling/engine/nearest"
	"github.com/inklingdb/inkling/internal/generate"
	"github.com/inklingdb/inkling/internal/vec"
)

// generatedTable is a table of rows that a search is measured on.
type generatedTable struct {
	shape   generate.Rows
	rows    vec.Matrix
	queries []nearest.Query
	workers int
}

// searchGenerated times the search for the best rows of a generated table: exact, approximate, and by a scan of all
// floats.
func (c *benchPredict) searchGenerated(a *app) error {
	g := generatedTable{shape: generate.Rows{Rows: c.Generated, Width: c.Dim, Types: c.Types}, workers: runtime.GOMAXPROCS(0)}
	g.rows = vec.MatrixOf(g.shape.Table(), c.Generated, c.Dim)
	fmt.Fprintf(a.out, "%s rows of %d float32, %s: around centres of types of Zipf sizes, with noise of 0.7 of their spread and log-normal lengths; queries point beside a row\n",
		grouped(int64(c.Generated)), c.Dim, megabytes(4*int64(len(g.rows.Data))))
	random := rand.New(rand.NewPCG(2, 0))
	for range c.Calls {
		g.queries = append(g.queries, nearest.Query{Row: g.shape.Query(g.rows.Data, random), K: c.K})
	}
	plain := g.scan()
	gbps := readSpeed(g.rows.Data, g.workers)
	fmt.Fprintf(a.out, "scan of all floats: p50 %s, p99 %s; %.1f GB/s are read of such a table, which allows %s\n",
		shortTime(percentile(plain.times, 0.5)), shortTime(percentile(plain.times, 0.99)), gbps,
		shortTime(transferTime(4*int64(len(g.rows.Data)), gbps)))
	started := time.Now()
	table := nearest.New(g.rows, nearest.Dot, g.workers)
	built := time.Since(started)
	exact := g.search(func(q nearest.Query) (nearest.Answer, bool) { return table.TopK(q, g.workers) })
	a.printSearch("exact, bytes then floats", exact, plain)
	fmt.Fprintf(a.out, "  memory %s more, built in %s; reading the bytes alone allows %s\n", megabytes(table.Bytes()), shortTime(built),
		shortTime(transferTime(table.Bytes(), gbps)))
	return g.lists(a, plain)
}

// lists measures the approximate search.
func (g *generatedTable) lists(a *app, plain searched) error {
	random := rand.New(rand.NewPCG(3, 0))
	samples := make([]nearest.Query, 400)
	for i := range samples {
		samples[i] = nearest.Query{Row: g.shape.Query(g.rows.Data, random)}
	}
	phase := ""
	started := time.Now()
	table, err := nearest.Cluster(a.ctx, g.rows, nearest.ClusterOptions{Samples: samples, Workers: g.workers, Progress: func(now string, done float64) {
		if now != phase {
			phase = now
			fmt.Fprintf(a.err, "%s after %s\n", phase, shortTime(time.Since(started)))
		}
	}})
	if err != nil {
		return err
	}
	built := time.Since(started)
	got := g.search(func(q nearest.Query) (nearest.Answer, bool) { return table.Approximate(q, g.workers) })
	a.printSearch("approximate, lists", got, plain)
	fmt.Fprintf(a.out, "  recall %.3f of %s searches; stated by the table: recall@10 %.3f\n", got.recall(plain),
		grouped(int64(len(g.queries))), table.Recall(nearest.Dot))
	fmt.Fprintf(a.out, "  memory %s, built in %s\n", megabytes(table.Bytes()), shortTime(built))
	return nil
}

// searched is how searches went.
type searched struct {
	times           []time.Duration
	best            [][]vec.Ranked
	scanned, scored int
	failed          int
}

func (g *generatedTable) search(find func(q nearest.Query) (nearest.Answer, bool)) (s searched) {
	for _, q := range g.queries {
		started := time.Now()
		got, ok := find(q)
		s.times = append(s.times, time.Since(started))
		s.best = append(s.best, got.Best)
		s.scanned, s.scored = s.scanned+got.Scanned, s.scored+got.Scored
		if !ok {
			s.failed++
		}
	}
	return s
}

// scan is the search by scoring every row.
func (g *generatedTable) scan() searched {
	scores := make([]float32, g.rows.Rows)
	return g.search(func(q nearest.Query) (nearest.Answer, bool) {
		return nearest.Answer{Best: scanFloats(g.rows, q.Row, scores, q.K, g.workers), Scanned: g.rows.Rows, Scored: g.rows.Rows}, true
	})
}

// recall returns the share of the truth's rows that were found.
func (s searched) recall(truth searched) float64 {
	found, wanted := 0, 0
	for i, best := range truth.best {
		in := map[int]bool{}
		for _, r := range s.best[i] {
			in[r.Index] = true
		}
		for _, r := range best {
			wanted++
			if in[r.Index] {
				found++
			}
		}
	}
	return float64(found) / float64(max(1, wanted))
}

func (a *app) printSearch(name string, s, plain searched) {
	n := len(s.times)
	p50 := percentile(s.times, 0.5)
	fmt.Fprintf(a.out, "%s: p50 %s, p99 %s, %.3f of the scan of floats; a search reads the bytes of %s rows and the floats of %s; same answer in %.1f%%, given up %d\n",
		name, shortTime(p50), shortTime(percentile(s.times, 0.99)), p50.Seconds()/percentile(plain.times, 0.5).Seconds(),
		grouped(int64(s.scanned/n)), grouped(int64(s.scored/n)), 100*s.recall(plain), s.failed)
}

// scanFloats returns the k rows of the largest inner products with a query, by all products.
func scanFloats(rows vec.Matrix, query, scores []float32, k, workers int) []vec.Ranked {
	vec.MulNT(vec.MatrixOf(scores, 1, rows.Rows), vec.MatrixOf(query, 1, rows.Cols), rows, false, workers)
	return vec.TopK(nil, scores, k, nil)
}

// readSpeed returns how many GB/s all workers together read of data over and over: of memory, or of a cache that holds it.
func readSpeed(data []float32, workers int) float64 {
	best := 0.0
	for range 5 {
		started := time.Now()
		sums := make(chan float32, workers)
		for w := range workers {
			go func() { sums <- vec.Max(data[w*len(data)/workers : (w+1)*len(data)/workers]) }()
		}
		for range workers {
			<-sums
		}
		best = max(best, 4*float64(len(data))/time.Since(started).Seconds()/1e9)
	}
	return best
}

func transferTime(bytes int64, gbps float64) time.Duration {
	return time.Duration(float64(bytes) / gbps)
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
