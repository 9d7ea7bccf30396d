package udf

import (
	"context"

	"github.com/inklingdb/inkling/store"
)

var neighbours = Function{
	Name: "neighbours", Params: []Param{{"e", Entity}, {"r", Relation}}, Optional: modelOnly, Result: Nodes, GraphOnly: true,
	Doc: "The nodes that stated triples of relation r join to e, in either direction, each once: first the " +
		"objects of e, then the subjects.",
	Examples: []Example{
		{`neighbours("japan", "capital_of")`, `["tokyo"]`},
		{`neighbours("kyoto", "capital_of")`, `[]`},
	},
	Run: func(_ context.Context, c *Call) error {
		for row := range c.Rows {
			if c.Out.Errs[row] != nil {
				continue
			}
			items := []Item{}
			seen := map[store.TermID]bool{}
			add := func(id store.TermID) bool {
				if !seen[id] {
					seen[id] = true
					items = append(items, Item{Node: id})
				}
				return true
			}
			e, r := c.Nodes[0][row], c.Nodes[1][row]
			err := c.Host.Graph.Match(c.graph(), store.Pattern{S: e, P: r}, func(t store.Triple) bool { return add(t.O) })
			if err != nil {
				return err
			}
			err = c.Host.Graph.Match(c.graph(), store.Pattern{P: r, O: e}, func(t store.Triple) bool { return add(t.S) })
			if err != nil {
				return err
			}
			c.Out.Lists[row] = items
		}
		return nil
	},
}
