package main

import (
	"fmt"

	"github.com/inklingdb/inkling/engine"
)

type modelsCommand struct {
	database
	Name    string `arg:"" optional:"" help:"Show this model's whole card."`
	Drop    bool   `help:"Remove the named model."`
	Default bool   `help:"Make the named model the one used where a question names none."`
	JSON    bool   `help:"Print as JSON."`
}

// Run shows or changes models.
func (c *modelsCommand) Run(a *app) error {
	if c.Name == "" && (c.Drop || c.Default) {
		return usageError{fmt.Errorf("name the model")}
	}
	return c.with(func(db *engine.DB) error {
		switch {
		case c.Drop:
			return db.DropModel(a.ctx, c.Name)
		case c.Default:
			return db.SetDefaultModel(a.ctx, c.Name)
		case c.Name != "":
			m, err := db.Model(c.Name)
			if err != nil {
				return err
			}
			if c.JSON {
				return printJSON(a.out, m)
			}
			if m.Auto != nil {
				printReport(a.out, m.Auto)
			}
			printCard(a.out, m)
			fmt.Fprintf(a.out, "  settings   %s\n  meaning    %s\n", m.Settings, m.Calibration)
			return nil
		}
		models := db.Models()
		if c.JSON {
			return printJSON(a.out, models)
		}
		if len(models) == 0 {
			fmt.Fprintln(a.out, "no models yet: inkling train")
			return nil
		}
		t := newTable(a.out, "model", "family", "dim", "nodes", "MRR", "Hits@10", "version", "behind", "drift", "")
		for _, m := range models {
			note := ""
			if m.Default {
				note = "default"
			}
			if m.Stale {
				note += " stale"
			}
			t.AppendRow([]any{m.Name, m.Family, m.Dim, m.Entities, fmt.Sprintf("%.3f", m.HeldOut.MRR),
				fmt.Sprintf("%.3f", m.HeldOut.Hits10), m.Version, m.Lag, fmt.Sprintf("%.3f", m.Drift), note})
		}
		t.Render()
		return nil
	})
}
