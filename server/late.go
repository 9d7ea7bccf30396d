package server

import "net/http"

// lateBytes is how much of an answer is held back: an error found before that much is written still gets its own
// status instead of a broken connection.
const lateBytes = 256 << 10

// lateWriter sends nothing until lateBytes are written or Flush is called.
type lateWriter struct {
	w      http.ResponseWriter
	buffer []byte
}

func newLateWriter(w http.ResponseWriter) *lateWriter { return &lateWriter{w: w} }

// Write takes a part of the answer.
func (l *lateWriter) Write(data []byte) (int, error) {
	l.buffer = append(l.buffer, data...)
	if len(l.buffer) >= lateBytes {
		if err := l.Flush(); err != nil {
			return 0, err
		}
	}
	return len(data), nil
}

// Flush sends what was held back.
func (l *lateWriter) Flush() error {
	_, err := l.w.Write(l.buffer)
	l.buffer = l.buffer[:0]
	return err
}
