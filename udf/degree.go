package udf

import (
	"context"

	"github.com/inklingdb/inkling/store"
)

var degree = Function{
	Name: "degree", Params: []Param{{"e", Entity}}, Optional: modelOnly, Result: Integer,
	Doc: "How many stated triples have e as subject or as object; one that has it as both counts twice.",
	Examples: []Example{
		{`degree("japan")`, `3`},
		{`degree("kyoto")`, `1`},
	},
	Run: func(_ context.Context, c *Call) error {
		for row := range c.Rows {
			if c.Out.Errs[row] != nil {
				continue
			}
			count := int64(0)
			add := func(store.Triple) bool { count++; return true }
			e := c.Nodes[0][row]
			if err := c.Host.Graph.Match(c.graph(), store.Pattern{S: e}, add); err != nil {
				return err
			}
			if err := c.Host.Graph.Match(c.graph(), store.Pattern{O: e}, add); err != nil {
				return err
			}
			c.Out.Integers[row] = count
		}
		return nil
	},
}
