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

type benchNearest struct {
	Entities int `default:"1000000" placeholder:"N" help:"Rows of the generated table (${default})."`
	Dim      int `default:"200" placeholder:"N" help:"Numbers a row (${default})."`
	Calls    int `default:"200" placeholder:"N" help:"Searches to time (${default})."`
	K        int `default:"10" placeholder:"N" help:"Rows a search finds (${default})."`
	Types    int `placeholder:"N" help:"Groups that rows lie in; the root of the rows unless given."`
}

// Run times the search for the best rows of a generated table: exact, approximate, and by a scan of all floats.
func (c *benchNearest) Run(a *app) error {
	a.machine()
	shape := generate.Rows{Rows: c.Entities, Width: c.Dim, Types: c.Types}
	rows := vec.MatrixOf(shape.Table(), c.Entities, c.Dim)
	fmt.Fprintf(a.out, "%s rows of %d float32, %s: around centres of types of Zipf sizes, with noise of 0.7 of their spread and log-normal lengths; queries point beside a row\n",
		grouped(int64(c.Entities)), c.Dim, megabytes(4*int64(len(rows.Data))))
	random := rand.New(rand.NewPCG(2, 0))
	queries := make([]nearest.Query, c.Calls)
	for i := range queries {
		queries[i] = nearest.Query{Row: shape.Query(rows.Data, random), K: c.K}
	}
	workers := runtime.GOMAXPROCS(0)
	plain := c.plainScan(rows, queries, workers)
	gbps := a.readSpeed(rows, workers)
	fmt.Fprintf(a.out, "scan of all floats: p50 %s, p99 %s; the memory gives %.1f GB/s, which allows %s\n",
		shortTime(percentile(plain.times, 0.5)), shortTime(percentile(plain.times, 0.99)), gbps,
		shortTime(transferTime(4*int64(len(rows.Data)), gbps)))
	started := time.Now()
	table := nearest.New(rows, workers)
	built := time.Since(started)
	exact := c.search(queries, func(q nearest.Query) (nearest.Answer, bool) { return table.TopK(q, workers) })
	a.printSearch("exact, bytes then floats", exact, plain)
	fmt.Fprintf(a.out, "  memory %s more, built in %s; reading the bytes alone allows %s\n", megabytes(table.Bytes()), shortTime(built),
		shortTime(transferTime(table.Bytes(), gbps)))
	return c.lists(a, rows, queries, plain)
}

// lists measures the approximate search.
func (c *benchNearest) lists(a *app, rows vec.Matrix, queries []nearest.Query, plain searched) error {
	shape := generate.Rows{Rows: c.Entities, Width: c.Dim, Types: c.Types}
	random := rand.New(rand.NewPCG(3, 0))
	samples := make([]nearest.Query, 400)
	for i := range samples {
		samples[i] = nearest.Query{Row: shape.Query(rows.Data, random)}
	}
	phase := ""
	started := time.Now()
	workers := runtime.GOMAXPROCS(0)
	table, err := nearest.Cluster(a.ctx, rows, nearest.ClusterOptions{Samples: samples, Workers: workers, Progress: func(now string, done float64) {
		if now != phase {
			phase = now
			fmt.Fprintf(a.err, "%s after %s\n", phase, shortTime(time.Since(started)))
		}
	}})
	if err != nil {
		return err
	}
	built := time.Since(started)
	got := c.search(queries, func(q nearest.Query) (nearest.Answer, bool) { return table.Approximate(q, workers) })
	a.printSearch("approximate, lists", got, plain)
	fmt.Fprintf(a.out, "  recall@%d %.3f of %s searches; stated by the table: recall@10 %.3f\n", c.K, got.recall(plain),
		grouped(int64(len(queries))), table.Recall(nearest.Dot))
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

func (c *benchNearest) search(queries []nearest.Query, find func(q nearest.Query) (nearest.Answer, bool)) (s searched) {
	for _, q := range queries {
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

// plainScan is the search by scoring every row.
func (c *benchNearest) plainScan(rows vec.Matrix, queries []nearest.Query, workers int) searched {
	scores := make([]float32, rows.Rows)
	return c.search(queries, func(q nearest.Query) (nearest.Answer, bool) {
		vec.MulNT(vec.MatrixOf(scores, 1, rows.Rows), vec.MatrixOf(q.Row, 1, rows.Cols), rows, false, workers)
		return nearest.Answer{Best: vec.TopK(nil, scores, q.K, nil), Scanned: rows.Rows, Scored: rows.Rows}, true
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

// readSpeed returns how many GB/s all workers together read of a table that no cache holds, or of one that does.
func (a *app) readSpeed(rows vec.Matrix, workers int) float64 {
	best := 0.0
	for range 5 {
		started := time.Now()
		sums := make(chan float32, workers)
		for w := range workers {
			go func() { sums <- vec.Max(rows.Data[w*len(rows.Data)/workers : (w+1)*len(rows.Data)/workers]) }()
		}
		for range workers {
			<-sums
		}
		best = max(best, 4*float64(len(rows.Data))/time.Since(started).Seconds()/1e9)
	}
	return best
}

func transferTime(bytes int64, gbps float64) time.Duration {
	return time.Duration(float64(bytes) / gbps)
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
