// Command gen writes the assembly of package vec, kernels_amd64.s, and its declarations, kernels_amd64.go,
// with avo. Every kernel is written once over a width (lanes.go) and comes out as AVX2+FMA and as AVX-512; only
// the register tile of the matrix product differs between the two. It is a module of its own so that the
// module of Inkling does not require avo.
//
//	go run -C gen . -out ../kernels_amd64.s -stubs ../kernels_amd64.go -pkg vec
package main

import . "github.com/mmcloughlin/avo/build"

func main() {
	ConstraintExpr("!purego")
	for _, v := range []lanes{avx2, avx512} {
		reductions(v)
		elementwise(v)
		matrixVector(v)
		complexProducts(v)
		adagrad(v)
		exponential(v)
		selection(v)
	}
	registerTile(tileShape{name: "tileAVX2", v: avx2, rows: 6, vectors: 2, panel: 2})
	registerTile(tileShape{name: "narrowTileAVX2", v: avx2, rows: 6, vectors: 1, panel: 2})
	registerTile(tileShape{name: "tileAVX512", v: avx512, rows: 12, vectors: 2, panel: 2})
	registerTile(tileShape{name: "narrowTileAVX512", v: avx512, rows: 12, vectors: 1, panel: 2})
	copyPanels("copyPanels6", 6)
	copyPanels("copyPanels12", 12)
	copyPanels("copyPanels16", 16)
	copyPanels("copyPanels32", 32)
	transpose8()
	byteDots{v: avx2, name: "AVX2", blocks: 2}.bounds()
	byteDots{v: avx512, name: "AVX512", blocks: 4}.bounds()
	byteDots{v: avx512, name: "VNNI", vnni: true, blocks: 4}.bounds()
	for _, v := range []lanes{avx2, avx512} {
		byteDistance{v: v, name: "byteManhattan", lines: 2, blocks: v.count / 4}.bounds()
		byteDistance{v: v, name: "byteModuli", lines: 1, blocks: v.count / 4, moduli: true}.bounds()
	}
	Generate()
}
