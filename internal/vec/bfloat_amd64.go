//go:build linux && !purego

package vec

import (
	"syscall"

	"golang.org/x/sys/cpu"
)

// hasTiles says whether the processor multiplies tiles of bfloat16 (AMX) and the kernel lets this process do so. Only
// tests change it.
var hasTiles = detectTiles()

// Linux hands out the tile registers on request: they add 8 KB to each thread's state.
const (
	requestPermission = 0x1023 // ARCH_REQ_XCOMP_PERM
	tileData          = 18     // the number of the state component
)

func detectTiles() bool {
	if detect() != variantAVX512 || !cpu.X86.HasAMXTile || !cpu.X86.HasAMXBF16 || !cpu.X86.HasAVX512BW {
		return false
	}
	_, _, failed := syscall.RawSyscall(syscall.SYS_ARCH_PRCTL, requestPermission, tileData, 0)
	return failed == 0
}

// bfloatStrip sets 32 rows of c, ldc numbers apart and 32·panels wide, to the product of the panel a and the panels of
// b, each depth pairs of tiles, or adds it to them.
//
//go:noescape
func bfloatStrip(depth int, a, b *uint32, c *float32, ldc, panels int, add bool)

// bfloatTile makes one tile; see bfloatTileGo.
func bfloatTile(dst *bfloatWords, src operand, alongRows, turned bool) {
	from := &src.data[0]
	switch {
	case alongRows && !turned:
		bfloatRows(&dst[0], from, src.rowStride)
	case alongRows:
		bfloatRowsTurned(&dst[0], from, src.rowStride)
	case !turned:
		bfloatPairs(&dst[0], from, src.colStride)
	default:
		bfloatPairsTurned(&dst[0], from, src.colStride)
	}
}
