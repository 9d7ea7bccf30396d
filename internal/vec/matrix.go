package vec

import "fmt"

// Matrix is a view of row-major float32 data: element (i, j) is Data[i*Stride+j].
type Matrix struct {
	Data               []float32
	Rows, Cols, Stride int
}

// MatrixOf returns data as a rows×cols matrix without gaps between rows.
func MatrixOf(data []float32, rows, cols int) Matrix {
	return Matrix{Data: data[:rows*cols], Rows: rows, Cols: cols, Stride: cols}
}

// Row returns row i, not a copy.
func (m Matrix) Row(i int) []float32 {
	return m.Data[i*m.Stride : i*m.Stride+m.Cols]
}

// RowRange returns the view of rows lo (included) to hi (excluded).
func (m Matrix) RowRange(lo, hi int) Matrix {
	m.Rows = hi - lo
	if m.Rows > 0 {
		m.Data = m.Data[lo*m.Stride : (hi-1)*m.Stride+m.Cols]
	}
	return m
}

// MulNT sets C = A·Bᵀ for A m×k, B n×k and C m×n, or adds it to C where accumulate is set. workers ≤ 1 means
// this goroutine alone; the result does not depend on workers. C must not overlap A or B.
func MulNT(c, a, b Matrix, accumulate bool, workers int) {
	checkShapes("MulNT", c, [4]int{a.Rows, a.Cols, b.Cols, b.Rows})
	if a.Rows <= fewRows && !accumulate && b.Stride == b.Cols && b.Cols > 0 {
		mulFewRows(c, a, b, workers)
		return
	}
	p := product{c: c, a: plain(a), b: transposed(b), depth: a.Cols, accumulate: accumulate, metric: innerProduct}
	p.run(workers)
}

// MulNN sets C = A·B for A m×k, B k×n and C m×n, or adds it to C where accumulate is set; workers as in MulNT.
func MulNN(c, a, b Matrix, accumulate bool, workers int) {
	checkShapes("MulNN", c, [4]int{a.Rows, a.Cols, b.Rows, b.Cols})
	p := product{c: c, a: plain(a), b: plain(b), depth: a.Cols, accumulate: accumulate, metric: innerProduct}
	p.run(workers)
}

// MulTN sets C = Aᵀ·B for A k×m, B k×n and C m×n, or adds it to C where accumulate is set; workers as in MulNT.
func MulTN(c, a, b Matrix, accumulate bool, workers int) {
	checkShapes("MulTN", c, [4]int{a.Cols, a.Rows, b.Rows, b.Cols})
	p := product{c: c, a: transposed(a), b: plain(b), depth: a.Rows, accumulate: accumulate, metric: innerProduct}
	p.run(workers)
}

// Packed is Bᵀ in the order the product reads it, made once and used for many products. It is immutable and
// may be shared by goroutines; it takes about as many bytes as B.
type Packed struct {
	depth, cols int
	nr          int       // columns of a panel in the variant that packed it
	data        []float32 // by depth block, then panel: [depth of the block][nr]
}

// Pack returns B (n×k) ready for MulPacked.
func Pack(b Matrix, workers int) *Packed {
	_, nr := tileShape()
	panels := (b.Rows + nr - 1) / nr
	p := &Packed{depth: b.Cols, cols: b.Rows, nr: nr, data: make([]float32, panels*nr*b.Cols)}
	src := transposed(b)
	inChunks(panels, workers, func(lo, hi int) {
		for k0 := 0; k0 < b.Cols; k0 += depthBlock {
			kc := min(depthBlock, b.Cols-k0)
			packPanels(p.panels(k0, kc, lo, hi), src.from(k0, lo*nr), kc, min(hi*nr, b.Rows)-lo*nr, nr)
		}
	})
	return p
}

// Cols returns n, the number of rows of the matrix that was packed.
func (p *Packed) Cols() int { return p.cols }

// panels returns panels lo to hi of the depth block of kc rows that begins at k0.
func (p *Packed) panels(k0, kc, lo, hi int) []float32 {
	all := (p.cols + p.nr - 1) / p.nr
	base := k0 * all * p.nr
	return p.data[base+lo*kc*p.nr : base+hi*kc*p.nr]
}

// MulPacked sets C = A·Bᵀ for A m×k and the packed B, or adds it to C where accumulate is set; workers as in
// MulNT. It equals MulNT bit for bit where A has more than fewRows rows.
func MulPacked(c, a Matrix, b *Packed, accumulate bool, workers int) {
	checkShapes("MulPacked", c, [4]int{a.Rows, a.Cols, b.depth, b.cols})
	p := product{c: c, a: plain(a), packed: b, depth: a.Cols, accumulate: accumulate, metric: innerProduct}
	p.run(workers)
}

// checkShapes panics unless C is m×n and the inner lengths agree; dims is m, k of A, k of B, n.
func checkShapes(name string, c Matrix, dims [4]int) {
	if c.Rows != dims[0] || c.Cols != dims[3] || dims[1] != dims[2] {
		panic(fmt.Sprintf("vec: %s of %dx%d and %dx%d into %dx%d", name, dims[0], dims[1], dims[2], dims[3], c.Rows, c.Cols))
	}
}
