// Package exchange reads and writes embeddings as other programs keep them: npy arrays, safetensors files, word2vec
// text, and the files that name their rows. Its main types are Table (an array of numbers in a file, read in chunks
// into one row-major slice), VectorReader (a text of named vectors), Tensor (an array to be written), Sources (the
// files of one embedding, found in a folder) and Description (what Inkling says of an embedding it wrote).
//
// It knows nothing of models, graphs or terms: names are text, rows are numbers. Files are not trusted: every size
// that a header states is checked against the file's length before memory is taken for it.
package exchange

import "fmt"

// Error says what is wrong with a file, and where.
type Error struct {
	File    string
	Unit    string // "byte" or "line"; "" where no place can be named
	At      int64  // bytes count from 0, lines from 1
	Problem string
}

func (e *Error) Error() string {
	if e.Unit == "" {
		return e.File + ": " + e.Problem
	}
	return fmt.Sprintf("%s, %s %d: %s", e.File, e.Unit, e.At, e.Problem)
}

func atByte(file string, at int64, format string, args ...any) error {
	return &Error{File: file, Unit: "byte", At: at, Problem: fmt.Sprintf(format, args...)}
}

func atLine(file string, at int, format string, args ...any) error {
	return &Error{File: file, Unit: "line", At: int64(at), Problem: fmt.Sprintf(format, args...)}
}

func inFile(file, format string, args ...any) error {
	return &Error{File: file, Problem: fmt.Sprintf(format, args...)}
}
