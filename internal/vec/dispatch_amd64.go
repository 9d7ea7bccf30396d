//go:build !purego

package vec

import "golang.org/x/sys/cpu"

//go:generate go run -C gen . -out ../kernels_amd64.s -stubs ../kernels_amd64.go -pkg vec

// variant is one of the implementations of all kernels.
type variant int

const (
	variantGo variant = iota
	variantAVX2
	variantAVX512
)

// active is the best variant the processor and the operating system offer. Only tests change it.
var active = detect()

func detect() variant {
	switch {
	case !cpu.X86.HasAVX2 || !cpu.X86.HasFMA || !cpu.X86.HasBMI1 || !cpu.X86.HasPOPCNT:
		return variantGo
	case cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL && cpu.X86.HasBMI2:
		return variantAVX512
	}
	return variantAVX2
}

// Variant names the kernels in use: "avx512", "avx2" or "go".
func Variant() string {
	return [...]string{"go", "avx2", "avx512"}[active]
}

func dot(x, y []float32) float32 {
	switch active {
	case variantAVX512:
		return dotAVX512(x, y)
	case variantAVX2:
		return dotAVX2(x, y)
	}
	return dotGo(x, y)
}

func axpy(a float32, x, y []float32) {
	switch active {
	case variantAVX512:
		axpyAVX512(a, x, y)
	case variantAVX2:
		axpyAVX2(a, x, y)
	default:
		axpyGo(a, x, y)
	}
}

func scale(a float32, x []float32) {
	switch active {
	case variantAVX512:
		scaleAVX512(a, x)
	case variantAVX2:
		scaleAVX2(a, x)
	default:
		scaleGo(a, x)
	}
}

func mul(x, y, out []float32) {
	switch active {
	case variantAVX512:
		mulAVX512(x, y, out)
	case variantAVX2:
		mulAVX2(x, y, out)
	default:
		mulGo(x, y, out)
	}
}

func sum(x []float32) float32 {
	switch active {
	case variantAVX512:
		return sumAVX512(x)
	case variantAVX2:
		return sumAVX2(x)
	}
	return sumGo(x)
}

func maximum(x []float32) float32 {
	switch active {
	case variantAVX512:
		return maximumAVX512(x)
	case variantAVX2:
		return maximumAVX2(x)
	}
	return maximumGo(x)
}

func gemv(a, x, out []float32) {
	if active == variantGo {
		gemvGo(a, x, out)
		return
	}
	allRows(innerProduct, a, x, out)
}

func complexMul(a, b, out []float32) {
	switch active {
	case variantAVX512:
		complexMulAVX512(a, b, out)
	case variantAVX2:
		complexMulAVX2(a, b, out)
	default:
		complexMulGo(a, b, out)
	}
}

func complexMulConj(a, b, out []float32) {
	switch active {
	case variantAVX512:
		complexMulConjAVX512(a, b, out)
	case variantAVX2:
		complexMulConjAVX2(a, b, out)
	default:
		complexMulConjGo(a, b, out)
	}
}

func adagrad(w, g, acc []float32, rate, eps float32) {
	switch active {
	case variantAVX512:
		adagradAVX512(w, g, acc, rate, eps)
	case variantAVX2:
		adagradAVX2(w, g, acc, rate, eps)
	default:
		adagradGo(w, g, acc, rate, eps)
	}
}

func expSum(x []float32, shift float32, out []float32) float32 {
	switch active {
	case variantAVX512:
		return expSumAVX512(x, shift, out)
	case variantAVX2:
		return expSumAVX2(x, shift, out)
	}
	return expSumGo(x, shift, out)
}

func countGreater(scores []float32, t float32) (greater, equal int) {
	switch active {
	case variantAVX512:
		return countGreaterAVX512(scores, t)
	case variantAVX2:
		return countGreaterAVX2(scores, t)
	}
	return countGreaterGo(scores, t)
}

func indexAbove(scores []float32, t float32) int {
	switch active {
	case variantAVX512:
		return indexAboveAVX512(scores, t)
	case variantAVX2:
		return indexAboveAVX2(scores, t)
	}
	return indexAboveGo(scores, t)
}

// tileShape returns the rows and columns of the register tile of the matrix product.
func tileShape() (rows, cols int) {
	switch active {
	case variantAVX512:
		return 12, 32
	case variantAVX2:
		return 6, 16
	}
	return goRows, goCols
}

// tile sets c, or adds to it, the product of one row panel and one column panel; see tileGo. Only the first cols
// columns of the panel matter.
func tile(kc int, a operand, b, c []float32, t tileOut) {
	switch active {
	case variantAVX512:
		if t.cols <= 16 {
			narrowTileAVX512(kc, &a.data[0], a.rowStride, a.colStride, &b[0], &c[0], t.stride, t.add)
			return
		}
		dotTileAVX512(kc, &a.data[0], a.rowStride, a.colStride, &b[0], &c[0], t.stride, t.add)
	case variantAVX2:
		if t.cols <= 8 {
			narrowTileAVX2(kc, &a.data[0], a.rowStride, a.colStride, &b[0], &c[0], t.stride, t.add)
			return
		}
		dotTileAVX2(kc, &a.data[0], a.rowStride, a.colStride, &b[0], &c[0], t.stride, t.add)
	default:
		tileGo(kc, a, b, c, t)
	}
}

// copyPanels packs whole panels; see copyPanelsGo.
func copyPanels(dst, src []float32, stride int, s panelShape) {
	if s.rows == 0 || s.panels == 0 {
		return
	}
	switch {
	case active == variantGo:
		copyPanelsGo(dst, src, stride, s)
	case s.width == 6:
		copyPanels6(&dst[0], &src[0], stride, s.rows, s.panels)
	case s.width == 12:
		copyPanels12(&dst[0], &src[0], stride, s.rows, s.panels)
	case s.width == 16:
		copyPanels16(&dst[0], &src[0], stride, s.rows, s.panels)
	case s.width == 32:
		copyPanels32(&dst[0], &src[0], stride, s.rows, s.panels)
	}
}

// interleave packs cols columns of src, each contiguous, as a panel; see interleaveGo.
func interleave(dst []float32, src operand, cols, width int) {
	kc := len(dst) / width
	if active == variantGo || kc < 8 {
		interleaveGo(dst, src, cols, width)
		return
	}
	blocks := kc / 8
	j := 0
	for ; j+8 <= cols; j += 8 {
		transpose8(&dst[j], &src.data[j*src.colStride], width, src.colStride, blocks)
	}
	if whole := blocks * 8; whole < kc {
		interleaveGo(dst[whole*width:], src.from(whole, 0), j, width)
	}
	if j < cols {
		interleaveGo(dst[j:], src.from(0, j), cols-j, width)
	}
}
