package vec

import (
	"sync"
	"sync/atomic"
)

const (
	// depthBlock × columnBlock floats of B, 512 KiB, stay in a second cache level of 1 MiB while the rows of A go
	// by. Deep and narrow measured best of 256..512 × 256..1024: C is read and written once per depth block.
	depthBlock  = 512
	columnBlock = 256
	// panelGroup is how many row panels are packed together: 96 columns of a transposed A are six cache lines in
	// a row of it, where one panel's 12 are less than one.
	panelGroup = 8
	// rowChunk is the least number of rows worth packing B once more for, in another worker.
	rowChunk = 512
	// fewRows is up to how many rows of A reading B directly beats packing it.
	fewRows = 4
	// maxTile is the number of elements of the largest register tile, 12 × 32.
	maxTile = 12 * 32
)

// operand is a matrix seen as op(A): element (i, j) is data[i*rowStride+j*colStride]. If it is complex, that is
// its real part and the imaginary one lies imag numbers behind it.
type operand struct {
	data                 []float32
	rowStride, colStride int
	imag                 int
}

func plain(m Matrix) operand      { return operand{m.Data, m.Stride, 1, 0} }
func transposed(m Matrix) operand { return operand{m.Data, 1, m.Stride, 0} }

// from returns the operand whose element (0, 0) is this one's (i, j).
func (o operand) from(i, j int) operand {
	o.data = o.data[min(i*o.rowStride+j*o.colStride, len(o.data)):]
	return o
}

// flipped returns the transpose.
func (o operand) flipped() operand { return operand{o.data, o.colStride, o.rowStride, o.imag} }

// product is C (+)= op(A)·op(B), or C = the distances of the rows of A and B. It goes over blocks of columns, then of depth, packs that block of B into
// panels as wide as the register tile, and runs the tile kernel over all rows. Each element of C sees the same
// operations in the same order wherever the work is cut.
type product struct {
	c          Matrix
	a, b       operand
	packed     *Packed // instead of b
	depth      int     // of a complex matrix, in complex numbers
	accumulate bool
	metric     Metric // or innerProduct
}

// parts is how many numbers make an element.
func (p *product) parts() int {
	if p.metric == Moduli {
		return 2
	}
	return 1
}

// scratch is what one worker packs into.
type scratch struct {
	b    [depthBlock * columnBlock]float32
	a    [depthBlock * panelGroup * 12]float32
	tile [maxTile]float32
}

// pool lends scratch of one kind to workers.
type pool[S any] struct{ free sync.Pool }

func (p *pool[S]) take() *S {
	if s, ok := p.free.Get().(*S); ok {
		return s
	}
	return new(S)
}

var (
	scratchProduct pool[scratch]
	scratchBfloat  pool[bfloatScratch]
)

func (p *product) run(workers int) {
	m, n := p.c.Rows, p.c.Cols
	if m == 0 || n == 0 {
		return
	}
	if p.depth == 0 {
		if !p.accumulate {
			for i := range m {
				clear(p.c.Row(i))
			}
		}
		return
	}
	mr, nr := tileShape()
	if n/nr >= m/mr {
		inUnits(&scratchProduct, (n+columnBlock-1)/columnBlock, workers, func(u int, s *scratch) {
			p.block(rectangle{0, m, u * columnBlock, min((u+1)*columnBlock, n)}, s)
		})
		return
	}
	rows := min(rowChunk, (m+max(workers, 1)-1)/max(workers, 1))
	inUnits(&scratchProduct, (m+rows-1)/rows, workers, func(u int, s *scratch) {
		for j := 0; j < n; j += columnBlock {
			p.block(rectangle{u * rows, min((u+1)*rows, m), j, min(j+columnBlock, n)}, s)
		}
	})
}

// inUnits calls do for every unit of work, by as many workers as asked for, each with scratch of its own.
func inUnits[S any](scratch *pool[S], units, workers int, do func(u int, s *S)) {
	var next atomic.Int64
	work := func() {
		s := scratch.take()
		defer scratch.free.Put(s)
		for u := int(next.Add(1)) - 1; u < units; u = int(next.Add(1)) - 1 {
			do(u, s)
		}
	}
	inParallel(min(workers, units), work)
}

// rectangle is rows i0 to i1 and columns j0 to j1 of C.
type rectangle struct{ i0, i1, j0, j1 int }

// block computes one rectangle of at most columnBlock columns.
func (p *product) block(r rectangle, s *scratch) {
	mr, nr := tileShape()
	deepest := depthBlock / p.parts()
	for k0 := 0; k0 < p.depth; k0 += deepest {
		kc := min(deepest, p.depth-k0)
		t := strip{j0: r.j0, j1: r.j1, kc: kc, add: p.accumulate || k0 > 0}
		if p.packed != nil {
			t.panels.data = p.packed.panels(k0, kc, r.j0/nr, (r.j1+nr-1)/nr)
		} else {
			t.panels = p.pack(s.b[:], p.b.from(k0, r.j0), panelShape{kc, nr, (r.j1 - r.j0 + nr - 1) / nr}, r.j1-r.j0)
		}
		for i := r.i0; i < r.i1; i += panelGroup * mr {
			group := min(panelGroup*mr, r.i1-i)
			a := p.a.from(i, k0)
			whole := 0 // rows that the kernel can read where they are
			if a.colStride == 1 {
				whole = group / mr * mr
			}
			rest := p.pack(s.a[:], a.from(whole, 0).flipped(), panelShape{kc, mr, (group - whole + mr - 1) / mr}, group-whole)
			for q := 0; q < group; q += mr {
				t.i, t.rows = i+q, min(mr, group-q)
				if q < whole {
					p.strip(t, a.from(q, 0), s)
				} else {
					p.strip(t, operand{rest.data[(q-whole)*kc:], 1, mr, rest.imag}, s)
				}
			}
		}
	}
}

