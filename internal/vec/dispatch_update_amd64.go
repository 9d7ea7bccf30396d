//go:build !purego

package vec

func adam(w, g, m, v []float32, s AdamStep) {
	rate, rest1, rest2 := s.Rate*s.Correction1, 1-s.Beta1, 1-s.Beta2
	switch active {
	case variantAVX512:
		adamAVX512(w, g, m, v, rate, s.Beta1, rest1, s.Beta2, rest2, s.Correction2, s.Eps)
	case variantAVX2:
		adamAVX2(w, g, m, v, rate, s.Beta1, rest1, s.Beta2, rest2, s.Correction2, s.Eps)
	default:
		adamGo(w, g, m, v, s)
	}
}

func addCubes(a float32, x, grad []float32) {
	switch active {
	case variantAVX512:
		addCubesAVX512(a, x, grad)
	case variantAVX2:
		addCubesAVX2(a, x, grad)
	default:
		addCubesGo(a, x, grad)
	}
}

func addComplexCubes(a float32, x, grad []float32) {
	switch active {
	case variantAVX512:
		addComplexCubesAVX512(a, x, grad)
	case variantAVX2:
		addComplexCubesAVX2(a, x, grad)
	default:
		addComplexCubesGo(a, x, grad)
	}
}

func expandDistances(dots []float32, q float32, norms, out []float32) {
	switch active {
	case variantAVX512:
		expandDistancesAVX512(dots, q, norms, out)
	case variantAVX2:
		expandDistancesAVX2(dots, q, norms, out)
	default:
		expandDistancesGo(dots, q, norms, out)
	}
}

func divideWeights(w, d []float32) (sum float32) {
	switch active {
	case variantAVX512:
		return divideWeightsAVX512(w, d)
	case variantAVX2:
		return divideWeightsAVX2(w, d)
	}
	return divideWeightsGo(w, d)
}
