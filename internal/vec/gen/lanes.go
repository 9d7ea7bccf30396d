package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/gotypes"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// lanes is an instruction set: how many float32 a register holds, and how the end of a row is masked.
type lanes struct {
	suffix string
	count  int
}

var (
	avx2   = lanes{"AVX2", 8}
	avx512 = lanes{"AVX512", 16}
)

func (v lanes) wide() bool { return v.count == 16 }
func (v lanes) bytes() int { return 4 * v.count }

// text begins the kernel name, in this width.
func (v lanes) text(name, signature, doc string) {
	TEXT(name+v.suffix, NOSPLIT, "func"+signature)
	Pragma("noescape")
	Doc(name + v.suffix + " " + doc)
}

func (v lanes) reg() VecVirtual {
	if v.wide() {
		return ZMM()
	}
	return YMM()
}

func (v lanes) zero() VecVirtual {
	r := v.reg()
	if v.wide() {
		VPXORD(r, r, r)
	} else {
		VXORPS(r, r, r)
	}
	return r
}

// broadcast returns a register with the float32 parameter name in every lane. It comes straight from memory: with a
// MOVSS first, the seven of Adam took 910 ns for a row of 200 instead of 110. The likely cause, not looked into, is
// the old encoding meeting registers whose upper half has been written.
func (v lanes) broadcast(name string) VecVirtual {
	r := v.reg()
	VBROADCASTSS(parked(Param(name)), r)
	return r
}

