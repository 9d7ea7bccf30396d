//go:build unix

package engine

import (
	"io/fs"
	"syscall"
)

// allocatedBytes returns the space a file takes on disk. Badger makes its newest files large and sparse, so that
// their size says little.
func allocatedBytes(about fs.FileInfo) int64 {
	if s, ok := about.Sys().(*syscall.Stat_t); ok {
		return s.Blocks * 512
	}
	return about.Size()
}
