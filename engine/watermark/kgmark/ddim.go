package kgmark

import (
	"context"
	"math"
)

// diffusionSteps is the number of times noise is added in the process that is learnt; time 0 is without noise.
const diffusionSteps = 1000

// schedule holds ᾱ by time, 0 to diffusionSteps: the product of 1−β, with √β rising evenly from √0.00085 to √0.012, the
// "scaled linear" schedule of the pipeline in the authors' code (Rombach et al. 2022).
type schedule []float64

func newSchedule() schedule {
	s := make(schedule, diffusionSteps+1)
	s[0] = 1
	lo, hi := math.Sqrt(0.00085), math.Sqrt(0.012)
	for t := 1; t <= diffusionSteps; t++ {
		root := lo + (hi-lo)*float64(t-1)/(diffusionSteps-1)
		s[t] = s[t-1] * (1 - root*root)
	}
	return s
}

// signal and noise are the factors of the latent and of the noise at a time: √ᾱ and √(1−ᾱ).
func (s schedule) signal(t int) float64 { return math.Sqrt(s[t]) }
func (s schedule) noise(t int) float64  { return math.Sqrt(1 - s[t]) }

// diffusion moves latents between time 0 and the last in equal steps without randomness: DDIM, Song, Meng, Ermon 2021,
// eq. 12 with η = 0.
type diffusion[T float32 | float64] struct {
	table             schedule
	predict           func(z []T, t int) []T // the noise in latents at a time
	steps, fixedPoint int                    // fixedPoint < 0: none
}

// diffusion returns the process of this predictor on latents of float32, which go in and out as rows of z.
func (p *predictor) diffusion(o Options) diffusion[float32] {
	return diffusion[float32]{table: p.table, steps: o.Steps, fixedPoint: o.FixedPoint, predict: func(z []float32, t int) []float32 {
		return p.predict(matrixOf(z, p.latent), t, o.Workers).Data
	}}
}

// at returns the time after so many of the steps.
func (d diffusion[T]) at(step int) int { return step * diffusionSteps / d.steps }

// factors return a and b of z_s = a·z_t + b·ε(z_t, t) for the step from time t down to s.
func (d diffusion[T]) factors(s, t int) (a, b T) {
	ratio := d.table.signal(s) / d.table.signal(t)
	return T(ratio), T(d.table.noise(s) - ratio*d.table.noise(t))
}

// sample moves z in place from one step down to a lower one.
func (d diffusion[T]) sample(ctx context.Context, z []T, from, to int) error {
	for step := from; step > to; step-- {
		if err := ctx.Err(); err != nil {
			return err
		}
		a, b := d.factors(d.at(step-1), d.at(step))
		for i, e := range d.predict(z, d.at(step)) {
			z[i] = a*z[i] + b*e
		}
	}
	return nil
}

// invert moves z in place from time 0 to the last and returns what it was after the given steps. The naive inversion
// takes the noise of z_s for that of z_t; a fixed-point iteration solves z_t = (z_s − b·ε(z_t, t))/a. (Pan et al. 2023.)
func (d diffusion[T]) invert(ctx context.Context, z []T, keep ...int) (kept map[int][]T, err error) {
	kept = map[int][]T{}
	known := make([]T, len(z))
	for step := range d.steps {
		a, b := d.factors(d.at(step), d.at(step+1))
		copy(known, z)
		for range 1 + max(0, d.fixedPoint) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			for i, e := range d.predict(z, d.at(step+1)) {
				z[i] = (known[i] - b*e) / a
			}
		}
		for _, k := range keep {
			if k == step+1 {
				kept[k] = append([]T(nil), z...)
			}
		}
	}
	return kept, nil
}
