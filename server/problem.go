package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/plot"
	"github.com/inklingdb/inkling/engine/project"
)

// problem is an error with the status it is answered with, written as RFC 9457 problem details.
type problem struct {
	Status   int    `json:"status"`
	Title    string `json:"title"`
	Detail   string `json:"detail,omitempty"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`   // of the query, expression or imported file, from 1
	Column   int    `json:"column,omitempty"` // in characters, from 1
	Expected string `json:"expected,omitempty"`
	Found    string `json:"found,omitempty"`
	Hint     string `json:"hint,omitempty"`

	cause error // for the log
}

// Error returns the detail, or the title without one.
func (p *problem) Error() string {
	if p.Detail == "" {
		return p.Title
	}
	return p.Detail
}

// Unwrap returns the error that the problem tells of.
func (p *problem) Unwrap() error { return p.cause }

// problemf returns a problem with a status's usual title.
func problemf(status int, format string, args ...any) *problem {
	return &problem{Status: status, Title: http.StatusText(status), Detail: fmt.Sprintf(format, args...)}
}

// asProblem returns err as a problem: what the engine says of the input keeps its place in it, time and limits
// have their own statuses, and anything else is the server's fault.
func asProblem(ctx context.Context, err error) *problem {
	var p *problem
	if errors.As(err, &p) {
		return p
	}
	p = &problem{Status: statusOf(ctx, err), Detail: err.Error(), cause: err}
	p.Title = http.StatusText(p.Status)
	switch p.Status {
	case statusClientClosed:
		p.Title = "Client closed the request"
	case http.StatusGatewayTimeout:
		p.Detail = "the time limit of one request was reached: " + p.Detail
	}
	p.place(err)
	return p
}

// statusClientClosed is what proxies log when a client went away; nobody reads the answer.
const statusClientClosed = 499

func statusOf(ctx context.Context, err error) int {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	case errors.Is(context.Cause(ctx), errStopping) || errors.Is(err, engine.ErrClosed):
		return http.StatusServiceUnavailable
	case errors.Is(err, context.Canceled):
		return statusClientClosed
	case errors.Is(err, engine.ErrRejected), errors.Is(err, engine.ErrImportRejected):
		return http.StatusUnprocessableEntity
	case errors.Is(err, engine.ErrNoPolicy), errors.Is(err, engine.ErrUnknownHook), errors.Is(err, engine.ErrUnknownModel), errors.Is(err, engine.ErrNoModel), errors.Is(err, plot.ErrNothing):
		return http.StatusNotFound
	case errors.Is(err, engine.ErrModelExists):
		return http.StatusConflict
	case errors.Is(err, engine.ErrLimit), errors.Is(err, project.ErrData):
		return http.StatusUnprocessableEntity
	case errors.Is(err, errors.ErrUnsupported):
		return http.StatusNotImplemented
	case errors.Is(err, engine.ErrBadInput), errors.Is(err, plot.ErrOptions), isAboutInput(err):
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// write answers with the problem, as text where the client asks for text and as JSON otherwise.
func (p *problem) write(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Del("Content-Length")
	h.Del("ETag")
	h.Set("Cache-Control", "no-store")
	switch p.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="inkling"`)
	}
	if accept := r.Header.Get("Accept"); strings.Contains(accept, "text/plain") && !strings.Contains(accept, "json") {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(p.Status)
		fmt.Fprintln(w, p.Error())
		return
	}
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client has gone; nothing is left to tell
}
