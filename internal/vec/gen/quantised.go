package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Layout of a block of quantised rows; see quantised.go of package vec.
const (
	blockLine    = 64 // bytes: a word for each of the sixteen rows
	blockHeaders = 5  // lines before the codes: scale, error, norm, offset, inverse
)

// byteDots is how an instruction set adds products of bytes.
type byteDots struct {
	v      lanes
	name   string
	vnni   bool // VPDPBUSD: unsigned by signed bytes, four products added to a word
	blocks int  // that one pass takes, to hide the latency of an addition
}

func (b byteDots) parts() int { return blockLine / b.v.bytes() }

// bounds is quantisedBoundsGo.
func (b byteDots) bounds() {
	v := b.v
	TEXT("quantisedBounds"+b.name, NOSPLIT, "func(blocks, query []uint32, bias int32, weights *[6]float32, out []float32)")
	Pragma("noescape")
	Doc("quantisedBounds" + b.name + " is quantisedBoundsGo; bias is 128 times the sum of the query's bytes.")
	at, out, left := row("blocks"), row("out"), length("out")
	SHRQ(Imm(4), left)
	size := length("query") // bytes of a block's codes
	SHLQ(Imm(6), size)
	stride := GP64()
	LEAQ(Mem{Base: size, Disp: blockHeaders * blockLine}, stride)
	p := boundsPass{byteDots: b, at: at, out: out, size: size, stride: stride, query: row("query")}
	weights := Load(Param("weights"), GP64())
	for i := range p.weights {
		p.weights[i] = v.reg()
		VBROADCASTSS(Mem{Base: weights, Disp: 4 * i}, p.weights[i])
	}
	if b.vnni {
		p.start = v.reg()
		bias := Load(Param("bias"), GP32())
		NEGL(bias)
		VPBROADCASTD(bias, p.start)
	} else {
		p.flip, p.ones = v.reg(), v.reg()
		VMOVUPS(constantBits(0x80808080), p.flip)
		VMOVUPS(constantBits(0x00010001), p.ones)
	}
	many, single, done := label("many"), label("single"), label("done")
	Label(many)
	CMPQ(left, U32(uint32(b.blocks)))
	JLT(LabelRef(single))
	p.run(b.blocks)
	SUBQ(U32(uint32(b.blocks)), left)
	JMP(LabelRef(many))
	Label(single)
	TESTQ(left, left)
	JZ(LabelRef(done))
	p.run(1)
	DECQ(left)
	JMP(LabelRef(single))
	Label(done)
	v.finish()
}

// boundsPass holds the registers of bounds.
type boundsPass struct {
	byteDots
	at, out, size, stride, query Register
	weights                      [6]VecVirtual
	start, flip, ones            VecVirtual
}

// run writes the bounds of the next blocks.
func (p *boundsPass) run(blocks int) {
	v := p.v
	codes := make([]Register, blocks)
	sums := make([][]VecVirtual, blocks)
	for i := range codes {
		codes[i] = GP64()
		if i == 0 {
			LEAQ(Mem{Base: p.at, Disp: blockHeaders * blockLine}, codes[i])
		} else {
			LEAQ(Mem{Base: codes[i-1], Index: p.stride, Scale: 1}, codes[i])
		}
		for range p.parts() {
			sum := v.zero()
			if p.vnni {
				VMOVDQA64(p.start, sum)
			}
			sums[i] = append(sums[i], sum)
		}
	}
	place, query, loop, ready := GP64(), GP64(), label("dims"), label("ready")
	XORQ(place, place)
	MOVQ(p.query, query)
	Label(loop)
	CMPQ(place, p.size)
	JGE(LabelRef(ready))
	q := v.reg()
	VPBROADCASTD(Mem{Base: query}, q)
	for i := range codes {
		for part, sum := range sums[i] {
			p.add(Mem{Base: codes[i], Index: place, Scale: 1, Disp: part * v.bytes()}, q, sum)
		}
	}
	ADDQ(Imm(4), query)
	ADDQ(Imm(blockLine), place)
	JMP(LabelRef(loop))
	Label(ready)
	for i := range codes {
		for part, sum := range sums[i] {
			p.finish(Mem{Base: codes[i], Disp: part*v.bytes() - blockHeaders*blockLine}, sum)
			VMOVUPS(sum, Mem{Base: p.out, Disp: i*blockLine + part*v.bytes()})
		}
	}
	ADDQ(U32(uint32(blocks*blockLine)), p.out)
	for range blocks {
		ADDQ(p.stride, p.at)
	}
}

// add adds to each word of sum the products of four codes with four bytes of the query.
func (p *boundsPass) add(codes Mem, q, sum VecVirtual) {
	v, x := p.v, p.v.reg()
	if p.vnni {
		VMOVDQU64(codes, x)
		vpdpbusd(q, x, sum)
		return
	}
	// |x|·(q with the sign of x): |x| fits an unsigned byte, and a sum of two products a signed word.
	signed := v.reg()
	if v.wide() {
		negative := K()
		VPXORD(codes, p.flip, x)
		VPMOVB2M(x, negative)
		VMOVDQA64(q, signed)
		zero := v.zero()
		VPSUBB(q, zero, negative, signed)
	} else {
		VPXOR(codes, p.flip, x)
		VPSIGNB(x, q, signed)
	}
	VPABSB(x, x)
	VPMADDUBSW(signed, x, x)
	VPMADDWD(p.ones, x, x)
	VPADDD(x, sum, sum)
}

// finish turns sums of products into bounds.
func (p *boundsPass) finish(header Mem, sum VecVirtual) {
	term := p.v.reg()
	VCVTDQ2PS(sum, sum)
	VMULPS(header, sum, sum)
	VMULPS(p.weights[0], sum, sum)
	for i := 1; i <= 3; i++ {
		VMULPS(header.Offset(i*blockLine), p.weights[i], term)
		VADDPS(term, sum, sum)
	}
	VMULPS(header.Offset(4*blockLine), p.weights[5], term)
	VADDPS(p.weights[4], term, term)
	VMULPS(term, sum, sum)
}

// vpdpbusd adds to each word of sum four products of signed bytes with unsigned ones. Avo has no name for it.
func vpdpbusd(signed, unsigned, sum VecVirtual) {
	Instruction(&ir.Instruction{
		Opcode:   "VPDPBUSD",
		Operands: []Op{signed, unsigned, sum},
		Inputs:   []Op{signed, unsigned, sum},
		Outputs:  []Op{sum},
	})
}
