package vec

import "math"

// ExpSum sets out[i] = exp(x[i]−shift) and returns their sum; out may be x. The relative error of each
// exponential is below 3e-7 where x[i]−shift is in [−87.3, 88]; below, the result is 0 (−Inf gives 0),
// above it is +Inf, and NaN gives NaN.
func ExpSum(x []float32, shift float32, out []float32) float32 {
	return expSum(x, shift, out[:len(x)])
}

// SoftmaxRow replaces row by its softmax and returns log Σ exp(row[i]) of the scores it found there.
// A score of −Inf gets probability 0, which is how candidates are masked. If every score is −Inf, or any is
// +Inf or NaN, the whole row and the result are NaN; an empty row gives −Inf.
func SoftmaxRow(row []float32) float32 {
	if len(row) == 0 {
		return float32(math.Inf(-1))
	}
	top := maximum(row)
	total := expSum(row, top, row)
	scale(1/total, row)
	return top + float32(math.Log(float64(total)))
}
