package attack

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/inklingdb/inkling/engine/watermark/kgmark"
	"github.com/inklingdb/inkling/internal/vec"
)

// Clean changes nothing.
func Clean(_ context.Context, _ Setting, c Copy, _ float64, _ uint64) (Copy, error) { return c, nil }

// Noise adds Gaussian noise to a share of rows: in each dimension one standard deviation of the table.
func Noise(_ context.Context, _ Setting, c Copy, share float64, seed uint64) (Copy, error) {
	rng := random(seed, "noise")
	width := c.Table.Scale().Deviation
	hit := chosen(rng, c.Table.Rows.Rows, share)
	c = c.withRows()
	for i, yes := range hit {
		if !yes {
			continue
		}
		row := c.Table.Rows.Row(i)
		for j := range row {
			row[j] += width[j] * float32(rng.NormFloat64())
		}
	}
	return c, nil
}

// Smooth replaces a share of rows by the mean of the row and of its neighbours in the graph, as they were.
func Smooth(ctx context.Context, _ Setting, c Copy, share float64, seed uint64) (Copy, error) {
	hit := chosen(random(seed, "smoothing"), c.Table.Rows.Rows, share)
	near := kgmark.NeighboursOf(c.Table.Rows.Rows, c.Triples)
	from := c.Table.Rows
	c = c.withRows()
	for i, yes := range hit {
		if err := ctx.Err(); err != nil {
			return c, err
		}
		if !yes {
			continue
		}
		row := c.Table.Rows.Row(i)
		for _, n := range near[i] {
			vec.Axpy(1, from.Row(int(n)), row)
		}
		vec.Scale(1/float32(1+len(near[i])), row)
	}
	return c, nil
}

// Gauge turns the k-th complex number of all entities by an angle of its own, x_k → x_k·e^{iφ_k}. RotatE's relations turn
// too, so they commute with it and every score stays.
func Gauge(_ context.Context, _ Setting, c Copy, _ float64, seed uint64) (Copy, error) {
	rng := random(seed, "gauge")
	c = c.withRows()
	d := c.Table.Rows.Cols / 2
	sin, cos := make([]float32, d), make([]float32, d)
	for k := range d {
		s, o := math.Sincos(2 * math.Pi * rng.Float64())
		sin[k], cos[k] = float32(s), float32(o)
	}
	for i := range c.Table.Rows.Rows {
		row := c.Table.Rows.Row(i)
		for k := range d {
			re, im := row[k], row[k+d]
			row[k], row[k+d] = re*cos[k]-im*sin[k], re*sin[k]+im*cos[k]
		}
	}
	return c, nil
}

// PermuteDimensions puts complex dimensions in another order, the relations' in the same.
func PermuteDimensions(_ context.Context, _ Setting, c Copy, _ float64, seed uint64) (Copy, error) {
	d := c.Table.Rows.Cols / 2
	order := random(seed, "permutation").Perm(d)
	permuted := func(m vec.Matrix) vec.Matrix {
		out := vec.MatrixOf(make([]float32, m.Rows*m.Cols), m.Rows, m.Cols)
		for i := range m.Rows {
			from, to := m.Row(i), out.Row(i)
			for k, at := range order {
				to[at], to[at+d] = from[k], from[k+d]
			}
		}
		return out
	}
	c.Table.Rows, c.Relations = permuted(c.Table.Rows), permuted(c.Relations)
	return c, nil
}

// Half rounds numbers to IEEE 754 half precision, subnormal ones and overflow included.
func Half(_ context.Context, _ Setting, c Copy, _ float64, _ uint64) (Copy, error) {
	c = c.withRows()
	for i, x := range c.Table.Rows.Data {
		c.Table.Rows.Data[i] = half(x)
	}
	return c, nil
}

// half returns the half-precision number nearest to x, ties to even; beyond their range the largest one.
func half(x float32) float32 {
	const largest, leastExponent, bits = 65504, -14, 10
	_, e := math.Frexp(float64(x)) // |x| = f·2^e, f in [½, 1)
	unit := math.Ldexp(1, max(e-1, leastExponent)-bits)
	y := math.RoundToEven(float64(x)/unit) * unit
	return float32(min(largest, max(-largest, y)))
}

// Int8 rounds numbers to 255 levels, −127 to 127 times the largest number of their dimension.
func Int8(_ context.Context, _ Setting, c Copy, _ float64, _ uint64) (Copy, error) {
	c = c.withRows()
	largest := make([]float32, c.Table.Rows.Cols)
	for i := range c.Table.Rows.Rows {
		for j, x := range c.Table.Rows.Row(i) {
			largest[j] = max(largest[j], float32(math.Abs(float64(x))))
		}
	}
	for i := range c.Table.Rows.Rows {
		row := c.Table.Rows.Row(i)
		for j, x := range row {
			if step := largest[j] / 127; step > 0 {
				row[j] = float32(math.RoundToEven(float64(x/step))) * step
			}
		}
	}
	return c, nil
}

// DeleteRows takes a share of entities away, with their triples.
func DeleteRows(_ context.Context, _ Setting, c Copy, share float64, seed uint64) (Copy, error) {
	var rows []int
	for i, gone := range chosen(random(seed, "row deletion"), c.Table.Rows.Rows, share) {
		if !gone {
			rows = append(rows, i)
		}
	}
	return c.keeping(rows), nil
}

// Average takes the mean of the copy and of one of the same graph with another mark. Triples stay those that both have.
func Average(_ context.Context, s Setting, c Copy, _ float64, _ uint64) (Copy, error) {
	if s.Other == nil {
		return Copy{}, errors.New("attack: averaging needs a second copy")
	}
	if s.Other.Table.Rows.Rows != c.Table.Rows.Rows || s.Other.Table.Rows.Cols != c.Table.Rows.Cols {
		return Copy{}, fmt.Errorf("attack: a copy of %d × %d cannot be averaged with one of %d × %d",
			c.Table.Rows.Rows, c.Table.Rows.Cols, s.Other.Table.Rows.Rows, s.Other.Table.Rows.Cols)
	}
	c = c.withRows()
	for i, x := range s.Other.Table.Rows.Data {
		c.Table.Rows.Data[i] = (c.Table.Rows.Data[i] + x) / 2
	}
	c.Triples = both(c.Triples, s.Other.Triples)
	return c, nil
}
