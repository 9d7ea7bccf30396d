package attack

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/internal/vec"
)

// world returns a copy of n entities in two halves, joined inside by many random triples and across by one.
func world(n, d int, seed uint64) Copy {
	rng := rand.New(rand.NewPCG(seed, 2))
	matrix := func(rows int) vec.Matrix {
		m := vec.MatrixOf(make([]float32, rows*d), rows, d)
		for i := range m.Data {
			m.Data[i] = float32(rng.NormFloat64())
		}
		return m
	}
	table := watermark.Table{Rows: matrix(n)}
	for i := range n {
		table.Names = append(table.Names, fmt.Sprintf("http://kg.example/e/%d", i))
	}
	var relations []string
	for i := range 5 {
		relations = append(relations, fmt.Sprintf("http://kg.example/r/%d", i))
	}
	triples := []model.Triple{{H: 0, R: 0, T: uint32(n - 1)}}
	for i := range 6 * n {
		h, half := uint32(i%n), uint32(n/2)
		t := model.Triple{H: h, R: rng.Uint32N(5), T: h/half*half + rng.Uint32N(half)}
		if t.H != t.T && !slices.Contains(triples, t) {
			triples = append(triples, t)
		}
	}
	return New(table, matrix(5), relations, triples)
}

func run(t *testing.T, do Func, c Copy, strength float64) Copy {
	t.Helper()
	out, err := do(context.Background(), Setting{}, c, strength, 3)
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Check(); err != nil {
		t.Fatal(err)
	}
	return out
}

// Every line of the table repeats itself, leaves what it was given alone and yields a copy that holds together.
func TestAttacksRepeatAndShareNothing(t *testing.T) {
	c, kept, other := world(60, 16, 1), world(60, 16, 1), world(60, 16, 1)
	other.Table.Rows = world(60, 16, 9).Table.Rows
	s := Setting{Other: &other, Train: train.Options{Loss: train.SelfAdversarial, Negatives: 8, Batch: 32, Optimiser: train.Adam, LearningRate: 0.01}}
	for _, a := range Attacks {
		first, err := a.Run(context.Background(), s, c, 7)
		if err != nil {
			t.Fatal(err)
		}
		if err := first.Check(); err != nil {
			t.Errorf("%s: %v", a.Title(), err)
		}
		second, err := a.Run(context.Background(), s, c, 7)
		if err != nil || !reflect.DeepEqual(first, second) {
			t.Errorf("%s does not repeat itself (%v)", a.Title(), err)
		}
		if a.Name != "clean" && a.Name != "isomorphism" && reflect.DeepEqual(first, c) {
			t.Errorf("%s changes nothing", a.Title())
		}
		if !reflect.DeepEqual(c, kept) {
			t.Fatalf("%s wrote to the copy that it was given", a.Title())
		}
	}
}

func changedRows(a, b vec.Matrix) int {
	n := 0
	for i := range a.Rows {
		if !slices.Equal(a.Row(i), b.Row(i)) {
			n++
		}
	}
	return n
}

func TestStrengths(t *testing.T) {
	c := world(200, 16, 2)
	n := float64(len(c.Triples))
	for _, share := range []float64{0.1, 0.5} {
		if got := changedRows(c.Table.Rows, run(t, Noise, c, share).Table.Rows); got != int(200*share) {
			t.Errorf("noise on %g: %d rows changed", share, got)
		}
		if got := changedRows(c.Table.Rows, run(t, Smooth, c, share).Table.Rows); got != int(200*share) {
			t.Errorf("smoothing of %g: %d rows changed", share, got)
		}
		if got := len(run(t, DeleteTriples, c, share).Triples); got != len(c.Triples)-int(n*share+0.5) {
			t.Errorf("deletion of %g leaves %d of %g triples", share, got, n)
		}
		altered, same := run(t, AlterRelations, c, share).Triples, 0
		for i, x := range altered {
			if x.H != c.Triples[i].H || x.T != c.Triples[i].T {
				t.Fatalf("alteration changed the ends of triple %d", i)
			}
			if x.R == c.Triples[i].R {
				same++
			}
		}
		if same != len(c.Triples)-int(n*share+0.5) {
			t.Errorf("alteration of %g leaves %d of %g triples", share, same, n)
		}
		if got := run(t, DeleteRows, c, share).Table.Rows.Rows; got != 200-int(200*share) {
			t.Errorf("deletion of %g leaves %d rows", share, got)
		}
	}
}

