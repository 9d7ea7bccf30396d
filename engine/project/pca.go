// Package project lays the rows of a table out in two dimensions, to be looked at: by principal components (PCA) and
// by t-distributed stochastic neighbour embedding (TSNE). Both are deterministic by their seed, whatever the number of
// workers. It knows neither models nor how points are drawn.
package project

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/inklingdb/inkling/internal/vec"
)

// Point is a row's place.
type Point struct{ X, Y float64 }

// ErrData is returned for a table that cannot be laid out.
var ErrData = errors.New("no layout of these rows")

// Components are the first two principal components of a table.
type Components struct {
	Points    []Point    // row i's scores: its distances from the mean along both components
	Explained [2]float64 // each component's share of the variance of all columns, from 0 to 1
}

// The subspace iteration keeps more directions than the two asked for, so that it converges by the ratio of the
// variance behind the last one to that of the second (Halko, Martinsson and Tropp 2011, section 4.5).
const (
	subspace      = 10
	pcaIterations = 300
	pcaTolerance  = 1e-12 // relative change of the two variances
)

// PCA returns the scores of the rows on the two directions of the largest variance, columns centred at their means.
// The sign of a direction is that which makes its largest loading positive. Rows without variance all lie at 0.
// The error is ErrData for an empty table or one with numbers that are not finite, or ctx's.
func PCA(ctx context.Context, rows vec.Matrix, seed uint64) (Components, error) {
	c, err := centred(rows)
	if err != nil {
		return Components{}, err
	}
	total := 0.0
	for _, row := range c {
		total += dot(row, row)
	}
	out := Components{Points: make([]Point, len(c))}
	if total == 0 {
		return out, nil
	}
	basis := randomBasis(min(subspace, rows.Cols), rows.Cols, seed)
	var variances [2]float64
	for range pcaIterations {
		if err := ctx.Err(); err != nil {
			return Components{}, fmt.Errorf("project: PCA: %w", err)
		}
		before := variances
		if basis, variances = improve(c, basis); settled(before, variances, total) {
			break
		}
	}
	for k := range min(2, len(basis)) {
		orient(basis[k])
		for i, row := range c {
			score := dot(row, basis[k])
			if k == 0 {
				out.Points[i].X = score
			} else {
				out.Points[i].Y = score
			}
		}
		out.Explained[k] = variances[k] / total
	}
	return out, nil
}

// centred returns the rows as float64 less their column means.
func centred(rows vec.Matrix) ([][]float64, error) {
	if rows.Rows == 0 || rows.Cols == 0 {
		return nil, fmt.Errorf("project: %w: the table has %d rows and %d columns", ErrData, rows.Rows, rows.Cols)
	}
	mean := make([]float64, rows.Cols)
	c := make([][]float64, rows.Rows)
	for i := range c {
		c[i] = make([]float64, rows.Cols)
		for j, v := range rows.Row(i) {
			c[i][j] = float64(v)
			mean[j] += c[i][j] / float64(rows.Rows)
		}
	}
	for i, row := range c {
		for j := range row {
			row[j] -= mean[j]
			if math.IsNaN(row[j]) || math.IsInf(row[j], 0) {
				return nil, fmt.Errorf("project: %w: row %d, column %d, or its column's mean, is not finite", ErrData, i, j)
			}
		}
	}
	return c, nil
}

// randomBasis returns k orthonormal directions of a width.
func randomBasis(k, width int, seed uint64) [][]float64 {
	random := rand.New(rand.NewPCG(seed, 0))
	basis := make([][]float64, k)
	for i := range basis {
		basis[i] = make([]float64, width)
		for j := range basis[i] {
			basis[i][j] = random.NormFloat64()
		}
	}
	return orthonormal(basis)
}

