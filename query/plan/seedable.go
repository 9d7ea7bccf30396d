package plan

import (
	"github.com/inklingdb/inkling/query/sparql"
)

// seedable reports that evaluating op with the rows of seed as its starting point gives the same solutions as
// joining those rows with op evaluated by itself. That holds for patterns; it fails where a part of op would see a
// variable of the seed that is not in scope there: a filter, an OPTIONAL or a BIND over a variable that op itself
// does not always bind. Inside EXISTS the outer variables are to be seen, so those tests fall away.
func (at site) seedable(op sparql.Op, seed *Info) bool {
	s := at.scope
	switch op := op.(type) {
	case *sparql.BGP, *sparql.PathMatch, *sparql.Table:
		return true
	case *sparql.Join:
		return at.seedable(op.L, seed) && at.seedable(op.R, seed)
	case *sparql.Union:
		for _, in := range op.Inputs {
			if !at.seedable(in, seed) {
				return false
			}
		}
		return true
	case *sparql.Graph:
		if op.Name.IsVar() {
			with := *seed
			with.Possible = with.Possible.With(s.slot(op.Name.Var))
			with.Certain = with.Certain.With(s.slot(op.Name.Var))
			return at.seedable(op.Input, &with)
		}
		return at.seedable(op.Input, seed)
	case *sparql.Service:
		return true
	case *sparql.Filter:
		return at.seedable(op.Input, seed) && at.closed(op.Conditions, op.Input, seed)
	case *sparql.Extend:
		return at.seedable(op.Input, seed) && !seed.Possible.Has(s.slot(op.Var)) &&
			at.closed([]sparql.Expr{op.Expr}, op.Input, seed)
	case *sparql.LeftJoin:
		l, r := s.vars(op.L), s.vars(op.R)
		return at.seedable(op.L, seed) && at.seedable(op.R, seed) &&
			(at.substitute || r.possible.Intersect(seed.Possible).Within(l.certain)) &&
			at.closedOver(op.Conditions, l.certain.Union(r.certain), seed)
	case *sparql.Minus:
		l, r := s.vars(op.L), s.vars(op.R)
		return at.seedable(op.L, seed) && (at.substitute || r.possible.Intersect(seed.Possible).Within(l.certain))
	}
	return false
}

// closed reports that no expression sees a variable of the seed that in does not always bind.
func (at site) closed(list []sparql.Expr, in sparql.Op, seed *Info) bool {
	return at.closedOver(list, at.scope.vars(in).certain, seed)
}

func (at site) closedOver(list []sparql.Expr, certain Set, seed *Info) bool {
	if at.substitute {
		return true
	}
	for _, e := range list {
		slots, _ := at.scope.mentioned(e)
		if everythingVisible(e) && !seed.Possible.Within(certain) {
			return false
		}
		if !slots.Intersect(seed.Possible).Within(certain) {
			return false
		}
	}
	return true
}
