package vec

// Products of matrices rounded to bfloat16 (8 bits of exponent, 8 of mantissa), summed in float32. Where the
// processor has tile registers (Intel AMX) they run some ten times as fast as the float32 products; everywhere else
// they are the float32 products. Relative to the sum of the magnitudes of its terms an element errs by less than 1/128.
// A NaN may come out as another number.

// BfloatTiles reports whether products of bfloat16 numbers run in tile registers here.
func BfloatTiles() bool { return hasTiles }

// BfloatNT is MulNT with A and B rounded to bfloat16 where BfloatTiles.
func BfloatNT(c, a, b Matrix, accumulate bool, workers int) {
	if !hasTiles {
		MulNT(c, a, b, accumulate, workers)
		return
	}
	checkShapes("BfloatNT", c, [4]int{a.Rows, a.Cols, b.Cols, b.Rows})
	bfloatMultiply(bfloatProduct{c: c, a: plain(a), b: plain(b), depth: a.Cols, add: accumulate}, workers)
}

// BfloatNN is MulNN with A and B rounded to bfloat16 where BfloatTiles.
func BfloatNN(c, a, b Matrix, accumulate bool, workers int) {
	if !hasTiles {
		MulNN(c, a, b, accumulate, workers)
		return
	}
	checkShapes("BfloatNN", c, [4]int{a.Rows, a.Cols, b.Rows, b.Cols})
	bfloatMultiply(bfloatProduct{c: c, a: plain(a), b: transposed(b), depth: a.Cols, add: accumulate}, workers)
}

// BfloatTNWith is MulTN with A and B rounded to bfloat16 where BfloatTiles, for many A and one B, which is packed once: do sets
// C = Aᵀ·B on the calling goroutine.
func BfloatTNWith(b Matrix, workers int) (do func(c, a Matrix)) {
	if !hasTiles || b.Rows == 0 || b.Cols == 0 {
		return func(c, a Matrix) { MulTN(c, a, b, false, 1) }
	}
	packed := packBfloat(transposed(b), b.Cols, b.Rows, true, workers)
	return func(c, a Matrix) {
		checkShapes("BfloatTNWith", c, [4]int{a.Cols, a.Rows, b.Rows, b.Cols})
		bfloatMultiply(bfloatProduct{c: c, a: transposed(a), b: transposed(b), depth: a.Rows, packedB: packed}, 1)
	}
}

const (
	tileDepth = 32 // bfloat16 numbers in a row of a tile
	tileWords = 256
	// panelLines is how many rows of C, or columns, one call of the kernel takes: two tiles.
	panelLines = 32
	// bfloatDepth × bfloatLines numbers, 512 KB, stay in a second cache level of 2 MB.
	bfloatDepth = 512
	bfloatLines = 512
	// bfloatGroup rows of A are packed together: 128 columns of a transposed A are eight cache lines in a row of it.
	bfloatGroup = 128
	// prepackNumbers is up to how many numbers of A or B are packed once for all units of work.
	prepackNumbers = 1 << 20
)

// bfloatWords is one tile: 16 rows of 16 pairs of bfloat16.
type bfloatWords [tileWords]uint32

// bfloatProduct is C (+)= A·B with both operands as lines: element (line, k) of a for the rows of C, of b for its columns.
type bfloatProduct struct {
	c                Matrix
	a, b             operand
	depth            int
	add              bool
	packedA, packedB *bfloatPanels // nil where packed block by block
}

// bfloatPanels are lines packed as tiles: by block of depth, then panel, then tile of depth, then half of the panel.
type bfloatPanels struct {
	words  []uint32
	panels int
}

func (p *bfloatPanels) at(k0, tiles, panel int) []uint32 {
	return p.words[p.panels*2*tileWords*(k0/tileDepth)+panel*tiles*2*tileWords:]
}

// bfloatScratch is what one worker packs into.
type bfloatScratch struct {
	a    [bfloatGroup * bfloatDepth / 2]uint32
	b    [bfloatLines * bfloatDepth / 2]uint32
	edge [panelLines * panelLines]float32
	part [tileDepth * 16]float32
}

