package udf

import "context"

var relationPattern = Function{
	Name: "relation_pattern", Params: []Param{{"r", Relation}}, Optional: modelOnly, Result: Patterns, GraphOnly: true,
	Doc: "The evidence that the graph gives of a relation's patterns: symmetric, antisymmetric, reflexive, inverse (of " +
		"the relation named under `of`), composition (of the two named) and 1-to-1, 1-to-N, N-to-1 or N-to-N. Each " +
		"comes with its share, the support that this is a share of, whether it `holds` by the thresholds of " +
		"[patterns.md](patterns.md), and the figures named there. A relation without a triple between two nodes has " +
		"none. The first call on a version of the graph analyses all of it (0.3 s for 272,000 triples), later ones look it up.",
	Examples: []Example{
		{`relation_pattern("in").filter(p, p.holds).map(p, p.pattern)`, `["N-to-1"]`},
		{`relation_pattern("capital_of").filter(p, p.pattern == "symmetric")[0].share`, `0`},
		{`relation_pattern("in").filter(p, p.holds)`,
			`[{"heads_per_tail":1.5,"holds":true,"pattern":"N-to-1","share":1,"support":3,"tails_per_head":1}]`},
	},
	Run: func(ctx context.Context, c *Call) error {
		report, err := c.Host.Patterns(ctx, c.graph())
		if err != nil {
			return err
		}
		for row := range c.Rows {
			if c.Out.Errs[row] != nil {
				continue
			}
			items := []Item{}
			if e, ok := report.Of(c.Nodes[0][row]); ok {
				for _, f := range e.Findings() {
					item := Item{Finding: &Finding{Finding: f}}
					for _, r := range f.Of {
						item.Finding.Relations = append(item.Finding.Relations, report.IDs[r])
					}
					items = append(items, item)
				}
			}
			c.Out.Lists[row] = items
		}
		return nil
	},
}

// plain returns a finding as a map for CEL and JSON.
func (f *Finding) plain(names Names) (map[string]any, error) {
	m := map[string]any{"pattern": f.Pattern.String(), "holds": f.Holds, "share": f.Share, "support": int64(f.Support)}
	for _, figure := range f.Figures {
		m[figure.Name] = figure.Value
	}
	if f.Relations == nil {
		return m, nil
	}
	of := make([]any, len(f.Relations))
	for i, id := range f.Relations {
		var err error
		if of[i], err = names.Name(id); err != nil {
			return nil, err
		}
	}
	m["of"] = of
	return m, nil
}
