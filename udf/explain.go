package udf

import (
	"context"

	"github.com/inklingdb/inkling/index"
	"github.com/inklingdb/inkling/store"
)

var explain = Function{
	Name: "explain", Params: headRelationTail, Optional: []Param{{"k", Count}, {"model", ModelName}}, Result: Reasons, GraphOnly: true,
	Doc: "What speaks for or against a triple, stated or not, each with a `reason`, a `text` in words and the `nodes` it " +
		"names: `probability` with the model's threshold; `better_tail` and `better_head`, up to k (10) answers that the model finds more " +
		"plausible; `conflict`, other stated tails of a functional relation, and `inverse_conflict`, other heads where a tail has " +
		"one; `lone_head`, `lone_tail`: the graph states nothing else about that node; `unlike_head`, `unlike_tail`: the node stands at that end of the " +
		"relation nowhere else, and under 5% of those that do share a role with it (a role is to be head, or tail, of a " +
		"relation; roles that most nodes have do not count). Without a model, the graph's reasons alone.",
	Examples: []Example{
		{`explain("paris", "in", "lyon").map(x, x.reason)`, `["probability","better_tail"]`},
		{`explain("paris", "in", "lyon")[1].nodes`, `["france","japan"]`},
		{`explain("tokyo", "in", "japan")[0].text`, `"the model toy gives it a probability of 0.982 and calls a triple a fact from 0.500 on"`},
	},
	Run: func(ctx context.Context, c *Call) error {
		triples, rows := make([]store.Triple, 0, c.Rows), make([]int, 0, c.Rows)
		for row := range c.Rows {
			if c.Out.Errs[row] == nil {
				triples = append(triples, store.Triple{S: c.Nodes[0][row], P: c.Nodes[1][row], O: c.Nodes[2][row]})
				rows = append(rows, row)
			}
		}
		reasons, err := Explain(ctx, c.Host, c.Model, c.graph(), triples, c.K)
		if err != nil {
			return err
		}
		for i, row := range rows {
			items := make([]Item, len(reasons[i]))
			for j := range reasons[i] {
				items[j].Reason = &reasons[i][j]
			}
			c.Out.Lists[row] = items
		}
		return nil
	},
}

// ReasonKind says what a reason is about.
type ReasonKind string

// The kinds of reason; those called unlike and lone are of a head or a tail.
const (
	Probability     ReasonKind = "probability"      // Prob beside Threshold
	UnknownTerm     ReasonKind = "unknown"          // the model lacks a term
	BetterTail      ReasonKind = "better_tail"      // Nodes, with their probability
	BetterHead      ReasonKind = "better_head"      // Nodes, with their probability
	Conflict        ReasonKind = "conflict"         // Nodes are other stated tails; Share is the relation's functionality
	InverseConflict ReasonKind = "inverse_conflict" // Nodes are other stated heads; Share is the inverse functionality
	LoneHead        ReasonKind = "lone_head"
	LoneTail        ReasonKind = "lone_tail"
	UnlikeHead      ReasonKind = "unlike_head" // Share of the relation's Count other heads share a role with it at most
	UnlikeTail      ReasonKind = "unlike_tail"
)

// Reason is something that speaks for or against a triple.
type Reason struct {
	Kind      ReasonKind
	Model     string // that says so; "" where the graph does
	Triple    store.Triple
	Nodes     []Item
	More      int // nodes beyond those listed
	Prob      float64
	Threshold float64
	Share     float64
	Count     int64
}

// Explain returns for each triple of a graph, stated or not, what speaks for or against it, in the order of the kinds;
// of any kind at most k nodes. m may be nil: then the graph alone speaks.
func Explain(ctx context.Context, h *Host, m *Model, g store.TermID, triples []store.Triple, k int) ([][]Reason, error) {
	sets, err := h.Sets(ctx)
	if err != nil {
		return nil, err
	}
	x := explainer{host: h, model: m, graph: g, sets: sets, k: k, reasons: make([][]Reason, len(triples))}
	if m != nil {
		if err := x.judge(ctx, triples); err != nil {
			return nil, err
		}
	}
	x.relations = sets.Relations(g)
	for i, t := range triples {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := x.contradictions(i, t); err != nil {
			return nil, err
		}
		x.strangeness(i, t)
	}
	return x.reasons, nil
}

// explainer gathers the reasons of a list of triples.
type explainer struct {
	host      *Host
	model     *Model
	graph     store.TermID
	sets      *index.SetsSnapshot
	relations []store.TermID
	k         int
	reasons   [][]Reason
}

func (x *explainer) add(i int, t store.Triple, r Reason) {
	r.Triple = t
	x.reasons[i] = append(x.reasons[i], r)
}

// judge adds what the model says: the probability, and its better answers at either end.
func (x *explainer) judge(ctx context.Context, triples []store.Triple) error {
	probs := make([]float64, len(triples))
	Plausible(x.model, triples, probs)
	asks := make([]Ask, 0, 2*len(triples))
	for i, t := range triples {
		asks = append(asks, Ask{Node: t.S, Relation: t.P}, Ask{Node: t.O, Relation: t.P, Heads: true})
		kind := Probability
		if probs[i] < 0 {
			kind = UnknownTerm
		}
		x.add(i, t, Reason{Kind: kind, Model: x.model.Name, Prob: max(0, probs[i]), Threshold: x.model.Threshold})
	}
	wanted := Wanted{K: x.k + 1, Stated: true, Exact: x.host.Exact, Approximated: x.host.Approximated}
	return Predict(ctx, x.host.Graph, x.model, asks, wanted, func(ask int, found []Item) error {
		i, kind, own := ask/2, BetterTail, triples[ask/2].O
		if ask%2 == 1 {
			kind, own = BetterHead, triples[i].S
		}
		if probs[i] < 0 {
			return nil
		}
		r := Reason{Kind: kind, Model: x.model.Name, Prob: probs[i], Threshold: x.model.Threshold}
		for _, item := range found {
			if item.Node != own && item.Prob > probs[i] && len(r.Nodes) < x.k {
				r.Nodes = append(r.Nodes, item)
			}
		}
		if len(r.Nodes) > 0 {
			x.add(i, triples[i], r)
		}
		return nil
	})
}

// contradictions adds the other stated tails of a functional relation, and the other heads of an inverse functional one.
func (x *explainer) contradictions(i int, t store.Triple) error {
	counts := x.sets.Counts(x.graph, t.P)
	sides := []struct {
		kind    ReasonKind
		how     index.Functionality
		pattern store.Pattern
	}{
		{Conflict, counts.Functionality(), store.Pattern{S: t.S, P: t.P}},
		{InverseConflict, counts.InverseFunctionality(), store.Pattern{P: t.P, O: t.O}},
	}
	for _, side := range sides {
		if !side.how.Functional(0) {
			continue
		}
		r := Reason{Kind: side.kind, Share: side.how.Share, Count: side.how.Triples}
		err := x.host.Graph.Match(x.graph, side.pattern, func(other store.Triple) bool {
			node := other.O
			if side.kind == InverseConflict {
				node = other.S
			}
			if other == t {
				return true
			}
			if len(r.Nodes) < x.k {
				r.Nodes = append(r.Nodes, Item{Node: node})
			} else {
				r.More++
			}
			return true
		})
		if err != nil {
			return err
		}
		if len(r.Nodes) > 0 {
			x.add(i, t, r)
		}
	}
	return nil
}
