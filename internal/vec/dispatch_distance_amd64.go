//go:build !purego

package vec

// rowsAtOnce is how many rows the assembly takes together. A row's result does not depend on its companions.
const rowsAtOnce = 4

func distance(m Metric, x, y []float32) float32 {
	switch {
	case active == variantGo:
		return distanceGo(m, x, y)
	case active == variantAVX512 && m == L1:
		return l1AVX512(x, y)
	case active == variantAVX512 && m == SquaredL2:
		return squaredL2AVX512(x, y)
	case active == variantAVX512:
		return moduliAVX512(x, y)
	case m == L1:
		return l1AVX2(x, y)
	case m == SquaredL2:
		return squaredL2AVX2(x, y)
	}
	return moduliAVX2(x, y)
}

func distances(m Metric, a, x, out []float32) {
	if active == variantGo {
		distancesGo(m, a, x, out)
		return
	}
	allRows(m, a, x, out)
}

// allRows runs a kernel over whole groups of rows, then over the last group that has the rest in it.
func allRows(m Metric, a, x, out []float32) {
	n := len(out)
	if n < rowsAtOnce {
		gatherRows(m, a, []uint32{0, 1, 2}[:n], x, out)
		return
	}
	groupedRows(m, a, x, out)
	if n%rowsAtOnce != 0 {
		groupedRows(m, a[(n-rowsAtOnce)*len(x):], x, out[n-rowsAtOnce:])
	}
}

func groupedRows(m Metric, a, x, out []float32) {
	if active == variantAVX512 {
		switch m {
		case innerProduct:
			dotRowsAVX512(a, x, out)
		case L1:
			l1RowsAVX512(a, x, out)
		case SquaredL2:
			squaredL2RowsAVX512(a, x, out)
		case Moduli:
			moduliRowsAVX512(a, x, out)
		}
		return
	}
	switch m {
	case innerProduct:
		dotRowsAVX2(a, x, out)
	case L1:
		l1RowsAVX2(a, x, out)
	case SquaredL2:
		squaredL2RowsAVX2(a, x, out)
	case Moduli:
		moduliRowsAVX2(a, x, out)
	}
}

func dotGather(table []float32, rows []uint32, x, out []float32) {
	if active == variantGo {
		dotGatherGo(table, rows, x, out)
		return
	}
	gatherRows(innerProduct, table, rows, x, out)
}

func distanceGather(m Metric, table []float32, rows []uint32, x, out []float32) {
	if active == variantGo {
		distanceGatherGo(m, table, rows, x, out)
		return
	}
	gatherRows(m, table, rows, x, out)
}

// gatherRows is allRows for rows given by index; a group of too few repeats its last.
func gatherRows(m Metric, table []float32, rows []uint32, x, out []float32) {
	n := len(rows)
	switch {
	case n == 0:
	case n < rowsAtOnce:
		var group [rowsAtOnce]uint32
		var results [rowsAtOnce]float32
		for i := range group {
			group[i] = rows[min(i, n-1)]
		}
		groupedGather(m, table, group[:], x, results[:])
		copy(out, results[:n])
	default:
		groupedGather(m, table, rows, x, out)
		if n%rowsAtOnce != 0 {
			groupedGather(m, table, rows[n-rowsAtOnce:], x, out[n-rowsAtOnce:])
		}
	}
}

func groupedGather(m Metric, table []float32, rows []uint32, x, out []float32) {
	if active == variantAVX512 {
		switch m {
		case innerProduct:
			dotGatherAVX512(table, rows, x, out)
		case L1:
			l1GatherAVX512(table, rows, x, out)
		case SquaredL2:
			squaredL2GatherAVX512(table, rows, x, out)
		case Moduli:
			moduliGatherAVX512(table, rows, x, out)
		}
		return
	}
	switch m {
	case innerProduct:
		dotGatherAVX2(table, rows, x, out)
	case L1:
		l1GatherAVX2(table, rows, x, out)
	case SquaredL2:
		squaredL2GatherAVX2(table, rows, x, out)
	case Moduli:
		moduliGatherAVX2(table, rows, x, out)
	}
}

// distanceTile is tile for distances; see distanceTileGo.
func distanceTile(m Metric, kc int, a operand, b panels, c []float32, t tileOut) {
	switch {
	case active == variantGo:
		distanceTileGo(m, kc, a, b, c, t)
	case active == variantAVX512 && m == L1:
		l1TileAVX512(kc, &a.data[0], a.rowStride, a.colStride, &b.data[0], &c[0], t.stride, t.add)
	case active == variantAVX512 && m == SquaredL2:
		squaredL2TileAVX512(kc, &a.data[0], a.rowStride, a.colStride, &b.data[0], &c[0], t.stride, t.add)
	case active == variantAVX512:
		moduliTileAVX512(kc, &a.data[0], a.rowStride, a.colStride, &b.data[0], &c[0], t.stride, t.add, a.imag, b.imag)
	case m == L1:
		l1TileAVX2(kc, &a.data[0], a.rowStride, a.colStride, &b.data[0], &c[0], t.stride, t.add)
	case m == SquaredL2:
		squaredL2TileAVX2(kc, &a.data[0], a.rowStride, a.colStride, &b.data[0], &c[0], t.stride, t.add)
	default:
		moduliTileAVX2(kc, &a.data[0], a.rowStride, a.colStride, &b.data[0], &c[0], t.stride, t.add, a.imag, b.imag)
	}
}
