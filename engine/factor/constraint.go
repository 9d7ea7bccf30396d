package factor

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// settle ends a solution for R: the loss gets the penalty of relations apart, or the multipliers take a step.
func (q *problem[T]) settle(coupled float64) error {
	if !q.method.constrained {
		q.loss += coupled
		return nil
	}
	q.ascend()
	return q.couple(q.mu)
}

// ascend takes a step of dual ascent,
//
//	μ_kl ← max(0, μ_kl + η(‖R_k−R_l‖² − (1−C_kl)))
//
// which reads the constraint as ≤: with μ ≥ 0 the problem for R stays convex.
func (q *problem[T]) ascend() {
	apart := q.apart()
	for k := range q.m {
		for l := k + 1; l < q.m; l++ {
			excess := apart.At(k, l) - (1 - q.similarity.At(k, l))
			q.mu.SetSym(k, l, math.Max(0, q.mu.At(k, l)+q.o.StepMu*excess))
		}
	}
}

// apart returns ‖R_k−R_l‖², [m × m].
func (q *problem[T]) apart() *mat.SymDense {
	products := newMatrix[T](q.m, q.m)
	mul(nt, products, q.r, q.r, false, q.o.Workers)
	d := mat.NewSymDense(q.m, nil)
	for k := range q.m {
		for l := k + 1; l < q.m; l++ {
			own := float64(products.row(k)[k]) + float64(products.row(l)[l])
			d.SetSym(k, l, math.Max(0, own-2*float64(products.row(k)[l])))
		}
	}
	return d
}

// Violation is how far relations are from what a constrained method asks of them.
type Violation struct {
	Mean, Max float64 // of |‖R_k−R_l‖² − (1−C_kl)| over all pairs
	Excess    float64 // mean over all pairs of what ‖R_k−R_l‖² is above 1−C_kl: the constraint read as ≤
}

// violation measures the constraint.
func (q *problem[T]) violation() (v Violation) {
	apart := q.apart()
	pairs := float64(q.m*(q.m-1)) / 2
	if pairs == 0 {
		return v
	}
	for k := range q.m {
		for l := k + 1; l < q.m; l++ {
			excess := apart.At(k, l) - (1 - q.similarity.At(k, l))
			v.Mean += math.Abs(excess) / pairs
			v.Max = math.Max(v.Max, math.Abs(excess))
			v.Excess += math.Max(excess, 0) / pairs
		}
	}
	return v
}
