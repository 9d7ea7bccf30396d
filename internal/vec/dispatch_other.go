//go:build !amd64 || purego

package vec

func dot(x, y []float32) float32                               { return dotGo(x, y) }
func axpy(a float32, x, y []float32)                           { axpyGo(a, x, y) }
func scale(a float32, x []float32)                             { scaleGo(a, x) }
func mul(x, y, out []float32)                                  { mulGo(x, y, out) }
func sum(x []float32) float32                                  { return sumGo(x) }
func maximum(x []float32) float32                              { return maximumGo(x) }
func gemv(a, x, out []float32)                                 { gemvGo(a, x, out) }
func complexMul(a, b, out []float32)                           { complexMulGo(a, b, out) }
func complexMulConj(a, b, out []float32)                       { complexMulConjGo(a, b, out) }
func adagrad(w, g, acc []float32, rate, eps float32)           { adagradGo(w, g, acc, rate, eps) }
func expSum(x []float32, shift float32, out []float32) float32 { return expSumGo(x, shift, out) }
func countGreater(x []float32, t float32) (greater, equal int) { return countGreaterGo(x, t) }
func indexAbove(x []float32, t float32) int                    { return indexAboveGo(x, t) }
func tileShape() (rows, cols int)                              { return goRows, goCols }
func tile(kc int, a operand, b, c []float32, t tileOut)        { tileGo(kc, a, b, c, t) }
func copyPanels(dst, src []float32, stride int, s panelShape)  { copyPanelsGo(dst, src, stride, s) }
func interleave(dst []float32, src operand, cols, width int)   { interleaveGo(dst, src, cols, width) }

// Variant names the kernels in use: "avx512", "avx2" or "go".
func Variant() string { return "go" }
