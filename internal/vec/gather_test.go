package vec

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// pairs is a table, a row x and the rows of the table it is paired with, some of them repeated.
type pairs struct {
	width    int
	table, x []float32
	rows     []uint32
	g        []float32
}

func randomPairs(rng *rand.Rand, width, count int) pairs {
	const tableRows = 9
	p := pairs{width: width, table: randoms(rng, tableRows*width), x: randoms(rng, width), g: randoms(rng, count)}
	for i := range count {
		r := uint32(rng.IntN(tableRows))
		if i > 0 && i%3 == 0 {
			r = p.rows[i-1]
		}
		p.rows = append(p.rows, r)
	}
	if count > 0 && width > 2 {
		same := p.row(0) // in part equal to x: where derivatives end
		copy(same[:width/3], p.x)
		copy(same[width/2:][:width/3], p.x[width/2:])
	}
	return p
}

func (p pairs) row(i int) []float32 { return rowOf(p.table, p.width, p.rows[i]) }

// atEveryPairs runs check on pairs of many widths and counts.
func atEveryPairs(t *testing.T, even bool, check func(p pairs)) {
	rng := rand.New(rand.NewPCG(31, 1))
	for _, width := range []int{1, 2, 3, 8, 14, 15, 16, 17, 30, 33, 48, 64, 70, 100, 129, 200, 258, ignoredColumns + 2} {
		for _, count := range []int{0, 1, 2, 3, 4, 5, 8, 11} {
			if !even || width%2 == 0 {
				check(randomPairs(rng, width, count))
			}
		}
	}
}

func TestGather(t *testing.T) {
	atEveryLevel(t, func(t *testing.T) {
		atEveryPairs(t, false, func(p pairs) {
			got := make([]float32, len(p.rows))
			DotGather(p.table, p.width, p.rows, p.x, got)
			for i, v := range got {
				if want := dotGo(p.x, p.row(i)); !near(float64(v), float64(want), float64(p.width)+1, 1e-6) {
					t.Fatalf("DotGather of width %d: product %d is %g, the twin says %g", p.width, i, v, want)
				}
			}
		})
		for _, m := range metrics {
			atEveryPairs(t, m == Moduli, func(p pairs) {
				got := make([]float32, len(p.rows))
				DistanceGather(m, p.table, p.width, p.rows, p.x, got)
				checkDistances(t, "DistanceGather", m, got, p.x, p.row)
			})
		}
	})
}

// derivative64 is the derivative of the distance by x in float64.
func derivative64(m Metric, x, y []float32) []float64 {
	out := make([]float64, len(x))
	for i := range x {
		out[i] = float64(x[i]) - float64(y[i])
	}
	d := len(x) / 2
	for i := range x {
		switch {
		case m == L1 && out[i] != 0:
			out[i] /= math.Abs(out[i])
		case m == SquaredL2:
			out[i] *= 2
		case m == Moduli && i < d:
			if modulus := math.Hypot(out[i], out[d+i]); modulus > 0 {
				out[i] /= modulus
				out[d+i] /= modulus
			}
		}
	}
	return out
}

// checkGrad compares a gradient kernel, with both outputs and with either alone, to the sum of the derivatives
// by x and by the row of each pair.
func checkGrad(t *testing.T, name string, p pairs, run func(dx, dtable []float32), by func(y []float32) (x, row []float64)) {
	t.Helper()
	rng := rand.New(rand.NewPCG(32, uint64(p.width)))
	dx, dtable := randoms(rng, p.width), randoms(rng, len(p.table))
	wantX, wantTable := clone(dx), clone(dtable)
	x64, table64 := widen(dx), widen(dtable)
	for i, r := range p.rows {
		byX, byRow := by(p.row(i))
		for j := range p.width {
			x64[j] += float64(p.g[i]) * byX[j]
			table64[int(r)*p.width+j] += float64(p.g[i]) * byRow[j]
		}
	}
	narrow(x64, wantX)
	narrow(table64, wantTable)
	onlyX, onlyTable := clone(dx), clone(dtable)
	run(dx, dtable)
	run(onlyX, nil)
	run(nil, onlyTable)
	checkRow(t, name+" by x", dx, wantX, 1e-5)
	checkRow(t, name+" by the table", dtable, wantTable, 1e-5)
	checkRow(t, name+" by x alone", onlyX, dx, 0)
	checkRow(t, name+" by the table alone", onlyTable, dtable, 0)
}

func widen(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

func narrow(x []float64, out []float32) {
	for i, v := range x {
		out[i] = float32(v)
	}
}

func TestGatherGrad(t *testing.T) {
	atEveryLevel(t, func(t *testing.T) {
		atEveryPairs(t, false, func(p pairs) {
			checkGrad(t, "DotGatherGrad", p, func(dx, dtable []float32) {
				DotGatherGrad(p.g, p.table, p.width, p.rows, p.x, dx, dtable)
			}, func(y []float32) (x, row []float64) { return widen(y), widen(p.x) })
		})
		for _, m := range metrics {
			atEveryPairs(t, m == Moduli, func(p pairs) {
				checkGrad(t, "DistanceGatherGrad", p, func(dx, dtable []float32) {
					DistanceGatherGrad(m, p.g, p.table, p.width, p.rows, p.x, dx, dtable)
				}, func(y []float32) (x, row []float64) { return derivative64(m, p.x, y), derivative64(m, y, p.x) })
			})
		}
	})
}

// TestModuliGradEdges pins that no finite row has a gradient that is not a number.
func TestModuliGradEdges(t *testing.T) {
	sizes := []float32{0, 1e-45, 1e-30, 1e-19, 1, 1e18, 1e19, 1e30, math.MaxFloat32}
	atEveryLevel(t, func(t *testing.T) {
		for _, re := range sizes {
			for _, im := range sizes {
				for _, g := range []float32{0, 1, -1e30} {
					const d = 19
					x, y := make([]float32, 2*d), make([]float32, 2*d)
					for i := range d {
						x[i], x[d+i], y[i], y[d+i] = re, -im, -re, im
					}
					dx, dy := make([]float32, 2*d), make([]float32, 2*d)
					DistanceGatherGrad(Moduli, []float32{g}, y, 2*d, []uint32{0}, x, dx, dy)
					if slices.ContainsFunc(slices.Concat(dx, dy), func(v float32) bool { return v != v }) {
						t.Fatalf("x−y = 2·(%g − %gi), g = %g: gradient %v, %v", re, im, g, dx, dy)
					}
				}
			}
		}
	})
}
