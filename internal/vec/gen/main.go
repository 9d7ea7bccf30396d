// Command gen writes the assembly of package vec, kernels_amd64.s, and its declarations, kernels_amd64.go,
// with avo. Every kernel is written once over a width (lanes.go) and, where it may work on products or distances, over
// what it measures (measure.go); it comes out as AVX2+FMA and as AVX-512. It is a module of its own so that the
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
		complexProducts(v)
		adagrad(v)
		exponential(v)
		selection(v)
		updates(v)
		for _, m := range measures {
			if m.name != dotProduct.name {
				m.pair(v)
			}
			m.rows(v)
			m.gather(v)
			m.gradients(v, true)
			m.gradients(v, false)
		}
	}
	for _, m := range measures {
		name := m.name + "Tile"
		registerTile(tileShape{name: name + "AVX2", m: m, v: avx2, rows: 6, vectors: 2, panel: 2})
		registerTile(tileShape{name: name + "AVX512", m: m, v: avx512, rows: 12, vectors: 2, panel: 2})
	}
	registerTile(tileShape{name: "narrowTileAVX2", m: dotProduct, v: avx2, rows: 6, vectors: 1, panel: 2})
	registerTile(tileShape{name: "narrowTileAVX512", m: dotProduct, v: avx512, rows: 12, vectors: 1, panel: 2})
	copyPanels("copyPanels6", 6)
	copyPanels("copyPanels12", 12)
	copyPanels("copyPanels16", 16)
	copyPanels("copyPanels32", 32)
	transpose8()
	bfloatTiles()
	byteDots{v: avx2, name: "AVX2", blocks: 2}.bounds()
	byteDots{v: avx512, name: "AVX512", blocks: 4}.bounds()
	byteDots{v: avx512, name: "VNNI", vnni: true, blocks: 4}.bounds()
	for _, v := range []lanes{avx2, avx512} {
		byteDistance{v: v, name: "byteManhattan", lines: 2, blocks: v.count / 4}.bounds()
		byteDistance{v: v, name: "byteModuli", lines: 1, blocks: v.count / 4, moduli: true}.bounds()
	}
	Generate()
}
