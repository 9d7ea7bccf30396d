//go:build !linux && !darwin

package store

// freeBytes cannot tell on this system.
func freeBytes(string) (int64, bool) { return 0, false }
