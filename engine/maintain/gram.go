package maintain

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/inklingdb/inkling/internal/vec"
)

// half is the least squares of one block of entity rows: of A, or of A1 or A2 in a linear factorization. It keeps the
// normal matrix that all rows share,
//
//	H = Σ_k R_k·G·R_kᵀ + R_kᵀ·G·R_k
//
// (one of the two terms in a linear factorization), where G is the Gram matrix of the rows at the other side. When a row
// there moves from u to v, G changes by vvᵀ − uuᵀ and H by the products of R_k·v and R_k·u.
type half struct {
	gram   *mat.SymDense // of this block's own rows
	normal *mat.SymDense // H, without the ridge
	factor *mat.Cholesky // of H + ridge·I; nil until it is asked for
}

func newHalf(p int) *half {
	return &half{gram: mat.NewSymDense(p, nil), normal: mat.NewSymDense(p, nil)}
}

// addOuter adds sign·Σ uuᵀ to s for the rows of u.
func addOuter(s *mat.SymDense, u vec.Matrix, sign float64) {
	if u.Rows == 0 {
		return
	}
	product := vec.MatrixOf(make([]float32, u.Cols*u.Cols), u.Cols, u.Cols)
	vec.MulTN(product, u, u, false, 1)
	for i := range u.Cols {
		for j := i; j < u.Cols; j++ {
			s.SetSym(i, j, s.At(i, j)+sign*float64(product.Row(i)[j]))
		}
	}
}

// gramBlock is how many rows are summed in float32 before the sum goes into float64.
const gramBlock = 256

// sumGram sets s to AᵀA for the rows of a.
func sumGram(s *mat.SymDense, a vec.Matrix) {
	s.Zero()
	for lo := 0; lo < a.Rows; lo += gramBlock {
		addOuter(s, a.RowRange(lo, min(lo+gramBlock, a.Rows)), 1)
	}
}

// addAround adds sign·R·G·Rᵀ to s, or sign·Rᵀ·G·R where turned is set.
func addAround(s, gram *mat.SymDense, r vec.Matrix, sign float64, turned bool) {
	p := r.Rows
	m := mat.NewDense(p, p, nil)
	for i := range p {
		for j, v := range r.Row(i) {
			if turned {
				m.Set(j, i, float64(v))
			} else {
				m.Set(i, j, float64(v))
			}
		}
	}
	var left, around mat.Dense
	left.Mul(m, gram)
	around.Mul(&left, m.T())
	for i := range p {
		for j := i; j < p; j++ {
			s.SetSym(i, j, s.At(i, j)+sign*(around.At(i, j)+around.At(j, i))/2)
		}
	}
}

// fewUpdates is the number of rank-one changes, as a share of p, up to which the factor is changed instead of made anew:
// one costs some 6p² operations, a factorization p³/3.
const fewUpdates = 1. / 18

// change adds sign·Σ uuᵀ to H for the rows of u, and to its factor where that is cheaper than another factorization.
func (h *half) change(u vec.Matrix, sign float64) {
	addOuter(h.normal, u, sign)
	if h.factor == nil {
		return
	}
	if float64(u.Rows) > fewUpdates*float64(u.Cols) {
		h.factor = nil
		return
	}
	x := mat.NewVecDense(u.Cols, nil)
	for i := range u.Rows {
		for j, v := range u.Row(i) {
			x.SetVec(j, float64(v))
		}
		if !h.factor.SymRankOne(h.factor, sign, x) || h.factor.Cond() > worstCondition {
			h.factor = nil
			return
		}
	}
}

// worstCondition is from which condition number on a changed factor is made anew: it may have lost half its digits.
const worstCondition = 1e8

// factorize returns the Cholesky factor of H + ridge·I. Where rounding has left that indefinite the ridge is raised.
func (h *half) factorize(ridge float64) *mat.Cholesky {
	if h.factor != nil {
		return h.factor
	}
	p := h.normal.SymmetricDim()
	trace := mat.Trace(h.normal)
	if math.IsNaN(trace) || math.IsInf(trace, 0) {
		panic("maintain: a normal matrix that is not finite") // rows are
	}
	least := math.Max(ridge, 1e-9*trace/float64(p))
	for f := new(mat.Cholesky); ; least *= 10 {
		shifted := mat.NewSymDense(p, nil)
		shifted.CopySym(h.normal)
		for i := range p {
			shifted.SetSym(i, i, shifted.At(i, i)+math.Max(least, 1e-30))
		}
		if f.Factorize(shifted) {
			h.factor = f
			return f
		}
		least = math.Max(least, 1e-30)
	}
}
