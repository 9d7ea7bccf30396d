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
	n, x, k := m.columnsOf("x"), row("x"), v.kit(m)
	a, out, left, width := row("a"), row("out"), length("out"), length("x")
	loop, done := label("group"), label("done")
	Label(loop)
	CMPQ(left, Imm(rowsAtOnce))
	JLT(LabelRef(done))
	rows := []Register{a}
	for i := 1; i < rowsAtOnce; i++ {
		rows = append(rows, GP64())
		LEAQ(Mem{Base: rows[i-1], Index: width, Scale: 4}, rows[i])
	}
	m.group(k, n, x, out, rows)
	LEAQ(Mem{Base: rows[rowsAtOnce-1], Index: width, Scale: 4}, a)
	ADDQ(Imm(4*rowsAtOnce), out)
	SUBQ(Imm(rowsAtOnce), left)
	JMP(LabelRef(loop))
	Label(done)
	v.finish()
}

// gather writes the kernel of x against rows given by index.
func (m measure) gather(v lanes) {
	v.text(m.name+"Gather", "(table []float32, rows []uint32, x, out []float32)",
		"is "+m.name+" of x and each of rows, whose number is a multiple of four.")
	n, x, k := m.columnsOf("x"), row("x"), v.kit(m)
	indexes, out, left := row("rows"), row("out"), length("rows")
	loop, done := label("group"), label("done")
	Label(loop)
	CMPQ(left, Imm(rowsAtOnce))
	JLT(LabelRef(done))
	m.group(k, n, x, out, pointers("table", indexes, rowsAtOnce))
	ADDQ(Imm(4*rowsAtOnce), indexes)
	ADDQ(Imm(4*rowsAtOnce), out)
	SUBQ(Imm(rowsAtOnce), left)
	JMP(LabelRef(loop))
	Label(done)
	v.finish()
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

// group stores the measures of x and four rows.
func (m measure) group(k kit, n, x, out Register, rows []Register) {
	const perRow = 2
	acc := make([][]VecVirtual, len(rows))
	for i := range acc {
		acc[i] = k.accumulators()[:perRow]
	}
	at := m.indexes(n)
	k.columns(n, at, perRow, func(c cursor) {
		xs := c.load(x, at)
		for i, r := range rows {
			m.add(k, xs, c.operands(r, at), acc[i][c.slot])
		}
	})
	sums := k.sums(acc)
	if unit := k.unit(m); unit != 1 {
		VMULPS(constant(unit), sums, sums)
	}
	VMOVUPS(sums, Mem{Base: out})
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
