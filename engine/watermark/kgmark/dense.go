package kgmark

import (
	"math"
	"math/rand/v2"

	"github.com/inklingdb/inkling/internal/vec"
)

// weights are the numbers of one parameter with their gradient and Adam's two moments.
type weights struct{ value, grad, first, second []float32 }

func newWeights(n int) *weights {
	return &weights{make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)}
}

// fill draws the numbers from a normal distribution.
func (w *weights) fill(random *rand.Rand, deviation float64) {
	for i := range w.value {
		w.value[i] = float32(random.NormFloat64() * deviation)
	}
}

// matrix returns the values as a matrix, gradients the gradient.
func (w *weights) matrix(rows, cols int) vec.Matrix    { return vec.MatrixOf(w.value, rows, cols) }
func (w *weights) gradients(rows, cols int) vec.Matrix { return vec.MatrixOf(w.grad, rows, cols) }

// adam steps parameters: Kingma and Ba 2015, algorithm 1.
type adam struct {
	all  []*weights
	step int
}

func (a *adam) zero() {
	for _, w := range a.all {
		clear(w.grad)
	}
}

func (a *adam) update(rate float64) {
	a.step++
	const beta1, beta2 = 0.9, 0.999
	s := vec.AdamStep{Rate: float32(rate), Beta1: beta1, Beta2: beta2, Eps: 1e-8}
	s.Correction1 = float32(1 / (1 - math.Pow(beta1, float64(a.step))))
	s.Correction2 = float32(1 / (1 - math.Pow(beta2, float64(a.step))))
	for _, w := range a.all {
		vec.Adam(w.value, w.grad, w.first, w.second, s)
	}
}

// finite reports whether all numbers of a parameter are finite: a training that diverged is told, not used.
func (a *adam) finite() bool {
	for _, w := range a.all {
		if s := float64(vec.Sum(w.value)); math.IsNaN(s) || math.IsInf(s, 0) {
			return false
		}
	}
	return true
}

// linear is y = x·W + b with W in×out.
type linear struct {
	in, out      int
	weight, bias *weights
}

// newLinear returns a layer that begins as the identity, as far as in and out allow, or with Glorot's random weights.
func newLinear(in, out int, identity bool, random *rand.Rand) *linear {
	l := &linear{in, out, newWeights(in * out), newWeights(out)}
	if !identity || in != out {
		l.weight.fill(random, math.Sqrt(2/float64(in+out)))
		return l
	}
	for i := range in {
		l.weight.value[i*out+i] = 1
	}
	return l
}

func (l *linear) params() []*weights { return []*weights{l.weight, l.bias} }

// forward returns x·W + b, a row for each row of x.
func (l *linear) forward(x vec.Matrix, workers int) vec.Matrix {
	y := newMatrix(x.Rows, l.out)
	for i := range y.Rows {
		copy(y.Row(i), l.bias.value)
	}
	vec.MulNN(y, x, l.weight.matrix(l.in, l.out), true, workers)
	return y
}

// backward adds the gradients of the weights for a gradient dy of the output and returns that of the input.
func (l *linear) backward(x, dy vec.Matrix, workers int) vec.Matrix {
	vec.MulTN(l.weight.gradients(l.in, l.out), x, dy, true, workers)
	for i := range dy.Rows {
		vec.Axpy(1, dy.Row(i), l.bias.grad)
	}
	dx := newMatrix(x.Rows, l.in)
	vec.MulNT(dx, dy, l.weight.matrix(l.in, l.out), false, workers)
	return dx
}
