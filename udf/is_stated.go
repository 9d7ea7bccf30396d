package udf

import (
	"context"

	"github.com/inklingdb/inkling/store"
)

var isStated = Function{
	Name: "is_stated", Params: headRelationTail, Optional: modelOnly, Result: Truth, GraphOnly: true,
	Doc: "Whether the graph states a triple. Asks the graph that the model is about, the default graph when there " +
		"is no model.",
	Examples: []Example{
		{`is_stated("tokyo", "capital_of", "japan")`, `true`},
		{`is_stated("kyoto", "in", "japan")`, `false`},
	},
	Run: func(_ context.Context, c *Call) error {
		for row := range c.Rows {
			if c.Out.Errs[row] != nil {
				continue
			}
			t := store.Triple{S: c.Nodes[0][row], P: c.Nodes[1][row], O: c.Nodes[2][row]}
			has, err := c.Host.Graph.Has(c.graph(), t)
			if err != nil {
				return err
			}
			c.Out.Truths[row] = has
		}
		return nil
	},
}
