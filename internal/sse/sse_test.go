package sse

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
)

func readAll(t *testing.T, text string) (events []Event, r *Reader) {
	t.Helper()
	r = NewReader(strings.NewReader(text), 1<<20)
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			return events, r
		}
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
}

// The examples of the standard, §9.2.6.
func TestReaderFollowsTheStandard(t *testing.T) {
	for _, c := range []struct {
		text string
		want []Event
	}{
		{"data: YHOO\ndata: +2\ndata: 10\n\n", []Event{{Data: "YHOO\n+2\n10"}}},
		{": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
			[]Event{{ID: "1", Data: "first event"}, {Data: "second event"}, {Data: " third event"}}},
		{"data\n\ndata\ndata\n\ndata:", []Event{{}, {Data: "\n"}}},
		{"\ufeffevent: add\r\ndata: 73\r\n\r\nevent: lost\n\ndata: kept\n\n", []Event{{Name: "add", Data: "73"}, {Data: "kept"}}},
		{"id: 7\rdata: a\r\rdata: b\r\r", []Event{{ID: "7", Data: "a"}, {ID: "7", Data: "b"}}},
		{"id: 1\x002\ndata: x\nunknown: y\n\n", []Event{{Data: "x"}}},
	} {
		if got, _ := readAll(t, c.text); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q\n got %+v\nwant %+v", c.text, got, c.want)
		}
	}
}

func TestRetryAndLimit(t *testing.T) {
	var b strings.Builder
	if err := errors.Join(Retry(&b, 3*time.Second), Comment(&b, "two\nlines"), Write(&b, Event{Data: "x"})); err != nil {
		t.Fatal(err)
	}
	events, r := readAll(t, b.String())
	if r.Retry() != 3*time.Second || len(events) != 1 {
		t.Errorf("%v %v", r.Retry(), events)
	}
	for _, text := range []string{"data: " + strings.Repeat("x", 100), strings.Repeat("data: xxxx\n", 20)} {
		if _, err := NewReader(strings.NewReader(text), 64).Next(); !errors.Is(err, ErrTooLong) {
			t.Errorf("%v", err)
		}
	}
	if err := Write(io.Discard, Event{ID: "a\nb"}); !errors.Is(err, ErrField) {
		t.Errorf("%v", err)
	}
}

func FuzzWriteRead(f *testing.F) {
	f.Add("1", "change", "{\n}")
	f.Fuzz(func(t *testing.T, id, name, data string) {
		var b strings.Builder
		want := []Event{{ID: id, Name: name, Data: lineBreaks.Replace(data)}, {ID: id, Data: "end"}}
		if err := errors.Join(Write(&b, want[0]), Write(&b, want[1])); errors.Is(err, ErrField) {
			return
		}
		if got, _ := readAll(t, b.String()); !reflect.DeepEqual(got, want) {
			t.Errorf("%q\n got %+v\nwant %+v", b.String(), got, want)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add("data: x\r\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		r := NewReader(strings.NewReader(text), 100)
		for {
			if _, err := r.Next(); err != nil {
				return
			}
		}
	})
}
