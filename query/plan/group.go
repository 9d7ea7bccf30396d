package plan

import (
	"math"
	"slices"
	"strconv"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// element is one operand of a flattened join: a triple pattern, a path, or any other operator.
type element struct {
	triple *sparql.TriplePattern
	path   *sparql.PathMatch
	op     sparql.Op
	at     site
}

// condition is a filter of the group, placed once the slots it mentions are certain.
type condition struct {
	expr  sparql.Expr
	needs Set
	last  bool // it sees whole solutions, so it comes after all elements
	class int  // what it costs
	at    site
}

// group is a flattened join with its filters.
type group struct {
	elements   []element
	conditions []condition
	err        error // of a term that could not be looked up
}

// buildGroup flattens op, orders its elements and places its filters.
func (p *Planner) buildGroup(op sparql.Op, at site, input Node) (Node, error) {
	var g group
	if f, ok := op.(*sparql.Filter); ok {
		p.flatten(f.Input, at, &g)
		for _, e := range f.Conditions {
			g.add(e, at)
		}
	} else {
		p.flatten(op, at, &g)
	}
	return p.assemble(&g, input)
}

// assemble joins the elements of a group to input, cheapest first, each filter as early as it can be decided.
func (p *Planner) assemble(g *group, input Node) (Node, error) {
	node := input
	err := g.err
	if err != nil {
		return nil, err
	}
	for len(g.elements) > 0 {
		if node, err = p.place(g, node, false); err != nil {
			return nil, err
		}
		i := p.next(g, node)
		e := g.elements[i]
		g.elements = append(g.elements[:i], g.elements[i+1:]...)
		if node, err = p.extendBy(e, node); err != nil {
			return nil, err
		}
	}
	return p.place(g, node, true)
}

func (g *group) add(e sparql.Expr, at site) {
	if b, ok := e.(*sparql.Binary); ok && b.Operator == sparql.And {
		// A row passes L && R exactly when it passes both.
		g.add(b.L, at)
		g.add(b.R, at)
		return
	}
	needs, _ := at.scope.mentioned(e)
	class, volatile := cost(e)
	g.conditions = append(g.conditions, condition{e, needs, volatile || everythingVisible(e), class, at})
}

// flatten adds the operands of nested joins to g. A nested filter rises into g when all it mentions is certain below
// it, since then it decides the same before and after the join.
func (p *Planner) flatten(op sparql.Op, at site, g *group) {
	switch op := op.(type) {
	case *sparql.BGP:
		for i := range op.Triples {
			g.elements = append(g.elements, element{triple: &op.Triples[i], at: at})
		}
	case *sparql.Join:
		p.flatten(op.L, at, g)
		p.flatten(op.R, at, g)
	case *sparql.PathMatch:
		p.flattenPath(op, at, g)
	case *sparql.Graph:
		if !op.Name.IsVar() {
			inner, err := p.constantGraph(op.Name.Term)
			if err != nil {
				g.err = err
				return
			}
			if inner.Kind == ConstantGraph && !p.HasGraph(inner.ID) {
				// A graph that does not exist has no solutions, not even the empty one.
				g.elements = append(g.elements, element{op: &sparql.Table{Pos: op.Pos}, at: at})
				return
			}
			at.graph = inner
			p.flatten(op.Input, at, g)
			return
		}
		g.elements = append(g.elements, element{op: op, at: at})
	case *sparql.Filter:
		certain := at.scope.vars(op.Input).certain
		for _, e := range op.Conditions {
			needs, exists := at.scope.mentioned(e)
			if exists || everythingVisible(e) || !needs.Within(certain) {
				g.elements = append(g.elements, element{op: op, at: at})
				return
			}
		}
		p.flatten(op.Input, at, g)
		for _, e := range op.Conditions {
			g.add(e, at)
		}
	case *sparql.Table:
		if len(op.Vars) > 0 || len(op.Rows) != 1 { // else it is the join's identity
			g.elements = append(g.elements, element{op: op, at: at})
		}
	default:
		g.elements = append(g.elements, element{op: op, at: at})
	}
}

// flattenPath rewrites a path by SPARQL 1.1 §18.2.2.4: sequences become joins over new variables, an inverse swaps
// the ends, a single predicate becomes a triple pattern. What is left stays a path.
func (p *Planner) flattenPath(m *sparql.PathMatch, at site, g *group) {
	switch path := m.Path.(type) {
	case *sparql.PathIRI:
		t := &sparql.TriplePattern{Pos: m.Pos, S: m.S, P: sparql.VarOrTerm{Term: rdf.NewIRI(path.IRI)}, O: m.O}
		g.elements = append(g.elements, element{triple: t, at: at})
	case *sparql.PathInverse:
		p.flattenPath(&sparql.PathMatch{Pos: m.Pos, S: m.O, O: m.S, Path: path.Path}, at, g)
	case *sparql.PathSequence:
		from := m.S
		for i, step := range path.Paths {
			to := m.O
			if i < len(path.Paths)-1 {
				to = p.freshVariable(at.scope)
			}
			p.flattenPath(&sparql.PathMatch{Pos: m.Pos, S: from, O: to, Path: step}, at, g)
			from = to
		}
	default:
		g.elements = append(g.elements, element{path: m, at: at})
	}
}

// freshVariable returns a variable that no query can name.
func (p *Planner) freshVariable(s *Scope) sparql.VarOrTerm {
	slot := p.newSlot("")
	name := "_:path." + strconv.Itoa(slot)
	p.Names[slot] = name
	s.names[name] = slot
	return sparql.VarOrTerm{Var: name}
}

// place filters node by the conditions that are decidable now, all of them when final; cheap ones go first.
func (p *Planner) place(g *group, node Node, final bool) (Node, error) {
	slices.SortStableFunc(g.conditions, func(a, b condition) int { return a.class - b.class })
	var now []Expression
	rest := g.conditions[:0]
	for _, c := range g.conditions {
		if !final && (c.last || isUnit(node) || !c.needs.Within(node.About().Certain)) {
			rest = append(rest, c)
			continue
		}
		x, err := p.expression(c.expr, c.at, node.About())
		if err != nil {
			return nil, err
		}
		now = append(now, x)
	}
	g.conditions = rest
	if len(now) == 0 {
		return node, nil
	}
	info := *node.About()
	info.Rows *= math.Pow(0.33, float64(len(now)))
	return &Filter{Info: info, Input: node, Conditions: now}, nil
}

// lookAhead bounds the elements up to which ordering looks one join further than the next.
const lookAhead = 12

// next returns the element to join next: the one that costs least together with what would best follow it. A single
// step would start from the smallest pattern even where all that joins it multiplies.
func (p *Planner) next(g *group, node Node) int {
	best, bestCost := 0, math.Inf(1)
	in := node.About()
	for i, e := range g.elements {
		cost, after := p.step(e, in)
		if len(g.elements) > 2 && len(g.elements) <= lookAhead {
			following := math.Inf(1)
			for j, f := range g.elements {
				if j != i {
					c, _ := p.step(f, &after)
					following = min(following, c)
				}
			}
			cost += following
		}
		if cost < bestCost {
			best, bestCost = i, cost
		}
	}
	return best
}

// step returns the cost of joining an element to rows, and what is known of the rows after it.
func (p *Planner) step(e element, in *Info) (cost float64, after Info) {
	slots := p.elementVars(e)
	rows, work := p.estimate(e, in)
	cost = in.Rows * (rows + work)
	if !in.Possible.Empty() && slots.Intersect(in.Possible).Empty() && !slots.Empty() {
		cost = cost*1e3 + 1e6 // a cross product only when nothing else is left
	}
	return cost, Info{Certain: in.Certain.Union(slots), Possible: in.Possible.Union(slots), Rows: max(1, in.Rows*rows)}
}

func (p *Planner) elementVars(e element) Set {
	switch {
	case e.triple != nil:
		return e.at.scope.positions(e.triple.S, e.triple.P, e.triple.O)
	case e.path != nil:
		return e.at.scope.positions(e.path.S, e.path.O)
	}
	return e.at.scope.vars(e.op).possible
}

// hashAbove is the number of input rows from which hashing a whole pattern is considered instead of probing the
// index row by row: a probe costs about 1.3 µs, a scanned and hashed row about 80 ns (see tech.md §1).
const (
	hashAbove      = 2000
	probePerHashed = 16
)

// extendBy returns node joined with an element.
func (p *Planner) extendBy(e element, node Node) (Node, error) {
	if e.path != nil {
		return p.pathNode(e, node)
	}
	if e.triple == nil {
		return p.join(e.op, e.at, node)
	}
	in := node.About()
	scan, err := p.scan(e, node)
	if err != nil || isUnit(node) || e.at.few || in.Rows < hashAbove || scan.Graph.Kind == Plausible {
		return scan, err
	}
	alone, err := p.scan(e, p.unit())
	if err != nil {
		return nil, err
	}
	shared := alone.Certain.Intersect(in.Certain)
	if shared.Empty() || alone.Rows > in.Rows*probePerHashed || alone.Rows > 5e6 {
		return scan, nil
	}
	joined := hashJoin(node, alone).(*HashJoin)
	joined.Rows = scan.Rows
	return joined, nil
}

// scan returns the node that probes a triple pattern for each row of input.
func (p *Planner) scan(e element, input Node) (*Scan, error) {
	n := &Scan{Input: input, Graph: e.at.graph}
	for _, end := range []struct {
		from sparql.VarOrTerm
		to   *Position
	}{{e.triple.S, &n.S}, {e.triple.P, &n.P}, {e.triple.O, &n.O}} {
		pos, err := p.position(end.from, e.at.scope)
		if err != nil {
			return nil, err
		}
		*end.to = pos
		n.Empty = n.Empty || n.Graph.Kind != Plausible && expr.IsLocal(pos.ID)
	}
	in := input.About()
	slots := p.elementVars(e)
	rows, _ := p.estimate(e, in)
	n.Info = Info{Certain: in.Certain.Union(slots), Possible: in.Possible.Union(slots), Rows: in.Rows * rows}
	if pr := n.Graph.Predict; pr != nil && pr.ProbSlot >= 0 {
		n.Certain, n.Possible = n.Certain.With(pr.ProbSlot), n.Possible.With(pr.ProbSlot)
	}
	return n, nil
}

func (p *Planner) position(v sparql.VarOrTerm, s *Scope) (Position, error) {
	if v.IsVar() {
		return Position{Slot: s.slot(v.Var)}, nil
	}
	id, err := p.Terms.ID(v.Term)
	return Position{ID: id, Term: v.Term}, err
}

// graphOf returns a graph to take statistics from.
func (p *Planner) graphOf(g Graph) store.TermID {
	switch {
	case g.Kind == ConstantGraph:
		return g.ID
	case g.Kind == CurrentGraph || len(p.Default) == 0:
		return 0
	}
	return p.Default[0]
}
