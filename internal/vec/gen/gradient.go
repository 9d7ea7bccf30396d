package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// change is how a gradient moves: dx grows by g·byX and dy by g·byY, or shrinks by it, where g has been scaled as
// gradientScale says.
type change struct {
	byX, byY []VecVirtual
	opposite bool // dy shrinks
}

func opposite(by ...VecVirtual) change { return change{by, by, true} }

func (k kit) gradientScale(m measure) float32 {
	switch {
	case m.name == "squaredL2":
		return 2
	case m.complex && k.wide():
		return 0.5
	}
	return 1
}

func productSlope(_ kit, x, y []VecVirtual) change { return change{y, x, false} }

func squaredL2Slope(k kit, x, y []VecVirtual) change { return opposite(k.difference(x[0], y[0])) }

// l1Slope is the sign of x−y: 1 with its sign bit, where it is not 0.
func l1Slope(k kit, x, y []VecVirtual) change {
	d := k.difference(x[0], y[0])
	if k.wide() {
		const andXor = 0x6c // first AND third, XOR second
		some := K()
		VCMPPS(Imm(notEqual), constantBits(0), d, some)
		VPTERNLOGD_Z(Imm(andXor), k.constant(signBit), k.constant(one), some, d)
		return opposite(d)
	}
	some := k.reg()
	VCMPPS(Imm(notEqual), constantBits(0), d, some)
	VANDPS(k.constant(signBit), d, d)
	VORPS(k.constant(one), d, d)
	VANDPS(some, d, d)
	return opposite(d)
}

// moduliSlope is (x−y)/|x−y|, in AVX-512 twice that; 0 where the square of the modulus is 0 or not a number
// below infinity. The quotient is made before g comes in: g/|x−y| could overflow.
func moduliSlope(k kit, x, y []VecVirtual) change {
	re, im := k.difference(x[0], y[0]), k.difference(x[1], y[1])
	square := k.reg()
	VMULPS(re, re, square)
	VFMADD231PS(im, im, square)
	infinity := constant(float32(math.Inf(1)))
	if k.wide() {
		some, finite, r, h := K(), K(), k.reg(), k.reg()
		VPTESTMD(square, square, some)
		VCMPPS(Imm(lessThan), infinity, square, some, finite)
		VRSQRT14PS(square, r)
		VMULPS(r, square, h)
		VFNMADD213PS(k.constant(three), r, h) // Newton's step: 2/√square ≈ r·(3−h·r), see twiceRoot
		VMULPS(h, r, r)
		VMULPS_Z(r, re, finite, re)
		VMULPS_Z(r, im, finite, im)
		return opposite(re, im)
	}
	some, finite := k.reg(), k.reg()
	VCMPPS(Imm(notEqual), constantBits(0), square, some)
	VCMPPS(Imm(lessThan), infinity, square, finite)
	VANDPS(finite, some, some)
	VSQRTPS(square, square)
	for _, part := range []VecVirtual{re, im} {
		VDIVPS(square, part, part)
		VANDPS(some, part, part)
	}
	return opposite(re, im)
}

// gradients writes the kernel that takes gather back, and the one that leaves the table's gradient out. Rows may
// repeat: within a vector of columns each row's gradient is read and written before the next row's.
func (m measure) gradients(v lanes, withTable bool) {
	if withTable {
		v.text(m.name+"Grad", "(g, table []float32, rows []uint32, x, dx []float32, dtable *float32)", "takes "+m.name+"Gather back.")
	} else {
		v.text(m.name+"GradX", "(g, table []float32, rows []uint32, x, dx []float32)", "is "+m.name+"Grad without a gradient of the table.")
	}
	k, indexes := v.kit(m), parked(Param("rows").Base())
	left, g := parked(Param("rows").Len()), parked(Param("g").Base())
	for _, rows := range []int{rowsAtOnce, 1} {
		loop, done := label("group"), label("done")
		Label(loop)
		CMPQ(left, Imm(uint64(rows)))
		JLT(LabelRef(done))
		m.gradientGroup(k, rows, withTable)
		ADDQ(Imm(uint64(4*rows)), indexes)
		ADDQ(Imm(uint64(4*rows)), g)
		SUBQ(Imm(uint64(rows)), left)
		JMP(LabelRef(loop))
		Label(done)
	}
	v.finish()
}

// gradientGroup adds the gradients of some pairs. In AVX-512 it asks for the rows of the next group meanwhile: 3 to
// 10 % faster in the best of 60, for dot and l1. For complex rows no registers are left to do so.
func (m measure) gradientGroup(k kit, count int, withTable bool) {
	gs := m.scaled(k, count)
	indexes, next := row("rows"), []Register(nil)
	if k.wide() && !m.complex && count == rowsAtOnce {
		next = pointers("table", following(indexes, parked(Param("rows").Len())), count)
	}
	rows := pointers("table", indexes, count)
	n, x, dx := m.columnsOf("x"), row("x"), row("dx")
	at := m.indexes(n)
	all := at
	var atTable []Register // the same places in dtable
	if withTable {
		apart := GP64()
		MOVQ(parked(Param("dtable")), apart)
		SUBQ(parked(Param("table").Base()), apart)
		for _, r := range at {
			t := GP64()
			LEAQ(Mem{Base: r, Index: apart, Scale: 1}, t)
			atTable = append(atTable, t)
		}
		all = append(all, atTable...)
	}
	k.columns(n, all, 1, func(c cursor) {
		xs, dxs := c.load(x, at), c.load(dx, at)
		for i, r := range rows {
			by := m.slope(k, xs, c.load(r, at))
			for part := range dxs {
				VFMADD231PS(by.byX[part], gs[i], dxs[part])
				if !withTable {
					continue
				}
				dy := c.v.load(c.mem(r, atTable[part]), c.mask)
				if by.opposite {
					VFNMADD231PS(by.byY[part], gs[i], dy)
				} else {
					VFMADD231PS(by.byY[part], gs[i], dy)
				}
				k.store(dy, c.mem(r, atTable[part]), c.mask)
			}
		}
		c.ask(next, all)
		for part := range dxs {
			k.store(dxs[part], c.mem(dx, at[part]), c.mask)
		}
	})
}

// scaled returns the next count elements of g, each in all lanes and times the measure's scale.
func (m measure) scaled(k kit, count int) []VecVirtual {
	g := row("g")
	out := make([]VecVirtual, count)
	for i := range out {
		out[i] = k.reg()
		VBROADCASTSS(Mem{Base: g, Disp: 4 * i}, out[i])
		if scale := k.gradientScale(m); scale != 1 {
			VMULPS(constant(scale), out[i], out[i])
		}
	}
	return out
}
