//go:build !amd64 || purego

package vec

func quantisedBounds(blocks, query []uint32, bias int32, weights *[6]float32, out []float32) {
	quantisedBoundsGo(blocks, query, bias, weights, out)
}
