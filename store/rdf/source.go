package rdf

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// countingReader counts what passes; the count may be read from another goroutine, for a progress bar.
type countingReader struct {
	r io.Reader
	n atomic.Int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// zstdMemory bounds what a hostile zstd frame may ask for. Frames of zstd --ultra -22 --long=27 ask 128 MiB.
const zstdMemory = 256 << 20

// decompress looks at the first bytes of r and returns its plain text, and what releases the decompressor.
func decompress(r io.Reader) (io.Reader, func() error, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	head, err := b.Peek(4)
	if err != nil && err != io.EOF {
		return nil, nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, nil, fmt.Errorf("gzip: %w", err)
		}
		return z, func() error { _ = z.Close(); return nil }, nil // its error is the last Read's, told already
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(b, zstd.WithDecoderMaxMemory(zstdMemory), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, nil, fmt.Errorf("zstd: %w", err)
		}
		return z, func() error { z.Close(); return nil }, nil
	}
	return b, func() error { return nil }, nil
}

// skipMark passes over a byte order mark at the start of a text.
func skipMark(r io.Reader) io.Reader {
	b := bufio.NewReaderSize(r, 64<<10)
	if head, err := b.Peek(3); err == nil && string(head) == "\ufeff" {
		_, _ = b.Discard(3) // they were just peeked at
	}
	return b
}

// NewCompressor wraps w so that what is written is compressed as the file's name asks: .gz, .zst, or not at all.
// Close ends the compressed stream and leaves w open.
func NewCompressor(w io.Writer, name string) (io.WriteCloser, error) {
	switch lower := strings.ToLower(name); {
	case strings.HasSuffix(lower, ".gz"), strings.HasSuffix(lower, ".gzip"):
		return gzip.NewWriter(w), nil
	case strings.HasSuffix(lower, ".zst"), strings.HasSuffix(lower, ".zstd"):
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	}
	return plainWriter{w}, nil
}

type plainWriter struct{ io.Writer }

func (plainWriter) Close() error { return nil }
