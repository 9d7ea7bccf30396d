package rdf

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// window is a stream of text seen through a buffer. Tokens are looked at by their offset from pos, so that the
// buffer may move or grow meanwhile; advance passes over them.
type window struct {
	r         io.Reader
	buf       []byte
	pos, end  int
	line      int // of pos, from 1
	lineStart int // where pos's line begins in buf, or 0 when its beginning has left buf:
	dropped   int // so many characters of it
	err       error
}

func newWindow(r io.Reader) window { return window{r: r, buf: make([]byte, firstBuffer), line: 1} }

// at returns the byte at an offset from pos, -1 behind the end of the text.
func (w *window) at(i int) int {
	if w.pos+i < w.end {
		return int(w.buf[w.pos+i])
	}
	return w.more(i)
}

func (w *window) more(i int) int {
	for w.pos+i >= w.end {
		if w.err != nil {
			return -1
		}
		w.fill()
	}
	return int(w.buf[w.pos+i])
}

// fill reads more of the stream; what stands before pos goes.
func (w *window) fill() {
	if w.pos > 0 {
		w.dropped += utf8.RuneCount(w.buf[w.lineStart:w.pos])
		copy(w.buf, w.buf[w.pos:w.end])
		w.pos, w.end, w.lineStart = 0, w.end-w.pos, 0
	}
	if w.end == len(w.buf) {
		if len(w.buf) >= maxLine {
			w.err = errLong
			return
		}
		w.buf = append(w.buf, make([]byte, len(w.buf))...)
	}
	n, err := readSome(w.r, w.buf[w.end:])
	w.end, w.err = w.end+n, err
}

// noRune is what rune returns for a byte that begins no character. It is not utf8.RuneError, which names may hold.
const noRune rune = -2

// rune decodes the character at an offset; -1 behind the end, noRune for a byte that begins none.
func (w *window) rune(i int) (r rune, size int) {
	c := w.at(i)
	if c < utf8.RuneSelf {
		return rune(c), 1
	}
	w.at(i + utf8.UTFMax - 1) // have the whole character in buf
	if r, size = utf8.DecodeRune(w.buf[w.pos+i : w.end]); r == utf8.RuneError && size == 1 {
		r = noRune
	}
	return r, size
}

// bytes returns the next n bytes, which at has looked at; valid until the next look beyond the buffer.
func (w *window) bytes(n int) []byte { return w.buf[w.pos : w.pos+n] }

// advance passes over n bytes that hold no line end.
func (w *window) advance(n int) { w.pos += n }

// advanceText passes over n bytes and counts the lines in them.
func (w *window) advanceText(n int) {
	text := w.bytes(n)
	if last := bytes.LastIndexByte(text, '\n'); last >= 0 {
		w.line += bytes.Count(text, []byte{'\n'})
		w.lineStart, w.dropped = w.pos+last+1, 0
	}
	w.pos += n
}

// skip passes over blanks, line ends and comments and returns the next byte, -1 at the end of the text.
func (w *window) skip() int {
	for {
		c := w.at(0)
		switch c {
		case ' ', '\t', '\r':
			w.pos++
		case '\n':
			w.newline()
		case '#':
			for c = w.at(0); c >= 0 && c != '\n' && c != '\r'; c = w.at(0) {
				w.pos++
			}
		default:
			return c
		}
	}
}

func (w *window) newline() {
	w.pos++
	w.line++
	w.lineStart, w.dropped = w.pos, 0
}

// fail returns the error that stands at an offset: a *SyntaxError, or what stopped the stream when that is why the
// text ends there.
func (w *window) fail(i int, format string, args ...any) error {
	if w.pos+i >= w.end && w.err != nil && w.err != io.EOF {
		return w.err
	}
	upto := w.bytes(min(i, w.end-w.pos))
	e := &SyntaxError{Line: w.line, Message: fmt.Sprintf(format, args...)}
	if last := bytes.LastIndexByte(upto, '\n'); last >= 0 {
		e.Line += bytes.Count(upto, []byte{'\n'})
		e.Column = utf8.RuneCount(upto[last+1:]) + 1
	} else {
		e.Column = w.dropped + utf8.RuneCount(w.buf[w.lineStart:w.pos]) + utf8.RuneCount(upto) + 1
	}
	return e
}

// expected says what must stand at an offset and does not.
func (w *window) expected(i int, what string) error {
	r, _ := w.rune(i)
	is := "the end of the text"
	switch {
	case r == noRune:
		is = fmt.Sprintf("byte 0x%02X", w.buf[w.pos+i])
	case r == '\n' || r == '\r':
		is = "the end of the line"
	case r >= 0:
		is = fmt.Sprintf("%q", r)
	}
	return w.fail(i, "expected %s, found %s", what, is)
}
