package main

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/server"
)

type serveCommand struct {
	database
	Listen        string   `default:"${listen}" placeholder:"HOST:PORT" help:"Where to listen (${default}); other machines can only be served with a token."`
	Token         string   `placeholder:"SECRET" help:"Ask requests for this bearer token; @FILE reads it from a file."`
	Origin        []string `placeholder:"URL" help:"Origins whose pages may use the API."`
	ReadOnly      bool     `help:"Refuse updates, imports and training."`
	AllowWebhooks bool     `help:"Let hooks post to other machines."`
	MaxLag        int      `placeholder:"N" help:"Let writes wait while a model is this many commits behind; without it models may fall behind by any number."`
	Quiet         bool     `help:"Log only warnings."`
}

// Run serves until it is interrupted.
func (c *serveCommand) Run(a *app) error {
	token, err := a.text(c.Token)
	if err != nil {
		return err
	}
	level := slog.LevelInfo
	if c.Quiet {
		level = slog.LevelWarn
	}
	log := slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level}))
	if _, err := os.Stat(c.DB); err != nil {
		log.Info("a new database", "dir", c.DB)
	}
	db, err := c.create(engine.Options{Log: log, AllowWebhooks: c.AllowWebhooks, MaxLag: c.MaxLag})
	if err != nil {
		return err
	}
	defer db.Close()
	s, err := server.New(db, server.Options{Listen: c.Listen, Token: token, Origins: c.Origin, ReadOnly: c.ReadOnly, Log: log})
	if err != nil {
		return usageError{err}
	}
	fmt.Fprintf(a.out, "Inkling serves %s at http://%s (stop with Ctrl-C)\n", c.DB, c.Listen)
	if err := s.Serve(a.ctx); err != nil {
		return err
	}
	return db.Close()
}
