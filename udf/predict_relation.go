package udf

import (
	"context"

	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store"
)

var predictRelation = Function{
	Name: "predict_relation", Params: []Param{{"h", Entity}, {"t", Entity}}, Optional: rankingOptions, Result: Candidates,
	Doc: "The k most plausible relations from h to t, best first; otherwise as predict_tail. Scores every relation.",
	Examples: []Example{
		{`predict_relation("kyoto", "japan", 1).map(c, c.node)`, `["in"]`},
		{`predict_relation("tokyo", "japan", 1, true).map(c, c.node)`, `["capital_of"]`},
	},
	Run: runPredictRelation,
}

func runPredictRelation(ctx context.Context, c *Call) error {
	ids := c.Model.Vocabulary.RelationIDs()
	scores := make([]float32, len(ids))
	for row := range c.Rows {
		if c.Out.Errs[row] != nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := c.entity(c.Nodes[0][row])
		if err != nil {
			c.Fail(row, err)
			continue
		}
		t, err := c.entity(c.Nodes[1][row])
		if err != nil {
			c.Fail(row, err)
			continue
		}
		c.Model.Scorer.ScoreRelations(h, t, scores)
		if c.Out.Lists[row], err = c.bestRelations(row, scores); err != nil {
			return err
		}
	}
	return nil
}

// bestRelations returns the best relations of a row, those stated left out unless wanted.
func (c *Call) bestRelations(row int, scores []float32) ([]Item, error) {
	ids := c.Model.Vocabulary.RelationIDs()
	var failed error
	skip := func(r int) bool {
		has, err := c.Host.Graph.Has(c.graph(), store.Triple{S: c.Nodes[0][row], P: ids[r], O: c.Nodes[1][row]})
		if err != nil {
			failed = err
		}
		return has
	}
	if c.Stated {
		skip = nil
	}
	items := []Item{}
	for _, r := range vec.TopK(nil, scores, c.K, skip) {
		items = append(items, Item{Node: ids[r.Index], Prob: c.Model.Scorer.Prob(r.Score), Score: float64(r.Score)})
	}
	return items, failed
}
