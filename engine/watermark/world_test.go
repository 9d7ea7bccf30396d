package watermark

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store/rdf"
)

// gaussian returns a table of normal numbers whose dimensions differ in place and width, as a trained table's do a little.
func gaussian(n, d int, seed uint64) Table {
	rng := rand.New(rand.NewPCG(seed, 1))
	t := Table{Rows: vec.MatrixOf(make([]float32, n*d), n, d)}
	for i := range n {
		t.Names = append(t.Names, fmt.Sprintf("http://example.org/e/%d", i))
		for j := range d {
			width := 1 + 0.3*math.Sin(float64(j))
			t.Rows.Row(i)[j] = float32(0.1*math.Cos(float64(j)) + width*rng.NormFloat64())
		}
	}
	return t
}

// testKey returns a key that is the same in every run.
func testKey(n byte) *Key {
	master := make([]byte, 32)
	master[0] = n
	k := &Key{Name: fmt.Sprintf("key %d", n), master: newSecret(master)}
	k.ID = k.id()
	return k
}

func graphKey(n byte) *GraphKey { return testKey(n).Graph(UUID{1, 2, n}) }

// marked returns the table with a mark.
func marked(t *testing.T, table Table, k *GraphKey, s Sizing) (Table, Mark) {
	t.Helper()
	scale := table.Scale()
	strength, _, err := s.Strength(table, scale)
	if err != nil {
		t.Fatal(err)
	}
	m := Mark{strength, scale}
	rows, err := m.Apply(context.Background(), k, table, 2)
	if err != nil {
		t.Fatal(err)
	}
	return Table{table.Names, rows}, m
}

// scoresOf tests one key.
func scoresOf(t *testing.T, table Table, k *GraphKey) Scores {
	t.Helper()
	s, err := NewSuspect(context.Background(), table, 2)
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.Test(context.Background(), []*GraphKey{k})
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

// copyOf returns a table that may be changed.
func copyOf(t Table) Table {
	out := Table{append([]string(nil), t.Names...), vec.MatrixOf(append([]float32(nil), t.Rows.Data...), t.Rows.Rows, t.Rows.Cols)}
	return out
}

// meanCosine returns the mean cosine between rows of two tables.
func meanCosine(a, b vec.Matrix) float64 {
	sum := 0.0
	for i := range a.Rows {
		x, y := a.Row(i), b.Row(i)
		var xx, yy, xy float64
		for j := range x {
			xx += float64(x[j]) * float64(x[j])
			yy += float64(y[j]) * float64(y[j])
			xy += float64(x[j]) * float64(y[j])
		}
		sum += xy / math.Sqrt(xx*yy)
	}
	return sum / float64(a.Rows)
}

// facts returns n distinct triples of IRIs.
func facts(n int) []Triple {
	out := make([]Triple, n)
	r := DigestTerm(rdf.NewIRI("http://example.org/r"))
	for i := range out {
		out[i] = NewTriple(DigestTerm(rdf.NewIRI(fmt.Sprintf("http://example.org/s/%d", i/7))), r,
			DigestTerm(rdf.NewIRI(fmt.Sprintf("http://example.org/o/%d", i))))
	}
	return out
}