// improve turns the basis within its span to the directions of the largest variance, largest first (Rayleigh and Ritz),
// and multiplies it by the covariance. The variances are those of the first two before the multiplication, summed over
// the rows.
func improve(c, basis [][]float64) (next [][]float64, variances [2]float64) {
	k, width := len(basis), len(basis[0])
	gram := make([][]float64, k)
	next = make([][]float64, k)
	for a := range k {
		gram[a], next[a] = make([]float64, k), make([]float64, width)
	}
	scores := make([]float64, k)
	for _, row := range c {
		for a, direction := range basis {
			scores[a] = dot(row, direction)
		}
		for a, s := range scores {
			for b, t := range scores {
				gram[a][b] += s * t
			}
			for j, v := range row {
				next[a][j] += s * v
			}
		}
	}
	values, turn := eigen(gram)
	copy(variances[:], values)
	turned := make([][]float64, k)
	for a := range turned {
		turned[a] = make([]float64, width)
		for b, direction := range next {
			for j, v := range direction {
				turned[a][j] += turn[a][b] * v
			}
		}
	}
	return orthonormal(turned), variances
}

func settled(before, after [2]float64, total float64) bool {
	return math.Abs(after[0]-before[0]) <= pcaTolerance*total && math.Abs(after[1]-before[1]) <= pcaTolerance*total
}

// orthonormal makes the vectors orthonormal in place, by Gram and Schmidt twice over; one that lies in the span of
// those before it becomes zero.
func orthonormal(basis [][]float64) [][]float64 {
	for i, v := range basis {
		size := math.Sqrt(dot(v, v))
		for range 2 {
			for _, u := range basis[:i] {
				s := dot(u, v)
				for j := range v {
					v[j] -= s * u[j]
				}
			}
		}
		length := math.Sqrt(dot(v, v))
		scale := 0.0
		if length > 1e-12*size {
			scale = 1 / length
		}
		for j := range v {
			v[j] *= scale
		}
	}
	return basis
}

// eigen returns the eigenvalues of a small symmetric matrix, largest first, and row by row their eigenvectors, by
// Jacobi's rotations (Golub and Van Loan 2013, section 8.5). The matrix is overwritten.
func eigen(m [][]float64) (values []float64, vectors [][]float64) {
	n := len(m)
	vectors = make([][]float64, n)
	for i := range vectors {
		vectors[i] = make([]float64, n)
		vectors[i][i] = 1
	}
	for range 60 { // sweeps; a handful is enough, since convergence is quadratic
		off, all := 0.0, 0.0
		for p := range n {
			for q := range n {
				all += m[p][q] * m[p][q]
				if p < q {
					off += m[p][q] * m[p][q]
					rotate(m, vectors, p, q)
				}
			}
		}
		if off <= 1e-32*all {
			break
		}
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if m[a][a] > m[b][b] {
			return -1
		}
		if m[a][a] < m[b][b] {
			return 1
		}
		return 0
	})
	values = make([]float64, n)
	sorted := make([][]float64, n)
	for i, at := range order {
		values[i], sorted[i] = m[at][at], vectors[at]
	}
	return values, sorted
}

// rotate makes m[p][q] zero by a rotation of both sides.
func rotate(m, vectors [][]float64, p, q int) {
	if m[p][q] == 0 {
		return
	}
	theta := (m[q][q] - m[p][p]) / (2 * m[p][q])
	t := math.Copysign(1, theta) / (math.Abs(theta) + math.Hypot(theta, 1))
	cos := 1 / math.Sqrt(t*t+1)
	sin := t * cos
	for k := range m {
		a, b := m[k][p], m[k][q]
		m[k][p], m[k][q] = cos*a-sin*b, sin*a+cos*b
	}
	for k := range m {
		a, b := m[p][k], m[q][k]
		m[p][k], m[q][k] = cos*a-sin*b, sin*a+cos*b
		a, b = vectors[p][k], vectors[q][k]
		vectors[p][k], vectors[q][k] = cos*a-sin*b, sin*a+cos*b
	}
}

// orient turns a direction so that its largest loading is positive.
func orient(v []float64) {
	largest := 0
	for j := range v {
		if math.Abs(v[j]) > math.Abs(v[largest])+1e-12 {
			largest = j
		}
	}
	if v[largest] < 0 {
		for j := range v {
			v[j] = -v[j]
		}
	}
}

func dot(x, y []float64) float64 {
	sum := 0.0
	for i, v := range x {
		sum += v * y[i]
	}
	return sum
}
