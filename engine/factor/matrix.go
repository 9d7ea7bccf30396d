package factor

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"github.com/inklingdb/inkling/internal/vec"
)

// number is what the unknowns are kept in: float32 for speed (its products are vec's), float64 where the last digits
// count.
type number interface{ float32 | float64 }

// matrix is row-major without gaps.
type matrix[T number] struct {
	data       []T
	rows, cols int
}

func newMatrix[T number](rows, cols int) matrix[T] {
	return matrix[T]{make([]T, rows*cols), rows, cols}
}

func (m matrix[T]) row(i int) []T { return m.data[i*m.cols : (i+1)*m.cols : (i+1)*m.cols] }

// block returns rows lo to hi, not a copy.
func (m matrix[T]) block(lo, hi int) matrix[T] {
	return matrix[T]{m.data[lo*m.cols : hi*m.cols], hi - lo, m.cols}
}

// square returns row i as a p×p matrix, not a copy.
func (m matrix[T]) square(i, p int) matrix[T] { return matrix[T]{m.row(i), p, p} }

func (m matrix[T]) clone() matrix[T] {
	return matrix[T]{append([]T(nil), m.data...), m.rows, m.cols}
}

// shape says which factor of a product is transposed.
type shape uint8

const (
	nn shape = iota // A·B
	nt              // A·Bᵀ
	tn              // Aᵀ·B
)

// mul sets c to the product of a and b, or adds it to c. The result does not depend on workers.
func mul[T number](s shape, c, a, b matrix[T], add bool, workers int) {
	switch c := any(c).(type) {
	case matrix[float32]:
		a, b := any(a).(matrix[float32]), any(b).(matrix[float32])
		do := [...]func(c, a, b vec.Matrix, accumulate bool, workers int){vec.MulNN, vec.MulNT, vec.MulTN}[s]
		do(c.vec(), a.vec(), b.vec(), add, workers)
	case matrix[float64]:
		a, b := any(a).(matrix[float64]), any(b).(matrix[float64])
		if c.rows == 0 || c.cols == 0 {
			return
		}
		ta, tb, beta := blas.NoTrans, blas.NoTrans, 0.0
		if s == nt {
			tb = blas.Trans
		}
		if s == tn {
			ta = blas.Trans
		}
		if add {
			beta = 1
		}
		blas64.Gemm(ta, tb, 1, a.general(), b.general(), beta, c.general())
	}
}

func (m matrix[T]) vec() vec.Matrix { return vec.MatrixOf(any(m.data).([]float32), m.rows, m.cols) }

func (m matrix[T]) general() blas64.General {
	return blas64.General{Rows: m.rows, Cols: m.cols, Stride: max(1, m.cols), Data: any(m.data).([]float64)}
}

// axpy adds a·x to y.
func axpy[T number](a T, x, y []T) {
	switch y := any(y).(type) {
	case []float32:
		vec.Axpy(float32(a), any(x).([]float32), y)
	case []float64:
		for i, v := range any(x).([]float64)[:len(y)] {
			y[i] += float64(a) * v
		}
	}
}

// chunk is how many numbers are summed in T before they are added in float64.
const chunk = 512

// dot returns ⟨x, y⟩, rounded to T no more than a chunk at a time.
func dot[T number](x, y []T) (sum float64) {
	for len(x) > 0 {
		n := min(chunk, len(x))
		switch x := any(x[:n]).(type) {
		case []float32:
			sum += float64(vec.Dot(x, any(y[:n]).([]float32)))
		case []float64:
			for i, v := range any(y[:n]).([]float64) {
				sum += x[i] * v
			}
		}
		x, y = x[n:], y[n:]
	}
	return sum
}

// gap returns ‖x−y‖².
func gap[T number](x, y []T) (sum float64) {
	for i, v := range y {
		d := float64(x[i]) - float64(v)
		sum += d * d
	}
	return sum
}

// symmetric returns a square matrix in float64, with rounding's asymmetry taken out.
func symmetric[T number](m matrix[T]) *mat.SymDense {
	s := mat.NewSymDense(m.rows, nil)
	for i := range m.rows {
		for j := i; j < m.cols; j++ {
			s.SetSym(i, j, (float64(m.row(i)[j])+float64(m.row(j)[i]))/2)
		}
	}
	return s
}

// fromDense returns a matrix of gonum's in T.
func fromDense[T number](m mat.Matrix) matrix[T] {
	rows, cols := m.Dims()
	out := newMatrix[T](rows, cols)
	for i := range rows {
		for j := range cols {
			out.row(i)[j] = T(m.At(i, j))
		}
	}
	return out
}

// spectrum is S = U·diag(values)·Uᵀ.
type spectrum[T number] struct {
	values  []float64
	vectors matrix[T] // columns
}

// spectrumOf decomposes a positive semidefinite matrix; values that rounding made negative are 0.
func spectrumOf[T number](s *mat.SymDense) (spectrum[T], error) {
	var eigen mat.EigenSym
	if !finiteMatrix(s) || !eigen.Factorize(s, true) {
		return spectrum[T]{}, errNotFinite
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	out := spectrum[T]{eigen.Values(nil), fromDense[T](&vectors)}
	for i, v := range out.values {
		out.values[i] = math.Max(v, 0)
	}
	return out, nil
}

func finiteMatrix(s *mat.SymDense) bool {
	n := s.SymmetricDim()
	sum := 0.0
	for i := range n {
		for j := i; j < n; j++ {
			sum += s.At(i, j) * 0
		}
	}
	return sum == 0
}

// leastEigenvalue is the share of the largest eigenvalue from which on a direction counts as empty: least squares leave
// it at 0.
const leastEigenvalue = 1e-12

// inverse returns (s + shift·I)⁻¹, the pseudo-inverse where that has none.
func inverse[T number](s *mat.SymDense, shift float64) (matrix[T], error) {
	n := s.SymmetricDim()
	shifted := mat.NewSymDense(n, nil)
	shifted.CopySym(s)
	for i := range n {
		shifted.SetSym(i, i, s.At(i, i)+shift)
	}
	if !finiteMatrix(shifted) {
		return matrix[T]{}, errNotFinite
	}
	var cholesky mat.Cholesky
	if cholesky.Factorize(shifted) && cholesky.Cond() < 1/leastEigenvalue {
		var inv mat.SymDense
		if err := cholesky.InverseTo(&inv); err == nil {
			return fromDense[T](&inv), nil
		}
	}
	eigen, err := spectrumOf[float64](s)
	if err != nil {
		return matrix[T]{}, err
	}
	most := eigen.values[n-1] + shift
	scaled := eigen.vectors.clone()
	for i := range n {
		for j, v := range eigen.values {
			if v += shift; v > leastEigenvalue*most {
				scaled.row(i)[j] /= v
			} else {
				scaled.row(i)[j] = 0
			}
		}
	}
	inv := newMatrix[float64](n, n)
	mul(nt, inv, scaled, eigen.vectors, false, 1)
	return fromDense[T](symmetric(inv)), nil
}
