package eval

// GroupReport is the ranking of the triples of several relations that have something in common.
type GroupReport struct {
	Group     string
	Relations int
	Ranking
	Tails, Heads Ranking // of (h, r, ?) and of (?, r, t)
}

// GroupRelations sums relations' rankings up by the groups that of names; a relation may be in several or in none.
// Groups come in the order of names, those without a ranked triple left out.
func GroupRelations(reports []RelationReport, names []string, of func(relation uint32) []string) []GroupReport {
	sums := make(map[string]*GroupReport, len(names))
	for _, r := range reports {
		for _, name := range of(r.Relation) {
			if sums[name] == nil {
				sums[name] = &GroupReport{Group: name}
			}
			s := sums[name]
			s.Relations++
			s.Ranking = s.join(r.Ranking)
			s.Tails, s.Heads = s.Tails.join(r.Tails), s.Heads.join(r.Heads)
		}
	}
	var list []GroupReport
	for _, name := range names {
		if s := sums[name]; s != nil {
			list = append(list, *s)
		}
	}
	return list
}

// join returns the ranking of the queries of both.
func (r Ranking) join(o Ranking) Ranking {
	n := r.Queries + o.Queries
	if n == 0 {
		return r
	}
	w := float64(o.Queries) / float64(n)
	mix := func(a, b float64) float64 { return a + w*(b-a) }
	return Ranking{Queries: n, MRR: mix(r.MRR, o.MRR), MeanRank: mix(r.MeanRank, o.MeanRank),
		Hits1: mix(r.Hits1, o.Hits1), Hits3: mix(r.Hits3, o.Hits3), Hits10: mix(r.Hits10, o.Hits10)}
}
