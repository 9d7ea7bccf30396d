package kgmark

import (
	"fmt"
	"math"

	"github.com/inklingdb/inkling/internal/vec"
)

// nodeShare is the share of entities that the node-level baselines mark, the most central ones: the source's 5%.
const nodeShare = 0.05

// nodes returns the places of the most central entities.
func (p *part) nodes(share float64) []int {
	return p.order[:max(1, int(math.Round(share*float64(len(p.order)))))]
}

// treeRing sets rings of the Fourier transform of a node's latent to constants of the key: Wen, Kirchenbauer, Geiping,
// Goldstein 2023. Each node has constants of its own, so that a few nodes have enough of them to be tested.
type treeRing struct{}

func (treeRing) latent() bool { return true }

// rings returns the coefficients of each ring about the constant one: radius 10 of 64 in the original, in proportion
// here. A ring has with each coefficient its conjugate.
func rings(rows, cols int) [][]int {
	all := make([][]int, max(1, int(math.Round(10.0/64*float64(min(rows, cols))))))
	for at := range rows * cols {
		i, j := at/cols, at%cols
		away := int(math.Round(math.Hypot(float64(min(i, rows-i)), float64(min(j, cols-j)))))
		if away >= 1 && away <= len(all) {
			all[away-1] = append(all[away-1], at)
		}
	}
	return all
}

// constants returns the key's value of each ring of the node of a rank, in units of the deviation of a coefficient.
func (treeRing) constants(key []byte, rank, n int) []float64 {
	random := stream(key, fmt.Sprintf("ring/%d", rank))
	s := make([]float64, n)
	for i := range s {
		s[i] = random.NormFloat64()
	}
	return s
}

func (t treeRing) embed(_ Options, p *part, x vec.Matrix, key []byte) Carrier {
	c := Carrier{Size: x.Rows, Vertices: p.nodes(nodeShare)}
	grid := newPlane(squareish(x.Cols))
	all := rings(grid.rows, grid.cols)
	for rank, v := range c.Vertices {
		f := grid.forward(widen(x.Row(v)))
		for ring, s := range t.constants(key, rank, len(all)) {
			for _, at := range all[ring] {
				f[at] = complex(s*math.Sqrt(float64(x.Cols)), 0)
			}
		}
		for i, value := range grid.real(f) {
			x.Row(v)[i] = float32(value)
		}
	}
	return c
}

func (t treeRing) observe(_ Options, c Carrier, x vec.Matrix) []observation {
	grid := newPlane(squareish(x.Cols))
	all := rings(grid.rows, grid.cols)
	var y []float64
	for _, v := range c.Vertices {
		f := grid.forward(widen(x.Row(v)))
		for _, ring := range all {
			mean := 0.0
			for _, at := range ring {
				mean += real(f[at]) / float64(len(ring))
			}
			y = append(y, mean/math.Sqrt(float64(x.Cols)))
		}
	}
	return []observation{{layer: "nodes", y: y, variance: 1, draw: func(key []byte) []float64 {
		var s []float64
		for rank := range c.Vertices {
			s = append(s, t.constants(key, rank, len(all))...)
		}
		return s
	}}}
}

// shading draws a node's latent anew: normal numbers whose signs are the key's. Yang, Zeng, Chen, Fang, Zhang, Yu 2024:
// Gaussian Shading, with one bit a number.
type shading struct{}

func (shading) latent() bool { return true }

func (shading) embed(o Options, p *part, x vec.Matrix, key []byte) Carrier {
	share := nodeShare
	if o.Literal.ShadeAll {
		share = 1
	}
	c := Carrier{Size: x.Rows, Vertices: p.nodes(share)}
	signs, sizes := stream(key, "shading/signs"), stream(key, "shading/sizes")
	for _, v := range c.Vertices {
		for i := range x.Row(v) {
			x.Row(v)[i] = float32(coin(signs.IntN(2)) * math.Abs(sizes.NormFloat64()))
		}
	}
	return c
}

// coin returns ±1 for a bit.
func coin(bit int) float64 { return float64(2*bit - 1) }

func (shading) observe(_ Options, c Carrier, x vec.Matrix) []observation {
	var y []float64
	for _, v := range c.Vertices {
		y = append(y, widen(x.Row(v))...)
	}
	return []observation{{layer: "nodes", y: y, signs: true, draw: keyedSigns("shading/signs", len(y))}}
}

// keyedSigns returns a draw of n signs.
func keyedSigns(purpose string, n int) func(key []byte) []float64 {
	return func(key []byte) []float64 {
		random := stream(key, purpose)
		s := make([]float64, n)
		for i := range s {
			s[i] = coin(random.IntN(2))
		}
		return s
	}
}
