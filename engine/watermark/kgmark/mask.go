package kgmark

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Mask is the set of Fourier coefficients that carry the signature: a graph's own, learnt from it, which the detector
// needs.
type Mask struct {
	Rows, Cols int
	At         []int // coefficients, row by row, in order
	Hermitian  bool  // At holds with each coefficient its conjugate, and none that is its own
}

// half returns the coefficients of which no two are conjugates of each other: all that is independent.
func (m Mask) half() []int {
	if !m.Hermitian {
		return m.At
	}
	p := plane{rows: m.Rows, cols: m.Cols}
	var half []int
	for _, at := range m.At {
		if at < p.mirror(at) {
			half = append(half, at)
		}
	}
	return half
}

// maskSteps are Adam's steps on a mask, and sampleSteps the steps of DDIM after which its loss is taken: the authors' code.
const maskSteps = 50

var sampleSteps = [3]int{5, 10, 15}

// literalCut is the threshold of the authors' code on sigmoid(p).
const literalCut = 0.91

// trajectory is what the mask's loss compares at one sample step: latents inverted, and sampled down again without mark.
type trajectory struct{ inverted, sampled []float64 }

// newMask returns the mask of the most preferred coefficients for a density, or the literal one.
func newMask(p *plane, preference []float64, o Options) Mask {
	m := Mask{Rows: p.rows, Cols: p.cols, Hermitian: !o.Literal.OneSided}
	if o.Literal.MaskCut {
		m.Hermitian = false
		for at, x := range preference {
			if 1/(1+math.Exp(-x)) > literalCut {
				m.At = append(m.At, at)
			}
		}
		return m
	}
	want := int(math.Round(o.Density * float64(len(preference))))
	order := make([]int, 0, len(preference))
	for at := range preference {
		if !m.Hermitian || at < p.mirror(at) {
			order = append(order, at)
		}
	}
	if m.Hermitian {
		want = (want + 1) / 2
		for _, at := range order {
			preference[at] += preference[p.mirror(at)]
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(preference[b], preference[a]) })
	for _, at := range order[:min(len(order), max(1, want))] {
		m.At = append(m.At, at)
		if m.Hermitian {
			m.At = append(m.At, p.mirror(at))
		}
	}
	slices.Sort(m.At)
	return m
}

// randomPreference draws p ~ U(0, 1) for each coefficient.
func randomPreference(n int, random *rand.Rand) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = random.Float64()
	}
	return x
}

// learnMask returns the learnable adaptive mask of several planes alike (eq. 9): M = sigmoid(p) minimises
// Σ_k ‖inverted_k − (F⁻¹(F(sampled_k)·(1−M) + F(S)·M) + α·C(M))‖², where C is Re F(S)·M at the latent's own places in the
// literal loss and F⁻¹(F(S)·M), the same in the latent's scale, in the repaired one. signature[i] is F(S) of plane i.
//
// Adam divides each coefficient's gradient by its own size, which leaves of the loss only signs. Repaired, all share one
// size, so that a coefficient that costs more falls faster.
func learnMask(p *plane, signature [][]complex128, paths [][]trajectory, o Options, random *rand.Rand) Mask {
	n := p.rows * p.cols
	preference := randomPreference(n, random)
	spectral := !o.Literal.MaskScale && !o.Literal.OneSided && !o.Literal.MaskCut
	if spectral {
		for at := range preference {
			preference[at] = preference[min(at, p.mirror(at))]
		}
	}
	gradient, first, second := make([]float64, n), make([]float64, n), make([]float64, n)
	sampled, inverted := make([][][]complex128, len(paths)), make([][][]complex128, len(paths))
	for i, path := range paths {
		for _, t := range path {
			sampled[i] = append(sampled[i], p.forward(t.sampled))
			inverted[i] = append(inverted[i], p.forward(t.inverted))
		}
	}
	for step := 1; step <= maskSteps; step++ {
		clear(gradient)
		for i, path := range paths {
			for k, t := range path {
				if spectral {
					spectralGradient(preference, signature[i], sampled[i][k], inverted[i][k], gradient, o.Correct)
				} else {
					p.maskGradient(preference, signature[i], sampled[i][k], t.inverted, gradient, o)
				}
			}
		}
		shared := 0.0
		for at, g := range gradient {
			m := 1 / (1 + math.Exp(-preference[at]))
			gradient[at] = g * m * (1 - m)
			shared += gradient[at] * gradient[at] / float64(n)
		}
		c1, c2 := 1-math.Pow(0.9, float64(step)), 1-math.Pow(0.999, float64(step))
		for at, g := range gradient {
			size := shared
			if o.Literal.MaskScale {
				size = g * g
			}
			first[at] = 0.9*first[at] + 0.1*g
			second[at] = 0.999*second[at] + 0.001*size
			preference[at] -= o.MaskRate * (first[at] / c1) / (math.Sqrt(second[at]/c2) + 1e-8)
		}
	}
	return newMask(p, preference, o)
}

// maskGradient adds the gradient of one sample step's loss in M and returns the loss.
func (p *plane) maskGradient(preference []float64, s, sampled []complex128, inverted, gradient []float64, o Options) (loss float64) {
	n := float64(len(s))
	mixed := make([]complex128, len(s))
	for at := range mixed {
		m := complex(1/(1+math.Exp(-preference[at])), 0)
		mixed[at] = sampled[at] + m*(s[at]-sampled[at])
		if !o.Literal.MaskScale {
			mixed[at] += complex(o.Correct, 0) * m * s[at]
		}
	}
	e := p.real(mixed)
	for i := range e {
		e[i] -= inverted[i]
		if o.Literal.MaskScale {
			e[i] += o.Correct * real(s[i]) / (1 + math.Exp(-preference[i]))
		}
		loss += e[i] * e[i]
	}
	for at, f := range p.forward(e) {
		change := s[at] - sampled[at]
		if !o.Literal.MaskScale {
			change += complex(o.Correct, 0) * s[at]
		}
		gradient[at] += 2 / n * (real(change)*real(f) + imag(change)*imag(f))
		if o.Literal.MaskScale {
			gradient[at] += 2 * o.Correct * e[at] * real(s[at])
		}
	}
	return loss
}

// spectralGradient is maskGradient of the repaired loss for preferences that are the same for a coefficient and its
// conjugate: nothing has an imaginary part that is lost, so no transform is needed (Parseval).
func spectralGradient(preference []float64, s, sampled, inverted []complex128, gradient []float64, correct float64) (loss float64) {
	n := float64(len(s))
	for at, x := range preference {
		m := 1 / (1 + math.Exp(-x))
		change := s[at]*complex(1+correct, 0) - sampled[at]
		e := sampled[at] + complex(m, 0)*change - inverted[at]
		loss += (real(e)*real(e) + imag(e)*imag(e)) / n
		gradient[at] += 2 / n * (real(change)*real(e) + imag(change)*imag(e))
	}
	return loss
}
