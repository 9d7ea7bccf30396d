package udf

import (
	"github.com/RoaringBitmap/roaring/v2"

	"github.com/inklingdb/inkling/store"
)

// A node is unlike those at an end of a relation where under unlikeShare of them have any role with it in common. Only
// roles count that at most usualShare of all subjects have (of a node that is none, all objects), since what everything
// has (a label, a type) tells nothing; and nothing is said of an end of fewer than leastMembers nodes.
const (
	unlikeShare  = 0.05
	usualShare   = 0.8
	leastMembers = 5
)

// strangeness adds that a node is unlike those at its end of the relation, or that nothing else is known of it.
func (x *explainer) strangeness(i int, t store.Triple) {
	ends := []struct {
		node           store.TermID
		head           bool
		lone, unlike   ReasonKind
		members        *roaring.Bitmap
		seenByRelation store.Pattern
	}{
		{t.S, true, LoneHead, UnlikeHead, x.sets.Subjects(x.graph, t.P), store.Pattern{S: t.S, P: t.P}},
		{t.O, false, LoneTail, UnlikeTail, x.sets.Objects(x.graph, t.P), store.Pattern{P: t.P, O: t.O}},
	}
	stated, err := x.host.Graph.Has(x.graph, t)
	if err != nil {
		return // a disk error here only costs a reason; reading the answers will tell it
	}
	own := int64(0) // triples that this one contributes
	if stated {
		own = 1
	}
	for _, end := range ends {
		if end.node.Number() == 0 {
			continue // an inline value has no roles
		}
		if n, _ := x.host.Graph.Count(x.graph, end.seenByRelation); n > own {
			continue
		}
		share, roles, telling := x.sharedRoles(end.node, t.P, end.head, end.members, own)
		count := int64(end.members.GetCardinality()) - own
		switch {
		case roles == 0 && stated:
			x.add(i, t, Reason{Kind: end.lone})
		case telling > 0 && share < unlikeShare && count >= leastMembers:
			x.add(i, t, Reason{Kind: end.unlike, Share: share, Count: count})
		}
	}
}

// sharedRoles returns how many roles a node has besides the end of r in question, how many of them tell something, and
// the largest share of that end's other members that have one of the telling. own is 1 where the node is a member.
func (x *explainer) sharedRoles(node, r store.TermID, head bool, members *roaring.Bitmap, own int64) (share float64, roles, telling int) {
	size := float64(members.GetCardinality()) - float64(own)
	all := x.sets.Objects(x.graph, 0) // the nodes that it is one of
	if x.sets.IsSubject(x.graph, 0, node) {
		all = x.sets.Subjects(x.graph, 0)
	}
	try := func(has bool, role *roaring.Bitmap) {
		if !has {
			return
		}
		roles++
		common := (float64(members.AndCardinality(role)) - float64(own)) / max(1, size)
		if float64(all.AndCardinality(role)) <= usualShare*float64(all.GetCardinality()) {
			telling++
			share = max(share, common)
		}
	}
	for _, q := range x.relations {
		if q != r || !head {
			try(x.sets.IsSubject(x.graph, q, node), x.sets.Subjects(x.graph, q))
		}
		if q != r || head {
			try(x.sets.IsObject(x.graph, q, node), x.sets.Objects(x.graph, q))
		}
	}
	return share, roles, telling
}
