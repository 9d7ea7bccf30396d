package udf

import (
	"context"

	"github.com/inklingdb/inkling/store"
)

var degree = Function{
	Name: "degree", Params: []Param{{"e", Entity}}, Optional: modelOnly, Result: Integer, GraphOnly: true,
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
			e := c.Nodes[0][row]
			for _, p := range []store.Pattern{{S: e}, {O: e}} {
				n, err := c.count(p)
				if err != nil {
					return err
				}
				c.Out.Integers[row] += n
			}
		}
		return nil
	},
}

// count returns how many triples of the call's graph match.
func (c *Call) count(p store.Pattern) (int64, error) {
	if n, exact := c.Host.Graph.Count(c.graph(), p); exact {
		return n, nil
	}
	n := int64(0)
	err := c.Host.Graph.Match(c.graph(), p, func(store.Triple) bool { n++; return true })
	return n, err
}
