//go:build !unix

package store

import "os"

// locksDir says that lockDir keeps nobody out: Badger has to.
const locksDir = false

// lockDir opens the store's lock file; on this system Badger's own lock keeps others out.
func lockDir(path string) (*os.File, error) { return os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644) }

// unlockDir closes the lock file.
func unlockDir(f *os.File) error { return f.Close() }
