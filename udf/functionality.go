package udf

import (
	"context"

	"github.com/inklingdb/inkling/index"
	"github.com/inklingdb/inkling/store"
)

var functionality = Function{
	Name: "functionality", Params: []Param{{"r", Relation}}, Optional: modelOnly, Result: Number, GraphOnly: true,
	Doc: "How nearly a relation has one tail per head: its heads divided by its triples, so that 1 is a function and 0.5 " +
		"two tails a head in the mean. Literals count. A relation that no triple has is an error. Kept with every commit: it costs a look-up.",
	Examples: []Example{
		{`functionality("in")`, `1`},
	},
	Run: func(ctx context.Context, c *Call) error {
		return c.functionalities(ctx, index.RelationCounts.Functionality)
	},
}

var inverseFunctionality = Function{
	Name: "inverse_functionality", Params: []Param{{"r", Relation}}, Optional: modelOnly, Result: Number, GraphOnly: true,
	Doc: "How nearly a relation has one head per tail: its tails divided by its triples; otherwise as functionality.",
	Examples: []Example{
		{`inverse_functionality("capital_of")`, `1`},
		{`inverse_functionality("in") < 0.7`, `true`},
	},
	Run: func(ctx context.Context, c *Call) error {
		return c.functionalities(ctx, index.RelationCounts.InverseFunctionality)
	},
}

// functionalities answers with one side's share of each row's relation.
func (c *Call) functionalities(ctx context.Context, of func(index.RelationCounts) index.Functionality) error {
	sets, err := c.Host.Sets(ctx)
	if err != nil {
		return err
	}
	for row := range c.Rows {
		if c.Out.Errs[row] != nil {
			continue
		}
		f := of(sets.Counts(c.graph(), c.Nodes[0][row]))
		if f.Triples == 0 {
			c.Fail(row, &UnknownError{What: "relation", Name: c.nameOf(c.Nodes[0][row]), Where: "the graph: no triple has it"})
			continue
		}
		c.Out.Numbers[row] = f.Share
	}
	return nil
}

// nameOf returns a node's name for an error.
func (c *Call) nameOf(id store.TermID) string {
	name, err := c.Host.Names.Name(id)
	if err != nil {
		return "?"
	}
	return name
}

var isFunctional = Function{
	Name: "is_functional", Params: []Param{{"r", Relation}}, Optional: leastOptions, Result: Truth, GraphOnly: true,
	Doc: "Whether a relation has one tail per head, exceptions aside: whether the graph shows with 95% confidence that its " +
		"functionality is at least `least`, 0.9 unless given (the lower end of Wilson's interval reaches it). So 25 triples " +
		"without an exception suffice, a handful do not; ask with a smaller `least` on a small graph. False for a relation that no triple has.",
	Examples: []Example{
		{`is_functional("in")`, `false`},
		{`is_functional("in", 0.5)`, `true`},
	},
	Run: func(ctx context.Context, c *Call) error {
		sets, err := c.Host.Sets(ctx)
		if err != nil {
			return err
		}
		for row := range c.Rows {
			if c.Out.Errs[row] == nil {
				c.Out.Truths[row] = c.isFunctional(sets, c.Nodes[0][row])
			}
		}
		return nil
	},
}

func (c *Call) isFunctional(sets *index.SetsSnapshot, r store.TermID) bool {
	return sets.Counts(c.graph(), r).Functionality().Functional(c.Least)
}

var conflicts = Function{
	Name: "conflicts", Params: headRelationTail, Optional: leastOptions, Result: Nodes, GraphOnly: true,
	Doc: "The other tails that the graph states of h by a functional relation: what contradicts (h, r, t), stated itself or " +
		"not. Empty where r is not functional, as is_functional says with `least`, or h has no other tail.",
	Examples: []Example{
		{`conflicts("tokyo", "in", "france", 0.5)`, `["japan"]`},
		{`conflicts("tokyo", "in", "japan", 0.5)`, `[]`},
		{`conflicts("tokyo", "in", "france")`, `[]`},
	},
	Run: func(ctx context.Context, c *Call) error {
		sets, err := c.Host.Sets(ctx)
		if err != nil {
			return err
		}
		for row := range c.Rows {
			if c.Out.Errs[row] != nil {
				continue
			}
			items := []Item{}
			if c.isFunctional(sets, c.Nodes[1][row]) {
				if items, err = c.otherTails(row, 0); err != nil {
					return err
				}
			}
			c.Out.Lists[row] = items
		}
		return nil
	},
}

var hasOther = Function{
	Name: "has_other", Params: headRelationTail, Optional: modelOnly, Result: Truth, GraphOnly: true,
	Doc: "Whether the graph states another tail than t of h by r, functional or not: " +
		"is_functional(r) && has_other(h, r, t) says that (h, r, t) contradicts what is stated.",
	Examples: []Example{
		{`has_other("tokyo", "in", "france")`, `true`},
		{`has_other("tokyo", "in", "japan")`, `false`},
	},
	Run: func(_ context.Context, c *Call) error {
		for row := range c.Rows {
			if c.Out.Errs[row] != nil {
				continue
			}
			others, err := c.otherTails(row, 1)
			if err != nil {
				return err
			}
			c.Out.Truths[row] = len(others) > 0
		}
		return nil
	},
}

// otherTails returns the stated tails of a row's head and relation but its own tail, at most so many; 0 means all.
func (c *Call) otherTails(row, most int) ([]Item, error) {
	items := []Item{}
	own := c.Nodes[2][row]
	err := c.Host.Graph.Match(c.graph(), store.Pattern{S: c.Nodes[0][row], P: c.Nodes[1][row]}, func(t store.Triple) bool {
		if t.O != own {
			items = append(items, Item{Node: t.O})
		}
		return most == 0 || len(items) < most
	})
	return items, err
}
