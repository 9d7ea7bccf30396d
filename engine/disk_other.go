//go:build !unix

package engine

import "io/fs"

// allocatedBytes returns a file's size.
func allocatedBytes(about fs.FileInfo) int64 { return about.Size() }
