package kgmark

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/inklingdb/inkling/internal/vec"
)

// timeWidth is the number of sines and cosines that stand for a time.
const timeWidth = 32

// predictor estimates the noise in a latent at a time: ε(z, t) = √(1−ᾱ_t)·z + W₃·a(W₂·a(W₁·z + V·τ(t) + b₁) + h₁ + b₂) + b₃,
// a(x) = x·σ(x), h₁ the first hidden vector. The first term is the exact answer for latents of a standard normal
// distribution; the network learns what differs.
type predictor struct {
	width, latent        int
	first, second, third *linear
	time                 *linear
	table                schedule
}

func newPredictor(o Options, random *rand.Rand) *predictor {
	w := o.PredictorWidth
	p := &predictor{width: w, latent: o.Latent, table: newSchedule()}
	p.first, p.second, p.third = newLinear(o.Latent, w, false, random), newLinear(w, w, false, random), newLinear(w, o.Latent, false, random)
	p.time = newLinear(timeWidth, w, false, random)
	clear(p.third.weight.value)
	return p
}

func (p *predictor) params() []*weights {
	var all []*weights
	for _, l := range []*linear{p.first, p.second, p.third, p.time} {
		all = append(all, l.params()...)
	}
	return all
}

// times returns the embeddings of times, a row each.
func times(at []int) vec.Matrix {
	m := newMatrix(len(at), timeWidth)
	for i, t := range at {
		for j := range timeWidth / 2 {
			angle := float64(t) * math.Pow(10_000, -float64(2*j)/timeWidth)
			m.Row(i)[2*j], m.Row(i)[2*j+1] = float32(math.Sin(angle)), float32(math.Cos(angle))
		}
	}
	return m
}

// swish sets out, which may be x, to x·σ(x) and slope, where it is given, to the derivative.
func swish(x, out, slope []float32, workers int) {
	const size = 1 << 14
	_ = parallel(context.Background(), (len(x)+size-1)/size, workers, func(i int) {
		lo, hi := i*size, min(len(x), (i+1)*size)
		exp := make([]float32, hi-lo)
		for j, v := range x[lo:hi] {
			exp[j] = -v
		}
		vec.ExpSum(exp, 0, exp)
		for j := lo; j < hi; j++ {
			v, sigma := x[j], 1/(1+exp[j-lo])
			out[j] = v * sigma
			if slope != nil {
				slope[j] = sigma * (1 + v*(1-sigma))
			}
		}
	})
}

// predict returns the noise in each row of z at one time.
func (p *predictor) predict(z vec.Matrix, t, workers int) vec.Matrix {
	early := p.time.forward(times([]int{t}), workers)
	h := p.first.forward(z, workers)
	for i := range h.Rows {
		vec.Axpy(1, early.Row(0), h.Row(i))
	}
	swish(h.Data, h.Data, nil, workers)
	deep := p.second.forward(h, workers)
	vec.Axpy(1, h.Data, deep.Data)
	swish(deep.Data, deep.Data, nil, workers)
	out := p.third.forward(deep, workers)
	vec.Axpy(float32(p.table.noise(t)), z.Data, out.Data)
	return out
}

// lossGradient adds the gradient of the mean squared error of the noise in latents z0 at times at, and returns the error.
// noise is the noise added: z = √ᾱ·z0 + √(1−ᾱ)·noise. Ho, Jain, Abbeel 2020, eq. 14.
func (p *predictor) lossGradient(z0, noise vec.Matrix, at []int, workers int) float64 {
	z := newMatrix(z0.Rows, z0.Cols)
	for i, t := range at {
		a, b := float32(p.table.signal(t)), float32(p.table.noise(t))
		for j := range z.Row(i) {
			z.Row(i)[j] = a*z0.Row(i)[j] + b*noise.Row(i)[j]
		}
	}
	embedded := times(at)
	h := p.first.forward(z, workers)
	vec.Axpy(1, p.time.forward(embedded, workers).Data, h.Data)
	slope1 := make([]float32, len(h.Data))
	swish(h.Data, h.Data, slope1, workers)
	deep := p.second.forward(h, workers)
	vec.Axpy(1, h.Data, deep.Data)
	slope2 := make([]float32, len(deep.Data))
	swish(deep.Data, deep.Data, slope2, workers)
	out := p.third.forward(deep, workers)
	loss := 0.0
	for i, t := range at {
		base := float32(p.table.noise(t))
		for j := range out.Row(i) {
			e := out.Row(i)[j] + base*z.Row(i)[j] - noise.Row(i)[j]
			loss += float64(e) * float64(e)
			out.Row(i)[j] = 2 * e / float32(len(out.Data))
		}
	}
	d := p.third.backward(deep, out, workers)
	vec.Mul(d.Data, slope2, d.Data)
	dh := p.second.backward(h, d, workers)
	vec.Axpy(1, d.Data, dh.Data)
	vec.Mul(dh.Data, slope1, dh.Data)
	p.time.backward(embedded, dh, workers)
	p.first.backward(z, dh, workers)
	return loss / float64(len(out.Data))
}

// predictorBatch is the number of latents of a step.
const predictorBatch = 256

// train fits the predictor to latents and returns the mean squared error of the last epoch.
func (p *predictor) train(ctx context.Context, latents vec.Matrix, o Options) (squared float64, err error) {
	random := seeded(o.Seed, "predictor")
	steps := adam{all: p.params()}
	for epoch := range o.PredictorEpochs {
		squared = 0
		order := random.Perm(latents.Rows)
		for lo := 0; lo < len(order); lo += predictorBatch {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			rows := order[lo:min(len(order), lo+predictorBatch)]
			z0, noise, at := newMatrix(len(rows), latents.Cols), newMatrix(len(rows), latents.Cols), make([]int, len(rows))
			for i, row := range rows {
				copy(z0.Row(i), latents.Row(row))
				at[i] = 1 + random.IntN(diffusionSteps)
			}
			for i := range noise.Data {
				noise.Data[i] = float32(random.NormFloat64())
			}
			steps.zero()
			squared += p.lossGradient(z0, noise, at, o.Workers) * float64(len(rows)) / float64(len(order))
			steps.update(o.PredictorRate * cooled(epoch, o.PredictorEpochs))
		}
		if math.IsNaN(squared) || math.IsInf(squared, 0) || !steps.finite() {
			return 0, fmt.Errorf("kgmark: noise predictor, epoch %d: %w; take a smaller rate than %g", epoch+1, ErrDiverged, o.PredictorRate)
		}
		o.report("noise predictor", float64(epoch+1)/float64(o.PredictorEpochs))
	}
	return squared, nil
}
