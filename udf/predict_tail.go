package udf

import "context"

var predictTail = Function{
	Name: "predict_tail", Params: []Param{{"h", Entity}, {"r", Relation}}, Optional: rankingOptions, Result: Candidates,
	Doc: "The k most plausible tails of (h, r, ?), best first, each with its probability and score. What the graph " +
		"states already is left out unless stated is true, and so is h itself unless stated of itself; k is 10 unless given. Finds them by " +
		"bounds of all entities' scores, which gives the answer of scoring each; from a million entities on approximately, unless " +
		"exact answers are asked for, and then the answer's versions give the recall.",
	Examples: []Example{
		{`predict_tail("kyoto", "in", 1).map(c, c.node)`, `["japan"]`},
		{`predict_tail("tokyo", "capital_of", 2, true).map(c, c.node)[0]`, `"japan"`},
		{`predict_tail("kyoto", "in")[0].prob > 0.5`, `true`},
	},
	Run: func(ctx context.Context, c *Call) error { return c.predictRows(ctx, 0, 1, false) },
}
