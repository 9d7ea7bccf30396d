// Package sse writes and reads server-sent events (text/event-stream, HTML Living Standard §9.2): Write makes one event,
// a Reader gives those of a stream. It knows nothing of HTTP and does not connect again by itself.
package sse

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Media is the media type of a stream.
const Media = "text/event-stream"

// Event is one event. ID, once given, stands for the events that follow without one.
type Event struct {
	ID   string
	Name string // "" means "message"
	Data string
}

// ErrField is returned by Write for an ID or a name that the format cannot carry.
var ErrField = errors.New("sse: an ID or a name may hold no line break and no NUL")

// Write writes an event; the data may have lines.
func Write(w io.Writer, e Event) error {
	if strings.ContainsAny(e.ID+e.Name, "\r\n\x00") {
		return ErrField
	}
	var b strings.Builder
	if e.ID != "" {
		fmt.Fprintf(&b, "id: %s\n", e.ID)
	}
	if e.Name != "" {
		fmt.Fprintf(&b, "event: %s\n", e.Name)
	}
	for line := range strings.SplitSeq(lineBreaks.Replace(e.Data), "\n") {
		fmt.Fprintf(&b, "data: %s\n", line)
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

// lineBreaks makes all line breaks one kind: a reader cannot tell them apart.
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Comment writes a line that readers pass over, to show that the connection lives.
func Comment(w io.Writer, text string) error {
	_, err := fmt.Fprintf(w, ": %s\n\n", strings.ReplaceAll(lineBreaks.Replace(text), "\n", " "))
	return err
}

// Retry writes how long a reader whose connection broke should wait before it connects again.
func Retry(w io.Writer, d time.Duration) error {
	_, err := fmt.Fprintf(w, "retry: %d\n\n", d.Milliseconds())
	return err
}

// Reader reads a stream. It belongs to one goroutine.
type Reader struct {
	in      *bufio.Reader
	limit   int
	started bool
	lastID  string
	retry   time.Duration
}

// NewReader returns a reader of a stream whose events are at most limit bytes long.
func NewReader(r io.Reader, limit int) *Reader {
	return &Reader{in: bufio.NewReader(r), limit: limit}
}

// ErrTooLong is returned for an event of more bytes than the reader takes.
var ErrTooLong = errors.New("sse: an event is too long")

// Next returns the next event, its ID the last one given. An event that the stream's end cuts off is dropped, as the
// standard asks: the error is io.EOF.
func (r *Reader) Next() (Event, error) {
	var e Event
	var data []string
	size := 0
	for {
		line, err := r.line()
		if err != nil {
			return Event{}, err
		}
		if size += len(line); size > r.limit {
			return Event{}, ErrTooLong
		}
		if line == "" {
			if data == nil {
				e.Name, size = "", 0
				continue
			}
			e.ID, e.Data = r.lastID, strings.Join(data, "\n")
			return e, nil
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "event":
			e.Name = value
		case "data":
			data = append(data, value)
		case "id":
			if !strings.ContainsRune(value, 0) {
				r.lastID = value
			}
		case "retry":
			if ms, err := strconv.ParseUint(value, 10, 31); err == nil {
				r.retry = time.Duration(ms) * time.Millisecond
			}
		}
	}
}

// Retry returns how long the stream asked to wait before connecting again; 0 when it did not.
func (r *Reader) Retry() time.Duration { return r.retry }

// line returns the next line without its end: "\n", "\r\n" or "\r".
func (r *Reader) line() (string, error) {
	var b strings.Builder
	for {
		c, err := r.in.ReadByte()
		if err != nil {
			return "", err
		}
		if c == '\n' || c == '\r' {
			if c == '\r' {
				r.passFeed()
			}
			break
		}
		if b.Len() >= r.limit {
			return "", ErrTooLong
		}
		b.WriteByte(c)
	}
	line := b.String()
	if !r.started {
		r.started = true
		line = strings.TrimPrefix(line, "\ufeff")
	}
	return line, nil
}

// passFeed passes over a line feed that belongs to the carriage return before it. It looks only at what has come
// already: an event is complete with the return, and waiting for the next byte would hold it back.
func (r *Reader) passFeed() {
	if r.in.Buffered() == 0 {
		return
	}
	if next, err := r.in.Peek(1); err == nil && next[0] == '\n' {
		_, _ = r.in.Discard(1) // it is in the buffer
	}
}
