package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"github.com/jedib0t/go-pretty/v6/text"
)

// bar shows how far one piece of work has come: a bar on a terminal, a line every few seconds elsewhere.
type bar struct {
	mu      sync.Mutex // Progress functions may call from several goroutines
	out     io.Writer
	title   string
	writer  progress.Writer // nil elsewhere
	tracker *progress.Tracker
	stopped chan struct{}
	printed time.Time
	started time.Time
}

const (
	barSteps   = 1000 // of a whole
	plainEvery = 5 * time.Second
)

// newBar begins a bar on standard error; end it with done.
func (a *app) newBar(title string) *bar {
	b := &bar{out: a.err, title: title, started: time.Now(), printed: time.Now()}
	if f, ok := a.err.(*os.File); !ok || !isTerminal(f) {
		return b
	}
	b.writer = progress.NewWriter()
	b.writer.SetOutputWriter(a.err)
	b.writer.SetAutoStop(false)
	b.writer.SetTrackerLength(30)
	b.writer.SetMessageLength(44)
	b.writer.SetUpdateFrequency(100 * time.Millisecond)
	b.writer.SetStyle(progress.StyleBlocks)
	b.writer.Style().Options.PercentFormat = "%3.0f%%"
	b.writer.Style().Visibility.Value = false
	b.writer.Style().Colors = progress.StyleColors{Message: text.Colors{text.FgCyan}, Tracker: text.Colors{text.FgGreen}}
	b.tracker = &progress.Tracker{Message: title, Total: barSteps}
	b.writer.AppendTracker(b.tracker)
	b.stopped = make(chan struct{})
	go func() {
		defer close(b.stopped)
		b.writer.Render()
	}()
	return b
}

// isTerminal reports whether a file is a terminal.
func isTerminal(f *os.File) bool {
	about, err := f.Stat()
	return err == nil && about.Mode()&os.ModeCharDevice != 0
}

// set shows that a share of the work, 0 to 1, is done, with a few words.
func (b *bar) set(share float64, words string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	share = min(max(share, 0), 1)
	if b.tracker != nil {
		b.tracker.UpdateMessage(b.title + " " + words)
		b.tracker.SetValue(int64(share * (barSteps - 1)))
		return
	}
	if time.Since(b.printed) >= plainEvery {
		b.printed = time.Now()
		fmt.Fprintf(b.out, "%s: %3.0f%% %s\n", b.title, 100*share, words)
	}
}

// done ends the bar and leaves a line with the time it took.
func (b *bar) done(words string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tracker == nil {
		fmt.Fprintf(b.out, "%s: %s in %s\n", b.title, words, shortTime(time.Since(b.started)))
		return
	}
	b.tracker.UpdateMessage(b.title + " " + words)
	b.tracker.MarkAsDone()
	b.end()
}

// fail ends the bar after an error, which the caller reports.
func (b *bar) fail() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tracker != nil {
		b.tracker.MarkAsErrored()
		b.end()
	}
}

// end waits until a bar on a terminal is drawn for the last time. Stop does nothing before drawing has begun, which
// work done at once may be ahead of, so it is said until it is heard.
func (b *bar) end() {
	for {
		b.writer.Stop()
		select {
		case <-b.stopped:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// shortTime rounds a duration for people.
func shortTime(d time.Duration) time.Duration {
	switch {
	case d > time.Minute:
		return d.Round(time.Second)
	case d > time.Second:
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(10 * time.Microsecond)
}
