//go:build !amd64 || purego

package vec

func quantisedBounds(blocks, query []uint32, bias int32, weights *[6]float32, out []float32) {
	quantisedBoundsGo(blocks, query, bias, weights, out)
}

func byteManhattan(blocks, query []uint32, weight float32, out []float32) {
	byteManhattanGo(blocks, query, weight, out)
}

func byteModuli(blocks, query []uint32, weight float32, out []float32) {
	byteModuliGo(blocks, query, weight, out)
}
