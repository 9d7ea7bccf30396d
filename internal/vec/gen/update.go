package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func updates(v lanes) {
	adam(v)
	cubes(v)
	expandDistances(v)
	divideWeights(v)
}

func adam(v lanes) {
	v.text("adam", "(w, g, m, v []float32, rate, beta1, rest1, beta2, rest2, correction2, eps float32)",
		"is adamGo; rate is multiplied by the correction of the first moment, a rest is 1 less a beta.")
	rate, correction, eps := v.broadcast("rate"), v.broadcast("correction2"), v.broadcast("eps")
	beta1, rest1, beta2, rest2 := v.broadcast("beta1"), v.broadcast("rest1"), v.broadcast("beta2"), v.broadcast("rest2")
	v.sweep(length("w"), []Register{row("w"), row("g"), row("m"), row("v")}, 2, func(p place) {
		g, first, second, w := p.load(1), p.load(2), p.load(3), p.load(0)
		VMULPS(beta1, first, first)
		VFMADD231PS(g, rest1, first)
		p.store(first, 2)
		VMULPS(beta2, second, second)
		VMULPS(g, g, g)
		VFMADD231PS(g, rest2, second)
		p.store(second, 3)
		VMULPS(correction, second, second)
		VSQRTPS(second, second)
		VADDPS(eps, second, second)
		VMULPS(rate, first, first)
		VDIVPS(second, first, first)
		VSUBPS(first, w, w)
		p.store(w, 0)
	})
	v.finish()
}

func cubes(v lanes) {
	v.text("addCubes", "(a float32, x, grad []float32)", "is addCubesGo.")
	a := v.broadcast("a")
	v.sweep(length("x"), []Register{row("x"), row("grad")}, slots, func(p place) {
		x, grad, size := p.load(0), p.load(1), v.reg()
		VANDPS(constantBits(allBut), x, size)
		VMULPS(a, size, size)
		VFMADD231PS(x, size, grad)
		p.store(grad, 1)
	})
	v.finish()

	v.text("addComplexCubes", "(a float32, x, grad []float32)", "is addComplexCubesGo.")
	n, x, grad := moduli.columnsOf("x"), row("x"), row("grad")
	a = v.broadcast("a")
	at := moduli.indexes(n)
	v.columns(n, at, 1, func(c cursor) {
		xs, grads, size := c.load(x, at), c.load(grad, at), v.reg()
		VMULPS(xs[0], xs[0], size)
		VFMADD231PS(xs[1], xs[1], size)
		VSQRTPS(size, size)
		VMULPS(a, size, size)
		for i := range xs {
			VFMADD231PS(xs[i], size, grads[i])
			v.store(grads[i], c.mem(grad, at[i]), c.mask)
		}
	})
	v.finish()
}

func expandDistances(v lanes) {
	v.text("expandDistances", "(dots []float32, q float32, norms, out []float32)", "is expandDistancesGo.")
	q := v.broadcast("q")
	v.sweep(length("dots"), []Register{row("dots"), row("norms"), row("out")}, 2, func(p place) {
		dot, square, negative := p.load(0), p.load(1), v.reg()
		VADDPS(q, square, square)
		VFNMADD231PS(constant(2), dot, square)
		VMAXPS(constant(0), square, square) // the second source, 0, is the result where the square is NaN
		VSQRTPS(square, square)
		VMOVUPS(constantBits(signBit), negative)
		VORPS(negative, square, square)
		p.store(square, 2)
	})
	v.finish()
}

func divideWeights(v lanes) {
	v.text("divideWeights", "(w, d []float32) (sum float32)", "is divideWeightsGo.")
	acc := v.accumulators()[:2]
	v.sweep(length("w"), []Register{row("w"), row("d")}, 2, func(p place) {
		w, d := p.load(0), p.load(1)
		if v.wide() {
			some := K()
			VCMPPS(Imm(notEqualOrNaN), constant(0), d, some)
			VDIVPS_Z(d, w, some, w)
		} else {
			some := v.reg()
			VCMPPS(Imm(notEqualOrNaN), constant(0), d, some)
			VDIVPS(d, w, w)
			VANDPS(some, w, w)
		}
		p.store(w, 0)
		VADDPS(w, acc[p.slot], acc[p.slot])
	})
	v.result(VADDPS, acc)
}
