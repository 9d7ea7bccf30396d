package kgmark

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// log10e turns natural logarithms to base 10.
const log10e = math.Log10E

// logNormalTail returns log P(Z ≤ x) of a standard normal, also where the probability is far below the smallest float64.
func logNormalTail(x float64) float64 {
	if x > -30 {
		return math.Log(0.5 * math.Erfc(-x/math.Sqrt2))
	}
	y := 1 / (x * x) // asymptotic series: Abramowitz and Stegun 1964, 26.2.12
	return -0.5*x*x - math.Log(-x) - 0.5*math.Log(2*math.Pi) + math.Log1p(-y*(1-3*y*(1-5*y)))
}

// LogNonCentralChiSquare returns log P(X ≤ x) for X noncentral chi-square with df degrees of freedom and noncentrality λ:
// Sankaran's normal approximation of (X/(df+λ))^h (Sankaran, Approximations to the non-central chi-square distribution,
// Biometrika 1963). The series of the exact distribution overflows at the sizes of a mask.
func LogNonCentralChiSquare(x, df, lambda float64) float64 {
	if x <= 0 {
		return math.Inf(-1)
	}
	s := df + 2*lambda
	h := 1 - 2*(df+lambda)*(df+3*lambda)/(3*s*s)
	p := s / ((df + lambda) * (df + lambda))
	m := (h - 1) * (1 - 3*h)
	mean := 1 + h*p*(h-1-0.5*(2-h)*m*p)
	deviation := h * math.Sqrt(2*p) * (1 + 0.5*m*p)
	return logNormalTail((math.Pow(x/(df+lambda), h) - mean) / deviation)
}

// logBeta returns log I_x(a, b) of the regularised incomplete beta function, also where that is far below the smallest
// float64: there by the continued fraction, whose value is then near 1 (Abramowitz and Stegun 1964, 26.5.8).
func logBeta(a, b, x float64) float64 {
	if x <= 0 {
		return math.Inf(-1)
	}
	if y := mathext.RegIncBeta(a, b, min(x, 1)); y > 1e-280 {
		return math.Log(y)
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	// The terms of x·Σ (a+b)…(a+b+k)/(a+1)…(a+k+1)·xᵏ fall as xᵏ: 26.5.4.
	sum, term := 1.0, 1.0
	for k := 0; k < 10_000 && term > 1e-17*sum; k++ {
		term *= x * (a + b + float64(k)) / (a + 1 + float64(k))
		sum += term
	}
	return lab - la - lb + a*math.Log(x) + b*math.Log1p(-x) - math.Log(a) + math.Log(sum)
}

// logCap returns log P(cos ≥ ρ) for the cosine of a fixed direction of n dimensions and a random one: the p-value of the
// likelihood ratio −n·log(1−ρ²) of eq. 14, against marks of positive strength.
func logCap(rho float64, n int) float64 {
	if n < 2 || rho <= -1 {
		return 0
	}
	half := logBeta(float64(n-1)/2, 0.5, 1-rho*rho) - math.Ln2
	if rho >= 0 {
		return half
	}
	return math.Log1p(-math.Exp(half))
}

// logBinomialTail returns log P(at least k of n fair coins).
func logBinomialTail(k, n int) float64 {
	if k <= 0 {
		return 0
	}
	return logBeta(float64(k), float64(n-k+1), 0.5)
}

// observation is what one layer of a mark shows: numbers of the table and what a key says that they should be.
type observation struct {
	layer string
	y     []float64
	signs bool // y is ±1, one fair coin of the key each; otherwise normal numbers of the key
	twice bool // y is half of the coefficients, those that are not conjugates of each other: the source counts all
	draw  func(key []byte) []float64
	// variance is what the key's numbers have by construction: half the cells of a plane for each part of a coefficient.
	variance float64
}

// logP returns the natural logarithm of the p-value of a key's numbers s, which draw gave. Nothing observed, as under an
// empty mask, is 0: p = 1.
func (v observation) logP(s []float64, o Options) float64 {
	if len(v.y) == 0 {
		return 0
	}
	if v.signs {
		agree := 0
		for i, y := range v.y {
			if y*s[i] > 0 {
				agree++
			}
		}
		return logBinomialTail(agree, len(s))
	}
	var yy, ss, ys float64
	for i, y := range v.y {
		yy, ss, ys = yy+y*y, ss+s[i]*s[i], ys+y*s[i]
	}
	if yy == 0 || ss == 0 {
		return 0
	}
	n, copies := float64(len(s)), 1.0
	if v.twice {
		copies = 2
	}
	switch {
	case o.Literal.Statistic:
		t := LiteralTest(v.y, s)
		return t.LogP
	case o.Test == OfficialCode: // σ² of a real or imaginary part, from the masked coefficients themselves
		variance := yy / n
		return LogNonCentralChiSquare(copies*(yy+ss-2*ys)/variance, copies*n, copies*ss/variance)
	case o.Test == NonCentral:
		variance := v.variance
		return LogNonCentralChiSquare((yy+ss-2*ys)/variance, n, yy/variance)
	}
	return logCap(ys/math.Sqrt(yy*ss), len(s))
}

// LiteralResult is what eq. 13 to 16 give as printed.
type LiteralResult struct {
	Statistic float64 // eq. 15
	LogP      float64 // natural logarithm of eq. 16; above 0 where the missing term leaves no probability
}

// LiteralTest applies eq. 13 to 16 to coefficients y and a signature s, real and imaginary parts in turn. As σ² is the
// mean of |R|², the statistic Σ|R|²/σ² is |M| whatever y is. Eq. 16 lacks the Bessel term of the noncentral density:
// ∫₀ᵀ (x/2)^{k/2−1}·e^{−(x+λ)/2}/Γ(k/2) dx = 2·e^{−λ/2}·P(k/2, T/2).
func LiteralTest(y, s []float64) LiteralResult {
	k := float64(len(y)) / 2
	residual, signature := 0.0, 0.0
	for i := range y {
		residual += (y[i] - s[i]) * (y[i] - s[i])
		signature += s[i] * s[i]
	}
	if residual == 0 { // the limit: σ² falls to 0, the statistic stays
		return LiteralResult{k, math.Inf(-1)}
	}
	variance := residual / k
	t := residual / variance
	return LiteralResult{t, math.Ln2 - signature/variance/2 + math.Log(mathext.GammaIncReg(k/2, t/2))}
}
