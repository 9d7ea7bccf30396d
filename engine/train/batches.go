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
	heads    bool // the answers are heads of the relation itself; only without reciprocal relations
}

// questions returns the queries of the training triples in both directions, each with at most limit targets; a query
// with more is cut into several groups. Heads are asked for by rows reverse rows further on, or by the relation's own
// where reverse is 0.
func questions(triples []model.Triple, reverse uint32, limit int) []group {
	type answer struct {
		entity, relation, target uint32
		heads                    bool
	}
	all := make([]answer, 0, 2*len(triples))
	for _, t := range triples {
		all = append(all, answer{t.H, t.R, t.T, false}, answer{t.T, t.R + reverse, t.H, reverse == 0})
	}
	side := func(heads bool) int {
		if heads {
			return 1
		}
		return 0
	}
	slices.SortFunc(all, func(a, b answer) int {
		return cmp.Or(cmp.Compare(a.relation, b.relation), side(a.heads)-side(b.heads),
			cmp.Compare(a.entity, b.entity), cmp.Compare(a.target, b.target))
	})
	targets := make([]uint32, len(all))
	var groups []group
	for from := 0; from < len(all); {
		to, first := from, all[from]
		for ; to < len(all) && all[to].entity == first.entity && all[to].relation == first.relation && all[to].heads == first.heads; to++ {
			targets[to] = all[to].target
		}
		for from < to {
			end := from + min(limit, to-from)
			groups = append(groups, group{first.entity, first.relation, targets[from:end:end], first.heads})
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
