//go:build !purego

package vec

import "testing"

// atEveryLevel runs a test with each variant this processor can run.
func atEveryLevel(t *testing.T, do func(t *testing.T)) {
	for active = detect(); active >= variantGo; active-- {
		t.Run(Variant(), do)
	}
	active = detect()
}

// atEveryLevelB is atEveryLevel for benchmarks: the Go twin is the baseline, last.
func atEveryLevelB(b *testing.B, do func(b *testing.B)) {
	for active = detect(); active >= variantGo; active-- {
		b.Run(Variant(), do)
	}
	active = detect()
}

// boundsKernel is a kernel as quantisedBoundsGo declares it.
type boundsKernel = func(blocks, query []uint32, bias int32, weights *[6]float32, out []float32)

// eachByteVariant runs a test or benchmark with every way to multiply bytes that this processor has.
func eachByteVariant[T any](t T, do func(t T, name string, kernel boundsKernel)) {
	for v := bestBytes(); v >= bytesGo; v-- {
		do(t, [...]string{"go", "avx2", "avx512bw", "vnni"}[v], func(blocks, query []uint32, bias int32, weights *[6]float32, out []float32) {
			quantisedBoundsAs(v, blocks, query, bias, weights, out)
		})
	}
}
