package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/internal/sse"
	"github.com/inklingdb/inkling/server"
	"github.com/inklingdb/inkling/store/rdf"
)

// watchClient follows the events of a server's standing query, connecting again when a connection breaks.
type watchClient struct {
	base, token, query string
	exact              bool
	notes              io.Writer // what is told beside the rows
	last               string    // ID of the last event seen
	seen               bool      // an event was seen since the connection was made
}

const (
	firstRetry   = time.Second
	longestRetry = 30 * time.Second
	eventBytes   = 256 << 20
)

// refusal is an answer that asking again would not change.
type refusal struct {
	status int
	detail string
}

func (r *refusal) Error() string { return fmt.Sprintf("the server answers %d: %s", r.status, r.detail) }

// Is tells bad input from other refusals by the exit code it has elsewhere.
func (r *refusal) Is(target error) bool {
	switch r.status {
	case http.StatusBadRequest, http.StatusNotFound:
		return target == engine.ErrBadInput
	case http.StatusUnprocessableEntity, http.StatusGatewayTimeout:
		return target == engine.ErrLimit
	}
	return false
}

// errEnough ends the following.
var errEnough = errors.New("enough")

// follow calls event for each event until it returns false or an error, the server refuses, or ctx ends.
func (c *watchClient) follow(ctx context.Context, event func(name string, e server.WatchEvent) (bool, error)) error {
	pause := firstRetry
	for attempt := 0; ; attempt++ {
		err := c.connect(ctx, event)
		var no *refusal
		switch {
		case errors.Is(err, errEnough):
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &no), errors.Is(err, errPrinting), attempt == 0 && c.last == "": // no server was there at all
			return err
		case c.seen:
			pause = firstRetry
		}
		fmt.Fprintf(c.notes, "%v; connecting again in %v\n", err, pause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
		pause = min(2*pause, longestRetry)
	}
}

// errPrinting marks an error of what the events are handed to.
var errPrinting = errors.New("writing the changes")

// connect reads the events of one connection.
func (c *watchClient) connect(ctx context.Context, event func(name string, e server.WatchEvent) (bool, error)) error {
	c.seen = false
	target := c.base + "/api/v1/watch?query=" + url.QueryEscape(c.query)
	if c.exact {
		target += "&exact=true"
	}
	answer, err := c.get(ctx, target)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	events := sse.NewReader(answer.Body, eventBytes)
	for {
		raw, err := events.Next()
		if err != nil {
			return fmt.Errorf("the connection broke: %w", err)
		}
		switch raw.Name {
		case "end":
			return errors.New("the server is stopping")
		case "problem":
			return refusalOf([]byte(raw.Data), 0)
		}
		var e server.WatchEvent
		if err := json.Unmarshal([]byte(raw.Data), &e); err != nil {
			return &refusal{detail: fmt.Sprintf("an event that is none: %v", err)}
		}
		if raw.Name == "rows" && c.last != "" {
			fmt.Fprintln(c.notes, "the server has forgotten this watch: all rows follow again")
		}
		c.last, c.seen = raw.ID, true
		for _, warning := range e.Warnings {
			fmt.Fprintln(c.notes, "warning:", warning)
		}
		more, err := event(raw.Name, e)
		if err != nil {
			return fmt.Errorf("%w: %w", errPrinting, err)
		}
		if !more {
			return errEnough
		}
	}
}

// get asks the server; an answer other than 200 is an error.
func (c *watchClient) get(ctx context.Context, target string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, usageError{err}
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.last != "" {
		r.Header.Set("Last-Event-ID", c.last)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, fmt.Errorf("no server answers (start one with inkling serve, or give --updates to watch --db itself): %w", err)
	}
	if answer.StatusCode == http.StatusOK {
		return answer, nil
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<16))
	if err != nil {
		return nil, err
	}
	if answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusServiceUnavailable {
		return nil, fmt.Errorf("the server answers %s", answer.Status)
	}
	return nil, refusalOf(body, answer.StatusCode)
}

// refusalOf reads problem details.
func refusalOf(body []byte, status int) *refusal {
	var p struct {
		Status int    `json:"status"`
		Detail string `json:"detail"`
	}
	if json.Unmarshal(body, &p) != nil || p.Detail == "" {
		return &refusal{status, string(body)}
	}
	return &refusal{max(p.Status, status), p.Detail}
}

// prefixes returns those by which the server's names are shortened; without its statistics, the common ones.
func (c *watchClient) prefixes(ctx context.Context) map[string]string {
	known := rdf.CommonPrefixes()
	known["ink"] = engine.Namespace
	answer, err := c.get(ctx, c.base+"/api/v1/stats")
	if err != nil {
		return known // what is wrong shows when the query is asked
	}
	defer answer.Body.Close()
	var stats engine.Stats
	if json.NewDecoder(answer.Body).Decode(&stats) == nil && stats.Base != "" {
		known[""] = stats.Base
	}
	return known
}