func TestSmoothIsTheMeanOfTheNeighbourhood(t *testing.T) {
	c := world(40, 8, 3)
	c.Triples = []model.Triple{{H: 0, R: 1, T: 1}, {H: 1, R: 2, T: 0}, {H: 2, R: 0, T: 0}, {H: 3, R: 0, T: 3}}
	got := run(t, Smooth, c, 1).Table.Rows
	for j, x := range got.Row(0) {
		want := (c.Table.Rows.Row(0)[j] + c.Table.Rows.Row(1)[j] + c.Table.Rows.Row(2)[j]) / 3
		if math.Abs(float64(x-want)) > 1e-6 {
			t.Errorf("number %d is %g, want %g", j, x, want)
		}
	}
	if !slices.Equal(got.Row(3), c.Table.Rows.Row(3)) {
		t.Error("a row whose only link is to itself changed")
	}
}

// Gauge and permutation change every number and no score.
func TestGaugeAndPermutationKeepScores(t *testing.T) {
	c := world(50, 32, 4)
	before, err := c.Embedding()
	if err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]Func{"gauge": Gauge, "permutation": PermuteDimensions} {
		out := run(t, do, c, 0)
		if changedRows(c.Table.Rows, out.Table.Rows) != 50 {
			t.Errorf("%s left rows alone", name)
		}
		after, err := out.Embedding()
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range c.Triples {
			if a, b := before.Score(x.H, x.R, x.T), after.Score(x.H, x.R, x.T); math.Abs(float64(a-b)) > 1e-4 {
				t.Fatalf("%s: score %g became %g", name, a, b)
			}
		}
	}
}

func TestHalf(t *testing.T) {
	for _, c := range [][2]float32{{0, 0}, {1, 1}, {-1.0009765625, -1.0009765625}, {1.00048828125, 1}, {1.00146484375, 1.001953125},
		{65519, 65504}, {1e9, 65504}, {-1e9, -65504}, {5.9604645e-8, 5.9604645e-8}, {2.9e-8, 0}, {6.2e-5, 6.198883e-5}} {
		if got := half(c[0]); got != c[1] {
			t.Errorf("%g becomes %g, want %g", c[0], got, c[1])
		}
	}
}

func TestInt8HasAtMost255Levels(t *testing.T) {
	c := world(2000, 2, 5)
	out := run(t, Int8, c, 0)
	for j := range 2 {
		levels, worst, largest := map[float32]bool{}, 0.0, 0.0
		for i := range 2000 {
			x, y := float64(c.Table.Rows.Row(i)[j]), out.Table.Rows.Row(i)[j]
			levels[y] = true
			worst, largest = max(worst, math.Abs(x-float64(y))), max(largest, math.Abs(x))
		}
		if len(levels) > 255 || len(levels) < 100 {
			t.Errorf("%d levels", len(levels))
		}
		if worst > largest/254*1.001 {
			t.Errorf("off by %g, half a step is %g", worst, largest/254)
		}
	}
}

// A relabelled graph is isomorphic: rows, ends of triples and origins go together, names tell nothing.
func TestRelabelIsAnIsomorphism(t *testing.T) {
	c := world(80, 8, 6)
	out := run(t, Relabel, c, 0)
	back := make([]uint32, 80)
	kept := 0
	for i, o := range out.Origin {
		back[i] = uint32(o)
		if !slices.Equal(out.Table.Rows.Row(i), c.Table.Rows.Row(o)) {
			t.Fatalf("row %d is not that of its origin", i)
		}
		if out.Table.Names[i] == c.Table.Names[o] {
			kept++
		}
	}
	if kept > 8 {
		t.Errorf("%d of 80 kept their name", kept)
	}
	has := map[model.Triple]bool{}
	for _, x := range c.Triples {
		has[x] = true
	}
	for _, x := range out.Triples {
		if !has[model.Triple{H: back[x.H], R: x.R, T: back[x.T]}] {
			t.Fatalf("triple %v is new", x)
		}
	}
	if len(out.Triples) != len(c.Triples) {
		t.Errorf("%d triples became %d", len(c.Triples), len(out.Triples))
	}
}

func TestOnlyAndAverage(t *testing.T) {
	c := world(80, 8, 7)
	part := run(t, Relabel, c, 0).Only(map[int]bool{3: true, 70: true, 99: true})
	if part.Table.Rows.Rows != 2 || !slices.Equal(part.Table.Rows.Row(0), c.Table.Rows.Row(part.Origin[0])) {
		t.Errorf("origins %v", part.Origin)
	}
	other := world(80, 8, 8)
	got, err := Average(context.Background(), Setting{Other: &other}, c, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if want := (c.Table.Rows.Data[5] + other.Table.Rows.Data[5]) / 2; got.Table.Rows.Data[5] != want {
		t.Errorf("%g, want %g", got.Table.Rows.Data[5], want)
	}
	if _, err := Average(context.Background(), Setting{}, c, 0, 0); err == nil {
		t.Error("averaging with nothing is no error")
	}
	short := other.Only(map[int]bool{1: true})
	if _, err := Average(context.Background(), Setting{Other: &short}, c, 0, 0); err == nil {
		t.Error("averaging with another shape is no error")
	}
}
