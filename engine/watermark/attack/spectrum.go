package attack

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/inklingdb/inkling/engine/watermark/kgmark"
)

// spectrum returns the largest eigenvalues of Au = λDu with their vectors, by subspace iteration on
// (I + D^−½·A·D^−½)/2, whose eigenvalues are (1+λ)/2 >= 0: the largest in size are then the largest.
func (c Copy) spectrum(ctx context.Context, rng *rand.Rand) (eigen, error) {
	n := c.Table.Rows.Rows
	near := kgmark.NeighboursOf(n, c.Triples)
	root := make([]float64, n) // D^−½; 0 for a row without links
	for i, list := range near {
		if len(list) > 0 {
			root[i] = 1 / math.Sqrt(float64(len(list)))
		}
	}
	basis := make([][]float64, min(spectrumSize, n))
	for k := range basis {
		basis[k] = make([]float64, n)
		for i := range basis[k] {
			if root[i] > 0 {
				basis[k][i] = rng.NormFloat64()
			}
		}
	}
	next := make([]float64, n)
	times := func(v []float64) {
		for i, list := range near {
			sum := 0.0
			for _, j := range list {
				sum += root[j] * v[j]
			}
			next[i] = root[i] * sum
		}
	}
	orthonormalise(basis)
	for range spectrumTurns {
		if err := ctx.Err(); err != nil {
			return eigen{}, err
		}
		for _, v := range basis {
			times(v)
			for i := range v {
				v[i] = (v[i] + next[i]) / 2
			}
		}
		orthonormalise(basis)
	}
	return ritz(basis, root, times, next)
}

// ritz turns the basis of a subspace into eigenvectors: those of the small matrix V'MV, largest first (Rayleigh and Ritz).
// times sets next to M·v.
func ritz(basis [][]float64, root []float64, times func(v []float64), next []float64) (eigen, error) {
	n := len(basis)
	small := mat.NewSymDense(n, nil)
	for i, v := range basis {
		times(v)
		for j := range i + 1 {
			small.SetSym(i, j, dot(basis[j], next))
		}
	}
	var solved mat.EigenSym
	if !solved.Factorize(small, true) {
		return eigen{}, errors.New("attack: the spectrum of the graph does not converge")
	}
	var turn mat.Dense
	solved.VectorsTo(&turn)
	e := eigen{values: make([]float64, n), vectors: make([][]float64, n)}
	for k := range n {
		at := n - 1 - k // gonum's are ascending
		e.values[k] = solved.Values(nil)[at]
		u := make([]float64, len(root))
		for j, v := range basis {
			c := turn.At(j, at)
			for i, x := range v {
				u[i] += c * x
			}
		}
		for i, d := range root {
			u[i] *= d
		}
		e.vectors[k] = u
	}
	return e, nil
}

// orthonormalise makes vectors orthonormal in place, by Gram-Schmidt, twice for the rounding; one that is spanned by
// those before it becomes 0.
func orthonormalise(basis [][]float64) {
	for k, v := range basis {
		before := math.Sqrt(dot(v, v))
		for range 2 {
			for _, b := range basis[:k] {
				along := dot(v, b)
				for i, x := range b {
					v[i] -= along * x
				}
			}
		}
		size := math.Sqrt(dot(v, v))
		if size <= 1e-9*before {
			clear(v)
			continue
		}
		for i := range v {
			v[i] /= size
		}
	}
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}
