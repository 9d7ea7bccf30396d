package exec_test

import (
	"maps"
	"slices"

	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store/rdf"
)

// path evaluates a path as a set of pairs, but for the forms that keep duplicates.
func (n naive) path(op *sparql.PathMatch) []row {
	var out []row
	for _, pair := range n.pairs(op.Path, op.S, op.O) {
		if r, ok := bind(row{}, op.S, pair[0]); ok {
			if r, ok := bind(r, op.O, pair[1]); ok {
				out = append(out, r)
			}
		}
	}
	return out
}

// pairs returns the pairs that a path connects, with duplicates. The ends matter to paths of length zero only.
func (n naive) pairs(path sparql.Path, s, o sparql.VarOrTerm) (out [][2]rdf.Term) {
	switch path := path.(type) {
	case *sparql.PathIRI:
		for _, q := range n.quads {
			if q.G == n.graph && q.P.Value == path.IRI {
				out = append(out, [2]rdf.Term{q.S, q.O})
			}
		}
	case *sparql.PathInverse:
		for _, p := range n.pairs(path.Path, o, s) {
			out = append(out, [2]rdf.Term{p[1], p[0]})
		}
	case *sparql.PathAlternative:
		for _, p := range path.Paths {
			out = append(out, n.pairs(p, s, o)...)
		}
	case *sparql.PathSequence:
		middle := sparql.VarOrTerm{Var: "middle"}
		out = n.pairs(path.Paths[0], s, middle)
		for i, p := range path.Paths[1:] {
			to := middle
			if i == len(path.Paths)-2 {
				to = o
			}
			var next [][2]rdf.Term
			for _, a := range out {
				for _, b := range n.pairs(p, middle, to) {
					if a[1] == b[0] {
						next = append(next, [2]rdf.Term{a[0], b[1]})
					}
				}
			}
			out = next
		}
	case *sparql.PathNegated:
		for _, q := range n.quads {
			if q.G != n.graph {
				continue
			}
			if (len(path.Forward) > 0 || len(path.Inverse) == 0) && !slices.Contains(path.Forward, q.P.Value) {
				out = append(out, [2]rdf.Term{q.S, q.O})
			}
			if len(path.Inverse) > 0 && !slices.Contains(path.Inverse, q.P.Value) {
				out = append(out, [2]rdf.Term{q.O, q.S})
			}
		}
	case *sparql.PathRepeat:
		return n.repeated(path, s, o)
	}
	if len(out) > maxNaiveRows {
		panic(errTooMany)
	}
	return out
}

func (n naive) repeated(path *sparql.PathRepeat, s, o sparql.VarOrTerm) [][2]rdf.Term {
	open := sparql.VarOrTerm{Var: "open"}
	step := n.pairs(path.Path, open, open)
	set := map[[2]rdf.Term]bool{}
	if !path.AtLeastOnce {
		for _, q := range n.quads {
			if q.G == n.graph {
				set[[2]rdf.Term{q.S, q.S}] = true
				set[[2]rdf.Term{q.O, q.O}] = true
			}
		}
		for _, end := range []sparql.VarOrTerm{s, o} {
			if !end.IsVar() {
				set[[2]rdf.Term{end.Term, end.Term}] = true
			}
		}
	}
	for _, p := range step {
		set[p] = true
	}
	for grown := path.Unbounded; grown; {
		grown = false
		for a := range maps.Clone(set) {
			for _, b := range step {
				if p := [2]rdf.Term{a[0], b[1]}; a[1] == b[0] && !set[p] {
					set[p], grown = true, true
				}
			}
		}
	}
	return slices.Collect(maps.Keys(set))
}
