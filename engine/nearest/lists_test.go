package nearest

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/inklingdb/inkling/internal/vec"
)

// nearQueries returns queries around rows, as a model's are.
func nearQueries(rng *rand.Rand, rows vec.Matrix, n int, similarity Similarity) []Query {
	queries := make([]Query, n)
	for i := range queries {
		q := slices.Clone(rows.Row(rng.IntN(rows.Rows)))
		for j := range q {
			q[j] += 0.3 * float32(rng.NormFloat64())
		}
		queries[i] = Query{Row: q, Similarity: similarity, K: 10}
	}
	return queries
}

func TestListsAreExactToo(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for range 6 {
		rows := randomRows(rng, 300+rng.IntN(1500), 1+rng.IntN(40), false)
		rows.Row(7)[0] = float32(math.NaN())
		rows.Row(8)[0] = float32(math.Inf(1))
		table, err := Cluster(context.Background(), rows, ClusterOptions{
			Samples: nearQueries(rng, randomRows(rng, 50, rows.Cols, false), 20, SquaredL2), Workers: 2,
		})
		if err != nil {
			t.Fatal(err)
		}
		checkExact(t, rng, table, 30)
		for range 3 {
			next, changed := randomChange(rng, table.rows)
			updated := table.Update(next, changed)
			checkExact(t, rng, updated, 20)
			checkExact(t, rng, table, 5)
			table = updated
		}
		if table.Moved() == 0 {
			t.Error("no row moved")
		}
	}
}

// The recall that a table states is what other queries find, and reading lists is less work than reading all.
func TestApproximateKeepsItsRecall(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	rows := randomRows(rng, 20_000, 24, false)
	for s := Dot; s <= Cosine; s++ {
		table, err := Cluster(context.Background(), rows, ClusterOptions{Samples: nearQueries(rng, rows, 200, s), Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		found, scanned := 0, 0
		queries := nearQueries(rng, rows, 200, s)
		for _, q := range queries {
			a, ok := table.Approximate(q, 2)
			if !ok {
				t.Fatal("not answered")
			}
			found += common(a.Best, plain(rows, q))
			scanned += a.Scanned
		}
		recall := float64(found) / float64(10*len(queries))
		if math.Abs(recall-table.Recall(s)) > 0.05 || recall < 0.8 {
			t.Errorf("similarity %d: recall %.3f, stated %.3f", s, recall, table.Recall(s))
		}
		if mean := scanned / len(queries); mean > rows.Rows/5 {
			t.Errorf("similarity %d: %d of %d rows read", s, mean, rows.Rows)
		}
	}
}

// A row that changed or came after the lists were made is found by every search, wherever it is now.
func TestApproximateFindsMovedRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	rows := randomRows(rng, 5000, 16, false)
	table, err := Cluster(context.Background(), rows, ClusterOptions{Samples: nearQueries(rng, rows, 50, Dot), Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		next, changed := randomChange(rng, table.rows)
		for row := table.rows.Rows; row < next.Rows; row++ {
			changed = append(changed, uint32(row))
		}
		table = table.Update(next, changed[:0:0])
		table = table.Update(next, changed) // of which some moved a moment ago
		for _, row := range changed {
			a, ok := table.Approximate(Query{Row: next.Row(int(row)), Similarity: SquaredL2, K: 1}, 1)
			if !ok || len(a.Best) != 1 || a.Best[0].Index != int(row) || a.Best[0].Score != 0 {
				t.Fatalf("row %d: %v %v", row, a.Best, ok)
			}
		}
		checkExact(t, rng, table, 20)
	}
}

func TestClusterIsDeterministic(t *testing.T) {
	rows := randomRows(rand.New(rand.NewPCG(17, 18)), 3000, 12, false)
	make := func(workers int) *Table {
		samples := nearQueries(rand.New(rand.NewPCG(19, 20)), rows, 40, Dot)
		table, err := Cluster(context.Background(), rows, ClusterOptions{Samples: samples, Workers: workers, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		return table
	}
	a, b := make(1), make(2)
	if !slices.Equal(a.row, b.row) || a.lists.tuned != b.lists.tuned {
		t.Error("two runs made other lists")
	}
}

func TestClusterRefuses(t *testing.T) {
	rows := randomRows(rand.New(rand.NewPCG(21, 22)), 3000, 12, false)
	samples := nearQueries(rand.New(rand.NewPCG(19, 20)), rows, 40, Dot)
	if _, err := Cluster(context.Background(), rows, ClusterOptions{}); !errors.Is(err, ErrNoSamples) {
		t.Errorf("no samples: %v", err)
	}
	unbounded := []Query{{Row: []float32{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}}}
	if _, err := Cluster(context.Background(), rows, ClusterOptions{Samples: unbounded}); !errors.Is(err, ErrNoSamples) {
		t.Errorf("samples of zeros: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	progress := func(phase string, done float64) { cancel() }
	if _, err := Cluster(ctx, rows, ClusterOptions{Samples: samples, Progress: progress}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