func bfloatMultiply(p bfloatProduct, workers int) {
	m, n := p.c.Rows, p.c.Cols
	if m == 0 || n == 0 {
		return
	}
	if p.depth == 0 {
		(&product{c: p.c, accumulate: p.add, metric: innerProduct}).run(1)
		return
	}
	if p.packedB == nil && m*p.depth <= prepackNumbers {
		p.packedA = packBfloat(p.a, m, p.depth, false, workers)
	}
	if p.packedB == nil && n*p.depth <= prepackNumbers {
		p.packedB = packBfloat(p.b, n, p.depth, true, workers)
	}
	if p.packedA == nil && p.packedB == nil && p.depth >= depthShares*bfloatDepth && m*n <= prepackNumbers {
		p.inDepthShares(workers)
		return
	}
	p.inRectangles(workers)
}

// depthShares is how many parts a deep product is cut into along its depth, whatever the number of workers.
const depthShares = 4

// inDepthShares computes parts of the depth, each packed once, as products of their own and adds them up in their order.
func (p *bfloatProduct) inDepthShares(workers int) {
	m, n := p.c.Rows, p.c.Cols
	parts := make([]Matrix, depthShares)
	inUnits(&scratchBfloat, depthShares, workers, func(u int, s *bfloatScratch) {
		blocks := (p.depth + bfloatDepth - 1) / bfloatDepth
		from, to := blocks*u/depthShares*bfloatDepth, min(blocks*(u+1)/depthShares*bfloatDepth, p.depth)
		part := *p
		parts[u] = MatrixOf(make([]float32, m*n), m, n)
		part.c, part.a, part.b, part.depth, part.add = parts[u], p.a.from(0, from), p.b.from(0, from), to-from, false
		for j := 0; j < n; j += bfloatLines {
			part.block(rectangle{0, m, j, min(j+bfloatLines, n)}, s)
		}
	})
	inChunks(m, workers, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			if !p.add {
				clear(p.c.Row(i))
			}
			for _, part := range parts {
				axpy(1, part.Row(i), p.c.Row(i))
			}
		}
	})
}

// inRectangles cuts C into rectangles: the operand that is not packed once is cut finely; if neither is, each worker
// takes a share of the rows.
func (p *bfloatProduct) inRectangles(workers int) {
	m, n := p.c.Rows, p.c.Cols
	rows, cols := m, bfloatLines
	if n < m || p.packedA == nil {
		share := (m + max(workers, 1) - 1) / max(workers, 1)
		rows, cols = (share+panelLines-1)/panelLines*panelLines, n
		if p.packedB != nil {
			rows = min(rows, bfloatGroup)
		}
	}
	acrossUnits := (n + cols - 1) / cols
	inUnits(&scratchBfloat, (m+rows-1)/rows*acrossUnits, workers, func(u int, s *bfloatScratch) {
		i, j := u/acrossUnits*rows, u%acrossUnits*cols
		r := rectangle{i, min(i+rows, m), j, min(j+cols, n)}
		for j0 := r.j0; j0 < r.j1; j0 += bfloatLines {
			p.block(rectangle{r.i0, r.i1, j0, min(j0+bfloatLines, r.j1)}, s)
		}
	})
}

// block computes a rectangle of at most bfloatLines columns that begins at whole panels.
func (p *bfloatProduct) block(r rectangle, s *bfloatScratch) {
	for k0 := 0; k0 < p.depth; k0 += bfloatDepth {
		kc := min(bfloatDepth, p.depth-k0)
		tiles := (kc + tileDepth - 1) / tileDepth
		b := s.b[:]
		if p.packedB != nil {
			b = p.packedB.at(k0, tiles, r.j0/panelLines)
		} else {
			packLines(b, p.b.from(r.j0, k0), shape{r.j1 - r.j0, kc}, true, s)
		}
		for i := r.i0; i < r.i1; i += bfloatGroup {
			end := min(i+bfloatGroup, r.i1)
			a := s.a[:]
			if p.packedA != nil {
				a = p.packedA.at(k0, tiles, i/panelLines)
			} else {
				packLines(a, p.a.from(i, k0), shape{end - i, kc}, false, s)
			}
			for q := i; q < end; q += panelLines {
				p.strip(rectangle{q, min(q+panelLines, end), r.j0, r.j1}, a[(q-i)/panelLines*tiles*2*tileWords:], b, tileRun{tiles, p.add || k0 > 0, s})
			}
		}
	}
}

