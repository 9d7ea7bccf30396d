package store

import "errors"

// Sentinels that callers test for with errors.Is.
var (
	// ErrClosed: the store, view or cursor was closed.
	ErrClosed = errors.New("store is closed")
	// ErrLocked: another process, or another handle of this one, has the store open.
	ErrLocked = errors.New("store is open elsewhere")
	// ErrCorrupt: bytes on disk are not what was written.
	ErrCorrupt = errors.New("store is corrupt")
	// ErrFormat: the directory holds a format that this version does not read.
	ErrFormat = errors.New("unknown store format")
	// ErrUnknownTerm: an identifier that this view has no term for.
	ErrUnknownTerm = errors.New("unknown term identifier")
	// ErrTerm: a term stands where RDF does not allow it.
	ErrTerm = errors.New("term not allowed here")
	// ErrDiskFull: the disk may not have room for what was to be written; nothing of it is in the store.
	ErrDiskFull = errors.New("the disk is full")
	// ErrStopped: an earlier commit failed on disk; reopen the store to write again.
	ErrStopped = errors.New("writes stopped after a failed commit")
)
