package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// tileShape is a register tile of the matrix product, or of a distance in its place: rows × vectors accumulators,
// which with the vectors of B and a broadcast element of A fill the register file.
type tileShape struct {
	name          string
	m             measure
	v             lanes
	rows, vectors int
	panel         int // vectors in a row of the packed panel, of which the tile takes the first
}

// registerTile writes the kernel: c (rows × vectors·count, rows ldc elements apart) is set to, or increased by,
// the product of a, whose element (i, k) is a[i·rowStride + k·colStride], and the panel b, kc × (panel·count).
// The imaginary parts of a complex measure are imagA and imagB elements behind the real ones.
func registerTile(s tileShape) {
	imaginary := ""
	if s.m.complex {
		imaginary = ", imagA, imagB int"
	}
	TEXT(s.name, NOSPLIT, "func(kc int, a *float32, rowStride, colStride int, b, c *float32, ldc int, add bool"+imaginary+")")
	Pragma("noescape")
	Doc(s.name + " is " + s.m.name + " in a register tile, as tileGo. It takes scalars, not slices: it is called once a tile.")
	kit := s.v.kit(s.m)
	k, cs := Load(Param("kc"), GP64()), Load(Param("colStride"), GP64())
	SHLQ(Imm(2), cs)
	elements, pointers := s.rowsOfA()
	panels := s.startOf("b", "imagB")
	c, ldc := Load(Param("c"), GP64()), Load(Param("ldc"), GP64())
	SHLQ(Imm(2), ldc)
	acc := make([][]VecVirtual, s.rows)
	at := GP64()
	MOVQ(c, at)
	for i := range acc {
		for j := range s.vectors {
			acc[i] = append(acc[i], s.v.zero())
			PREFETCHT0(Mem{Base: at, Disp: j * s.v.bytes()})
		}
		ADDQ(ldc, at)
	}
	loop := label("depth")
	Label(loop)
	s.step(kit, elements, panels, acc)
	for _, p := range pointers {
		ADDQ(cs, p)
	}
	for _, p := range panels {
		ADDQ(U32(uint32(s.panel*s.v.bytes())), p)
	}
	DECQ(k)
	JNZ(LabelRef(loop))
	s.writeTile(kit, c, ldc, acc)
}

// startOf returns the pointer parameter, and that to the imaginary parts if there are any.
func (s tileShape) startOf(pointer, imaginary string) []Register {
	starts := []Register{Load(Param(pointer), GP64())}
	if s.m.complex {
		behind := Load(Param(imaginary), GP64())
		LEAQ(Mem{Base: starts[0], Index: behind, Scale: 4}, behind)
		starts = append(starts, behind)
	}
	return starts
}

// step adds the measures of one column of A and one row of the panel. Real vectors of the panel are read once, for
// complex ones there are no registers left, and they are short of arithmetic, not of reading.
func (s tileShape) step(k kit, elements [][]Mem, panels []Register, acc [][]VecVirtual) {
	ys := make([][]Op, s.vectors)
	for j := range ys {
		for _, p := range panels {
			m := Mem{Base: p, Disp: j * s.v.bytes()}
			if s.m.complex {
				ys[j] = append(ys[j], m)
			} else {
				ys[j] = append(ys[j], s.v.load(m, nil))
			}
		}
	}
	for i := range acc {
		var xs []VecVirtual
		for _, part := range elements {
			x := s.v.reg()
			VBROADCASTSS(part[i], x)
			xs = append(xs, x)
		}
		for j := range ys {
			s.m.add(k, xs, ys[j], acc[i][j])
		}
	}
}

// rowsOfA returns where the element of each row of A is, by part, and the pointers to advance to the next.
func (s tileShape) rowsOfA() (elements [][]Mem, pointers []Register) {
	stride, stride3 := Load(Param("rowStride"), GP64()), GP64()
	SHLQ(Imm(2), stride)
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, stride3)
	for _, start := range s.startOf("a", "imagA") {
		part, moved := s.rowsFrom(start, stride, stride3)
		elements, pointers = append(elements, part), append(pointers, moved...)
	}
	return elements, pointers
}

func (s tileShape) rowsFrom(start, stride, stride3 Register) (elements []Mem, pointers []Register) {
	perPointer := 4
	if s.rows%4 != 0 {
		perPointer = 3
	}
	for len(elements) < s.rows {
		p := GP64()
		if len(pointers) == 0 {
			MOVQ(start, p)
		} else {
			before := pointers[len(pointers)-1]
			LEAQ(Mem{Base: before, Index: stride3, Scale: 1}, p)
			if perPointer == 4 {
				ADDQ(stride, p)
			}
		}
		pointers = append(pointers, p)
		elements = append(elements, []Mem{
			{Base: p}, {Base: p, Index: stride, Scale: 1}, {Base: p, Index: stride, Scale: 2}, {Base: p, Index: stride3, Scale: 1},
		}[:perPointer]...)
	}
	return elements, pointers
}

