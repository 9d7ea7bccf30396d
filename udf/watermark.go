package udf

import (
	"context"
	"errors"
	"fmt"
)

// errNoWatermarks is the error of watermark functions where no database can answer.
var errNoWatermarks = errors.New("there is no key ring to ask here")

var watermarkDetect = Function{
	Name: "watermark_detect", Params: []Param{{"graph", Text}, {"key", Text}}, Optional: modelOnly, GraphOnly: true, Result: Evidence,
	Doc: "What a key of the key ring, by name or ID, shows of a graph (its IRI; `\"\"` is the default graph) and of the table of " +
		"its model: a map of `verdict` (intact, altered, no mark found, too small), `log10_p` (of a false alarm, corrected for " +
		"channels and keys), `z`, `channel`, `owner`, `graph` (the UUID under which it was marked), `keys_tested` and `rows_used`. " +
		"[watermark.md](watermark.md) says what they mean. It reads the whole graph and table: 0.1 to some seconds.",
	Examples: []Example{
		{`watermark_detect("", "acme").verdict`, `"no mark found"`},
	},
	Run: func(ctx context.Context, c *Call) error {
		return c.eachWatermark(c.Texts[1], func(rows []int, w Watermarker, ask WatermarkAsk) error { return c.detect(ctx, rows, w, ask) })
	},
}

var watermarkOwner = Function{
	Name: "watermark_owner", Params: []Param{{"graph", Text}}, Optional: modelOnly, GraphOnly: true, Result: Evidence,
	Doc: "The same as watermark_detect for the best of all keys in the key ring: `owner` names it where the verdict is intact or altered.",
	Examples: []Example{
		{`"owner" in watermark_owner("")`, `false`},
	},
	Run: func(ctx context.Context, c *Call) error {
		return c.eachWatermark(nil, func(rows []int, w Watermarker, ask WatermarkAsk) error { return c.detect(ctx, rows, w, ask) })
	},
}

var watermarkEmbed = Function{
	Name: "watermark_embed", Params: []Param{{"graph", Text}, {"key", Text}}, Optional: modelOnly, GraphOnly: true, Result: Truth,
	Doc: "Marks a graph and the table of its model with a key of the key ring, at the usual strength, once the update that calls " +
		"it is committed; true. Only a SPARQL update may call it, such as " +
		"`INSERT {} WHERE { BIND(ink:watermark_embed(\"\", \"acme\") AS ?done) }`: a query changes nothing, and fails.",
	Examples: []Example{
		{`watermark_embed("", "acme")`, `true`},
	},
	Run: func(ctx context.Context, c *Call) error {
		return c.eachWatermark(c.Texts[1], func(rows []int, w Watermarker, ask WatermarkAsk) error {
			for _, row := range rows {
				c.Out.Truths[row] = true
			}
			return w.Embed(ctx, ask)
		})
	},
}

// eachWatermark calls f once for all rows that ask the same. An error fails the query: it is one of keys or of the key
// ring, not of a row.
func (c *Call) eachWatermark(keys []string, f func(rows []int, w Watermarker, ask WatermarkAsk) error) error {
	if c.Host.Watermark == nil {
		return errNoWatermarks
	}
	var order []WatermarkAsk
	rows := map[WatermarkAsk][]int{}
	for row, graph := range c.Texts[0] {
		if c.Out.Errs[row] != nil {
			continue // an unbound graph is not the default one
		}
		ask := WatermarkAsk{Graph: graph, Model: c.Named}
		if keys != nil {
			if ask.Key = keys[row]; ask.Key == "" {
				return fmt.Errorf("%w: name the key", ErrArgument)
			}
		}
		if rows[ask] == nil {
			order = append(order, ask)
		}
		rows[ask] = append(rows[ask], row)
	}
	for _, ask := range order {
		if err := f(rows[ask], c.Host.Watermark, ask); err != nil {
			return err
		}
	}
	return nil
}

// detect sets the results of rows that ask the same.
func (c *Call) detect(ctx context.Context, rows []int, w Watermarker, ask WatermarkAsk) error {
	found, err := w.Detect(ctx, ask)
	for _, row := range rows {
		c.Out.Maps[row] = found
	}
	return err
}
