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
