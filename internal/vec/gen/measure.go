package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// measure is what a kernel computes of two rows: their dot product or a distance. A complex row holds real parts,
// then imaginary parts; its vectors come in pairs.
type measure struct {
	name    string
	complex bool
	holds   []uint32 // constants its code uses, kept in registers where there are 32 of them
	// add adds the measure of x and y to acc, lane by lane; acc, over all lanes, is unit times the measure.
	add func(k kit, x []VecVirtual, y []Op, acc VecVirtual)
	// slope returns by what g·scale is multiplied to change dx and dy; see gradient.
	slope func(k kit, x, y []VecVirtual) change
}

const (
	signBit  = 1 << 31
	allBut   = signBit - 1 // of the sign
	notEqual = 0x0c        // comparison: false for NaN, quiet
	lessThan = 0x11        // comparison: false for NaN, quiet

	notEqualOrNaN = 0x04 // comparison, quiet
)

var (
	dotProduct = measure{name: "dot", add: addProduct, slope: productSlope}
	l1         = measure{name: "l1", holds: []uint32{allBut, signBit, one}, add: addL1, slope: l1Slope}
	squaredL2  = measure{name: "squaredL2", add: addSquaredL2, slope: squaredL2Slope}
	moduli     = measure{name: "moduli", complex: true, holds: []uint32{three, largest}, add: addModuli, slope: moduliSlope}

	measures = []measure{dotProduct, l1, squaredL2, moduli}

	one     = math.Float32bits(1)
	three   = math.Float32bits(3)
	largest = math.Float32bits(math.MaxFloat32)
)

// kit is a width with the constants of a kernel.
type kit struct {
	lanes
	held map[uint32]VecVirtual
}

func (v lanes) kit(m measure) kit {
	k := kit{v, map[uint32]VecVirtual{}}
	if v.wide() {
		for _, bits := range m.holds {
			k.held[bits] = v.reg()
			VBROADCASTSS(constantBits(bits), k.held[bits])
		}
	}
	return k
}

func (k kit) constant(bits uint32) Op {
	if r, ok := k.held[bits]; ok {
		return r
	}
	return constantBits(bits)
}

func (k kit) difference(x VecVirtual, y Op) VecVirtual {
	d := k.reg()
	VSUBPS(y, x, d)
	return d
}

func addProduct(k kit, x []VecVirtual, y []Op, acc VecVirtual) { VFMADD231PS(y[0], x[0], acc) }

func addL1(k kit, x []VecVirtual, y []Op, acc VecVirtual) {
	d := k.difference(x[0], y[0])
	VANDPS(k.constant(allBut), d, d)
	VADDPS(d, acc, acc)
}

func addSquaredL2(k kit, x []VecVirtual, y []Op, acc VecVirtual) {
	d := k.difference(x[0], y[0])
	VFMADD231PS(d, d, acc)
}

// addModuli adds the moduli of x−y, in AVX-512 twice the moduli: see halfRoot.
func addModuli(k kit, x []VecVirtual, y []Op, acc VecVirtual) {
	re, im := k.difference(x[0], y[0]), k.difference(x[1], y[1])
	VMULPS(re, re, re)
	VFMADD231PS(im, im, re)
	if k.wide() {
		h, u := k.twiceRoot(re)
		VFMADD231PS(u, h, acc)
		return
	}
	VSQRTPS(re, re)
	VADDPS(re, acc, acc)
}

// twiceRoot returns h and u with h·u = 2·√square. With the estimate r of 1/√square, good to 2⁻¹⁴, Newton's step is
// √square ≈ h·(3−h·r)/2 for h = square·r: its error is 3/2·2⁻²⁸, less than rounding. It is some three times as
// fast as VSQRTPS. A square beyond float32 is taken as the largest, and 0, whose r is infinite, gets r = 0.
func (k kit) twiceRoot(square VecVirtual) (h, u VecVirtual) {
	some, r := K(), k.reg()
	VMINPS(square, k.held[largest], square) // the second source, square, is the result where it is NaN
	VPTESTMD(square, square, some)
	VRSQRT14PS_Z(square, some, r)
	VMULPS(r, square, square)
	VFNMADD213PS(k.constant(three), square, r)
	return square, r
}

// unit is by how much the sum of a measure's lanes must be multiplied.
func (k kit) unit(m measure) float32 {
	if m.complex && k.wide() {
		return 0.5
	}
	return 1
}

// cursor is where a walk over the columns of some rows stands. Rows are addressed by their pointer and a byte
// index, of which there is one for each array.
type cursor struct {
	v       lanes
	indexes []Register
	step    int      // vectors from the index
	mask    Register // of the rest of a row; nil elsewhere
	slot    int      // which of the independent accumulators to use
}

func (c cursor) mem(base, index Register) Mem {
	return Mem{Base: base, Index: index, Scale: 1, Disp: c.step * c.v.bytes()}
}

// load returns the vectors of a row, one for each index.
func (c cursor) load(base Register, indexes []Register) []VecVirtual {
	var out []VecVirtual
	for _, index := range indexes {
		out = append(out, c.v.load(c.mem(base, index), c.mask))
	}
	return out
}

// operands is load for instructions that take memory: only the rest of a row needs loading.
func (c cursor) operands(base Register, indexes []Register) []Op {
	var out []Op
	for _, index := range indexes {
		if c.mask == nil {
			out = append(out, c.mem(base, index))
		} else {
			out = append(out, c.v.load(c.mem(base, index), c.mask))
		}
	}
	return out
}

// ask fetches the cache lines of some rows that begin in this vector.
func (c cursor) ask(rows, indexes []Register) {
	if c.step*c.v.bytes()%64 != 0 {
		return
	}
	for _, r := range rows {
		for _, index := range indexes {
			PREFETCHT0(c.mem(r, index))
		}
	}
}

// indexes returns the byte indexes of column 0 in an array: one, and that of the imaginary parts if it is complex.
func (m measure) indexes(columns Register) []Register {
	at := GP64()
	XORQ(at, at)
	if !m.complex {
		return []Register{at}
	}
	imaginary := GP64()
	LEAQ(Mem{Base: at, Index: columns, Scale: 4}, imaginary)
	return []Register{at, imaginary}
}

// columns runs body over n columns: unroll vectors at a time, then one, then the masked rest. It moves the indexes.
func (v lanes) columns(n Register, indexes []Register, unroll int, body func(c cursor)) {
	wide, single, rest, done := label("wide"), label("single"), label("rest"), label("done")
	left := GP64()
	MOVQ(n, left)
	pass := func(name, next string, steps int) {
		Label(name)
		CMPQ(left, U32(uint32(steps*v.count)))
		JLT(LabelRef(next))
		for s := range steps {
			body(cursor{v: v, indexes: indexes, step: s, slot: s})
		}
		for _, r := range indexes {
			ADDQ(U32(uint32(steps*v.bytes())), r)
		}
		SUBQ(U32(uint32(steps*v.count)), left)
		JMP(LabelRef(name))
	}
	if unroll > 1 {
		pass(wide, single, unroll)
	}
	pass(single, rest, 1)
	Label(rest)
	TESTQ(left, left)
	JZ(LabelRef(done))
	body(cursor{v: v, indexes: indexes, mask: v.tail(left)})
	Label(done)
}
