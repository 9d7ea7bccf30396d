package engine

import (
	"errors"

	"github.com/inklingdb/inkling/query/exec"
)

// Errors that callers test for with errors.Is.
var (
	ErrClosed       = errors.New("the database is closed")
	ErrUnknownModel = errors.New("no such model")
	ErrModelExists  = errors.New("a model of that name exists")
	ErrNoModel      = errors.New("the database has no trained model")
	ErrBadInput     = errors.New("bad input")
	ErrRejected     = errors.New("a hook rejected the commit")
	// ErrImportRejected is that of the import policy.
	ErrImportRejected = errors.New("the import policy rejects it")
	ErrUnknownHook    = errors.New("no such hook")
	ErrLimit          = exec.ErrLimit // of time, rows, memory or CEL steps
)
