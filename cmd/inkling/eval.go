package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/inklingdb/inkling/engine"
)

type evalCommand struct {
	database
	Expression string            `arg:"" help:"The expression, such as predict_tail(\"Asthma\", \"treatedBy\", 5); @FILE reads a file, - standard input."`
	Var        map[string]string `placeholder:"NAME=VALUE" help:"A variable: JSON, or else a string."`
	JSON       bool              `help:"Print the value as JSON."`
	Wait       bool              `help:"Let the models catch up with the latest commits first."`
	Exact      bool              `help:"Search no model approximately."`
}

// Run evaluates the expression.
func (c *evalCommand) Run(a *app) error {
	text, err := a.text(c.Expression)
	if err != nil {
		return err
	}
	variables := map[string]any{}
	for name, value := range c.Var {
		var parsed any
		if json.Unmarshal([]byte(value), &parsed) != nil {
			parsed = value
		}
		variables[name] = parsed
	}
	return c.with(func(db *engine.DB) error {
		if c.Wait {
			if err := db.Wait(a.ctx); err != nil {
				return err
			}
		}
		value, versions, err := db.Evaluate(a.ctx, text, variables, engine.EvalOptions{Exact: c.Exact})
		if err != nil {
			return err
		}
		a.sayApproximate(versions)
		if c.JSON {
			return printJSON(a.out, value)
		}
		return printValue(a.out, value)
	})
}

// printValue writes a list of maps as a table, a list one item a line, and anything else on a line.
func printValue(out io.Writer, value any) error {
	list, ok := value.([]any)
	if !ok {
		_, err := fmt.Fprintln(out, valueText(value))
		return err
	}
	columns := map[string]bool{}
	for _, item := range list {
		row, ok := item.(map[string]any)
		if !ok {
			for _, item := range list {
				fmt.Fprintln(out, valueText(item))
			}
			return nil
		}
		for name := range row {
			columns[name] = true
		}
	}
	header := slices.SortedFunc(maps.Keys(columns), func(x, y string) int {
		if x == "node" || y == "node" { // what it is about first
			return boolOrder(y == "node") - boolOrder(x == "node")
		}
		return strings.Compare(x, y)
	})
	if len(header) == 0 {
		return nil
	}
	t := newTable(out, header...)
	for _, item := range list {
		var row []any
		for _, name := range header {
			row = append(row, valueText(item.(map[string]any)[name]))
		}
		t.AppendRow(row)
	}
	t.Render()
	return nil
}

func boolOrder(b bool) int {
	if b {
		return 1
	}
	return 0
}

// valueText writes a value as text: strings bare, numbers short, the rest as JSON.
func valueText(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return v
	case float64:
		return fmt.Sprintf("%.4g", v)
	case bool, int64, uint64:
		return fmt.Sprint(v)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
