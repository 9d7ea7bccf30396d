//go:build unix

package store

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// locksDir says that lockDir keeps others out, so that Badger need not.
const locksDir = true

// lockDir takes the store's lock file for this process.
func lockDir(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: close the other process or handle first", ErrLocked)
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return f, nil
}

// unlockDir releases the lock and closes its file. Closing alone would leave the lock to a child process that is being
// started just now, which has the file open until it runs its program.
func unlockDir(f *os.File) error {
	return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
}