// parked is a parameter that stays in memory.
func parked(c gotypes.Component) Mem {
	b, err := c.Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

// constants holds the vectors already in the data section, by value.
var constants = map[uint32]Mem{}

// constant returns memory that holds value in sixteen lanes.
func constant(value float32) Mem { return constantBits(math.Float32bits(value)) }

func constantBits(bits uint32) Mem {
	if m, ok := constants[bits]; ok {
		return m
	}
	m := GLOBL(fmt.Sprintf("lanes_%08x", bits), RODATA|NOPTR)
	for i := range 16 {
		DATA(4*i, U32(bits))
	}
	constants[bits] = m
	return m
}

var maskTable *Mem

// tailMasks returns eight words of ones and eight of zeros: loaded from word 8−n, the mask of n lanes.
func tailMasks() Mem {
	if maskTable == nil {
		m := GLOBL("tail_masks", RODATA|NOPTR)
		for i := range 16 {
			DATA(4*i, U32(map[bool]uint32{true: math.MaxUint32}[i < 8]))
		}
		maskTable = &m
	}
	return *maskTable
}

// place is where a sweep stands: one vector of each row, or the masked rest of it.
type place struct {
	v    lanes
	rows []Register
	step int      // vectors from the row pointers
	mask Register // of a rest; nil elsewhere
	slot int      // which of the independent accumulators to use
}

func (p place) mem(row int) Mem { return Mem{Base: p.rows[row], Disp: p.step * p.v.bytes()} }

// load returns the vector of a row; lanes beyond its end are 0.
func (p place) load(row int) VecVirtual { return p.v.load(p.mem(row), p.mask) }

// loadOr is load with the lanes beyond the end taken from fill.
func (p place) loadOr(row int, fill Mem) VecVirtual {
	if p.mask == nil {
		return p.load(row)
	}
	if p.v.wide() {
		r := p.v.reg()
		VMOVUPS(fill, r)
		VMOVUPS(p.mem(row), p.mask, r)
		return r
	}
	r := p.load(row)
	f := p.v.reg()
	VMOVUPS(fill, f)
	VBLENDVPS(p.mask, r, f, f)
	return f
}

func (p place) store(r Register, row int) { p.v.store(r, p.mem(row), p.mask) }

// load returns the vector at m; lanes outside of the mask, if there is one, are 0.
func (v lanes) load(m Mem, mask Register) VecVirtual {
	r := v.reg()
	switch {
	case mask == nil:
		VMOVUPS(m, r)
	case v.wide():
		VMOVUPS_Z(m, mask, r)
	default:
		VMASKMOVPS(m, mask, r)
	}
	return r
}

// store writes the lanes of r in the mask, all if there is none.
func (v lanes) store(r Register, m Mem, mask Register) {
	switch {
	case mask == nil:
		VMOVUPS(r, m)
	case v.wide():
		VMOVUPS(r, mask, m)
	default:
		VMASKMOVPS(r, mask, m)
	}
}

var labels int

// label returns a name not used before in this file.
func label(name string) string {
	labels++
	return fmt.Sprintf("%s%d", name, labels)
}

// sweep runs body over n elements of all rows: unroll vectors at a time, then one, then the masked rest.
// It changes n and the row pointers.
func (v lanes) sweep(n Register, rows []Register, unroll int, body func(p place)) {
	wide, single, rest, done := label("wide"), label("single"), label("rest"), label("done")
	pass := func(name, next string, steps int) {
		Label(name)
		CMPQ(n, U32(uint32(steps*v.count)))
		JLT(LabelRef(next))
		for s := range steps {
			body(place{v: v, rows: rows, step: s, slot: s})
		}
		for _, r := range rows {
			ADDQ(U32(uint32(steps*v.bytes())), r)
		}
		SUBQ(U32(uint32(steps*v.count)), n)
		JMP(LabelRef(name))
	}
	if unroll > 1 {
		pass(wide, single, unroll)
	}
	pass(single, rest, 1)
	Label(rest)
	TESTQ(n, n)
	JZ(LabelRef(done))
	body(place{v: v, rows: rows, mask: v.tail(n)})
	Label(done)
}

// tail returns the mask of the first n lanes, 0 < n < count.
func (v lanes) tail(n Register) Register {
	if v.wide() {
		all, bits, k := GP32(), GP32(), K()
		MOVL(U32(math.MaxUint32), all)
		BZHIL(n.(GPVirtual).As32(), all, bits)
		KMOVW(bits, k)
		return k
	}
	at, table, mask := GP64(), GP64(), YMM()
	LEAQ(tailMasks(), table)
	MOVQ(n, at)
	NEGQ(at)
	VMOVUPS(Mem{Base: table, Index: at, Scale: 4, Disp: 32}, mask)
	return mask
}

// combine is an instruction that joins two registers into a third, such as VADDPS.
type combine func(ops ...Op)

// fold returns one register of all the accumulators joined.
func fold(join combine, slots []VecVirtual) VecVirtual {
	for len(slots) > 1 {
		half := len(slots) / 2
		for i := range half {
			join(slots[i+half], slots[i], slots[i])
		}
		slots = slots[:half]
	}
	return slots[0]
}

// across joins all lanes of r into its first.
func (v lanes) across(join combine, r VecVirtual) {
	if v.wide() {
		high := YMM()
		VEXTRACTF64X4(Imm(1), r, high)
		join(high, r.AsY(), r.AsY())
	}
	x, high := r.AsX(), XMM()
	VEXTRACTF128(Imm(1), r.AsY(), high)
	join(high, x, x)
	VPERMILPS(Imm(0x4e), x, high)
	join(high, x, x)
	VPERMILPS(Imm(0xb1), x, high)
	join(high, x, x)
}

// result joins all lanes of the accumulators and stores them as the float32 result.
func (v lanes) result(join combine, slots []VecVirtual) {
	r := fold(join, slots)
	v.across(join, r)
	VMOVSS(r.AsX(), parked(ReturnIndex(0)))
	VZEROUPPER()
	RET()
}

// row loads the pointer to a slice parameter's elements.
func row(name string) Register { return Load(Param(name).Base(), GP64()) }

// length loads the length of a slice parameter.
func length(name string) Register { return Load(Param(name).Len(), GP64()) }

func (v lanes) finish() {
	VZEROUPPER()
	RET()
}
