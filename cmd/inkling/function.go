package main

import (
	"fmt"

	"github.com/inklingdb/inkling/engine"
)

type functionCommand struct {
	List functionList `cmd:"" default:"withargs" help:"List the functions that queries and expressions may call."`
	Add  functionAdd  `cmd:"" help:"Define a function in CEL; its free names are its parameters."`
	Drop functionDrop `cmd:"" help:"Remove a function of your own."`
}

type functionList struct {
	database
	Examples bool `help:"Show examples and what each function does."`
	JSON     bool `help:"Print as JSON."`
}

// Run lists functions.
func (c *functionList) Run(a *app) error {
	return c.with(func(db *engine.DB) error {
		if c.JSON {
			return printJSON(a.out, db.Functions())
		}
		for _, f := range db.Functions() {
			fmt.Fprintln(a.out, f.Signature)
			if f.User {
				fmt.Fprintf(a.out, "    = %s\n", f.Body)
			}
			if c.Examples && !f.User {
				fmt.Fprintf(a.out, "    %s\n", f.Doc)
				for _, e := range f.Examples {
					fmt.Fprintf(a.out, "    %s\n", e)
				}
			}
		}
		return nil
	})
}

type functionAdd struct {
	database
	Name string `arg:"" help:"Lower-case letters, digits and _."`
	Body string `arg:"" help:"The expression, such as prob(d, 'treats', x) > 0.6."`
}

// Run defines a function.
func (c *functionAdd) Run(a *app) error {
	return c.with(func(db *engine.DB) error { return db.DefineFunction(a.ctx, c.Name, c.Body) })
}

type functionDrop struct {
	database
	Name string `arg:"" help:"The function."`
}

// Run removes a function.
func (c *functionDrop) Run(a *app) error {
	return c.with(func(db *engine.DB) error { return db.DropFunction(a.ctx, c.Name) })
}
