package kgmark

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
)

// checkGradients compares each parameter's gradient, along random directions, with central differences of the loss.
func checkGradients(t *testing.T, params map[string]*weights, loss func() float64, tolerance float64) {
	t.Helper()
	random := rand.New(rand.NewPCG(7, 7))
	for _, w := range params {
		clear(w.grad)
	}
	loss()
	grads := map[string][]float32{}
	for name, w := range params {
		grads[name] = append([]float32(nil), w.grad...)
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		w := params[name]
		start := append([]float32(nil), w.value...)
		size := 0.0
		for _, g := range grads[name] {
			size += float64(g) * float64(g)
		}
		for range 3 {
			direction := make([]float32, len(start))
			want := 0.0
			for i := range direction {
				direction[i] = float32(random.NormFloat64())
				want += float64(direction[i]) * float64(grads[name][i])
			}
			at := func(step float64) float64 {
				for i := range start {
					w.value[i] = start[i] + float32(step)*direction[i]
				}
				return loss()
			}
			got := math.Inf(1) // the closest of three steps: a kink of ReLU lies in few of them, rounding shows in the shortest
			for _, h := range []float64{5e-4, 2e-3, 8e-3} {
				h /= math.Sqrt(float64(len(start)))
				if d := (at(h) - at(-h)) / (2 * h); math.Abs(d-want) < math.Abs(got-want) {
					got = d
				}
			}
			if math.Abs(got-want) > tolerance*math.Sqrt(size)+1e-4 {
				t.Errorf("%s: gradient along a direction is %g, differences give %g (norm %g)", name, want, got, math.Sqrt(size))
			}
			copy(w.value, start)
		}
	}
}

func normal(rows, cols int, random *rand.Rand) vec.Matrix {
	m := newMatrix(rows, cols)
	for i := range m.Data {
		m.Data[i] = float32(random.NormFloat64())
	}
	return m
}

func TestAutoencoderGradients(t *testing.T) {
	triples := []model.Triple{{H: 0, R: 0, T: 1}, {H: 1, R: 1, T: 2}, {H: 0, R: 1, T: 2}, {H: 3, R: 0, T: 0}, {H: 4, R: 1, T: 0}, {H: 2, R: 0, T: 2}}
	for _, form := range []Relations{Diagonal, Bases} {
		for _, literal := range []bool{false, true} {
			o := Options{Latent: 5, Hidden: 6, Relations: form, Bases: 3, Literal: Literal{NoSelfLoops: literal, Dropout: literal}}.Defaults()
			random := rand.New(rand.NewPCG(1, 2))
			m := newVAE(6, 2, o, random)
			for _, w := range m.params() { // away from the identity, biases away from 0
				for i := range w.value {
					w.value[i] += float32(0.2 * random.NormFloat64())
				}
			}
			g := newLinks(7, triples, 2, literal)
			x, noise := normal(7, 6, random), normal(7, 5, random)
			var d drops
			if literal {
				d = newDrops(7, 6, random)
			}
			params := map[string]*weights{}
			for name, l := range map[string]*rgat{"enter": m.enter, "mean": m.mean, "spread": m.spread, "up": m.up, "down": m.down} {
				params[name+".base"], params[name+".coefficient"] = l.base, l.coefficient
				params[name+".query"], params[name+".key"], params[name+".bias"] = l.query, l.key, l.bias
				if l.skip != nil {
					params[name+".skip"] = l.skip.weight
				}
			}
			for name, l := range map[string]*linear{"mean head": m.meanHead, "spread out": m.spreadOut, "open": m.open} {
				params[name+".weight"], params[name+".bias"] = l.weight, l.bias
			}
			t.Logf("%s, literal %v: %d parameters", form, literal, len(params))
			checkGradients(t, params, func() float64 {
				loss, _ := m.lossGradient(x, g, noise, d, 0.3, 2)
				return loss
			}, 0.06) // ReLU's kinks and float32's rounding show; a wrong term is off by far more
		}
	}
}

func TestPredictorGradients(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	p := newPredictor(Options{Latent: 6, PredictorWidth: 9}.Defaults(), random)
	p.third.weight.fill(random, 0.3)
	z0, noise := normal(8, 6, random), normal(8, 6, random)
	at := []int{1, 5, 60, 200, 444, 700, 999, 1000}
	params := map[string]*weights{}
	for name, l := range map[string]*linear{"first": p.first, "second": p.second, "third": p.third, "time": p.time} {
		params[name+".weight"], params[name+".bias"] = l.weight, l.bias
	}
	checkGradients(t, params, func() float64 { return p.lossGradient(z0, noise, at, 2) }, 0.02)
	// What is trained is what is used.
	single := p.predict(z0.RowRange(2, 3), 60, 1)
	wide := p.double(75, -1)
	z := widen(z0.Row(2))
	for i, want := range wide.predict(z, 60) {
		if math.Abs(want-float64(single.Data[i])) > 1e-5 {
			t.Errorf("number %d: float32 %g, float64 %g", i, single.Data[i], want)
		}
	}
}

// Without what a real part drops, the loss needs no transform: the same numbers come out.
func TestSpectralMaskGradientIsTheGeneralOne(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 8))
	p := newPlane(5, 6)
	inverted := make([]float64, 30)
	sampled, s := make([]float64, 30), make([]float64, 30)
	preference := randomPreference(30, random)
	for i := range inverted {
		inverted[i], sampled[i], s[i] = random.NormFloat64(), random.NormFloat64(), random.NormFloat64()
		preference[i] = preference[min(i, p.mirror(i))]
	}
	o := Options{}.Defaults()
	want, got := make([]float64, 30), make([]float64, 30)
	general := p.maskGradient(preference, p.forward(s), p.forward(sampled), inverted, want, o)
	short := spectralGradient(preference, p.forward(s), p.forward(sampled), p.forward(inverted), got, o.Correct)
	if math.Abs(general-short) > 1e-9*general {
		t.Errorf("loss %g, by the general way %g", short, general)
	}
	for i := range want {
		if math.Abs(want[i]-got[i]) > 1e-9*(1+math.Abs(want[i])) {
			t.Errorf("coefficient %d: %g, by the general way %g", i, got[i], want[i])
		}
	}
}

func TestMaskGradients(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, literal := range []bool{false, true} {
		o := Options{Literal: Literal{MaskScale: literal}}.Defaults()
		p := newPlane(4, 6)
		draw := func() []float64 {
			x := make([]float64, 24)
			for i := range x {
				x[i] = random.NormFloat64()
			}
			return x
		}
		s, sampled, inverted, preference := p.forward(draw()), p.forward(draw()), draw(), draw()
		gradient := make([]float64, 24)
		p.maskGradient(preference, s, sampled, inverted, gradient, o)
		for at := range preference { // in M; through the sigmoid for the differences
			h := 1e-5
			unused := make([]float64, 24)
			start := preference[at]
			preference[at] = start + h
			up := p.maskGradient(preference, s, sampled, inverted, unused, o)
			preference[at] = start - h
			down := p.maskGradient(preference, s, sampled, inverted, unused, o)
			preference[at] = start
			m := 1 / (1 + math.Exp(-start))
			if want, got := gradient[at]*m*(1-m), (up-down)/(2*h); math.Abs(want-got) > 1e-5*(1+math.Abs(want)) {
				t.Errorf("literal %v, coefficient %d: gradient %g, differences %g", literal, at, want, got)
			}
		}
	}
}
