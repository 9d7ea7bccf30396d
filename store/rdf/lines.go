package rdf

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"
)

// maxLine bounds the memory one line or token may take: a longer one is no statement but a broken file.
const maxLine = 256 << 20

// firstBuffer is the size of a reader's buffer until a longer line or token needs more.
const firstBuffer = 64 << 10

// errLong is reported for a line or token above maxLine.
var errLong = errors.New("a line or token is longer than 256 MiB")

// lines cuts a stream into lines. LF, CR and CRLF each end one; the ends are not part of it.
type lines struct {
	r          io.Reader
	buf        []byte
	start, end int // what of buf is still unread
	feed       int // index of the next LF in buf, -1 unknown
	number     int // of the line last returned, from 1
	err        error
}

func newLines(r io.Reader) lines {
	return lines{r: r, buf: make([]byte, firstBuffer), feed: -1}
}

// next returns the next line, valid until the call after it; io.EOF when there is none.
func (l *lines) next() ([]byte, error) {
	for l.feed < 0 {
		if i := bytes.IndexByte(l.buf[l.start:l.end], '\n'); i >= 0 {
			l.feed = l.start + i
			break
		}
		if l.err != nil {
			return l.last()
		}
		if err := l.fill(); err != nil {
			return nil, err
		}
	}
	l.number++
	line := l.buf[l.start:l.feed]
	if i := bytes.IndexByte(line, '\r'); i >= 0 && i < len(line)-1 {
		l.start += i + 1
		return line[:i], nil
	} else if i >= 0 {
		line = line[:i]
	}
	l.start, l.feed = l.feed+1, -1
	return line, nil
}

// last returns the lines behind the last LF.
func (l *lines) last() ([]byte, error) {
	if l.err != io.EOF {
		return nil, l.err
	}
	line := l.buf[l.start:l.end]
	if len(line) == 0 {
		return nil, io.EOF
	}
	l.number++
	l.start = l.end
	if i := bytes.IndexByte(line, '\r'); i >= 0 {
		l.start -= len(line) - i - 1
		line = line[:i]
	}
	return line, nil
}

// fill reads more behind what is unread, moving it to the front or growing buf as needed.
func (l *lines) fill() error {
	if l.start > 0 {
		copy(l.buf, l.buf[l.start:l.end])
		l.start, l.end = 0, l.end-l.start
	} else if l.end == len(l.buf) {
		if len(l.buf) >= maxLine {
			return errLong
		}
		l.buf = append(l.buf, make([]byte, len(l.buf))...)
	}
	n, err := readSome(l.r, l.buf[l.end:])
	l.end += n
	l.err = err
	return nil
}

// readSome reads until p holds something or the stream ends or fails; it gives up on a reader that returns
// nothing a hundred times.
func readSome(r io.Reader, p []byte) (int, error) {
	for range 100 {
		if n, err := r.Read(p); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// column returns the 1-based column, in characters, of byte i of a line.
func column(line []byte, i int) int { return utf8.RuneCount(line[:min(i, len(line))]) + 1 }
