package factor

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/inklingdb/inkling/internal/vec"
)

// Adam's constants: Kingma, Ba 2015, and the source's authors.
const (
	beta1 = 0.9
	beta2 = 0.999
	tiny  = 1e-8
)

// moments are Adam's means of a block's gradient and of its square.
type moments[T number] struct{ first, second []T }

func momentsOf[T number](n int) moments[T] { return moments[T]{make([]T, n), make([]T, n)} }

// descend takes step number t, from 1, against a gradient.
func (m moments[T]) descend(x, grad []T, rate float64, t int) {
	c1, c2 := 1/(1-math.Pow(beta1, float64(t))), 1/(1-math.Pow(beta2, float64(t)))
	switch x := any(x).(type) {
	case []float32:
		vec.Adam(x, any(grad).([]float32), any(m.first).([]float32), any(m.second).([]float32),
			vec.AdamStep{Rate: float32(rate), Beta1: beta1, Beta2: beta2, Eps: tiny, Correction1: float32(c1), Correction2: float32(c2)})
	case []float64:
		for i, g := range any(grad).([]float64) {
			m.first[i] = beta1*m.first[i] + T((1-beta1)*g)
			m.second[i] = beta2*m.second[i] + T((1-beta2)*g*g)
			x[i] -= rate * c1 * float64(m.first[i]) / (math.Sqrt(c2*float64(m.second[i])) + tiny)
		}
	}
}

// gradient is the constrained methods as their authors solve them: for each block in turns one step of Adam, down for A
// and R, up for the multipliers of ‖R_k−R_l‖² = 1−C_kl, whose sign is free.
type gradient[T number] struct {
	*problem[T]
	heads, tails  gram[T]
	first, second moments[T] // of A1 and A2
	relations     moments[T]
	multipliers   moments[float64]
	steps         int
	before        matrix[T] // R before the sweep
}

func (s *gradient[T]) begin(a matrix[T]) error {
	if err := s.warm(a); err != nil {
		return err
	}
	s.first = momentsOf[T](len(a.data))
	if s.method.linear {
		s.second = momentsOf[T](len(a.data))
	}
	s.relations, s.multipliers = momentsOf[T](len(s.r.data)), momentsOf[float64](s.m*s.m)
	s.before = newMatrix[T](s.m, s.p*s.p)
	s.regram()
	s.prod.cores(s.b, s.a1, s.a2)
	s.loss = s.misfitOf(s.heads, s.tails) + s.ridges()
	return nil
}

// warmSweeps is how many exact iterations without the constraint the start Warm takes.
const warmSweeps = 10

// warm solves for R, the constraint left out, and for the start Warm then iterates exactly: five hundred steps of the
// authors' sizes, 1e-4 where A's numbers are about 0.1, lead nowhere from random numbers.
func (s *gradient[T]) warm(a matrix[T]) error {
	method := s.method
	s.method.constrained = false
	defer func() { s.method = method }()
	var exact blocks[T] = &quadratic[T]{problem: s.problem}
	if method.linear {
		exact = &linear[T]{problem: s.problem}
	}
	if err := exact.begin(a); err != nil || s.o.Start != Warm {
		return err
	}
	for range warmSweeps {
		if err := exact.sweep(); err != nil {
			return err
		}
	}
	return nil
}

func (s *gradient[T]) regram() {
	s.heads = s.gramOf(s.a1)
	s.tails = s.heads
	if s.method.linear {
		s.tails = s.gramOf(s.a2)
	}
}

func (s *gradient[T]) sweep() error {
	s.steps++
	s.change = 0
	if s.method.linear {
		s.stepEntities(&s.a1, &s.a2, s.first, true)
		s.heads = s.gramOf(s.a1)
		s.stepEntities(&s.a2, &s.a1, s.second, false)
	} else {
		s.stepEntities(&s.a1, &s.a1, s.first, false)
	}
	s.regram()
	copy(s.before.data, s.r.data)
	s.stepRelations()
	s.change = max(s.change, changed(s.r.data, s.before.data))
	s.stepMultipliers()
	return nil
}

// stepEntities takes a step on A, or on A1 or A2: the gradient is A·S + λ_A·A − N, with N and S as the exact solution has
// them.
func (s *gradient[T]) stepEntities(own, other *matrix[T], m moments[T], forHeads bool) {
	clear(s.sum.data)
	var normal *mat.SymDense
	switch {
	case !s.method.linear:
		s.prod.rows(s.sum, own, own, s.r)
		normal = s.normal(&s.heads, &s.heads)
	case forHeads:
		s.prod.rows(s.sum, nil, other, s.r)
		normal = s.normal(&s.tails, nil)
	default:
		s.prod.rows(s.sum, other, nil, s.r)
		normal = s.normal(nil, &s.heads)
	}
	grad := s.spare
	mul(nn, grad, *own, fromDense[T](normal), false, s.o.Workers)
	axpy(T(weight(s.o.LambdaA)), own.data, grad.data)
	axpy(-1, s.sum.data, grad.data)
	if pull := T(weight(s.o.LambdaE)); s.method.linear {
		axpy(pull, own.data, grad.data)
		axpy(-pull, other.data, grad.data)
	}
	copy(s.sum.data, own.data)
	m.descend(own.data, grad.data, s.o.StepA, s.steps)
	s.change = max(s.change, changed(own.data, s.sum.data))
}

// stepRelations takes a step on R: the gradient is G1·R_k·G2 − B_k + λ_R·R_k − 2Σ_l μ_kl(R_k − R_l). The loss is of A as
// it is and R before the step, for which the products are there.
func (s *gradient[T]) stepRelations() {
	s.prod.cores(s.b, s.a1, s.a2)
	s.loss = s.misfitOf(s.heads, s.tails) + s.ridges()
	grad := s.work
	axpy(-1, s.b.data, grad.data)
	axpy(T(weight(s.o.LambdaR)), s.r.data, grad.data)
	push := laplacian(s.mu)
	push.ScaleSym(-2, push)
	mul(nn, grad, fromDense[T](push), s.r, true, s.o.Workers)
	s.relations.descend(s.r.data, grad.data, s.o.StepR, s.steps)
}

// stepMultipliers takes a step up the dual's gradient, 1 − C_kl − ‖R_k−R_l‖².
func (s *gradient[T]) stepMultipliers() {
	apart := s.apart()
	mu, grad := make([]float64, s.m*s.m), make([]float64, s.m*s.m)
	for k := range s.m {
		for l := k + 1; l < s.m; l++ {
			mu[k*s.m+l], grad[k*s.m+l] = s.mu.At(k, l), apart.At(k, l)-(1-s.similarity.At(k, l))
		}
	}
	s.multipliers.descend(mu, grad, s.o.StepMu, s.steps)
	for k := range s.m {
		for l := k + 1; l < s.m; l++ {
			s.mu.SetSym(k, l, mu[k*s.m+l])
		}
	}
}
