package trial

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/engine/watermark/attack"
	"github.com/inklingdb/inkling/engine/watermark/kgmark"
	"github.com/inklingdb/inkling/internal/vec"
)

// world returns a graph of groups of entities near each other, joined inside their group mostly.
func world(groups, size, d int) Graph {
	rng := rand.New(rand.NewPCG(3, 4))
	n := groups * size
	normal := func(rows int) vec.Matrix {
		m := vec.MatrixOf(make([]float32, rows*d), rows, d)
		for i := range m.Data {
			m.Data[i] = float32(rng.NormFloat64())
		}
		return m
	}
	table, centres := watermark.Table{Rows: normal(n)}, normal(groups)
	var triples []model.Triple
	for i := range n {
		table.Names = append(table.Names, fmt.Sprintf("http://kg.example/e/%d", i))
		vec.Axpy(0.5, centres.Row(i/size), table.Rows.Row(i))
		for range 8 {
			t := model.Triple{H: uint32(i), R: rng.Uint32N(4), T: uint32(i/size*size + rng.IntN(size))}
			if rng.IntN(20) == 0 {
				t.T = rng.Uint32N(uint32(n))
			}
			triples = append(triples, t)
		}
	}
	relations := []string{"http://kg.example/r/0", "http://kg.example/r/1", "http://kg.example/r/2", "http://kg.example/r/3"}
	return Graph{Copy: attack.New(table, normal(4), relations, triples[len(triples)/50:]), HeldOut: triples[:len(triples)/50],
		Train: train.Options{Loss: train.SelfAdversarial, Shared: true, Negatives: 64, Batch: 256, Optimiser: train.Adam, LearningRate: 0.01}}
}

func attacksNamed(names ...string) (list []attack.Attack) {
	for _, name := range names {
		for _, a := range attack.Attacks {
			if a.Title() == name {
				list = append(list, a)
			}
		}
	}
	return list
}

func cellOf(t *testing.T, cells []Cell, attack, channel string, unit int) Cell {
	t.Helper()
	for _, c := range cells {
		if c.Attack == attack && c.Channel == channel && c.Unit == unit {
			return c
		}
	}
	t.Fatalf("no cell of %s, %s, %d", attack, channel, unit)
	return Cell{}
}

func TestPlusUnderAttack(t *testing.T) {
	g := world(16, 200, 128)
	attacks := attacksNamed("clean", "noise 50%", "smoothing 50%", "isomorphism", "gauge", "namespace", "averaging", "row deletion 90%")
	if len(attacks) != 8 {
		t.Fatal("the attacks have other names")
	}
	p, err := RunPlus(context.Background(), g, Settings{Copies: 2, Fresh: 10, Sizes: []int{200}, Communities: 8, Attacks: attacks, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	if p.Cosine < 0.998-1e-4 || math.Abs(p.Cosine-p.Forecast.Cosine) > 1e-4 {
		t.Errorf("cosine %.5f, forecast %.5f", p.Cosine, p.Forecast.Cosine)
	}
	for _, a := range attacks {
		for _, unit := range []int{0, 200} {
			c := cellOf(t, p.Cells, a.Title(), "combined", unit)
			if unit == 0 && (c.Positives != 2 || c.Negatives != 10) || unit == 200 && (c.Positives != 16 || c.Negatives != 80) {
				t.Errorf("%s, %d: %d positives and %d negatives", a.Title(), unit, c.Positives, c.Negatives)
			}
			if a.Source && c.AUC < 0.99 || c.FPR5e5 > 0 {
				t.Errorf("%s, %d: AUC %.4f, false positives %.4f", a.Title(), unit, c.AUC, c.FPR5e5)
			}
		}
	}
	if c := cellOf(t, p.Cells, "isomorphism", "t1", 0); c.Z > 5 {
		t.Errorf("names lost: t1 has z = %.1f", c.Z)
	}
	if c := cellOf(t, p.Cells, "gauge", "q3", 0); c.AUC < 1 {
		t.Errorf("gauge: q3 has z = %.1f", c.Z)
	}
	if len(p.Quality) != 4 || p.Quality[0].AMR < 1 || p.Quality[0].GMR > p.Quality[0].AMR || p.Quality[0].HMR > p.Quality[0].GMR {
		t.Errorf("quality %+v", p.Quality)
	}
}

func TestPaperUnderAttack(t *testing.T) {
	g := world(3, 120, 32)
	methods := []kgmark.Method{}
	for _, name := range []string{"without-lawmm", "dct-qim"} {
		m, err := kgmark.MethodByName(name)
		if err != nil {
			t.Fatal(err)
		}
		methods = append(methods, m)
	}
	o := kgmark.Options{Latent: 32, CommunityMin: 100, CommunityMax: 200, Communities: 3, VAEEpochs: 10, PredictorEpochs: 5, Steps: 10, ByNames: true}
	found, err := RunPaper(context.Background(), g, o, methods, Settings{Fresh: 5, Attacks: attacksNamed("clean", "isomorphism"), Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range found {
		c := cellOf(t, p.Cells, "clean", p.Method, 0)
		if c.AUC < 0.9 || c.Positives != 3 || c.Negatives != 15 {
			t.Errorf("%s: %+v", p.Method, c)
		}
		if len(p.Quality) == 0 || p.Cosine <= 0.5 || p.Cosine >= 1 {
			t.Errorf("%s: cosine %g, quality %v", p.Method, p.Cosine, p.Quality)
		}
	}
}

func TestCosineAndMedian(t *testing.T) {
	a := vec.MatrixOf([]float32{1, 0, 1, 1, 0, 0}, 3, 2)
	b := vec.MatrixOf([]float32{0, 2, 3, 3, 0, 1}, 3, 2)
	if got := Cosine(a, b); math.Abs(got-2.0/3) > 1e-9 {
		t.Errorf("cosine %g", got)
	}
	if kgmark.Median([]float64{3, 1, 2, 10}) != 2.5 || kgmark.Median([]float64{5}) != 5 || kgmark.Median(nil) != 0 {
		t.Error("median")
	}
}
