package server

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/inklingdb/inkling/engine"
)

// watchers are the standing queries being streamed, and those whose connection broke a short while ago.
type watchers struct {
	limit    int           // of both together
	stopping chan struct{} // closed when the server stops

	mu      sync.Mutex // guards what follows
	active  int        // admitted, evaluating their first rows or streaming
	streams int        // of them, those whose first rows are there
	parked  []*watcher // the longest parked first
	stopped bool
}

// watcher is the standing query of one client. Whoever admitted it owns it until it leaves.
type watcher struct {
	key    string        // unguessable, so that no other client takes it over
	params string        // the query and its parameters, as asked
	watch  *engine.Watch // nil until begun
	past   []sent        // the latest events
	count  int           // of events so far
	expiry *time.Timer   // while parked
	begun  bool          // counted in streams
}

// sent is an event as it was or will be sent.
type sent struct {
	number int // from 1
	name   string
	data   string
}

// pastBytes bounds the events kept for a client that comes back; the latest is kept in any case.
const pastBytes = 1 << 20

func newWatchers(limit int) *watchers {
	return &watchers{limit: limit, stopping: make(chan struct{})}
}

// admit returns the parked watcher that an event's ID names, with the events after that one, or a new watcher. A parked
// one that remembers too little is dropped. The error is a problem: too many are watching, or the server stops.
func (ws *watchers) admit(lastID string, params url.Values) (client *watcher, missed []sent, err error) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.stopped {
		return nil, nil, problemf(http.StatusServiceUnavailable, "the server is stopping")
	}
	params.Del("last-event-id")
	asked := params.Encode()
	if client, missed = ws.take(lastID, asked); client == nil {
		if ws.active >= ws.limit {
			return nil, nil, problemf(http.StatusTooManyRequests, "%d standing queries are watched; try again when one has ended", ws.limit)
		}
		client = &watcher{key: rand.Text(), params: asked}
	}
	ws.active++
	for ws.active+len(ws.parked) > ws.limit {
		ws.drop(ws.parked[0])
	}
	return client, missed, nil
}

// take finds and removes the parked watcher of an event's ID; nil when there is none. The caller holds the lock.
func (ws *watchers) take(lastID, params string) (*watcher, []sent) {
	key, number, _ := strings.Cut(lastID, "-")
	at := slices.IndexFunc(ws.parked, func(w *watcher) bool { return w.key == key && w.params == params })
	if at < 0 {
		return nil, nil
	}
	client := ws.parked[at]
	ws.drop(client)
	seen, err := strconv.Atoi(number)
	if err != nil || seen > client.count || seen < client.past[0].number-1 {
		return nil, nil
	}
	return client, client.past[len(client.past)-(client.count-seen):]
}

// drop forgets a parked watcher; the caller holds the lock.
func (ws *watchers) drop(w *watcher) {
	if at := slices.Index(ws.parked, w); at >= 0 {
		w.expiry.Stop()
		ws.parked = slices.Delete(ws.parked, at, at+1)
	}
}

// leave ends an admitted watcher; one that may be taken up again is kept for parkTime.
func (ws *watchers) leave(w *watcher, keep bool) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.active--
	if w.begun {
		w.begun = false
		ws.streams--
	}
	if !keep || ws.stopped || w.count == 0 {
		return
	}
	ws.parked = append(ws.parked, w)
	w.expiry = time.AfterFunc(parkTime, func() {
		ws.mu.Lock()
		defer ws.mu.Unlock()
		ws.drop(w)
	})
}

// stop ends all streams and forgets the parked watchers; those active leave by themselves.
func (ws *watchers) stop() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.stopped {
		return
	}
	ws.stopped = true
	close(ws.stopping)
	for len(ws.parked) > 0 {
		ws.drop(ws.parked[0])
	}
}

// began counts an admitted watcher that has its first rows: what is committed from now on is a change to it.
func (ws *watchers) began(w *watcher) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	w.begun = true
	ws.streams++
}

// load returns how many are streaming.
func (ws *watchers) load() int {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.streams
}

// record keeps a delta as the next event.
func (w *watcher) record(d engine.Delta) (sent, error) {
	name, event := NewWatchEvent(w.watch, d)
	data, err := json.Marshal(event)
	if err != nil {
		return sent{}, fmt.Errorf("server: an event of a standing query: %w", err)
	}
	w.count++
	e := sent{w.count, name, string(data)}
	w.past = append(w.past, e)
	size := 0
	for i, kept := range slices.Backward(w.past) {
		if size += len(kept.data); size > pastBytes && i < len(w.past)-1 {
			w.past = slices.Clone(w.past[i+1:])
			break
		}
	}
	return e, nil
}

// pull sends events as they come until ctx ends or an evaluation fails. What it made and could not send is remembered.
func (w *watcher) pull(ctx context.Context, to chan<- sent) error {
	for {
		d, err := w.watch.Next(ctx)
		if err != nil {
			return err
		}
		e, err := w.record(d)
		if err != nil {
			return err
		}
		select {
		case to <- e:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
