//go:build !purego

package vec

import "golang.org/x/sys/cpu"

// byteVariant is how bytes are multiplied, apart from active because not every AVX-512 processor can.
type byteVariant int

const (
	bytesGo byteVariant = iota
	bytesAVX2
	bytesAVX512 // VPMADDUBSW and VPMADDWD
	bytesVNNI   // VPDPBUSD
)

// bestBytes returns the best way to multiply bytes that the processor has; active bounds it, so that a test of every
// variant is one of these too.
func bestBytes() byteVariant {
	switch {
	case active == variantGo:
		return bytesGo
	case active == variantAVX2 || !cpu.X86.HasAVX512BW:
		return bytesAVX2
	case cpu.X86.HasAVX512VNNI:
		return bytesVNNI
	}
	return bytesAVX512
}

func quantisedBounds(blocks, query []uint32, bias int32, weights *[6]float32, out []float32) {
	quantisedBoundsAs(bestBytes(), blocks, query, bias, weights, out)
}

func quantisedBoundsAs(v byteVariant, blocks, query []uint32, bias int32, weights *[6]float32, out []float32) {
	switch v {
	case bytesVNNI:
		quantisedBoundsVNNI(blocks, query, bias, weights, out)
	case bytesAVX512:
		quantisedBoundsAVX512(blocks, query, bias, weights, out)
	case bytesAVX2:
		quantisedBoundsAVX2(blocks, query, bias, weights, out)
	default:
		quantisedBoundsGo(blocks, query, bias, weights, out)
	}
}

func byteManhattan(blocks, query []uint32, weight float32, out []float32) {
	switch bestBytes() {
	case bytesGo:
		byteManhattanGo(blocks, query, weight, out)
	case bytesAVX2:
		byteManhattanAVX2(blocks, query, weight, out)
	default:
		byteManhattanAVX512(blocks, query, weight, out)
	}
}

func byteModuli(blocks, query []uint32, weight float32, out []float32) {
	switch bestBytes() {
	case bytesGo:
		byteModuliGo(blocks, query, weight, out)
	case bytesAVX2:
		byteModuliAVX2(blocks, query, weight, out)
	default:
		byteModuliAVX512(blocks, query, weight, out)
	}
}
