package vec

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// BenchmarkTile is the register tile alone on data in the first cache level: the ceiling of every product.
func BenchmarkTile(b *testing.B) {
	const kc = 200
	rng := rand.New(rand.NewPCG(1, 2))
	atEveryLevelB(b, func(b *testing.B) {
		mr, nr := tileShape()
		x, y, c := randoms(rng, mr*kc), slices.Clone(randoms(rng, nr*kc)), make([]float32, mr*nr)
		for b.Loop() {
			tile(kc, operand{x, kc, 1, 0}, y, c, tileOut{stride: nr, cols: nr})
		}
		b.ReportMetric(float64(mr*nr*kc)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gelement/s")
		b.ReportMetric(2*float64(mr*nr*kc)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
	})
}
