package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/internal/sse"
	"github.com/inklingdb/inkling/store/rdf"
)

// Times of a stream of events.
const (
	heartbeat  = 15 * time.Second // between signs of life, less than proxies wait
	sendTime   = 30 * time.Second // for one event, to a client too slow to take it
	retryAfter = time.Second      // told to clients, until they connect again
	parkTime   = time.Minute      // for which a watcher whose connection broke is kept
	turnAgain  = 250 * time.Millisecond
)

// WatchEvent is the data of an event of GET /api/v1/watch: of "rows" the whole answer, of "change" the rows that appeared
// and disappeared.
type WatchEvent struct {
	Vars     []string        `json:"vars,omitempty"` // with rows only
	Added    [][]*termJSON   `json:"added"`          // terms by vars, null where unbound
	Removed  [][]*termJSON   `json:"removed,omitempty"`
	Versions engine.Versions `json:"versions"`
	Warnings []string        `json:"warnings,omitempty"` // with rows only
}

// NewWatchEvent returns the event of a delta, and its name.
func NewWatchEvent(w *engine.Watch, d engine.Delta) (name string, e WatchEvent) {
	e = WatchEvent{Added: termRows(d.Added), Removed: termRows(d.Removed), Versions: d.Versions}
	if !d.Initial {
		return "change", e
	}
	e.Vars, e.Warnings = w.Vars, w.Warnings
	return "rows", e
}

// Rows returns the rows that appeared and disappeared.
func (e *WatchEvent) Rows() (added, removed [][]rdf.Term) { return rowsOf(e.Added), rowsOf(e.Removed) }

func rowsOf(list [][]*termJSON) [][]rdf.Term {
	rows := make([][]rdf.Term, len(list))
	for i, row := range list {
		rows[i] = make([]rdf.Term, len(row))
		for j, t := range row {
			rows[i][j] = t.term()
		}
	}
	return rows
}

func termRows(rows [][]rdf.Term) [][]*termJSON {
	list := make([][]*termJSON, len(rows))
	for i, row := range rows {
		list[i] = make([]*termJSON, len(row))
		for j, term := range row {
			list[i][j] = newTermJSON(term)
		}
	}
	return list
}

// watch streams the rows of a standing query and their changes as server-sent events. A client that comes back within
// parkTime, with the Last-Event-ID of what it has seen, is told what it missed; any other is told the whole answer.
func (s *Server) watch(w http.ResponseWriter, r *http.Request) error {
	text := r.URL.Query().Get("query")
	if text == "" {
		return problemf(http.StatusBadRequest, "the parameter query is missing: a SELECT to watch")
	}
	last := r.Header.Get("Last-Event-ID")
	if last == "" {
		last = r.URL.Query().Get("last-event-id")
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	client, missed, err := s.watchers.admit(last, r.URL.Query())
	if err != nil {
		return err
	}
	if client.watch == nil {
		if err := s.begin(ctx, client, text, r); err != nil {
			s.watchers.leave(client, false)
			return err
		}
		missed = client.past
	}
	s.watchers.began(client)
	s.watchers.leave(client, s.stream(ctx, w, r, client, missed))
	return nil
}

// begin evaluates a new watcher's query for the first time, before anything is sent: an error has its own status.
func (s *Server) begin(ctx context.Context, client *watcher, text string, r *http.Request) (err error) {
	params := r.URL.Query()
	o := engine.WatchOptions{Exact: params.Get("exact") == "true", Turn: s.watchTurn(client),
		Limits: engine.Limits{Time: s.limits.QueryTime, Rows: s.limits.WatchRows}}
	if o.DefaultGraphs, err = graphTerms(params, "default-graph-uri"); err != nil {
		return err
	}
	if o.NamedGraphs, err = graphTerms(params, "named-graph-uri"); err != nil {
		return err
	}
	if client.watch, err = s.db.Watch(ctx, text, o); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.limits.QueryTime)
	defer cancel()
	first, err := client.watch.Next(ctx)
	if err != nil {
		return err
	}
	_, err = client.record(first)
	return err
}

// watchTurn returns what gets an evaluation its place among the running queries. Once a watcher has begun, it waits
// through a crowd in which new queries are turned away.
func (s *Server) watchTurn(client *watcher) func(context.Context) (func(), error) {
	return func(ctx context.Context) (func(), error) {
		for {
			leave, err := s.queries.enter(ctx)
			if err == nil || len(client.past) == 0 {
				return leave, err
			}
			select {
			case <-time.After(turnAgain):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
	}
}

// stream sends the events that a client missed, then those to come, until the client or the server ends it or an
// evaluation fails. It reports whether the client may come back to the same watcher.
func (s *Server) stream(ctx context.Context, w http.ResponseWriter, r *http.Request, client *watcher, missed []sent) (keep bool) {
	w.Header().Set("Content-Type", sse.Media)
	w.Header().Set("X-Accel-Buffering", "no") // nginx passes events on as they come
	if r.Method == http.MethodHead {
		return false
	}
	out := newEventWriter(w)
	if out.send(func(w io.Writer) error { return sse.Retry(w, retryAfter) }) != nil {
		return true // the client has gone
	}
	for _, e := range missed {
		if out.event(client, e) != nil {
			return true
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	events, pulled := make(chan sent), make(chan error, 1)
	go func() { pulled <- client.pull(ctx, events) }()
	defer func() {
		cancel()
		<-pulled
	}()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case e := <-events:
			err = out.event(client, e)
		case <-beat.C:
			err = out.send(func(w io.Writer) error { return sse.Comment(w, "still watching") })
		case failure := <-pulled:
			pulled <- nil
			if ctx.Err() != nil {
				return true
			}
			s.fail(ctx, out, failure)
			return false
		case <-s.watchers.stopping:
			_ = out.send(func(w io.Writer) error {
				return sse.Write(w, sse.Event{Name: "end", Data: `{"detail":"the server is stopping"}`})
			})
			return false
		}
		if err != nil {
			return true // as above
		}
	}
}

// fail tells a client what ended its standing query.
func (s *Server) fail(ctx context.Context, out *eventWriter, failure error) {
	data, err := json.Marshal(asProblem(ctx, failure))
	if err == nil {
		err = out.send(func(w io.Writer) error { return sse.Write(w, sse.Event{Name: "problem", Data: string(data)}) })
	}
	s.log.Info("a standing query ended", "problem", failure, "told", err == nil)
}

// eventWriter sends events to a connection, each within sendTime.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func newEventWriter(w http.ResponseWriter) *eventWriter {
	out := &eventWriter{w, http.NewResponseController(w)}
	_ = out.control.SetReadDeadline(time.Time{}) // a writer that is no connection, in a test, knows no deadlines
	return out
}

func (o *eventWriter) send(write func(io.Writer) error) error {
	_ = o.control.SetWriteDeadline(time.Now().Add(sendTime)) // as above
	if err := write(o.w); err != nil {
		return err
	}
	return o.control.Flush()
}

func (o *eventWriter) event(client *watcher, e sent) error {
	id := fmt.Sprintf("%s-%d", client.key, e.number)
	return o.send(func(w io.Writer) error { return sse.Write(w, sse.Event{ID: id, Name: e.name, Data: e.data}) })
}
