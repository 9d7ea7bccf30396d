package engine

import (
	"errors"
	"strings"

	"github.com/inklingdb/inkling/query/exec"
)

// watermarkError prefixes an error of marking or detecting, once: what the packages below begin their messages with says nothing
// more.
func watermarkError(err error) error {
	text := err.Error()
	for _, prefix := range []string{"engine: ", "watermark: ", "rdf: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return &prefixedError{"engine: watermark: " + text, err}
}

// prefixedError is an error in other words.
type prefixedError struct {
	text string
	err  error
}

// Error returns the words.
func (e *prefixedError) Error() string { return e.text }

// Unwrap returns the error.
func (e *prefixedError) Unwrap() error { return e.err }

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
