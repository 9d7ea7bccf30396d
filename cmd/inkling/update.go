package main

import (
	"errors"
	"fmt"

	"github.com/inklingdb/inkling/engine"
)

type updateCommand struct {
	database
	Update string `arg:"" help:"The update; @FILE reads a file, - standard input."`
	NoWait bool   `help:"Do not wait for the models to follow."`
	JSON   bool   `help:"Print the report as JSON."`
}

// Run applies the update. LOAD may read files, since who runs the command can.
func (c *updateCommand) Run(a *app) error {
	text, err := a.text(c.Update)
	if err != nil {
		return err
	}
	return c.with(func(db *engine.DB) error {
		r, err := db.Update(a.ctx, text, engine.UpdateOptions{Wait: !c.NoWait, AllowLoad: true})
		for _, m := range r.Watermarks {
			err = errors.Join(err, c.record(m.KeyID, m.Entry))
		}
		if err != nil {
			return err
		}
		a.printWarnings(r.Warnings)
		a.printVerdicts(r.Verdicts)
		if c.JSON {
			return printJSON(a.out, r)
		}
		fmt.Fprintf(a.out, "%s added, %s removed, version %d, %s\n",
			plural(r.Added, "triple"), grouped(r.Removed), r.Version, shortTime(r.Elapsed))
		for _, m := range r.Watermarks {
			printMarking(a, m)
		}
		return nil
	})
}