// tileRun is how a strip is computed: so many tiles deep, added to C or not.
type tileRun struct {
	tiles int
	add   bool
	s     *bfloatScratch
}

// strip computes up to 32 rows of C: whole panels where they stand, the rest by way of the scratch.
func (p *bfloatProduct) strip(r rectangle, a, b []uint32, t tileRun) {
	c := p.c.Data[r.i0*p.c.Stride+r.j0:]
	j := 0
	if whole := (r.j1 - r.j0) / panelLines; r.i1-r.i0 == panelLines && whole > 0 {
		bfloatStrip(t.tiles, &a[0], &b[0], &c[0], p.c.Stride, whole, t.add)
		j = whole * panelLines
	}
	for ; j < r.j1-r.j0; j += panelLines {
		bfloatStrip(t.tiles, &a[0], &b[j/panelLines*t.tiles*2*tileWords], &t.s.edge[0], panelLines, 1, false)
		for i := range r.i1 - r.i0 {
			out := c[i*p.c.Stride+j:][:min(panelLines, r.j1-r.j0-j)]
			part := t.s.edge[i*panelLines:]
			for q := range out {
				if t.add {
					out[q] += part[q]
				} else {
					out[q] = part[q]
				}
			}
		}
	}
}

// shape is a number of lines and their depth.
type shape struct{ lines, depth int }

// packBfloat packs all lines of an operand.
func packBfloat(src operand, lines, depth int, forB bool, workers int) *bfloatPanels {
	p := &bfloatPanels{panels: (lines + panelLines - 1) / panelLines}
	p.words = make([]uint32, p.panels*2*tileWords*((depth+tileDepth-1)/tileDepth))
	inUnits(&scratchBfloat, p.panels, workers, func(u int, s *bfloatScratch) {
		for k0 := 0; k0 < depth; k0 += bfloatDepth {
			kc := min(bfloatDepth, depth-k0)
			packLines(p.at(k0, (kc+tileDepth-1)/tileDepth, u), src.from(u*panelLines, k0), shape{min(panelLines, lines-u*panelLines), kc}, forB, s)
		}
	})
	return p
}

// packLines packs lines of an operand into panels; what is missing to whole tiles is zero.
func packLines(dst []uint32, src operand, s shape, forB bool, scratch *bfloatScratch) {
	tiles := (s.depth + tileDepth - 1) / tileDepth
	alongRows := src.colStride == 1
	for i := 0; i < s.lines; i += panelLines {
		panel := dst[i/panelLines*tiles*2*tileWords:]
		for k := range tiles {
			for half := range 2 {
				tile := (*bfloatWords)(panel[(2*k+half)*tileWords:])
				part := shape{s.lines - i - 16*half, s.depth - k*tileDepth}
				if part.lines <= 0 {
					clear(tile[:])
					continue
				}
				from := src.from(i+16*half, k*tileDepth)
				if part.lines < 16 || part.depth < tileDepth {
					from = copyPart(scratch.part[:], from, part)
				}
				bfloatTile(tile, from, alongRows, alongRows == forB)
			}
		}
	}
}

// copyPart copies what there is of a tile into zeros, in the same layout.
func copyPart(dst []float32, src operand, s shape) operand {
	clear(dst)
	lines, depth := min(s.lines, 16), min(s.depth, tileDepth)
	if src.colStride == 1 {
		for i := range lines {
			copy(dst[i*tileDepth:], src.data[i*src.rowStride:][:depth])
		}
		return operand{data: dst, rowStride: tileDepth, colStride: 1}
	}
	for k := range depth {
		copy(dst[k*16:], src.data[k*src.colStride:][:lines])
	}
	return operand{data: dst, rowStride: 1, colStride: 16}
}
