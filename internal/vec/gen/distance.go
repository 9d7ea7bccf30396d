package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// rowsAtOnce is how many rows share the loads of x and one reduction across lanes.
const rowsAtOnce = 4

// columnsOf loads the columns of a measure: the length of the row parameter, half of it where it is complex.
func (m measure) columnsOf(name string) Register {
	n := length(name)
	if m.complex {
		SHRQ(Imm(1), n)
	}
	return n
}

// pair writes the kernel of a single pair of rows.
func (m measure) pair(v lanes) {
	v.text(m.name, "(x, y []float32) float32", "is "+m.name+"Go.")
	n, x, y, acc, k := m.columnsOf("x"), row("x"), row("y"), v.accumulators(), v.kit(m)
	at := m.indexes(n)
	v.columns(n, at, slots, func(c cursor) {
		m.add(k, c.load(x, at), c.operands(y, at), acc[c.slot])
	})
	r := fold(VADDPS, acc)
	v.across(VADDPS, r)
	if unit := k.unit(m); unit != 1 {
		VMULSS(constant(unit), r.AsX(), r.AsX())
	}
	VMOVSS(r.AsX(), parked(ReturnIndex(0)))
	v.finish()
}

// rows writes the kernel of x against consecutive rows.
func (m measure) rows(v lanes) {
	v.text(m.name+"Rows", "(a, x, out []float32)", "is "+m.name+" of x and each row of a, whose number is a multiple of four.")
	x, k, a := row("x"), v.kit(m), row("a")
	left, out := parked(Param("out").Len()), parked(Param("out").Base())
	loop, done := label("group"), label("done")
	Label(loop)
	CMPQ(left, Imm(rowsAtOnce))
	JLT(LabelRef(done))
	rows, width := []Register{a}, length("x")
	for i := 1; i < rowsAtOnce; i++ {
		rows = append(rows, GP64())
		LEAQ(Mem{Base: rows[i-1], Index: width, Scale: 4}, rows[i])
	}
	m.group(k, x, out, rows, nil)
	width = length("x")
	LEAQ(Mem{Base: rows[rowsAtOnce-1], Index: width, Scale: 4}, a)
	ADDQ(Imm(4*rowsAtOnce), out)
	SUBQ(Imm(rowsAtOnce), left)
	JMP(LabelRef(loop))
	Label(done)
	v.finish()
}

// gather writes the kernel of x against rows given by index. In AVX-512 it asks for the rows of the next group
// while it works on one: the best of 60 dot products was 3 to 19 % faster in each of four runs, the median −1 to
// 5 %. In AVX2 there was no gain beyond noise, −6 to 3 %.
func (m measure) gather(v lanes) {
	v.text(m.name+"Gather", "(table []float32, rows []uint32, x, out []float32)",
		"is "+m.name+" of x and each of rows, whose number is a multiple of four.")
	x, k, indexes := row("x"), v.kit(m), row("rows")
	left, out := parked(Param("rows").Len()), parked(Param("out").Base())
	loop, done := label("group"), label("done")
	Label(loop)
	CMPQ(left, Imm(rowsAtOnce))
	JLT(LabelRef(done))
	var next []Register
	if v.wide() {
		next = pointers("table", following(indexes, left), rowsAtOnce)
	}
	m.group(k, x, out, pointers("table", indexes, rowsAtOnce), next)
	ADDQ(Imm(4*rowsAtOnce), indexes)
	ADDQ(Imm(4*rowsAtOnce), out)
	SUBQ(Imm(rowsAtOnce), left)
	JMP(LabelRef(loop))
	Label(done)
	v.finish()
}

// following returns the place of the next group's indexes, or of this one's if it is the last.
func following(indexes Register, left Mem) Register {
	next, after := GP64(), GP64()
	MOVQ(indexes, next)
	LEAQ(Mem{Base: indexes, Disp: 4 * rowsAtOnce}, after)
	CMPQ(left, Imm(2*rowsAtOnce))
	CMOVQGE(after, next)
	return next
}

// pointers returns where the rows of the next count indexes begin.
func pointers(table string, indexes Register, count int) []Register {
	first, width := row(table), length("x")
	var rows []Register
	for i := range count {
		r := GP64()
		MOVL(Mem{Base: indexes, Disp: 4 * i}, r.As32())
		IMULQ(width, r)
		LEAQ(Mem{Base: first, Index: r, Scale: 4}, r)
		rows = append(rows, r)
	}
	return rows
}

// group stores, where the pointer out in memory says, the measures of x and four rows. It asks for the next rows.
func (m measure) group(k kit, x Register, out Mem, rows, next []Register) {
	const perRow = 2
	acc := make([][]VecVirtual, len(rows))
	for i := range acc {
		acc[i] = k.accumulators()[:perRow]
	}
	n := m.columnsOf("x")
	at := m.indexes(n)
	k.columns(n, at, perRow, func(c cursor) {
		xs := c.load(x, at)
		for i, r := range rows {
			m.add(k, xs, c.operands(r, at), acc[i][c.slot])
		}
		c.ask(next, at)
	})
	sums := k.sums(acc)
	if unit := k.unit(m); unit != 1 {
		VMULPS(constant(unit), sums, sums)
	}
	to := GP64()
	MOVQ(out, to)
	VMOVUPS(sums, Mem{Base: to})
}

// sums returns the sum of each of four rows' accumulators.
func (k kit) sums(acc [][]VecVirtual) Register {
	var y []Register
	for _, slots := range acc {
		r := fold(VADDPS, slots)
		if k.wide() {
			high := YMM()
			VEXTRACTF64X4(Imm(1), r, high)
			VADDPS(high, r.AsY(), r.AsY())
		}
		y = append(y, r.AsY())
	}
	VHADDPS(y[1], y[0], y[0])
	VHADDPS(y[3], y[2], y[2])
	VHADDPS(y[2], y[0], y[0])
	low, high := y[0].(VecVirtual).AsX(), y[1].(VecVirtual).AsX()
	VEXTRACTF128(Imm(1), y[0], high)
	VADDPS(high, low, low)
	return low
}
