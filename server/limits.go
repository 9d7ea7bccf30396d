package server

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"time"
	"unicode/utf8"
)

// Limits bounds what requests may use. A zero field means its default.
type Limits struct {
	BodyBytes   int64         // of a query, an update, a graph or a JSON body; default 16 MiB
	ImportBytes int64         // of an import's body; default 4 GiB
	QueryTime   time.Duration // of one query, update or expression; default 30 s
	Rows        int64         // of one answer; default 1 million
	Queries     int           // that run at one time; default twice the processors, at least 4
	Queue       int           // that wait for their turn; default 64; one more is answered 429
	Watchers    int           // standing queries watched at one time; default 64; one more is answered 429
	WatchRows   int64         // of the answer of a standing query, which is held in memory; default 10,000
	Drain       time.Duration // how long Serve lets requests finish when it stops; default 10 s
}

func (l Limits) withDefaults() Limits {
	setDefault(&l.BodyBytes, 16<<20)
	setDefault(&l.ImportBytes, 4<<30)
	setDefault(&l.QueryTime, 30*time.Second)
	setDefault(&l.Rows, 1_000_000)
	setDefault(&l.Queries, max(4, 2*runtime.GOMAXPROCS(0)))
	setDefault(&l.Queue, 64)
	setDefault(&l.Watchers, 64)
	setDefault(&l.WatchRows, 10_000)
	setDefault(&l.Drain, 10*time.Second)
	return l
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// gate lets a number of requests run at one time and a number wait; it is safe for concurrent use.
type gate struct {
	running chan struct{}
	waiting chan struct{} // holds those running too
}

func newGate(running, waiting int) *gate {
	return &gate{make(chan struct{}, running), make(chan struct{}, running+waiting)}
}

// enter waits for a turn; leave must be called after it. When too many wait already, or none ends before ctx
// does, the error is a problem with the status to answer.
func (g *gate) enter(ctx context.Context) (leave func(), err error) {
	select {
	case g.waiting <- struct{}{}:
	default:
		return nil, problemf(http.StatusTooManyRequests, "%d queries are running or waiting; try again later", cap(g.waiting))
	}
	select {
	case g.running <- struct{}{}:
		return func() { <-g.running; <-g.waiting }, nil
	case <-ctx.Done():
		<-g.waiting
		return nil, problemf(http.StatusServiceUnavailable, "no turn came within the time limit; try again later")
	}
}

// load returns how many run.
func (g *gate) load() int { return len(g.running) }

// readText returns a body as text; a body over the limit is answered 413, one that is not UTF-8 400.
func (s *Server) readText(w http.ResponseWriter, r *http.Request) (string, error) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.limits.BodyBytes))
	if err != nil {
		return "", bodyError(r.Context(), err)
	}
	if !utf8.Valid(text) {
		return "", problemf(http.StatusBadRequest, "the body is not UTF-8")
	}
	return string(text), nil
}

// bodyError tells a body that is too large from one that could not be read.
func bodyError(ctx context.Context, err error) error {
	if p := asProblem(ctx, err); p.Status == http.StatusRequestEntityTooLarge {
		p.Detail = "the body is larger than this server takes"
		return p
	}
	return problemf(http.StatusBadRequest, "reading the body: %v", err)
}
