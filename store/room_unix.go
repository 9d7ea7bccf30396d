//go:build linux || darwin

package store

import "golang.org/x/sys/unix"

// freeBytes returns what an ordinary user may still write to the file system of a directory.
func freeBytes(dir string) (int64, bool) {
	var about unix.Statfs_t
	if err := unix.Statfs(dir, &about); err != nil {
		return 0, false
	}
	return int64(about.Bavail) * int64(about.Bsize), true
}
