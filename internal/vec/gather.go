package vec

import "fmt"

// DotGather sets out[p] to the dot product of x and row rows[p] of the table, whose rows have width numbers.
func DotGather(table []float32, width int, rows []uint32, x, out []float32) {
	checkRows(table, width, rows)
	dotGather(table, rows, x[:width], out[:len(rows)])
}

// DistanceGather sets out[p] to the distance of x and row rows[p] of the table, whose rows have width numbers.
func DistanceGather(m Metric, table []float32, width int, rows []uint32, x, out []float32) {
	checkMetric(m, width)
	checkRows(table, width, rows)
	distanceGather(m, table, rows, x[:width], out[:len(rows)])
}

// DotGatherGrad takes DotGather back: given g[p], the derivative of a loss by the product p, it adds g[p]·row to
// dx and g[p]·x to the row of dtable, for each row rows[p] of the table in turn. Rows may repeat. A nil dx or
// dtable is left out; dx, dtable and the table must not overlap: dx is no row of dtable.
func DotGatherGrad(g, table []float32, width int, rows []uint32, x, dx, dtable []float32) {
	checkRows(table, width, rows)
	s := gradient{g[:len(rows)], table, rows, x[:width], dx, dtable}
	s.check()
	dotGatherGrad(s)
}

// DistanceGatherGrad takes DistanceGather back: given g[p], the derivative of a loss by the distance p, it adds
// g[p] times the derivative of the distance by x to dx, and by the row to the row of dtable, for each row rows[p]
// of the table in turn. Rows may repeat. A nil dx or dtable is left out; dx, dtable and the table must not overlap.
//
// The derivative by x is, per number, sign(x−y) for L1, with sign(0) = 0, and 2(x−y) for SquaredL2; for Moduli it
// is (x−y)/|x−y| per complex number, and 0 where |x−y|² is 0 or overflows float32.
func DistanceGatherGrad(m Metric, g, table []float32, width int, rows []uint32, x, dx, dtable []float32) {
	checkMetric(m, width)
	checkRows(table, width, rows)
	s := gradient{g[:len(rows)], table, rows, x[:width], dx, dtable}
	s.check()
	distanceGatherGrad(m, s)
}

// gradient is what a gradient kernel works on: the arguments of DotGatherGrad, width being len(x).
type gradient struct {
	g, table      []float32
	rows          []uint32
	x, dx, dtable []float32
}

// check panics unless the kernel may write where it will.
func (s *gradient) check() {
	if s.dx != nil {
		s.dx = s.dx[:len(s.x)]
	}
	if s.dtable != nil {
		checkRows(s.dtable, len(s.x), s.rows)
	}
}

// ignoredColumns is the width up to which a gradient that is not wanted is written without allocating.
const ignoredColumns = 1024

// checkRows panics unless the table has all the rows.
func checkRows(table []float32, width int, rows []uint32) {
	var last uint32
	for _, r := range rows {
		last = max(last, r)
	}
	if len(rows) > 0 && (int(last)+1)*width > len(table) {
		panic(fmt.Sprintf("vec: row %d of a table of %d numbers in rows of %d", last, len(table), width))
	}
}