// panels are packed columns. Where they are complex, these are the real parts, and the imaginary parts lie imag
// numbers behind them.
type panels struct {
	data []float32
	imag int
}

// pack writes the first cols columns of src to dst as panels of that shape.
func (p *product) pack(dst []float32, src operand, s panelShape, cols int) panels {
	size := s.rows * s.width * s.panels
	packPanels(dst[:size], src, s.rows, cols, s.width)
	if p.parts() == 1 {
		return panels{dst[:size], 0}
	}
	src.data = src.data[min(src.imag, len(src.data)):]
	packPanels(dst[size:2*size], src, s.rows, cols, s.width)
	return panels{dst[:2*size], size}
}

// strip is one row of tiles: rows rows from i, columns j0 to j1, kc deep, added to C or set.
type strip struct {
	i, rows, j0, j1, kc int
	panels              panels
	add                 bool
}

func (p *product) strip(t strip, a operand, s *scratch) {
	mr, nr := tileShape()
	for j := t.j0; j < t.j1; j += nr {
		panel := panels{t.panels.data[(j-t.j0)*t.kc:], t.panels.imag}
		cols := min(nr, t.j1-j)
		if t.rows == mr && cols == nr {
			p.tile(t.kc, a, panel, p.c.Data[t.i*p.c.Stride+j:], tileOut{p.c.Stride, nr, t.add})
			continue
		}
		p.tile(t.kc, a, panel, s.tile[:mr*nr], tileOut{nr, cols, false})
		for i := range t.rows {
			out, part := p.c.Data[(t.i+i)*p.c.Stride+j:][:cols], s.tile[i*nr:][:cols]
			if !t.add {
				copy(out, part)
				continue
			}
			for q, v := range part {
				out[q] += v
			}
		}
	}
}

// tile runs the kernel of one register tile.
func (p *product) tile(kc int, a operand, b panels, c []float32, t tileOut) {
	if p.metric == innerProduct {
		tile(kc, a, b.data, c, t)
		return
	}
	distanceTile(p.metric, kc, a, b, c, t)
}

// panelShape is panels side by side, each rows×width.
type panelShape struct{ rows, width, panels int }

// packPanels writes cols columns of src, kc deep, as panels of width columns, [kc][width] each; the last is filled
// up with zeros.
func packPanels(dst []float32, src operand, kc, cols, width int) {
	j := 0
	if src.colStride == 1 {
		copyPanels(dst, src.data, src.rowStride, panelShape{kc, width, cols / width})
		j = cols / width * width
	}
	for ; j < cols; j += width {
		packPanel(dst[j*kc:(j+width)*kc], src.from(0, j), min(width, cols-j), width)
	}
}

// copyPanelsGo sets panel p, row k, column j to src[k*stride+p*width+j].
func copyPanelsGo(dst, src []float32, stride int, s panelShape) {
	for k := range s.rows {
		for p := range s.panels {
			copy(dst[(p*s.rows+k)*s.width:][:s.width], src[k*stride+p*s.width:])
		}
	}
}

// packPanel writes dst[k*width+j] = element (k, j) of src for j < cols, and 0 for cols ≤ j < width.
func packPanel(dst []float32, src operand, cols, width int) {
	if cols < width {
		clear(dst)
	}
	if src.colStride != 1 {
		interleave(dst, src, cols, width)
		return
	}
	for k := range len(dst) / width {
		copy(dst[k*width:(k+1)*width], src.data[k*src.rowStride:][:cols])
	}
}

// interleaveGo is packPanel where the columns of src are contiguous in memory: a transposition. The last row of
// dst may be cut off after its columns.
func interleaveGo(dst []float32, src operand, cols, width int) {
	kc := (len(dst) + width - 1) / width
	for j := range cols {
		column := src.data[j*src.colStride:]
		for k := range kc {
			dst[k*width+j] = column[k*src.rowStride]
		}
	}
}

// mulFewRows is MulNT for a handful of rows: a matrix-vector product each.
func mulFewRows(c, a, b Matrix, workers int) {
	inChunks(b.Rows, workers, func(lo, hi int) {
		for i := range a.Rows {
			GEMV(b.Data[lo*b.Cols:], hi-lo, b.Cols, a.Row(i), c.Row(i)[lo:hi])
		}
	})
}

// inChunks calls do with consecutive ranges that cover 0 to n, one for each worker.
func inChunks(n, workers int, do func(lo, hi int)) {
	workers = max(1, min(workers, n))
	var next atomic.Int64
	inParallel(workers, func() {
		w := int(next.Add(1)) - 1
		do(w*n/workers, (w+1)*n/workers)
	})
}

// inParallel runs work in as many goroutines as asked for, this one among them, and waits for all.
func inParallel(workers int, work func()) {
	var wait sync.WaitGroup
	for range workers - 1 {
		wait.Go(work)
	}
	work()
	wait.Wait()
}
