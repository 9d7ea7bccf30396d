package pattern

// Finding is one line of the evidence about a relation, in a form that all patterns share.
type Finding struct {
	Pattern Set
	Holds   bool    // the verdict
	Share   float64 // of Support
	Support int     // what the share is of: pairs, reversible pairs, nodes, joined pairs; triples for a cardinality
	Of      []uint32
	Figures []Figure // further ones
}

// Figure is a number with its name.
type Figure struct {
	Name  string
	Value float64
}

// Findings returns the evidence as a list: the three patterns of single pairs, the inverse and the compositions where
// there is one, and the relation's cardinality. An evidence without triples has none.
func (e *Evidence) Findings() []Finding {
	if e.Triples == 0 {
		return nil
	}
	list := []Finding{
		{Pattern: Symmetric, Share: e.Symmetric(), Support: e.Pairs()},
		{Pattern: Antisymmetric, Share: e.Antisymmetric(), Support: e.Reversible,
			Figures: []Figure{{"depth", float64(e.Depth)}, {"cyclic", ratio(e.Cyclic, e.Triples)}}},
		{Pattern: Reflexive, Share: e.Reflexive(), Support: e.Nodes},
	}
	if i := e.Inverse; i.Support > 0 {
		list = append(list, Finding{Pattern: InverseOf, Share: i.Share, Support: e.Pairs(), Of: []uint32{i.Relation},
			Figures: []Figure{{"back", i.Back}}})
	}
	for i := range list {
		list[i].Holds = e.Verdict.Has(list[i].Pattern)
	}
	for _, c := range e.Compositions {
		list = append(list, Finding{Pattern: Composed, Holds: c.Holds(), Share: c.Share, Support: c.Joined,
			Of: []uint32{c.First, c.Second}, Figures: []Figure{{"lift", c.Lift}, {"coverage", c.Coverage}}})
	}
	return append(list, Finding{Pattern: e.Verdict & Cardinalities, Holds: true, Share: 1, Support: e.Triples,
		Figures: []Figure{{"tails_per_head", e.TailsPerHead()}, {"heads_per_tail", e.HeadsPerTail()}}})
}
