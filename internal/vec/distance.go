package vec

import "fmt"

// Metric is a distance between two rows.
type Metric uint8

// The metrics. L1 is Σ |xᵢ−yᵢ| and SquaredL2 Σ (xᵢ−yᵢ)². Moduli is Σ |xᵢ−yᵢ| over d complex numbers laid out
// [d real | d imaginary]; its rows have an even width.
//
// A modulus has a relative error below 5e-7 (measured: 2e-7). One whose square overflows float32 counts as anything from
// √MaxFloat32 to +Inf, one whose square underflows may count as 0; finite rows never give NaN.
const (
	L1 Metric = iota
	SquaredL2
	Moduli
	innerProduct // stands beside the metrics where kernels compute either
)

// Distance returns the distance of x and y; len(y) must be at least len(x).
func Distance(m Metric, x, y []float32) float32 {
	checkMetric(m, len(x))
	return distance(m, x, y[:len(x)])
}

// Distances sets out[i] to the distance of x and row i of the row-major rows×cols matrix a.
func Distances(m Metric, a []float32, rows, cols int, x, out []float32) {
	checkMetric(m, cols)
	out = out[:rows]
	if cols == 0 {
		clear(out)
		return
	}
	distances(m, a[:rows*cols], x[:cols], out)
}

// DistancesNT sets c[i][j] to the distance of row i of a and row j of b, for a m×k, b n×k and c m×n. workers ≤ 1
// means this goroutine alone; the result does not depend on workers. c must not overlap a or b.
func DistancesNT(m Metric, c, a, b Matrix, workers int) {
	checkShapes("DistancesNT", c, [4]int{a.Rows, a.Cols, b.Cols, b.Rows})
	checkMetric(m, a.Cols)
	if a.Rows <= fewRows && b.Stride == b.Cols && b.Cols > 0 {
		inChunks(b.Rows, workers, func(lo, hi int) {
			for i := range a.Rows {
				Distances(m, b.Data[lo*b.Cols:], hi-lo, b.Cols, a.Row(i), c.Row(i)[lo:hi])
			}
		})
		return
	}
	p := product{c: c, a: plain(a), b: transposed(b), depth: a.Cols, metric: m}
	if m == Moduli {
		p.depth /= 2
		p.a.imag, p.b.imag = p.depth, p.depth
	}
	p.run(workers)
}

// checkMetric panics unless m is a metric of rows of that width.
func checkMetric(m Metric, width int) {
	if m > Moduli {
		panic(fmt.Sprintf("vec: there is no metric %d", m))
	}
	if m == Moduli && width%2 != 0 {
		panic(fmt.Sprintf("vec: complex rows of %d numbers: the width must be even", width))
	}
}
