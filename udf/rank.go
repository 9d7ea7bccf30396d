package udf

import (
	"context"

	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store"
)

var rank = Function{
	Name: "rank", Params: headRelationTail, Optional: modelOnly, Result: Number,
	Doc: "The filtered rank of t among all tails of (h, r, ?), from 1: how many entities the model finds more " +
		"plausible, other stated tails not counted; equal scores share their mean rank. Scores every entity.",
	Examples: []Example{
		{`rank("tokyo", "capital_of", "japan")`, `1`},
		{`rank("kyoto", "in", "japan")`, `1`},
		{`rank("kyoto", "in", "france")`, `2`},
	},
	Run: runRank,
}

func runRank(ctx context.Context, c *Call) error {
	triples, rows := c.knownTriples()
	questions := make([]Question, len(triples))
	for i, t := range triples {
		questions[i] = Question{Entity: t.H, Relation: t.R}
	}
	return scoreInChunks(ctx, c.Model, questions, func(i int, scores []float32) error {
		place, err := c.filteredRank(c.Nodes[0][rows[i]], c.Nodes[1][rows[i]], triples[i].T, scores)
		c.Out.Numbers[rows[i]] = place
		return err
	})
}

// filteredRank returns the rank of tail among scores, other stated tails of (h, r) left out.
func (c *Call) filteredRank(h, r store.TermID, tail uint32, scores []float32) (float64, error) {
	own := scores[tail]
	greater, equal := vec.CountGreater(scores, own)
	equal-- // the tail itself
	err := c.Host.Graph.Match(c.graph(), store.Pattern{S: h, P: r}, func(t store.Triple) bool {
		row, ok := c.Model.Vocabulary.Entity(t.O)
		if !ok || row == tail {
			return true
		}
		if scores[row] > own {
			greater--
		} else if scores[row] == own {
			equal--
		}
		return true
	})
	return 1 + float64(greater) + float64(equal)/2, err
}
