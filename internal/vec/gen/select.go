package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Comparisons: ordered and quiet, false for NaN.
const (
	greaterThan = 0x1e
	equalTo     = 0x00
)

// matches returns, one bit a lane, where x compares to t as asked, inside of the mask.
func (v lanes) matches(comparison uint64, x, t VecVirtual, mask Register) GPVirtual {
	bits := GP32()
	if v.wide() {
		k := K()
		VCMPPS(Imm(comparison), t, x, k)
		if mask != nil {
			KANDW(mask, k, k)
		}
		KMOVW(k, bits)
		return bits
	}
	m := v.reg()
	VCMPPS(Imm(comparison), t, x, m)
	if mask != nil {
		VANDPS(mask, m, m)
	}
	VMOVMSKPS(m, bits)
	return bits
}

func selection(v lanes) {
	v.text("countGreater", "(scores []float32, t float32) (greater, equal int)", "is countGreaterGo.")
	t := v.broadcast("t")
	counts := []GPVirtual{GP64(), GP64()}
	for _, c := range counts {
		XORQ(c, c)
	}
	v.sweep(length("scores"), []Register{row("scores")}, slots, func(p place) {
		x := p.load(0)
		for i, comparison := range []uint64{greaterThan, equalTo} {
			bits := v.matches(comparison, x, t, p.mask)
			POPCNTL(bits, bits)
			ADDQ(bits.As64(), counts[i])
		}
	})
	Store(counts[0], ReturnIndex(0))
	Store(counts[1], ReturnIndex(1))
	v.finish()

	v.text("indexAbove", "(scores []float32, t float32) int", "is indexAboveGo.")
	t = v.broadcast("t")
	n, rows := length("scores"), []Register{row("scores")}
	found := label("found")
	bits := GP32()
	hit := func(p place) {
		MOVL(v.matches(greaterThan, p.load(0), t, p.mask), bits)
		TESTL(bits, bits)
		JNZ(LabelRef(found))
	}
	v.skipBlocks(n, rows[0], t)
	v.sweep(n, rows, 1, hit)
	Store(length("scores"), ReturnIndex(0))
	v.finish()
	Label(found)
	index := length("scores")
	SUBQ(n, index)
	TZCNTL(bits, bits)
	ADDQ(bits.As64(), index)
	Store(index, ReturnIndex(0))
	v.finish()
}

// skipBlocks moves scores over blocks of four vectors in which none exceeds t.
func (v lanes) skipBlocks(n, scores Register, t VecVirtual) {
	loop, done := label("block"), label("single")
	Label(loop)
	CMPQ(n, U32(uint32(4*v.count)))
	JLT(LabelRef(done))
	x := [4]VecVirtual{}
	for i := range x {
		x[i] = place{v: v, rows: []Register{scores}, step: i}.load(0)
	}
	any := v.anyAbove(x, t)
	TESTL(any, any)
	JNZ(LabelRef(done))
	ADDQ(U32(uint32(4*v.bytes())), scores)
	SUBQ(U32(uint32(4*v.count)), n)
	JMP(LabelRef(loop))
	Label(done)
}

// anyAbove returns a register that is not zero if any lane of x exceeds t.
func (v lanes) anyAbove(x [4]VecVirtual, t VecVirtual) GPVirtual {
	bits := GP32()
	if v.wide() {
		all := K()
		for i := range x {
			if i == 0 {
				VCMPPS(Imm(greaterThan), t, x[i], all)
				continue
			}
			k := K()
			VCMPPS(Imm(greaterThan), t, x[i], k)
			KORW(k, all, all)
		}
		KMOVW(all, bits)
		return bits
	}
	for i := range x {
		VCMPPS(Imm(greaterThan), t, x[i], x[i])
		if i > 0 {
			VORPS(x[i], x[0], x[0])
		}
	}
	VMOVMSKPS(x[0], bits)
	return bits
}
