package attack

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/watermark/kgmark"
	"gonum.org/v1/gonum/mat"
)

// The spectrum is that of a dense solver.
func TestSpectrum(t *testing.T) {
	c := world(40, 8, 1)
	rng := rand.New(rand.NewPCG(1, 1))
	e, err := c.spectrum(context.Background(), rng)
	if err != nil {
		t.Fatal(err)
	}
	near := kgmark.NeighboursOf(c.Table.Rows.Rows, c.Triples)
	a := mat.NewSymDense(40, nil)
	for i, list := range near {
		for _, j := range list {
			a.SetSym(i, int(j), 1/math.Sqrt(float64(len(list)*len(near[j]))))
		}
	}
	var dense mat.EigenSym
	if !dense.Factorize(a, true) {
		t.Fatal("the dense solver failed")
	}
	want := dense.Values(nil)
	// Later ones converge more slowly; the gap makes the first two exact.
	for k, tolerance := range []float64{1e-6, 1e-3} {
		if math.Abs(e.values[k]-want[39-k]) > tolerance {
			t.Errorf("eigenvalue %d is %g, a dense solver says %g", k, e.values[k], want[39-k])
		}
	}
	sum := 0.0
	for i, list := range near {
		sum += e.vectors[1][i] * e.vectors[1][i] * float64(len(list))
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("u'Du = %g", sum)
	}
}

// The first-order change of an eigenvalue is that of the graph solved anew, for a small weight.
func TestSpectrumPerturbation(t *testing.T) {
	c := world(30, 8, 2)
	near := kgmark.NeighboursOf(c.Table.Rows.Rows, c.Triples)
	solve := func(i, j int, dw float64) (float64, []float64) {
		weight := mat.NewSymDense(30, nil)
		for v, list := range near {
			for _, u := range list {
				weight.SetSym(v, int(u), 1)
			}
		}
		weight.SetSym(i, j, weight.At(i, j)+dw)
		degree := make([]float64, 30)
		for v := range 30 {
			for u := range 30 {
				degree[v] += weight.At(v, u)
			}
		}
		for v := range 30 {
			for u := v; u < 30; u++ {
				weight.SetSym(v, u, weight.At(v, u)/math.Sqrt(degree[v]*degree[u]))
			}
		}
		var dense mat.EigenSym
		dense.Factorize(weight, true)
		var vectors mat.Dense
		dense.VectorsTo(&vectors)
		u := make([]float64, 30)
		for v := range u {
			u[v] = vectors.At(v, 28) / math.Sqrt(degree[v])
		}
		return dense.Values(nil)[28], u
	}
	i, j := int(c.Triples[0].H), int(c.Triples[0].T)
	l, u := solve(i, j, 0)
	e := eigen{values: []float64{l}, vectors: [][]float64{u}}
	const dw = -1e-4
	after, _ := solve(i, j, dw)
	if got, want := e.loss(uint32(i), uint32(j), dw), walk(l)-walk(after); math.Abs(got-want) > 1e-3*math.Abs(want) {
		t.Errorf("the loss grows by %g, solved anew by %g", got, want)
	}
}

// What NEA does shrinks the second eigenvalue's walk more than random flips: the one bridge between the halves goes or
// the halves lose links.
func TestNEAFlipsWhatMatters(t *testing.T) {
	c := world(60, 8, 3)
	out := run(t, NEA, c, 0.1)
	kept, fresh := 0, 0
	has := map[model.Triple]bool{}
	for _, x := range c.Triples {
		has[x] = true
	}
	for _, x := range out.Triples {
		if has[x] {
			kept++
		} else {
			fresh++
		}
	}
	if flips := len(c.Triples) - kept + fresh; flips != int(0.1*float64(len(c.Triples))+0.5) {
		t.Errorf("%d flips of %d triples", flips, len(c.Triples))
	}
	total := func(c Copy) float64 {
		e, err := c.spectrum(context.Background(), rand.New(rand.NewPCG(1, 1)))
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, l := range e.values {
			sum += walk(l)
		}
		return sum
	}
	random := total(run(t, DeleteTriples, c, 0.1))
	if poisoned := total(out); poisoned >= random || poisoned >= total(c) {
		t.Errorf("the walks' spectrum is %g after NEA, %g after random deletion, %g before", poisoned, random, total(c))
	}
}

// The triple nearest to the target is the one that goes.
func TestL2MetricTakesTheNearest(t *testing.T) {
	c := world(30, 8, 4)
	c.Triples = []model.Triple{{H: 0, R: 0, T: 1}, {H: 0, R: 0, T: 2}, {H: 0, R: 0, T: 3}, {H: 4, R: 0, T: 5}}
	copy(c.Table.Rows.Row(2), c.Table.Rows.Row(1))
	c.Table.Rows.Row(2)[0] += 0.01
	for seed := range uint64(20) {
		out, err := L2Metric(context.Background(), Setting{}, c, 0.25, seed)
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Triples) == 4 {
			continue // the target was the triple without any beside it
		}
		target := c.Triples[random(seed, "l2 metric").Perm(4)[0]]
		want := map[model.Triple]model.Triple{c.Triples[0]: c.Triples[1], c.Triples[1]: c.Triples[0]}[target]
		for _, x := range out.Triples {
			if want != (model.Triple{}) && x == want {
				t.Errorf("target %v: %v stayed", target, x)
			}
		}
		if len(out.Triples) != 3 {
			t.Errorf("%d triples stay", len(out.Triples))
		}
	}
}
