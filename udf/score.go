package udf

import "context"

var score = Function{
	Name: "score", Params: headRelationTail, Optional: modelOnly, Result: Number,
	Doc: "The model's raw score of a triple: higher is more plausible. Scores of different models do not compare. " +
		"A term that the model does not know is an error. A batch is one pass over its rows.",
	Examples: []Example{
		{`score("tokyo", "capital_of", "japan") > score("tokyo", "capital_of", "france")`, `true`},
		{`score("tokyo", "capital_of", "japan", "toy") > 0.0`, `true`},
	},
	Run: func(_ context.Context, c *Call) error {
		c.scoreRows(func(row int, _ Rows, s float32) { c.Out.Numbers[row] = float64(s) })
		return nil
	},
}

var prob = Function{
	Name: "prob", Params: headRelationTail, Optional: modelOnly, Result: Number,
	Doc: "The probability, from 0 to 1, that a triple is true, stated or not: the model's score calibrated on " +
		"triples it had not seen. A term that the model does not know is an error.",
	Examples: []Example{
		{`prob("tokyo", "capital_of", "japan") > 0.9`, `true`},
		{`prob("tokyo", "capital_of", "france") < 0.5`, `true`},
	},
	Run: func(_ context.Context, c *Call) error {
		c.scoreRows(func(row int, _ Rows, s float32) { c.Out.Numbers[row] = c.Model.Scorer.Prob(s) })
		return nil
	},
}

var isFact = Function{
	Name: "is_fact", Params: headRelationTail, Optional: modelOnly, Result: Truth,
	Doc: "Whether the model takes a triple to be true: its probability reaches the model's threshold, or that of the relation where it has its own. It is the " +
		"model's judgement alone; is_stated asks the graph. A term that the model does not know is an error.",
	Examples: []Example{
		{`is_fact("tokyo", "capital_of", "japan")`, `true`},
		{`is_fact("tokyo", "capital_of", "france")`, `false`},
		{`is_fact("kyoto", "in", "japan") && !is_stated("kyoto", "in", "japan")`, `true`},
	},
	Run: func(_ context.Context, c *Call) error {
		c.scoreRows(func(row int, t Rows, s float32) {
			c.Out.Truths[row] = c.Model.Scorer.Prob(s) >= c.Model.ThresholdOf(t.R)
		})
		return nil
	},
}

// scoreRows scores the call's triples in one batch and hands each score to set; rows with unknown terms get an
// error instead.
func (c *Call) scoreRows(set func(row int, t Rows, score float32)) {
	triples, rows := c.knownTriples()
	scores := make([]float32, len(triples))
	c.Model.Scorer.ScoreTriples(triples, scores)
	for i, row := range rows {
		set(row, triples[i], scores[i])
	}
}

// rowsOf returns the model's rows of a triple given as three parameters.
func (c *Call) rowsOf(row int) (Rows, error) {
	h, err := c.entity(c.Nodes[0][row])
	if err != nil {
		return Rows{}, err
	}
	r, err := c.relation(c.Nodes[1][row])
	if err != nil {
		return Rows{}, err
	}
	t, err := c.entity(c.Nodes[2][row])
	return Rows{h, r, t}, err
}

// knownTriples returns the call's triples whose terms the model knows, with their rows; the others get an error.
func (c *Call) knownTriples() (triples []Rows, rows []int) {
	triples, rows = make([]Rows, 0, c.Rows), make([]int, 0, c.Rows)
	for row := range c.Rows {
		if c.Out.Errs[row] != nil {
			continue
		}
		t, err := c.rowsOf(row)
		if err != nil {
			c.Fail(row, err)
			continue
		}
		triples, rows = append(triples, t), append(rows, row)
	}
	return triples, rows
}
