package watermark

import (
	"math"
	"strconv"

	"github.com/inklingdb/inkling/internal/vec"
)

const (
	directions = 16 // secret directions of T2
	parities   = 64 // pairs of them that have a sign vector
	// leastParityDim is the dimension below which T2 is left out: the directions would take a quarter of it.
	leastParityDim = 64
)

// parityPair returns the two directions of pair j: each direction with the four that follow it, around a ring.
func parityPair(j int) (u, v int) { return j % directions, (j + 1 + j/directions) % directions }

// paritySecrets are T2's secrets for tables of one dimension.
type paritySecrets struct {
	directions vec.Matrix  // P [16 × D], ±1
	basis      [][]float64 // orthonormal, of what P spans
	signs      vec.Matrix  // S [64 × D], ±1, projected off P
}

// parity draws the secrets.
func (k *GraphKey) parity(d int) *paritySecrets {
	s := newSource(k.secrets[T2])
	words := make([]uint64, wordsFor(d))
	draw := func(label string, n int) vec.Matrix {
		m := vec.MatrixOf(make([]float32, n*d), n, d)
		for i := range n {
			s.signs(ofLabel, label+strconv.Itoa(i), words)
			unpack(words, m.Row(i))
		}
		return m
	}
	p := &paritySecrets{directions: draw("direction ", directions), signs: draw("parity ", parities)}
	p.basis = orthonormal(p.directions)
	wide := make([]float64, d)
	for j := range parities {
		row := p.signs.Row(j)
		for i, x := range row {
			wide[i] = float64(x)
		}
		p.project(wide)
		for i, x := range wide {
			row[i] = float32(x)
		}
	}
	return p
}

// orthonormal returns a basis of what the rows span, by Gram-Schmidt, twice for the rounding.
func orthonormal(m vec.Matrix) [][]float64 {
	var basis [][]float64
	for i := range m.Rows {
		v := make([]float64, m.Cols)
		for j, x := range m.Row(i) {
			v[j] = float64(x)
		}
		for range 2 {
			projectOff(v, basis)
		}
		norm := math.Sqrt(dot(v, v))
		if norm < 1e-6*math.Sqrt(float64(m.Cols)) {
			continue // spanned by the others already
		}
		for j := range v {
			v[j] /= norm
		}
		basis = append(basis, v)
	}
	return basis
}

// project takes from v what lies along the directions.
func (p *paritySecrets) project(v []float64) { projectOff(v, p.basis) }

func projectOff(v []float64, basis [][]float64) {
	for _, b := range basis {
		c := dot(v, b)
		for j := range v {
			v[j] -= c * b[j]
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

// parityOf sets out[j] = ±1 to the parities of a row whose products with the directions are given.
func parityOf(products, out []float32) {
	for j := range out {
		u, v := parityPair(j)
		if (products[u] < 0) != (products[v] < 0) {
			out[j] = -1
		} else {
			out[j] = 1
		}
	}
}

// statistic returns T2 of V_j = Σ_e b_j(e)·y_e, which it projects in place. V is [64 × D], row-major.
func (p *paritySecrets) statistic(sums []float64) float64 {
	d := p.signs.Cols
	along, square := 0.0, 0.0
	for j := range parities {
		v := sums[j*d : (j+1)*d]
		p.project(v)
		for i, s := range p.signs.Row(j) {
			along += v[i] * float64(s)
		}
		square += dot(v, v)
	}
	if square == 0 {
		return 0
	}
	return along / math.Sqrt(square)
}
