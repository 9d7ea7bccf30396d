package nearest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/inklingdb/inkling/internal/vec"
)

// randomRows returns rows in groups around common centres, a few of them equal, of zeros, long, or not finite.
func randomRows(rng *rand.Rand, count, width int, odd bool) vec.Matrix {
	m := vec.MatrixOf(make([]float32, count*width), count, width)
	centres := vec.MatrixOf(make([]float32, 8*width), 8, width)
	for i := range centres.Data {
		centres.Data[i] = float32(rng.NormFloat64())
	}
	for i := range count {
		row, centre := m.Row(i), centres.Row(rng.IntN(8))
		for j := range row {
			row[j] = centre[j] + 0.5*float32(rng.NormFloat64())
		}
		if !odd {
			continue
		}
		switch rng.IntN(20) {
		case 0:
			copy(row, m.Row(rng.IntN(i+1)))
		case 1:
			clear(row)
		case 2:
			vec.Scale(100, row)
		case 3:
			row[rng.IntN(width)] = float32(math.Inf(1 - 2*rng.IntN(2)))
		case 4:
			row[rng.IntN(width)] = float32(math.NaN())
		case 5:
			row[rng.IntN(width)] *= 1e4
		}
	}
	return m
}

// plain is TopK by scoring every row.
func plain(rows vec.Matrix, q Query) []vec.Ranked {
	scores := make([]float32, rows.Rows)
	e := newExact(q)
	for i := range scores {
		scores[i] = e.score(rows.Row(i))
	}
	return vec.TopK(nil, scores, q.K, q.Skip)
}

func randomQuery(rng *rand.Rand, table *Table) Query {
	rows := table.rows
	q := Query{Row: make([]float32, rows.Cols), Similarity: Similarity(rng.IntN(3)), K: 1 + rng.IntN(20)}
	if d := table.distance; d != nil && d.Complex {
		q.Similarity = Moduli
	} else if d != nil {
		q.Similarity = L1
	}
	switch rng.IntN(3) {
	case 0:
		copy(q.Row, rows.Row(rng.IntN(rows.Rows)))
	default:
		for i := range q.Row {
			q.Row[i] = float32(rng.NormFloat64())
		}
	}
	if rng.IntN(2) == 0 {
		each := 1 + rng.IntN(4)
		q.Skip = func(row int) bool { return row%(each+1) == 1 }
	}
	return q
}

// checkExact fails unless the table answers queries as plain does.
func checkExact(t *testing.T, rng *rand.Rand, table *Table, queries int) (answered int) {
	t.Helper()
	for range queries {
		q := randomQuery(rng, table)
		got, ok := table.TopK(q, 1+rng.IntN(2))
		if !ok {
			continue
		}
		answered++
		if want := plain(table.rows, q); !slices.Equal(got.Best, want) {
			t.Fatalf("similarity %d, best %d of %d×%d: got %v, want %v", q.Similarity, q.K, table.rows.Rows, table.rows.Cols, got.Best, want)
		}
	}
	return answered
}

func TestTopKIsExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	answered, asked := 0, 0
	for range 60 {
		rows := randomRows(rng, 1+rng.IntN(900), 2*(1+rng.IntN(35)), rng.IntN(2) == 0)
		for _, s := range []Similarity{Dot, L1, Moduli} {
			answered += checkExact(t, rng, New(rows, s, 2), 20)
			asked += 20
		}
	}
	if answered < asked/2 {
		t.Fatalf("only %d of %d queries were answered from bounds", answered, asked)
	}
}

// The scan in two parts, over many segments, and few rows scored: what the table is for.
func TestTopKScoresFewRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	rows := randomRows(rng, 20_000, 64, false)
	for s := Dot; s < similarities; s++ {
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			table := New(rows, s, 2)
			scored := 0
			for range 20 {
				q := Query{Row: make([]float32, rows.Cols), Similarity: s, K: 10}
				for i := range q.Row {
					q.Row[i] = float32(rng.NormFloat64())
				}
				a, ok := table.TopK(q, 2)
				if !ok || !slices.Equal(a.Best, plain(rows, q)) {
					t.Fatalf("answered %v: %v", ok, a.Best)
				}
				scored += a.Scored
			}
			if mean := scored / 20; mean > 400 {
				t.Errorf("%d of %d rows scored", mean, rows.Rows)
			}
		})
	}
}

func TestQueriesWithoutBound(t *testing.T) {
	table := New(randomRows(rand.New(rand.NewPCG(5, 6)), 100, 8, false), Dot, 1)
	for _, row := range [][]float32{make([]float32, 8), {1, 2, 3, 4, 5, 6, 7, float32(math.NaN())}, {1e30, 0, 0, 0, 0, 0, 0, 0}} {
		if a, ok := table.TopK(Query{Row: row, K: 3}, 1); ok {
			t.Errorf("%v was answered with %v", row, a.Best)
		}
	}
	for _, s := range []Similarity{L1, Moduli} { // a table of products bounds no such distances, nor the other way round
		if _, ok := table.TopK(Query{Row: table.rows.Row(0), Similarity: s, K: 3}, 1); ok {
			t.Errorf("similarity %d was answered from a table of products", s)
		}
		other := New(table.rows, L1+Moduli-s, 1)
		for wrong := Dot; wrong <= s; wrong++ {
			if _, ok := other.TopK(Query{Row: table.rows.Row(0), Similarity: wrong, K: 3}, 1); ok && wrong != L1+Moduli-s {
				t.Errorf("similarity %d was answered from a table of another", wrong)
			}
		}
	}
	if _, ok := table.TopK(Query{Row: table.rows.Row(0), K: 0}, 1); ok {
		t.Error("K 0 was answered")
	}
}

// randomChange returns rows with some changed and some added, and the changed ones.
func randomChange(rng *rand.Rand, rows vec.Matrix) (vec.Matrix, []uint32) {
	added := rng.IntN(40)
	next := vec.MatrixOf(make([]float32, (rows.Rows+added)*rows.Cols), rows.Rows+added, rows.Cols)
	copy(next.Data, rows.Data)
	var changed []uint32
	for row := range next.Rows {
		if row >= rows.Rows || rng.IntN(50) == 0 {
			for j := range next.Row(row) {
				next.Row(row)[j] = float32(rng.NormFloat64())
			}
			if row < rows.Rows {
				changed = append(changed, uint32(row))
			}
		}
	}
	return next, changed
}

// After updates a table answers from the new rows, and the table before them from the old ones.
func TestUpdate(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 10 {
		rows := randomRows(rng, 1+rng.IntN(900), 16, false)
		table := New(rows, []Similarity{Dot, L1, Moduli}[rng.IntN(3)], 1)
		for range 5 {
			next, changed := randomChange(rng, table.rows)
			updated := table.Update(next, changed)
			checkExact(t, rng, updated, 20)
			checkExact(t, rng, table, 5)
			table = updated
		}
	}
}
