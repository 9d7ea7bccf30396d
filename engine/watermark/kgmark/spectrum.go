package kgmark

import (
	"fmt"
	"math"

	"github.com/inklingdb/inkling/internal/vec"
)

// spectrum is the source's mark: coefficients of the Fourier transform under a mask are overwritten with a signature's.
// In the community layer the transform is over a community's latents, aligned, one row an entity: Φ of eq. 21. In the
// vertex layer it is over the latent of each of the most central entities, laid out as a near-square: Ψ, which the
// authors' code applies to every entity with 4 signatures in turn. Every community carries the same signature.
type spectrum struct{ community, vertex, learnt bool }

func (spectrum) latent() bool { return true }

func (f spectrum) embed(o Options, p *part, x vec.Matrix, key []byte) Carrier {
	c := Carrier{Size: x.Rows}
	if f.community {
		grid := newPlane(x.Rows, x.Cols)
		s := signature(key, "community", grid)
		c.Community = f.mask(o, grid, [][]complex128{s}, p.planes(func(m vec.Matrix) [][]float64 { return [][]float64{widen(m.Data[:m.Rows*m.Cols])} }), key, "community")
		overwrite(grid, x.Data[:x.Rows*x.Cols], s, c.Community)
	}
	if f.vertex {
		c.Vertices = p.order[:int(math.Ceil(o.VertexShare*float64(len(p.order))))]
		grid := newPlane(squareish(x.Cols))
		signatures := make([][]complex128, len(c.Vertices))
		for i := range c.Vertices {
			signatures[i] = signature(key, slicePurpose(i%o.Slices), grid)
		}
		c.Vertex = f.mask(o, grid, signatures, p.planes(func(m vec.Matrix) [][]float64 {
			rows := make([][]float64, len(c.Vertices))
			for i, v := range c.Vertices {
				rows[i] = widen(m.Row(v))
			}
			return rows
		}), key, "vertex")
		for i, v := range c.Vertices {
			overwrite(grid, x.Row(v), signatures[i], c.Vertex)
		}
	}
	return c
}

// planes returns the part's sample steps by plane, planes being what cut makes of latents.
func (p *part) planes(cut func(vec.Matrix) [][]float64) [][]trajectory {
	var all [][]trajectory
	for _, path := range p.paths {
		if path.inverted.Rows == 0 {
			continue // fewer steps than this
		}
		inverted, sampled := cut(path.inverted), cut(path.sampled)
		if all == nil {
			all = make([][]trajectory, len(inverted))
		}
		for i := range inverted {
			all[i] = append(all[i], trajectory{inverted[i], sampled[i]})
		}
	}
	return all
}

// mask returns the learnt mask or, without learning, one drawn from the key.
func (f spectrum) mask(o Options, grid *plane, signatures [][]complex128, paths [][]trajectory, key []byte, layer string) Mask {
	random := stream(key, "mask/"+layer)
	if f.learnt {
		return learnMask(grid, signatures, paths, o, random)
	}
	o.Literal.MaskCut = false // a fixed mask has the density asked for
	return newMask(grid, randomPreference(grid.rows*grid.cols, random), o)
}

func slicePurpose(slice int) string { return fmt.Sprintf("vertex/%d", slice) }

// signature returns F(S) for S ~ N(0, I): eq. 4.
func signature(key []byte, purpose string, grid *plane) []complex128 {
	random := stream(key, "signature/"+purpose)
	s := make([]float64, grid.rows*grid.cols)
	for i := range s {
		s[i] = random.NormFloat64()
	}
	return grid.forward(s)
}

// overwrite sets the masked coefficients of x to the signature's: eq. 3. Of a mask that is not Hermitian the real part
// keeps (S + X)/2.
func overwrite(grid *plane, x []float32, s []complex128, m Mask) {
	f := grid.forward(widen(x))
	for _, at := range m.At {
		f[at] = s[at]
	}
	for i, v := range grid.real(f) {
		x[i] = float32(v)
	}
}

func widen(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

func (f spectrum) observe(o Options, c Carrier, x vec.Matrix) []observation {
	var all []observation
	if f.community {
		half := c.Community.half()
		y := parts(newPlane(x.Rows, x.Cols).forward(widen(x.Data[:x.Rows*x.Cols])), half, nil)
		all = append(all, observation{
			layer: "community", y: y, twice: c.Community.Hermitian, variance: float64(x.Rows*x.Cols) / 2,
			draw: func(key []byte) []float64 {
				return parts(signature(key, "community", newPlane(x.Rows, x.Cols)), half, nil)
			},
		})
	}
	if f.vertex {
		all = append(all, f.observeVertices(o, c, x))
	}
	return all
}

// observeVertices adds up the coefficients of the vertices that carry the same signature.
func (f spectrum) observeVertices(o Options, c Carrier, x vec.Matrix) observation {
	half := c.Vertex.half()
	slices := min(o.Slices, len(c.Vertices))
	sums := make([][]float64, slices)
	rows, cols := squareish(x.Cols)
	grid := newPlane(rows, cols)
	for i, v := range c.Vertices {
		y := parts(grid.forward(widen(x.Row(v))), half, nil)
		if k := i % o.Slices; sums[k] == nil {
			sums[k] = y
		} else {
			for j := range y {
				sums[k][j] += y[j]
			}
		}
	}
	var y []float64
	for k, sum := range sums { // in the scale of one coefficient, as the signature's is
		count := (len(c.Vertices) - k + o.Slices - 1) / o.Slices
		for _, v := range sum {
			y = append(y, v/float64(count))
		}
	}
	return observation{layer: "vertex", y: y, twice: c.Vertex.Hermitian, variance: float64(x.Cols) / 2, draw: func(key []byte) []float64 {
		grid := newPlane(rows, cols)
		var s []float64
		for k := range slices {
			s = parts(signature(key, slicePurpose(k), grid), half, s)
		}
		return s
	}}
}

// parts appends the real and imaginary parts of coefficients.
func parts(f []complex128, at []int, to []float64) []float64 {
	for _, i := range at {
		to = append(to, real(f[i]), imag(f[i]))
	}
	return to
}
