package plan

import (
	"github.com/inklingdb/inkling/query/sparql"
)

// pathNode returns node joined with a path: alternatives and negated sets keep duplicates and become unions of
// patterns, repetitions become a PathScan.
func (p *Planner) pathNode(e element, node Node) (Node, error) {
	if e.at.graph.Kind == Doubtful {
		return nil, errorAt(e.path, "a repeated or negated property path has no meaning over doubtful edges; write out its steps")
	}
	if e.at.graph.Kind == Plausible {
		return nil, errorAt(e.path, "a repeated or negated property path has no meaning over plausible edges; write out its steps")
	}
	switch path := e.path.Path.(type) {
	case *sparql.PathAlternative:
		ops := make([]sparql.Op, len(path.Paths))
		for i, alternative := range path.Paths {
			ops[i] = &sparql.PathMatch{Pos: e.path.Pos, S: e.path.S, O: e.path.O, Path: alternative}
		}
		return p.buildUnion(ops, e.at, node)
	case *sparql.PathNegated:
		return p.negatedNode(e, path, node)
	}
	s, err := p.position(e.path.S, e.at.scope)
	if err != nil {
		return nil, err
	}
	o, err := p.position(e.path.O, e.at.scope)
	if err != nil {
		return nil, err
	}
	in := node.About()
	slots := p.elementVars(e)
	info := Info{Certain: in.Certain.Union(slots), Possible: in.Possible.Union(slots), Rows: in.Rows * p.estimatePath(e, in)}
	return &PathScan{Info: info, Input: node, Graph: e.at.graph, S: s, O: o, Path: e.path.Path}, nil
}

// negatedNode matches any predicate but those listed; with reversed members, also any reversed one but those.
func (p *Planner) negatedNode(e element, path *sparql.PathNegated, node Node) (Node, error) {
	forward := len(path.Forward) > 0 || len(path.Inverse) == 0
	inverse := len(path.Inverse) > 0
	one := func(reversed bool, not []string, input Node) (Node, error) {
		t := &sparql.TriplePattern{Pos: e.path.Pos, S: e.path.S, P: p.freshVariable(e.at.scope), O: e.path.O}
		if reversed {
			t.S, t.O = t.O, t.S
		}
		n, err := p.scan(element{triple: t, at: e.at}, input)
		if err != nil {
			return nil, err
		}
		for _, iri := range not {
			pos, err := p.position(constantIRI(iri), e.at.scope)
			if err != nil {
				return nil, err
			}
			n.NotP = append(n.NotP, pos.ID)
		}
		return n, nil
	}
	if forward && !inverse {
		return one(false, path.Forward, node)
	}
	if inverse && !forward {
		return one(true, path.Inverse, node)
	}
	in := node.About()
	u := &Union{Input: node}
	for _, reversed := range []bool{false, true} {
		not := path.Forward
		if reversed {
			not = path.Inverse
		}
		seed := p.unit()
		if !isUnit(node) {
			seed = &Seed{Info{Certain: in.Certain, Possible: in.Possible, Rows: 1}}
		}
		branch, err := one(reversed, not, seed)
		if err != nil {
			return nil, err
		}
		u.Branches = append(u.Branches, branch)
		u.Certain, u.Possible = branch.About().Certain, branch.About().Possible.Union(u.Possible)
		u.Rows += in.Rows * branch.About().Rows
	}
	return u, nil
}
