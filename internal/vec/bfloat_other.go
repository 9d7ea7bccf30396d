//go:build !amd64 || !linux || purego

package vec

var hasTiles = false

const noTiles = "vec: a product in tile registers where there are none"

func bfloatStrip(int, *uint32, *uint32, *float32, int, int, bool) { panic(noTiles) }

func bfloatTile(*bfloatWords, operand, bool, bool) { panic(noTiles) }
