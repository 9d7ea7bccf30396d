package maintain

import (
	"math"

	"github.com/inklingdb/inkling/internal/vec"
)

// solveRidge moves w, least in the Euclidean norm, towards equation·w = target for all equations; they need not be
// met exactly. With the rows of E as equations: w += Eᵀ(EEᵀ + λI)⁻¹(target − Ew), λ = ridge·usual, or ridge·mean diag(EEᵀ)
// where that is more. usual is the squared length of an equation between trained rows: one much shorter, whose other rows
// say next to nothing yet, must not be met by a row as much longer.
func solveRidge(equations [][]float32, target float32, usual float64, w []float32) {
	n := len(equations)
	if n == 0 {
		return
	}
	a, b := make([][]float64, n), make([]float64, n)
	var trace float64
	for i, e := range equations {
		a[i] = make([]float64, n)
		for j := range i + 1 {
			a[i][j] = float64(vec.Dot(e, equations[j]))
		}
		trace += a[i][i]
		b[i] = float64(target - vec.Dot(e, w))
	}
	lambda := ridge*max(usual, trace/float64(n)) + 1e-12
	for i := range a {
		a[i][i] += lambda
	}
	solveCholesky(a, b)
	for i, e := range equations {
		vec.Axpy(float32(b[i]), e, w)
	}
}

// solveCholesky replaces b by A⁻¹b for a symmetric positive definite A, of which the lower half is given and
// overwritten.
func solveCholesky(a [][]float64, b []float64) {
	for i := range a {
		for j := 0; j <= i; j++ {
			sum := a[i][j]
			for k := range j {
				sum -= a[i][k] * a[j][k]
			}
			if i == j {
				a[i][i] = math.Sqrt(math.Max(sum, 1e-300))
			} else {
				a[i][j] = sum / a[j][j]
			}
		}
	}
	for i := range b {
		for k := range i {
			b[i] -= a[i][k] * b[k]
		}
		b[i] /= a[i][i]
	}
	for i := len(b) - 1; i >= 0; i-- {
		for k := i + 1; k < len(b); k++ {
			b[i] -= a[k][i] * b[k]
		}
		b[i] /= a[i][i]
	}
}
