//go:build !amd64 || purego

package vec

import "testing"

func atEveryLevel(t *testing.T, do func(t *testing.T)) { t.Run("go", do) }

func atEveryLevelB(b *testing.B, do func(b *testing.B)) { b.Run("go", do) }

type boundsKernel = func(blocks, query []uint32, bias int32, weights *[6]float32, out []float32)

func eachByteVariant[T any](t T, do func(t T, name string, kernel boundsKernel)) {
	do(t, "go", quantisedBoundsGo)
}
