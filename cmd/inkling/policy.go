package main

import (
	"fmt"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/udf/cel"
)

type policyCommand struct {
	Show   policyShow   `cmd:"" default:"withargs" help:"Show the policy."`
	Set    policySet    `cmd:"" help:"Set the policy."`
	Remove policyRemove `cmd:"" help:"Remove the policy: everything is accepted."`
}

type policyShow struct {
	database
	JSON bool `help:"Print as JSON."`
}

// Run shows the policy.
func (c *policyShow) Run(a *app) error {
	return c.with(func(db *engine.DB) error {
		p, err := db.ImportPolicy()
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.out, p)
		}
		fmt.Fprintf(a.out, "%s\nset %s\n", p.Expression, p.Set.Local().Format(time.DateTime))
		return nil
	})
}

type policySet struct {
	database
	Expression string `arg:"" help:"CEL over import (source, format, graph, triples, verdict, owner, log10_p, keys_tested, signed, signer, intact) that gives \"accept\", \"tag\", \"warn\" or \"reject\"; @FILE reads a file, - standard input."`
}

// Run sets the policy. The database is made where there is none, so that its first import is judged too.
func (c *policySet) Run(a *app) error {
	text, err := a.text(c.Expression)
	if err != nil {
		return err
	}
	db, err := c.create(engine.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.SetImportPolicy(a.ctx, text); err != nil {
		return err
	}
	fmt.Fprintln(a.out, "the policy holds for imports from now on")
	return db.Close()
}

type policyRemove struct{ database }

// Run removes the policy.
func (c *policyRemove) Run(a *app) error {
	return c.with(func(db *engine.DB) error { return db.RemoveImportPolicy(a.ctx) })
}

// printVerdicts writes to standard error what is remarkable about imported graphs: those that are marked, warned of or
// tagged, and those that could not be tested.
func (a *app) printVerdicts(list []engine.ImportVerdict) {
	for _, v := range list {
		switch {
		case v.Outcome == cel.Warn:
			fmt.Fprintln(a.err, "warning: import policy:", v)
		case v.Outcome == cel.Tag:
			fmt.Fprintln(a.err, "tagged:", v)
		case v.Marked() || v.NotTested != "":
			fmt.Fprintln(a.err, v)
		}
	}
}
