package udf

import (
	"context"

	"github.com/inklingdb/inkling/internal/vec"
)

var similar = Function{
	Name: "similar", Params: []Param{{"e", Entity}}, Optional: []Param{{"k", Count}, {"model", ModelName}}, Result: Similar,
	Doc: "The k entities whose embeddings point most nearly in e's direction, best first, each with the cosine as " +
		"similarity, from -1 to 1; e itself is left out. Finds them as predict_tail does.",
	Examples: []Example{
		{`similar("kyoto", 1).map(c, c.node)`, `["osaka"]`},
		{`size(similar("kyoto", 3))`, `3`},
	},
	Run: func(ctx context.Context, c *Call) error {
		finder, _ := c.Model.Scorer.(Finder)
		for row := range c.Rows {
			if c.Out.Errs[row] != nil {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			own, err := c.entity(c.Nodes[0][row])
			if err != nil {
				c.Fail(row, err)
				continue
			}
			c.Out.Lists[row] = c.similar(finder, own)
		}
		return nil
	},
}

// similar returns the entities most like one.
func (c *Call) similar(finder Finder, own uint32) []Item {
	skip := func(e int) bool { return e == int(own) }
	var found Found
	ok := false
	if finder != nil {
		found, ok = finder.Neighbours(own, Search{K: c.K, Skip: skip, Exact: c.Host.Exact})
	}
	ids := c.Model.Vocabulary.EntityIDs()
	if ok {
		note(c.Model, found, c.Host.Approximated)
	} else {
		scores := make([]float32, len(ids))
		c.Model.Scorer.Similarities(own, scores)
		found.Best = vec.TopK(nil, scores, c.K, skip)
	}
	items := []Item{}
	for _, r := range found.Best {
		items = append(items, Item{Node: ids[r.Index], Score: float64(r.Score)})
	}
	return items
}
