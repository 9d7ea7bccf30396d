package kgmark

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"
)

// double returns the process of this predictor in float64, for measuring how exact an inversion is: in float32, which
// marking uses, a round trip of 75 steps rounds off at about 1e-6.
func (p *predictor) double(steps, fixedPoint int) diffusion[float64] {
	first, second, third, time := widened(p.first), widened(p.second), widened(p.third), widened(p.time)
	return diffusion[float64]{table: p.table, steps: steps, fixedPoint: fixedPoint, predict: func(z []float64, t int) []float64 {
		in := mat.NewDense(len(z)/p.latent, p.latent, z)
		embedded := times([]int{t})
		row := make([]float64, timeWidth)
		for i, x := range embedded.Row(0) {
			row[i] = float64(x)
		}
		early := time(mat.NewDense(1, timeWidth, row))
		h := first(in)
		h.Apply(func(_, j int, x float64) float64 { return silu(x + early.At(0, j)) }, h)
		deep := second(h)
		deep.Add(deep, h)
		deep.Apply(func(_, _ int, x float64) float64 { return silu(x) }, deep)
		out := third(deep)
		base := p.table.noise(t)
		out.Apply(func(i, j int, x float64) float64 { return x + base*in.At(i, j) }, out)
		return out.RawMatrix().Data
	}}
}

func silu(x float64) float64 { return x / (1 + math.Exp(-x)) }

// widened returns a layer's forward pass in float64.
func widened(l *linear) func(x *mat.Dense) *mat.Dense {
	weight := mat.NewDense(l.in, l.out, nil)
	weight.Apply(func(i, j int, _ float64) float64 { return float64(l.weight.value[i*l.out+j]) }, weight)
	return func(x *mat.Dense) *mat.Dense {
		var y mat.Dense
		y.Mul(x, weight)
		y.Apply(func(_, j int, v float64) float64 { return v + float64(l.bias.value[j]) }, &y)
		return &y
	}
}

// Inversion is how exact a DDIM inversion is.
type Inversion struct {
	Iterations int     // fixed-point iterations a step
	RoundTrip  float64 // relative error of latents inverted and sampled again
	Detector   float64 // relative error, at the last time, of latents sampled and inverted again: what a detector sees
	Calls      int     // of the predictor, each way
}

// Inversions measures, in float64, inversions with the given fixed-point iterations of a sample of the latents that the
// predictor was trained on.
func (p *Pipeline) Inversions(ctx context.Context, iterations ...int) ([]Inversion, error) {
	latents := p.sample
	clean := make([]float64, 0, latents.Rows*latents.Cols)
	for i := range latents.Rows {
		for _, x := range latents.Row(i) {
			clean = append(clean, float64(x))
		}
	}
	var all []Inversion
	for _, n := range iterations {
		d := p.predictor.double(p.options.Steps, n)
		z := append([]float64(nil), clean...)
		if _, err := d.invert(ctx, z); err != nil {
			return nil, err
		}
		noisy := append([]float64(nil), z...)
		if err := d.sample(ctx, z, d.steps, 0); err != nil {
			return nil, err
		}
		i := Inversion{Iterations: n, RoundTrip: relative(z, clean), Calls: d.steps * (1 + n)}
		z = append(z[:0], noisy...)
		if err := d.sample(ctx, z, d.steps, 0); err != nil {
			return nil, err
		}
		if _, err := d.invert(ctx, z); err != nil {
			return nil, err
		}
		i.Detector = relative(z, noisy)
		all = append(all, i)
	}
	return all, nil
}

// relative returns ‖x − y‖/‖y‖.
func relative(x, y []float64) float64 {
	var far, size float64
	for i := range x {
		far += (x[i] - y[i]) * (x[i] - y[i])
		size += y[i] * y[i]
	}
	return math.Sqrt(far / size)
}
