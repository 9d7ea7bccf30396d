package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// slots is how many accumulators a reduction keeps, to hide the latency of an addition.
const slots = 4

func (v lanes) accumulators() []VecVirtual {
	acc := make([]VecVirtual, slots)
	for i := range acc {
		acc[i] = v.zero()
	}
	return acc
}

// dotOf adds the products of rows 0 and 1 to the accumulators.
func (v lanes) dotOf(n Register, rows []Register, acc []VecVirtual) {
	v.sweep(n, rows, slots, func(p place) {
		x := p.load(0)
		if p.mask == nil {
			VFMADD231PS(p.mem(1), x, acc[p.slot])
			return
		}
		VFMADD231PS(p.load(1), x, acc[p.slot])
	})
}

func reductions(v lanes) {
	v.text("dot", "(x, y []float32) float32", "is dotGo.")
	n, acc := length("x"), v.accumulators()
	v.dotOf(n, []Register{row("x"), row("y")}, acc)
	v.result(VADDPS, acc)

	v.text("sum", "(x []float32) float32", "is sumGo.")
	n, acc = length("x"), v.accumulators()
	v.sweep(n, []Register{row("x")}, slots, func(p place) {
		VADDPS(p.load(0), acc[p.slot], acc[p.slot])
	})
	v.result(VADDPS, acc)

	v.text("maximum", "(x []float32) float32", "is maximumGo.")
	n, acc = length("x"), nil
	lowest := constant(float32(math.Inf(-1)))
	for range slots {
		r := v.reg()
		VMOVUPS(lowest, r)
		acc = append(acc, r)
	}
	v.sweep(n, []Register{row("x")}, slots, func(p place) {
		// The second source, the accumulator, is the result where either is NaN.
		VMAXPS(acc[p.slot], p.loadOr(0, lowest), acc[p.slot])
	})
	v.result(VMAXPS, acc)
}

func elementwise(v lanes) {
	v.text("axpy", "(a float32, x, y []float32)", "is axpyGo.")
	a := v.broadcast("a")
	v.sweep(length("x"), []Register{row("x"), row("y")}, slots, func(p place) {
		y := p.load(1)
		VFMADD231PS(p.load(0), a, y)
		p.store(y, 1)
	})
	v.finish()

	v.text("scale", "(a float32, x []float32)", "is scaleGo.")
	a = v.broadcast("a")
	v.sweep(length("x"), []Register{row("x")}, slots, func(p place) {
		x := p.load(0)
		VMULPS(a, x, x)
		p.store(x, 0)
	})
	v.finish()

	v.text("mul", "(x, y, out []float32)", "is mulGo.")
	v.sweep(length("x"), []Register{row("x"), row("y"), row("out")}, slots, func(p place) {
		x := p.load(0)
		VMULPS(p.load(1), x, x)
		p.store(x, 2)
	})
	v.finish()
}

func complexProducts(v lanes) {
	for _, conjugate := range []bool{false, true} {
		name, signReal, signImaginary := "complexMul", VFNMADD231PS, VFMADD231PS
		if conjugate {
			name, signReal, signImaginary = "complexMulConj", VFMADD231PS, VFNMADD231PS
		}
		v.text(name, "(a, b, out []float32)", "is "+name+"Go.")
		d := length("a")
		SHRQ(Imm(1), d)
		rows := []Register{row("a"), row("b"), row("out")}
		for i := range 3 {
			half := GP64()
			LEAQ(Mem{Base: rows[i], Index: d, Scale: 4}, half)
			rows = append(rows, half)
		}
		v.sweep(d, rows, 2, func(p place) {
			ar, br, ai, bi := p.load(0), p.load(1), p.load(3), p.load(4)
			re, im := v.reg(), v.reg()
			VMULPS(ar, br, re)
			signReal(ai, bi, re)
			VMULPS(ar, bi, im)
			signImaginary(ai, br, im)
			p.store(re, 2)
			p.store(im, 5)
		})
		v.finish()
	}
}

func adagrad(v lanes) {
	v.text("adagrad", "(w, g, acc []float32, rate, eps float32)", "is adagradGo.")
	rate, eps := v.broadcast("rate"), v.broadcast("eps")
	v.sweep(length("w"), []Register{row("w"), row("g"), row("acc")}, 2, func(p place) {
		g, acc, w := p.load(1), p.load(2), p.load(0)
		VFMADD231PS(g, g, acc)
		p.store(acc, 2)
		VSQRTPS(acc, acc)
		VADDPS(eps, acc, acc)
		VMULPS(rate, g, g)
		VDIVPS(acc, g, g)
		VSUBPS(g, w, w)
		p.store(w, 0)
	})
	v.finish()
}