// writeTile stores the accumulators, after adding what is there if asked to.
func (s tileShape) writeTile(k kit, c, ldc Register, acc [][]VecVirtual) {
	if unit := k.unit(s.m); unit != 1 {
		for _, row := range acc {
			for _, r := range row {
				VMULPS(constant(unit), r, r)
			}
		}
	}
	add := Load(Param("add"), GP8())
	TESTB(add, add)
	store := label("store")
	JZ(LabelRef(store))
	at := GP64()
	MOVQ(c, at)
	for i := range acc {
		for j, r := range acc[i] {
			VADDPS(Mem{Base: at, Disp: j * s.v.bytes()}, r, r)
		}
		ADDQ(ldc, at)
	}
	Label(store)
	for i := range acc {
		for j, r := range acc[i] {
			VMOVUPS(r, Mem{Base: c, Disp: j * s.v.bytes()})
		}
		ADDQ(ldc, c)
	}
	s.v.finish()
}

// copyPanels writes the kernel that packs whole panels of width columns from a matrix whose rows are contiguous.
// It reads along the rows, as the prefetcher likes it, and writes to all panels at once.
func copyPanels(name string, width int) {
	TEXT(name, NOSPLIT, "func(dst, src *float32, stride, rows, panels int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s sets dst[(p*rows+k)*%d+j] to src[k*stride+p*%d+j] for k < rows, p < panels, j < %d.", name, width, width, width))
	dst, src, stride := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("stride"), GP64())
	rows, panels := Load(Param("rows"), GP64()), Load(Param("panels"), GP64())
	SHLQ(Imm(2), stride)
	between, left := GP64(), GP64()
	IMUL3Q(U32(uint32(4*width)), rows, between)
	MOVQ(rows, left)
	nextRow, nextPanel := label("row"), label("panel")
	Label(nextRow)
	from, to, p := GP64(), GP64(), GP64()
	MOVQ(src, from)
	MOVQ(dst, to)
	MOVQ(panels, p)
	Label(nextPanel)
	copyElements(from, to, width)
	ADDQ(U32(uint32(4*width)), from)
	ADDQ(between, to)
	DECQ(p)
	JNZ(LabelRef(nextPanel))
	ADDQ(stride, src)
	ADDQ(U32(uint32(4*width)), dst)
	DECQ(left)
	JNZ(LabelRef(nextRow))
	VZEROUPPER()
	RET()
}

// copyElements copies n elements, n even.
func copyElements(from, to Register, n int) {
	for at := 0; at < n; {
		switch left := n - at; {
		case left >= 16 && n >= 32:
			r := ZMM()
			VMOVUPS(Mem{Base: from, Disp: 4 * at}, r)
			VMOVUPS(r, Mem{Base: to, Disp: 4 * at})
			at += 16
		case left >= 8:
			r := YMM()
			VMOVUPS(Mem{Base: from, Disp: 4 * at}, r)
			VMOVUPS(r, Mem{Base: to, Disp: 4 * at})
			at += 8
		case left >= 4:
			r := XMM()
			VMOVUPS(Mem{Base: from, Disp: 4 * at}, r)
			VMOVUPS(r, Mem{Base: to, Disp: 4 * at})
			at += 4
		default:
			r := GP64()
			MOVQ(Mem{Base: from, Disp: 4 * at}, r)
			MOVQ(r, Mem{Base: to, Disp: 4 * at})
			at += 2
		}
	}
}

// transpose8 writes the kernel that packs eight rows as eight columns of a panel.
func transpose8() {
	TEXT("transpose8", NOSPLIT, "func(dst, src *float32, width, stride, blocks int)")
	Pragma("noescape")
	Doc("transpose8 sets dst[k*width+j] to src[j*stride+k] for j < 8 and k < 8*blocks (AVX2).")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	width, stride, blocks := Load(Param("width"), GP64()), Load(Param("stride"), GP64()), Load(Param("blocks"), GP64())
	SHLQ(Imm(2), width)
	SHLQ(Imm(2), stride)
	loop, done := label("block"), label("done")
	Label(loop)
	TESTQ(blocks, blocks)
	JZ(LabelRef(done))
	at := GP64()
	MOVQ(src, at)
	rows := make([]VecVirtual, 8)
	for i := range rows {
		rows[i] = YMM()
		VMOVUPS(Mem{Base: at}, rows[i])
		ADDQ(stride, at)
	}
	for _, r := range transposed(rows) {
		VMOVUPS(r, Mem{Base: dst})
		ADDQ(width, dst)
	}
	ADDQ(Imm(32), src)
	DECQ(blocks)
	JMP(LabelRef(loop))
	Label(done)
	VZEROUPPER()
	RET()
}

// transposed returns the columns of the 8×8 block whose rows it gets: pairs, then quadruples, then halves.
func transposed(rows []VecVirtual) []VecVirtual {
	pairs, fours, columns := make([]VecVirtual, 8), make([]VecVirtual, 8), make([]VecVirtual, 8)
	for i := range 4 {
		low, high := YMM(), YMM()
		VUNPCKLPS(rows[2*i+1], rows[2*i], low)
		VUNPCKHPS(rows[2*i+1], rows[2*i], high)
		pairs[2*i], pairs[2*i+1] = low, high
	}
	for i := range 2 {
		for j := range 4 {
			r := YMM()
			order := []uint64{0x44, 0xee}[j%2]
			VSHUFPS(Imm(order), pairs[4*i+2+j/2], pairs[4*i+j/2], r)
			fours[4*i+j] = r
		}
	}
	for j := range 4 {
		low, high := YMM(), YMM()
		VPERM2F128(Imm(0x20), fours[4+j], fours[j], low)
		VPERM2F128(Imm(0x31), fours[4+j], fours[j], high)
		columns[j], columns[4+j] = low, high
	}
	return columns
}
