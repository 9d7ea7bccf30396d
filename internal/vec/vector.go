package vec

// Dot returns Σ x[i]·y[i]; len(y) must be at least len(x).
func Dot(x, y []float32) float32 {
	return dot(x, y[:len(x)])
}

// Axpy sets y[i] += a·x[i]; len(y) must be at least len(x).
func Axpy(a float32, x, y []float32) {
	axpy(a, x, y[:len(x)])
}

// Scale sets x[i] *= a.
func Scale(a float32, x []float32) {
	scale(a, x)
}

// Mul sets out[i] = x[i]·y[i]; out may be x or y.
func Mul(x, y, out []float32) {
	mul(x, y[:len(x)], out[:len(x)])
}

// Sum returns Σ x[i].
func Sum(x []float32) float32 {
	return sum(x)
}

// Max returns the largest x[i], −Inf when x is empty. NaNs may be ignored or returned.
func Max(x []float32) float32 {
	return maximum(x)
}

// GEMV sets out[i] to the dot product of x with row i of the row-major rows×cols matrix a.
func GEMV(a []float32, rows, cols int, x, out []float32) {
	out = out[:rows]
	if cols == 0 {
		clear(out)
		return
	}
	gemv(a[:rows*cols], x[:cols], out)
}

// ComplexMul sets out = a·b elementwise over d complex numbers laid out [d real | d imaginary].
// out may be a or b.
func ComplexMul(a, b, out []float32, d int) {
	complexMul(a[:2*d], b[:2*d], out[:2*d])
}

// ComplexMulConj sets out = conj(a)·b elementwise over d complex numbers laid out [d real | d imaginary].
// out may be a or b.
func ComplexMulConj(a, b, out []float32, d int) {
	complexMulConj(a[:2*d], b[:2*d], out[:2*d])
}

// Adagrad takes one step on a row: acc[i] += g[i]², then w[i] −= rate·g[i]/(√acc[i] + eps).
// The step is 0 where g and acc are 0 and eps is positive.
func Adagrad(w, g, acc []float32, rate, eps float32) {
	adagrad(w, g[:len(w)], acc[:len(w)], rate, eps)
}
