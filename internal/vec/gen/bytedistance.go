package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// byteDistance is a sum over the codes of sixteen rows, in an instruction set; see bytedistance.go of package vec.
type byteDistance struct {
	v      lanes
	name   string
	lines  int // of a block that belong to one word of the query
	blocks int // that one pass takes
	moduli bool
}

// accumulators returns how many registers hold the sums of a block: two lanes for each row.
func (b byteDistance) accumulators() int { return 32 / b.v.count }

func (b byteDistance) bounds() {
	v := b.v
	TEXT(b.name+v.suffix, NOSPLIT, "func(blocks, query []uint32, weight float32, out []float32)")
	Pragma("noescape")
	Doc(b.name + v.suffix + " is " + b.name + "Go; the query has two words for each group of codes.")
	p := &distancePass{byteDistance: b, at: row("blocks"), out: row("out"), query: row("query"), stride: GP64()}
	left := length("out")
	SHRQ(Imm(4), left)
	p.size = length("query") // bytes of a block's codes: a query's word stands for 64 bytes, or 32
	SHLQ(Imm(map[bool]uint64{true: 5, false: 6}[b.moduli]), p.size)
	LEAQ(Mem{Base: p.size, Disp: blockLine}, p.stride)
	p.weight = v.broadcast("weight")
	if v.wide() {
		p.order = v.reg()
		VMOVUPS(evenThenOdd(), p.order)
	}
	if b.moduli {
		p.one = v.reg()
		VMOVUPS(constant(1), p.one)
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

// evenThenOdd returns memory that holds the quadword numbers 0, 2, 4, 6, 1, 3, 5, 7.
func evenThenOdd() Mem {
	if orderTable == nil {
		m := GLOBL("even_then_odd", RODATA|NOPTR)
		for i, q := range []uint64{0, 2, 4, 6, 1, 3, 5, 7} {
			DATA(8*i, U64(q))
		}
		orderTable = &m
	}
	return *orderTable
}

var orderTable *Mem

// distancePass holds the registers of bounds.
type distancePass struct {
	byteDistance
	at, out, query, size, stride Register
	weight, order, one           VecVirtual
}

// run writes the bounds of the next blocks.
func (p *distancePass) run(blocks int) {
	v := p.v
	codes := make([]Register, blocks)
	sums := make([][]VecVirtual, blocks)
	for i := range codes {
		codes[i] = GP64()
		if i == 0 {
			LEAQ(Mem{Base: p.at, Disp: blockLine}, codes[i])
		} else {
			LEAQ(Mem{Base: codes[i-1], Index: p.stride, Scale: 1}, codes[i])
		}
		for range p.accumulators() {
			sums[i] = append(sums[i], v.zero())
		}
	}
	place, query, loop, ready := GP64(), GP64(), label("groups"), label("ready")
	XORQ(place, place)
	MOVQ(p.query, query)
	Label(loop)
	CMPQ(place, p.size)
	JGE(LabelRef(ready))
	q := v.reg()
	VPBROADCASTQ(Mem{Base: query}, q)
	for i := range codes {
		for part, sum := range sums[i] {
			at := Mem{Base: codes[i], Index: place, Scale: 1, Disp: part * p.lines * blockLine / p.accumulators()}
			if p.moduli {
				p.addModuli(at, q, sum)
			} else {
				x := v.reg()
				VPSADBW(at, q, x)
				VPADDQ(x, sum, sum)
			}
		}
	}
	ADDQ(Imm(8), query)
	ADDQ(U32(uint32(p.lines*blockLine)), place)
	JMP(LabelRef(loop))
	Label(ready)
	for i := range codes {
		for half := 0; half < len(sums[i]); half += 2 {
			place := half / 2 * v.bytes()
			sum := p.join(sums[i][half], sums[i][half+1])
			VMULPS(p.weight, sum, sum)
			VADDPS(Mem{Base: codes[i], Disp: place - blockLine}, sum, sum)
			VMOVUPS(sum, Mem{Base: p.out, Disp: i*blockLine + place})
		}
	}
	ADDQ(U32(uint32(blocks*blockLine)), p.out)
	for range blocks {
		ADDQ(p.stride, p.at)
	}
}

// addModuli adds |x−q| of the complex codes at a place to sum, one to a lane.
func (p *distancePass) addModuli(codes Mem, q, sum VecVirtual) {
	x, root := p.v.reg(), p.v.reg()
	VPMOVSXBW(codes, x)
	VPSLLW(Imm(7), x, x)
	VPSUBW(q, x, x)
	VPMADDWD(x, x, x)
	VCVTDQ2PS(x, x)
	VMAXPS(p.one, x, root) // squares are whole numbers: 0·1/√1 for 0
	if p.v.wide() {
		VRSQRT14PS(root, root)
	} else {
		VRSQRTPS(root, root)
	}
	VFMADD231PS(root, x, sum)
}

// join returns the sums of a row each, as float32, from two registers that hold two lanes for each.
func (p *distancePass) join(a, b VecVirtual) VecVirtual {
	sum := p.v.reg()
	VSHUFPS(Imm(0x88), b, a, sum)
	if p.moduli {
		odd := p.v.reg()
		VSHUFPS(Imm(0xdd), b, a, odd)
		VADDPS(odd, sum, sum)
	} else {
		VCVTDQ2PS(sum, sum) // the upper lane of a sum of bytes is 0
	}
	if p.v.wide() {
		VPERMQ(sum, p.order, sum)
	} else {
		VPERMQ(Imm(0xd8), sum, sum)
	}
	return sum
}
