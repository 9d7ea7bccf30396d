package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A bfloat tile is 1 KB: 16 rows of 16 words, a word being two bfloat16 numbers that are neighbours along the depth of
// a matrix product. The four kernels make one tile each from float32 data, by which way the depth runs and whether the
// rows of the tile are the rows of the source.
func bfloatTiles() {
	for _, turned := range []bool{false, true} {
		alongRows("bfloatRows", turned)
		acrossRows("bfloatPairs", turned)
	}
}

// tileText begins a kernel that makes a tile, and returns its parameters; stride comes in bytes.
func tileText(name, doc string, turned bool) (dst, src, stride Register) {
	if turned {
		name, doc = name+"Turned", doc+", transposed"
	}
	TEXT(name, NOSPLIT, "func(dst *uint32, src *float32, stride int)")
	Pragma("noescape")
	Doc(name + " " + doc + "; see bfloatTileGo (AVX-512).")
	dst, src, stride = Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("stride"), GP64())
	SHLQ(Imm(2), stride)
	return dst, src, stride
}

// alongRows takes 16 rows of 32 numbers: the depth runs along a row.
func alongRows(name string, turned bool) {
	dst, src, stride := tileText(name, "makes a tile of 16 rows of 32 numbers", turned)
	even, odd := ZMM(), ZMM()
	VMOVDQU32(spread(0), even)
	VMOVDQU32(spread(1), odd)
	var words []VecVirtual
	for range 16 {
		a, b, low := ZMM(), ZMM(), ZMM()
		VMOVUPS(Mem{Base: src}, a)
		VMOVUPS(Mem{Base: src, Disp: 64}, b)
		VMOVAPS(a, low)
		VPERMT2PS(b, even, low)
		VPERMT2PS(b, odd, a)
		words = append(words, joined(low, a))
		ADDQ(stride, src)
	}
	writeWords(dst, words, turned)
}

// acrossRows takes 32 rows of 16 numbers: the depth runs down a column.
func acrossRows(name string, turned bool) {
	dst, src, stride := tileText(name, "makes a tile of 32 rows of 16 numbers", turned)
	var words []VecVirtual
	for range 16 {
		low, high := ZMM(), ZMM()
		VMOVUPS(Mem{Base: src}, low)
		VMOVUPS(Mem{Base: src, Index: stride, Scale: 1}, high)
		words = append(words, joined(low, high))
		LEAQ(Mem{Base: src, Index: stride, Scale: 2}, src)
	}
	writeWords(dst, words, turned)
}

// joined returns bfloat16(low) | bfloat16(high)<<16 in every lane, rounding by half of the last place kept. It changes
// both.
func joined(low, high VecVirtual) VecVirtual {
	half := constantBits(0x8000)
	VPADDD(half, low, low)
	VPADDD(half, high, high)
	VPSRLD(Imm(16), low, low)
	VPANDD(constantBits(0xffff0000), high, high)
	VPORD(low, high, low)
	return low
}

func writeWords(dst Register, words []VecVirtual, turned bool) {
	if turned {
		words = turn(words)
	}
	for i, w := range words {
		VMOVDQU32(w, Mem{Base: dst, Disp: 64 * i})
	}
	VZEROUPPER()
	RET()
}

// turn transposes 16×16 words: pairs of rows, pairs of pairs, then quarters of registers twice.
func turn(r []VecVirtual) []VecVirtual {
	join := func(op func(ops ...Op), a, b VecVirtual) VecVirtual {
		out := ZMM()
		op(b, a, out)
		return out
	}
	quarters := func(order uint64, a, b VecVirtual) VecVirtual {
		out := ZMM()
		VSHUFI32X4(Imm(order), b, a, out)
		return out
	}
	t := make([]VecVirtual, 16)
	for i := 0; i < 16; i += 2 {
		t[i], t[i+1] = join(VPUNPCKLDQ, r[i], r[i+1]), join(VPUNPCKHDQ, r[i], r[i+1])
	}
	q := make([]VecVirtual, 16)
	for i := 0; i < 16; i += 4 {
		for j := range 2 {
			q[i+2*j], q[i+2*j+1] = join(VPUNPCKLQDQ, t[i+j], t[i+j+2]), join(VPUNPCKHQDQ, t[i+j], t[i+j+2])
		}
	}
	for i := 0; i < 16; i += 8 {
		for j := range 4 {
			t[i+j], t[i+j+4] = quarters(0x88, q[i+j], q[i+j+4]), quarters(0xdd, q[i+j], q[i+j+4])
		}
	}
	for j := range 8 {
		q[j], q[j+8] = quarters(0x88, t[j], t[j+8]), quarters(0xdd, t[j], t[j+8])
	}
	return q
}

var spreads = map[int]Mem{}

// spread returns the lane numbers first, first+2, … of two registers side by side.
func spread(first int) Mem {
	if m, ok := spreads[first]; ok {
		return m
	}
	m := GLOBL(fmt.Sprintf("spread_%d", first), RODATA|NOPTR)
	for i := range 16 {
		DATA(4*i, U32(uint32(first+2*i)))
	}
	spreads[first] = m
	return m
}
