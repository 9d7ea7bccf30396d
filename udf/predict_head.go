package udf

import "context"

var predictHead = Function{
	Name: "predict_head", Params: []Param{{"r", Relation}, {"t", Entity}}, Optional: rankingOptions, Result: Candidates,
	Doc: "The k most plausible heads of (?, r, t), best first; otherwise as predict_tail.",
	Examples: []Example{
		{`predict_head("in", "japan", 1).map(c, c.node)`, `["kyoto"]`},
		{`predict_head("capital_of", "france", 1, true).map(c, c.node)`, `["paris"]`},
	},
	Run: func(ctx context.Context, c *Call) error { return c.predictRows(ctx, 1, 0, true) },
}
