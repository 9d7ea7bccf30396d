package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The constants of expGo.
const (
	expLow   = -87.33654
	clampLow = -88 // keeps 2ⁿ a number; results below expLow are set to 0
	clampTop = 89  // beyond expHigh: the result overflows to +Inf
	log2E    = 1.4426950408889634
	ln2High  = 0.693359375
	ln2Low   = -2.12194440e-4

	notLess = 0x15 // comparison: not less than, true for NaN, quiet
)

// taylor holds 1/7!, …, 1/1!, 1/0!.
var taylor = []float32{1. / 5040, 1. / 720, 1. / 120, 1. / 24, 1. / 6, 1. / 2, 1, 1}

func exponential(v lanes) {
	v.text("expSum", "(x []float32, shift float32, out []float32) float32", "is expSumGo.")
	shift := v.broadcast("shift")
	n, rows, acc := length("x"), []Register{row("x"), row("out")}, v.accumulators()[:2]
	v.sweep(n, rows, 2, func(p place) {
		x := p.load(0)
		VSUBPS(shift, x, x)
		e := v.exp(x, p.mask)
		p.store(e, 1)
		VADDPS(e, acc[p.slot], acc[p.slot])
	})
	v.result(VADDPS, acc)
}

// exp returns e to the power of x, 0 outside of the mask.
func (v lanes) exp(x VecVirtual, mask Register) VecVirtual {
	f, n, p := v.reg(), v.reg(), v.reg()
	VMOVUPS(constant(clampLow), f)
	VMAXPS(x, f, f) // the second source, x, is the result where x is NaN
	VMOVUPS(constant(clampTop), p)
	VMINPS(f, p, f)
	VMULPS(constant(log2E), f, n)
	if v.wide() {
		VRNDSCALEPS(Imm(8), n, n)
	} else {
		VROUNDPS(Imm(8), n, n)
	}
	VFNMADD231PS(constant(ln2High), n, f)
	VFNMADD231PS(constant(ln2Low), n, f)
	VMOVUPS(constant(taylor[0]), p)
	for _, c := range taylor[1:] {
		VFMADD213PS(constant(c), f, p)
	}
	if v.wide() {
		keep := K()
		VCMPPS(Imm(notLess), constant(expLow), x, keep)
		if mask != nil {
			KANDW(mask, keep, keep)
		}
		VSCALEFPS_Z(n, p, keep, p)
		return p
	}
	// 2ⁿ in two factors: n may be 128, whose power has no float32.
	half := v.reg()
	VCVTPS2DQ(n, n)
	VPSRAD(Imm(1), n, half)
	VPSUBD(half, n, n)
	for _, part := range []VecVirtual{half, n} {
		VPADDD(constantBits(127), part, part)
		VPSLLD(Imm(23), part, part)
		VMULPS(part, p, p)
	}
	keep := v.reg()
	VCMPPS(Imm(notLess), constant(expLow), x, keep)
	VANDPS(keep, p, p)
	if mask != nil {
		VANDPS(mask, p, p)
	}
	return p
}
