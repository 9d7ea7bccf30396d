package vec

// The register tile of the Go twin: small enough for sixteen scalar registers.
const goRows, goCols = 2, 4

// tileOut says where a tile goes: rows stride elements apart, cols of its columns wanted, added to what is there.
type tileOut struct {
	stride, cols int
	add          bool
}

// tileGo sets (or adds to) the goRows×goCols block at c the product of a's first goRows rows,
// kc deep, and the packed panel b.
func tileGo(kc int, a operand, b, c []float32, t tileOut) {
	var c00, c01, c02, c03, c10, c11, c12, c13 float32
	a0, a1 := a.data, a.data[a.rowStride:]
	for k, q := 0, 0; k < kc; k++ {
		x0, x1 := a0[q], a1[q]
		q += a.colStride
		y := b[k*goCols : k*goCols+goCols : k*goCols+goCols]
		c00 += x0 * y[0]
		c01 += x0 * y[1]
		c02 += x0 * y[2]
		c03 += x0 * y[3]
		c10 += x1 * y[0]
		c11 += x1 * y[1]
		c12 += x1 * y[2]
		c13 += x1 * y[3]
	}
	r0, r1 := c[:goCols:goCols], c[t.stride:t.stride+goCols:t.stride+goCols]
	if !t.add {
		clear(r0)
		clear(r1)
	}
	r0[0], r0[1], r0[2], r0[3] = r0[0]+c00, r0[1]+c01, r0[2]+c02, r0[3]+c03
	r1[0], r1[1], r1[2], r1[3] = r1[0]+c10, r1[1]+c11, r1[2]+c12, r1[3]+c13
}

// distanceTileGo is tileGo with the distance of a row of a and a column of b in the place of their product.
func distanceTileGo(m Metric, kc int, a operand, b panels, c []float32, t tileOut) {
	for i := range goRows {
		row := operand{a.data[i*a.rowStride:], a.rowStride, a.colStride, a.imag}
		var s [goCols]float32
		switch m {
		case L1:
			s = l1Columns(kc, row, b.data)
		case SquaredL2:
			s = squaredL2Columns(kc, row, b.data)
		case Moduli:
			s = moduliColumns(kc, row, b)
		}
		out := c[i*t.stride:][:goCols]
		for j, v := range s {
			if t.add {
				v += out[j]
			}
			out[j] = v
		}
	}
}

func l1Columns(kc int, a operand, b []float32) [goCols]float32 {
	var c0, c1, c2, c3 float32
	for k := range kc {
		x, y := a.data[k*a.colStride], b[k*goCols:k*goCols+goCols:k*goCols+goCols]
		c0 += abs(x - y[0])
		c1 += abs(x - y[1])
		c2 += abs(x - y[2])
		c3 += abs(x - y[3])
	}
	return [goCols]float32{c0, c1, c2, c3}
}

func squaredL2Columns(kc int, a operand, b []float32) [goCols]float32 {
	var c0, c1, c2, c3 float32
	for k := range kc {
		x, y := a.data[k*a.colStride], b[k*goCols:k*goCols+goCols:k*goCols+goCols]
		d0, d1, d2, d3 := x-y[0], x-y[1], x-y[2], x-y[3]
		c0 += d0 * d0
		c1 += d1 * d1
		c2 += d2 * d2
		c3 += d3 * d3
	}
	return [goCols]float32{c0, c1, c2, c3}
}

func moduliColumns(kc int, a operand, b panels) [goCols]float32 {
	var c [goCols]float32
	for k := range kc {
		re, im := a.data[k*a.colStride], a.data[k*a.colStride+a.imag]
		for j := range c {
			at := k*goCols + j
			x, y := re-b.data[at], im-b.data[at+b.imag]
			c[j] += root(x*x + y*y)
		}
	}
	return c
}
