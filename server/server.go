package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/inklingdb/inkling/engine"
)

// DefaultListen is where a server listens unless told otherwise: this machine alone.
const DefaultListen = "127.0.0.1:4655"

// errStopping is the cause of the cancelled contexts of requests that outlive the drain.
var errStopping = errors.New("the server is stopping")

// Options says how a server listens and what it allows. The zero value listens on DefaultListen.
type Options struct {
	Listen   string       // host:port; a host other than loopback asks for a Token
	Token    string       // what requests must carry as Authorization: Bearer; "" asks for none
	Origins  []string     // origins whose pages may use the API (CORS), such as "https://example.org"
	Hosts    []string     // further names that a loopback server is asked for by, behind a proxy
	ReadOnly bool         // refuse updates, imports and training
	Limits   Limits       // what requests may use
	Log      *slog.Logger // one line per request, and errors; nil discards them
}

// Server answers HTTP requests for one database. It is safe for concurrent use.
type Server struct {
	db          *engine.DB
	listen      string
	loopback    bool
	token       string
	origins     []string
	hosts       []string
	readOnly    bool
	limits      Limits
	log         *slog.Logger
	crossOrigin *http.CrossOriginProtection
	queries     *gate
	jobs        *jobs
	plots       *drawings
	watchers    *watchers
	metrics     *metrics
	handler     http.Handler
}

// New returns a server for a database, which stays the caller's to close after Serve has returned. The error tells
// of an address that is no address, a listener beyond this machine without a token, or an origin that is none.
func New(db *engine.DB, o Options) (*Server, error) {
	setDefault(&o.Listen, DefaultListen)
	host, _, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return nil, fmt.Errorf("server: the address %q is not host:port: %w", o.Listen, err)
	}
	loopback := isLoopbackName(hostname(host))
	if !loopback && o.Token == "" {
		return nil, fmt.Errorf("server: %s is reachable from other machines: set a token, or listen on 127.0.0.1", o.Listen)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	protection := http.NewCrossOriginProtection()
	for _, origin := range o.Origins {
		if u, err := url.Parse(origin); err != nil || u.Scheme == "" || u.Host == "" || u.Path != "" {
			return nil, fmt.Errorf("server: the origin %q is not scheme://host", origin)
		}
	}
	limits := o.Limits.withDefaults()
	s := &Server{
		db: db, listen: o.Listen, loopback: loopback, token: o.Token, origins: o.Origins, hosts: o.Hosts,
		readOnly: o.ReadOnly, limits: limits, log: o.Log, crossOrigin: protection,
		queries: newGate(limits.Queries, limits.Queue), jobs: newJobs(db), plots: newDrawings(), watchers: newWatchers(limits.Watchers),
	}
	s.metrics = newMetrics(s)
	s.handler = s.observe(s.guard(s.mux()))
	return s, nil
}

// Handler returns the handler of all requests, for a caller with a listener of its own.
func (s *Server) Handler() http.Handler { return s.handler }

// Serve listens and answers until ctx ends; see ServeListener.
func (s *Server) Serve(ctx context.Context) error {
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	return s.ServeListener(ctx, listener)
}

// ServeListener answers on a listener until ctx ends. Then it takes no more connections, lets running requests
// finish for Limits.Drain, cancels the rest and all training, and returns nil once every request has returned.
func (s *Server) ServeListener(ctx context.Context, listener net.Listener) error {
	requests, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	web := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       s.limits.QueryTime + time.Minute, // a client too slow to send or take must not hold a place;
		WriteTimeout:      s.limits.QueryTime + time.Minute, // imports, which may take longer, lift both
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    256 << 10,
		BaseContext:       func(net.Listener) context.Context { return requests },
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	s.log.Info("listening", "address", listener.Addr().String(), "token", s.token != "", "readonly", s.readOnly)
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(listener) }()
	select {
	case err := <-failed:
		s.watchers.stop()
		s.jobs.stop()
		return fmt.Errorf("server: %w", err)
	case <-ctx.Done():
	}
	s.drain(web, cancel)
	<-failed
	s.log.Info("stopped")
	return nil
}

// drain stops a web server: gently, then by cancelling what still runs.
func (s *Server) drain(web *http.Server, cancel context.CancelCauseFunc) {
	s.log.Info("stopping", "drain", s.limits.Drain, "queries", s.queries.load())
	s.watchers.stop()
	s.jobs.stop()
	gentle, done := context.WithTimeout(context.Background(), s.limits.Drain)
	defer done()
	if web.Shutdown(gentle) == nil {
		return
	}
	cancel(errStopping)
	forced, done := context.WithTimeout(context.Background(), 5*time.Second)
	defer done()
	if err := web.Shutdown(forced); err != nil {
		s.log.Warn("closing connections that do not end", "error", err)
		_ = web.Close() // every connection is dropped either way
	}
}
