package vec

import "math"

// The twins: each is the meaning of its kernel, and runs where there is no assembly.

// unroll is how many partial sums the scalar reductions keep, to hide the latency of an addition.
const unroll = 4

func dotGo(x, y []float32) float32 {
	var s [unroll]float32
	i := 0
	for ; i+unroll <= len(x); i += unroll {
		a, b := x[i:i+unroll:i+unroll], y[i:i+unroll:i+unroll]
		s[0] += a[0] * b[0]
		s[1] += a[1] * b[1]
		s[2] += a[2] * b[2]
		s[3] += a[3] * b[3]
	}
	for ; i < len(x); i++ {
		s[0] += x[i] * y[i]
	}
	return (s[0] + s[1]) + (s[2] + s[3])
}

func axpyGo(a float32, x, y []float32) {
	for i, v := range x {
		y[i] += a * v
	}
}

func scaleGo(a float32, x []float32) {
	for i := range x {
		x[i] *= a
	}
}

func mulGo(x, y, out []float32) {
	for i, v := range x {
		out[i] = v * y[i]
	}
}

func sumGo(x []float32) float32 {
	var s [unroll]float32
	i := 0
	for ; i+unroll <= len(x); i += unroll {
		s[0] += x[i]
		s[1] += x[i+1]
		s[2] += x[i+2]
		s[3] += x[i+3]
	}
	for ; i < len(x); i++ {
		s[0] += x[i]
	}
	return (s[0] + s[1]) + (s[2] + s[3])
}

func maximumGo(x []float32) float32 {
	m := float32(math.Inf(-1))
	for _, v := range x {
		if v > m {
			m = v
		}
	}
	return m
}

func gemvGo(a, x, out []float32) {
	for i := range out {
		out[i] = dotGo(x, a[i*len(x):(i+1)*len(x)])
	}
}

func complexMulGo(a, b, out []float32) {
	d := len(a) / 2
	for i := range d {
		ar, ai, br, bi := a[i], a[d+i], b[i], b[d+i]
		out[i] = ar*br - ai*bi
		out[d+i] = ar*bi + ai*br
	}
}

func complexMulConjGo(a, b, out []float32) {
	d := len(a) / 2
	for i := range d {
		ar, ai, br, bi := a[i], a[d+i], b[i], b[d+i]
		out[i] = ar*br + ai*bi
		out[d+i] = ar*bi - ai*br
	}
}

func adagradGo(w, g, acc []float32, rate, eps float32) {
	for i, v := range g {
		acc[i] += v * v
		w[i] -= rate * v / (float32(math.Sqrt(float64(acc[i]))) + eps)
	}
}

// Constants of exp: x = n·ln2 + f with |f| ≤ ln2/2, ln2 split in two so that n·ln2High is exact, and the
// Taylor polynomial of degree 7 in f, whose remainder (f⁸/8! < 6e-9) is below float32 rounding.
const (
	expLow     = -87.33654 // exp of less is subnormal and taken as 0
	expHigh    = 88.72283  // exp of more is +Inf
	log2E      = 1.4426950408889634
	ln2High    = 0.693359375
	ln2Low     = -2.12194440e-4
	expC2      = 1. / 2
	expC3      = 1. / 6
	expC4      = 1. / 24
	expC5      = 1. / 120
	expC6      = 1. / 720
	expC7      = 1. / 5040
	expBias    = 127
	expMantiss = 23
)

func expSumGo(x []float32, shift float32, out []float32) float32 {
	var total float32
	for i, v := range x {
		e := expGo(v - shift)
		out[i] = e
		total += e
	}
	return total
}

func expGo(x float32) float32 {
	switch {
	case x != x:
		return x
	case x < expLow:
		return 0
	case x > expHigh:
		return float32(math.Inf(1))
	}
	n := float32(math.RoundToEven(float64(x * log2E)))
	f := x - n*ln2High
	f -= n * ln2Low
	p := float32(expC7)
	p = p*f + expC6
	p = p*f + expC5
	p = p*f + expC4
	p = p*f + expC3
	p = p*f + expC2
	p = p*f + 1
	p = p*f + 1
	half := int32(n) / 2 // 2ⁿ in two factors: n may be 128, whose power has no float32
	return p * power2(half) * power2(int32(n)-half)
}

// power2 returns 2ⁿ for −126 ≤ n ≤ 127.
func power2(n int32) float32 {
	return math.Float32frombits(uint32(n+expBias) << expMantiss)
}

func countGreaterGo(scores []float32, t float32) (greater, equal int) {
	for _, s := range scores {
		if s > t {
			greater++
		}
		if s == t {
			equal++
		}
	}
	return greater, equal
}

func indexAboveGo(scores []float32, t float32) int {
	for i, s := range scores {
		if s > t {
			return i
		}
	}
	return len(scores)
}
