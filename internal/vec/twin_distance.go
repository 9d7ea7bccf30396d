package vec

import "math"

func abs(x float32) float32 { return float32(math.Abs(float64(x))) }

func root(x float32) float32 { return float32(math.Sqrt(float64(x))) }

func distanceGo(m Metric, x, y []float32) float32 {
	switch m {
	case L1:
		return l1Go(x, y)
	case SquaredL2:
		return squaredL2Go(x, y)
	}
	return moduliGo(x, y)
}

func l1Go(x, y []float32) float32 {
	var s, t float32
	y = y[:len(x)]
	i := 0
	for ; i+1 < len(x); i += 2 {
		s += abs(x[i] - y[i])
		t += abs(x[i+1] - y[i+1])
	}
	if i < len(x) {
		s += abs(x[i] - y[i])
	}
	return s + t
}

func squaredL2Go(x, y []float32) float32 {
	var s, t float32
	y = y[:len(x)]
	i := 0
	for ; i+1 < len(x); i += 2 {
		a, b := x[i]-y[i], x[i+1]-y[i+1]
		s += a * a
		t += b * b
	}
	if i < len(x) {
		a := x[i] - y[i]
		s += a * a
	}
	return s + t
}

func moduliGo(x, y []float32) float32 {
	var s float32
	d := len(x) / 2
	for i, v := range x[:d] {
		re, im := v-y[i], x[d+i]-y[d+i]
		s += root(re*re + im*im)
	}
	return s
}

func distancesGo(m Metric, a, x, out []float32) {
	for i := range out {
		out[i] = distanceGo(m, x, a[i*len(x):(i+1)*len(x)])
	}
}

// rowOf returns row i of a table of rows of that width.
func rowOf(table []float32, width int, i uint32) []float32 {
	return table[int(i)*width : (int(i)+1)*width]
}

func dotGatherGo(table []float32, rows []uint32, x, out []float32) {
	for p, r := range rows {
		out[p] = dotGo(x, rowOf(table, len(x), r))
	}
}

func distanceGatherGo(m Metric, table []float32, rows []uint32, x, out []float32) {
	for p, r := range rows {
		out[p] = distanceGo(m, x, rowOf(table, len(x), r))
	}
}

func dotGatherGradGo(s gradient) {
	for p, r := range s.rows {
		if s.dx != nil {
			axpyGo(s.g[p], rowOf(s.table, len(s.x), r), s.dx)
		}
		if s.dtable != nil {
			axpyGo(s.g[p], s.x, rowOf(s.dtable, len(s.x), r))
		}
	}
}

func distanceGatherGradGo(m Metric, s gradient) {
	var ignored [ignoredColumns]float32
	none := ignored[:] // takes what is left out
	if len(s.x) > len(none) {
		none = make([]float32, len(s.x))
	}
	dx, dy := s.dx, none
	if dx == nil {
		dx = none
	}
	for p, r := range s.rows {
		y := rowOf(s.table, len(s.x), r)
		if s.dtable != nil {
			dy = rowOf(s.dtable, len(s.x), r)
		}
		switch m {
		case L1:
			l1GradGo(s.g[p], s.x, y, dx, dy)
		case SquaredL2:
			squaredL2GradGo(s.g[p], s.x, y, dx, dy)
		case Moduli:
			moduliGradGo(s.g[p], s.x, y, dx, dy)
		}
	}
}

func l1GradGo(g float32, x, y, dx, dy []float32) {
	for i, v := range x {
		var step float32
		switch {
		case v > y[i]:
			step = g
		case v < y[i]:
			step = -g
		}
		dx[i] += step
		dy[i] -= step
	}
}

func squaredL2GradGo(g float32, x, y, dx, dy []float32) {
	g *= 2
	for i, v := range x {
		step := g * (v - y[i])
		dx[i] += step
		dy[i] -= step
	}
}

func moduliGradGo(g float32, x, y, dx, dy []float32) {
	d := len(x) / 2
	for i, v := range x[:d] {
		re, im := v-y[i], x[d+i]-y[d+i]
		square := re*re + im*im
		if !(square > 0 && square <= math.MaxFloat32) {
			continue
		}
		modulus := root(square)
		re, im = g*(re/modulus), g*(im/modulus)
		dx[i] += re
		dx[d+i] += im
		dy[i] -= re
		dy[d+i] -= im
	}
}

func adamGo(w, g, m, v []float32, s AdamStep) {
	for i, d := range g {
		m[i] = s.Beta1*m[i] + (1-s.Beta1)*d
		v[i] = s.Beta2*v[i] + (1-s.Beta2)*d*d
		w[i] -= s.Rate * s.Correction1 * m[i] / (root(s.Correction2*v[i]) + s.Eps)
	}
}

func addCubesGo(a float32, x, grad []float32) {
	for i, v := range x {
		grad[i] += a * abs(v) * v
	}
}

func addComplexCubesGo(a float32, x, grad []float32) {
	d := len(x) / 2
	re, im := x[:d:d], x[d:2*d:2*d]
	gr, gi := grad[:d:d], grad[d:2*d:2*d]
	for i := range re {
		b := a * root(re[i]*re[i]+im[i]*im[i])
		gr[i] += b * re[i]
		gi[i] += b * im[i]
	}
}

func expandDistancesGo(dots []float32, q float32, norms, out []float32) {
	for j, dot := range dots {
		square := (q + norms[j]) - 2*dot
		if !(square > 0) {
			square = 0
		}
		out[j] = -root(square)
	}
}

func divideWeightsGo(w, d []float32) (sum float32) {
	for j, v := range d {
		if v == 0 {
			w[j] = 0
			continue
		}
		w[j] /= v
		sum += w[j]
	}
	return sum
}
