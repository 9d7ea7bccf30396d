package train

import (
	"cmp"
	"slices"

	"github.com/inklingdb/inkling/engine/model"
)

// group is one row of a step: a query and the entities that answer it in training triples. The softmax over all
// entities is the same for each of these triples, so one row of scores serves them all: on FB15k-237 the
// 544,230 queries of an epoch become 149,689 rows.
type group struct {
	entity   uint32
	relation uint32 // row of the relation table, reciprocal rows included
	targets  []uint32
}

// queryGroups returns the queries of the training triples in both directions, the heads' by reciprocal relation rows,
// each with at most limit targets; a query with more is cut into several groups.
func queryGroups(triples []model.Triple, relations uint32, limit int) []group {
	type answer struct{ entity, relation, target uint32 }
	all := make([]answer, 0, 2*len(triples))
	for _, t := range triples {
		all = append(all, answer{t.H, t.R, t.T}, answer{t.T, t.R + relations, t.H})
	}
	slices.SortFunc(all, func(a, b answer) int {
		return cmp.Or(cmp.Compare(a.relation, b.relation), cmp.Compare(a.entity, b.entity), cmp.Compare(a.target, b.target))
	})
	targets := make([]uint32, len(all))
	var groups []group
	for from := 0; from < len(all); {
		to := from
		for ; to < len(all) && all[to].entity == all[from].entity && all[to].relation == all[from].relation; to++ {
			targets[to] = all[to].target
		}
		for from < to {
			end := from + min(limit, to-from)
			groups = append(groups, group{all[from].entity, all[from].relation, targets[from:end:end]})
			from = end
		}
	}
	return groups
}

// triplesOf returns the number of training triples in groups, both directions counted.
func triplesOf(groups []group) int {
	n := 0
	for _, g := range groups {
		n += len(g.targets)
	}
	return n
}
