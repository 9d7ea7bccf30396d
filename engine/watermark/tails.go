package watermark

import "math"

// log10e turns natural logarithms into decimal ones.
const log10e = math.Log10E

// hoeffdingLog10 bounds log10 P(T >= t) for T = <y,s>/|y| with independent signs s. Hoeffding 1963: exp(−t²/2).
func hoeffdingLog10(t float64) float64 {
	if !(t > 0) {
		return 0
	}
	return -t * t / 2 * log10e
}

// AlarmZ returns the z from which T1, T2 or Joint of one of so many candidates is an alarm of Detect, by Hoeffding's bound:
// testsAKey·candidates·exp(−z²/2) = alpha.
func AlarmZ(alpha float64, candidates int) float64 {
	return math.Sqrt(2 * math.Log(float64(testsAKey)*float64(max(1, candidates))/alpha))
}

// quadraticLog10 bounds log10 P(Q >= q) for Q = |Aσ|² with independent signs σ, where AᵀA has rank many eigenvalues of
// at most 1. Hsu, Kakade and Zhang 2012, theorem 2.1: P(Q > r + 2√(rt) + 2t) <= exp(−t).
func quadraticLog10(q, rank float64) float64 {
	if !(q > rank) {
		return 0
	}
	root := (math.Sqrt(2*q-rank) - math.Sqrt(rank)) / 2
	return -root * root * log10e
}

// binomialLog10 returns log10 P(X >= k) for X binomial of n fair coins, exactly but for rounding.
func binomialLog10(k, n int) float64 {
	switch {
	case k <= 0:
		return 0
	case k > n:
		return math.Inf(-1)
	case 2*k <= n:
		// P(X >= k) = 1 − P(X >= n−k+1), and that is at most a half.
		return math.Log1p(-math.Pow(10, binomialLog10(n-k+1, n))) * log10e
	}
	gamma := func(x int) float64 { v, _ := math.Lgamma(float64(x) + 1); return v }
	first := gamma(n) - gamma(k) - gamma(n-k) - float64(n)*math.Ln2
	sum, term := 1.0, 1.0
	for i := k; i < n && term > 1e-17*sum; i++ {
		term *= float64(n-i) / float64(i+1)
		sum += term
	}
	return min(0, (first+math.Log(sum))*log10e)
}
