package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/query/results"
	"github.com/inklingdb/inkling/server"
	"github.com/inklingdb/inkling/store/rdf"
)

type watchCommand struct {
	database
	Query   string `arg:"" help:"The SELECT to watch; @FILE reads a file, - standard input."`
	Server  string `default:"http://${listen}" placeholder:"URL" help:"The inkling serve to ask (${default})."`
	Token   string `placeholder:"SECRET" help:"The server's token; @FILE reads it from a file."`
	Updates string `placeholder:"FILE" help:"Ask no server: open --db, run the SPARQL updates of this file on it, one a line and commit, and show what each changes; - is standard input."`
	Changes int    `placeholder:"N" help:"End after so many changes."`
	Exact   bool   `help:"Search no model approximately."`
	JSON    bool   `help:"Print a JSON object a line: what the server's events hold."`
}

// Run prints the rows, then those that appear and disappear, until it is interrupted or has seen enough.
func (c *watchCommand) Run(a *app) error {
	text, err := a.text(c.Query)
	if err != nil {
		return err
	}
	out := &changePrinter{out: a.out, json: c.JSON, prefixes: rdf.CommonPrefixes()}
	if c.Updates != "" {
		return c.with(func(db *engine.DB) error { return c.watchUpdates(a, db, text, out) })
	}
	token, err := a.text(c.Token)
	if err != nil {
		return err
	}
	client := &watchClient{base: strings.TrimSuffix(c.Server, "/"), token: strings.TrimSpace(token), query: text, exact: c.Exact, notes: a.err}
	out.prefixes = client.prefixes(a.ctx)
	left := c.Changes
	return client.follow(a.ctx, func(name string, e server.WatchEvent) (bool, error) {
		if name == "change" {
			left--
		}
		return c.Changes == 0 || left > 0, out.event(name, e)
	})
}

// longestUpdate bounds a line of the updates.
const longestUpdate = 64 << 20

// watchUpdates runs updates and shows what each changes of the answer, the models' part included.
func (c *watchCommand) watchUpdates(a *app, db *engine.DB, text string, out *changePrinter) (err error) {
	out.prefixes = db.Prefixes()
	w, err := db.Watch(a.ctx, text, engine.WatchOptions{Exact: c.Exact})
	if err != nil {
		return err
	}
	in := a.in
	if c.Updates != "-" {
		f, err := os.Open(c.Updates)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		in = f
	}
	if err := out.poll(a.ctx, w); err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, longestUpdate)
	for number := 1; lines.Scan(); number++ {
		update := strings.TrimSpace(lines.Text())
		if update == "" || strings.HasPrefix(update, "#") {
			continue
		}
		if _, err := db.Update(a.ctx, update, engine.UpdateOptions{Source: "watch", Wait: true, AllowLoad: true}); err != nil {
			return fmt.Errorf("update in line %d (one update a line): %w", number, err)
		}
		if err := out.poll(a.ctx, w); err != nil {
			return err
		}
		if c.Changes > 0 && out.changes >= c.Changes {
			return nil
		}
	}
	return lines.Err()
}

// changePrinter prints events: "+" before a row that appeared, "-" before one that disappeared.
type changePrinter struct {
	out      io.Writer
	json     bool
	prefixes map[string]string
	changes  int
}

// poll prints how an answer changed by now.
func (p *changePrinter) poll(ctx context.Context, w *engine.Watch) error {
	d, err := w.Poll(ctx)
	if err != nil || !d.Initial && len(d.Added)+len(d.Removed) == 0 {
		return err
	}
	name, e := server.NewWatchEvent(w, d)
	if name == "change" {
		p.changes++
	}
	return p.event(name, e)
}

// event prints one event.
func (p *changePrinter) event(name string, e server.WatchEvent) error {
	if p.json {
		line, err := json.Marshal(struct {
			Event string `json:"event"`
			server.WatchEvent
		}{name, e})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.out, "%s\n", line)
		return err
	}
	var b strings.Builder
	added, removed := e.Rows()
	fmt.Fprintf(&b, "# %s", versionText(e.Versions))
	if name == "rows" {
		fmt.Fprintf(&b, ": %s of", plural(int64(len(added)), "row"))
		for _, v := range e.Vars {
			b.WriteString(" ?" + v)
		}
	}
	b.WriteByte('\n')
	p.rows(&b, "-", removed)
	p.rows(&b, "+", added)
	_, err := io.WriteString(p.out, b.String())
	return err
}

func (p *changePrinter) rows(b *strings.Builder, sign string, rows [][]rdf.Term) {
	for _, row := range rows {
		b.WriteString(sign)
		roundDoubles(row)
		for _, t := range row {
			b.WriteByte('\t')
			if t.Kind != rdf.None {
				b.WriteString(results.Text(t, p.prefixes))
			}
		}
		b.WriteByte('\n')
	}
}
