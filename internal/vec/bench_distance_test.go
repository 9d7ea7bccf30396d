package vec

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// elements runs do at every variant and reports how many numbers of a row it takes a second and the bytes it moves,
// given both per call.
func elements(b *testing.B, name string, count, bytes int, do func()) {
	b.Run(name, func(b *testing.B) {
		atEveryLevelB(b, func(b *testing.B) {
			for b.Loop() {
				do()
			}
			perSecond := float64(b.N) / b.Elapsed().Seconds() / 1e9
			b.ReportMetric(float64(count)*perSecond, "Gelement/s")
			b.ReportMetric(float64(bytes)*perSecond, "GB/s")
		})
	})
}

var metricNames = []string{"L1", "SquaredL2", "Moduli"}

// BenchmarkRoofline is what no kernel that streams a table exceeds: copying it and adding it up. The roofline of
// arithmetic is BenchmarkTile: an element of a distance takes two (SquaredL2), three (L1) or six (Moduli) of its
// multiply-adds.
func BenchmarkRoofline(b *testing.B) {
	const size = 14541 * 200
	a, to := randoms(rand.New(rand.NewPCG(1, 2)), size), make([]float32, size)
	elements(b, "copy", size, 8*size, func() { copy(to, a) })
	elements(b, "read", size, 4*size, func() { Sum(a) })
}

func BenchmarkDistances(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	const rows = 14541
	for _, width := range []int{200, 400} {
		a, x, out := randoms(rng, rows*width), randoms(rng, width), make([]float32, rows)
		for i, name := range metricNames {
			elements(b, fmt.Sprintf("%s/%d", name, width), rows*width, 4*rows*width, func() {
				Distances(Metric(i), a, rows, width, x, out)
			})
		}
	}
}

func BenchmarkGather(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	const tableRows, count = 14541, 256
	rows := make([]uint32, 64*count)
	for i := range rows {
		rows[i] = uint32(rng.IntN(tableRows))
	}
	at := 0
	next := func() []uint32 {
		at = (at + count) % len(rows)
		return rows[at : at+count]
	}
	for _, width := range []int{200, 400} {
		table, x, out := randoms(rng, tableRows*width), randoms(rng, width), make([]float32, count)
		g, dx, dtable := randoms(rng, count), make([]float32, width), make([]float32, tableRows*width)
		run := func(name string, bytes int, do func(rows []uint32)) {
			elements(b, fmt.Sprintf("%s/%d", name, width), count*width, bytes*count*width, func() { do(next()) })
		}
		run("Dot", 4, func(r []uint32) { DotGather(table, width, r, x, out) })
		run("DotGrad", 12, func(r []uint32) { DotGatherGrad(g, table, width, r, x, dx, dtable) })
		for i, name := range metricNames {
			m := Metric(i)
			run(name, 4, func(r []uint32) { DistanceGather(m, table, width, r, x, out) })
			run(name+"Grad", 12, func(r []uint32) { DistanceGatherGrad(m, g, table, width, r, x, dx, dtable) })
		}
	}
}

func BenchmarkDistancesNT(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	const m, k, n = 256, 200, 14541
	x, y, c := randoms(rng, m*k), randoms(rng, n*k), MatrixOf(make([]float32, m*n), m, n)
	for i, name := range metricNames {
		elements(b, name, m*n*k, 4*(m*k+n*k+m*n), func() {
			DistancesNT(Metric(i), c, MatrixOf(x, m, k), MatrixOf(y, n, k), 1)
		})
	}
}

func BenchmarkUpdate(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{200, 400, 14541} {
		w, g, m, v := randoms(rng, n), randoms(rng, n), make([]float32, n), make([]float32, n)
		run := func(name string, bytes int, do func()) { elements(b, fmt.Sprintf("%s/%d", name, n), n, bytes*n, do) }
		run("Adam", 28, func() { Adam(w, g, m, v, AdamStep{1e-9, 0.9, 0.999, 1e-8, 1, 1}) })
		run("AddCubeNorm1", 12, func() { AddCubeNorm(1e-9, g, w, 1) })
		run("AddCubeNorm2", 12, func() { AddCubeNorm(1e-9, g[:n&^1], w[:n&^1], 2) })
		run("ExpandDistances", 12, func() { ExpandDistances(g, 9, w, m) })
		ones := make([]float32, n)
		for i := range ones {
			ones[i] = 1
		}
		run("DivideWeights", 12, func() { DivideWeights(w, ones) })
	}
}
