package vec

import "fmt"

// AdamStep holds the settings of one step of Adam: the learning rate, the decay rates of the two moments, the
// number that keeps the division finite, and the corrections of the moments' bias, 1/(1−Beta1ᵗ) and 1/(1−Beta2ᵗ)
// at step t = 1, 2, ….
type AdamStep struct {
	Rate, Beta1, Beta2, Eps, Correction1, Correction2 float32
}

// Adam takes one step on a row: m[i] = β₁·m[i] + (1−β₁)·g[i] and v[i] = β₂·v[i] + (1−β₂)·g[i]², then
// w[i] −= rate·m̂/(√v̂ + eps) with the corrected moments m̂ and v̂. Kingma and Ba, Adam: A Method for Stochastic
// Optimization, ICLR 2015, algorithm 1.
func Adam(w, g, m, v []float32, s AdamStep) {
	n := len(w)
	adam(w, g[:n], m[:n], v[:n], s)
}

// AddCubeNorm adds the gradient of weight·Σᵢ|xᵢ|³, 3·weight·|xᵢ|·xᵢ, to grad. The xᵢ are reals where modulus is 1;
// where it is 2 they are complex numbers and the row holds real parts, then imaginary parts. Lacroix, Usunier,
// Obozinski: Canonical Tensor Decomposition for Knowledge Base Completion, ICML 2018, eq. 5.
func AddCubeNorm(weight float32, x, grad []float32, modulus int) {
	switch {
	case modulus == 1:
		addCubes(3*weight, x, grad[:len(x)])
	case modulus == 2 && len(x)%2 == 0:
		addComplexCubes(3*weight, x, grad[:len(x)])
	default:
		panic(fmt.Sprintf("vec: cube norm of a row of %d with modulus %d", len(x), modulus))
	}
}

// SquaredNorms sets out[i] to the squared Euclidean norm of row i of a.
func SquaredNorms(a Matrix, out []float32) {
	out = out[:a.Rows]
	for i := range out {
		out[i] = dot(a.Row(i), a.Row(i))
	}
}

// ExpandDistances turns dot products into negative Euclidean distances: out[j] = −√max(q + norms[j] − 2·dots[j], 0)
// for a query of squared norm q and rows of squared norms norms. out may be dots; a square that is NaN counts as 0.
// The expansion loses digits where the distance is small beside the norms; DistancesNT does not.
func ExpandDistances(dots []float32, q float32, norms, out []float32) {
	expandDistances(dots, q, norms[:len(dots)], out[:len(dots)])
}

// DivideWeights sets w[j] to w[j]/d[j], or to 0 where d[j] is 0, and returns the sum of the new w.
func DivideWeights(w, d []float32) (sum float32) {
	return divideWeights(w, d[:len(w)])
}
