package plan

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// Statistics are the counts that join ordering rests on.
type Statistics interface {
	// Count estimates the triples of a graph that match a pattern.
	Count(g store.TermID, p store.Pattern) (rows int64, exact bool)
}

// Distincts are further statistics that a Statistics may also have.
type Distincts interface {
	// Distinct estimates how many different subjects and objects a predicate (0: all of them) has in a graph.
	Distinct(g, predicate store.TermID) (subjects, objects float64)
}

// Planner holds what planning one query needs. It is not for concurrent use.
type Planner struct {
	Terms     *expr.Terms
	Stats     Statistics
	HasGraph  func(store.TermID) bool // whether the dataset has a named graph
	Default   []store.TermID          // graphs whose union is the default graph, for estimates
	Names     []string                // of each slot
	Registers int                     // of current graphs

	scopes map[*sparql.Project]*Scope
	counts map[countKey]float64
}

type countKey struct {
	g store.TermID
	p store.Pattern
}

// ServiceIRI and GraphIRI name the patterns that predictions answer.
const (
	GraphIRI   = "urn:inkling:plausible"
	DoubtIRI   = "urn:inkling:doubtful"
	ServiceIRI = "urn:inkling:predict"
	ink        = "urn:inkling:"
)

// NewPlanner returns a planner whose default graph is the union of graphs, and for which every named graph exists
// unless HasGraph is set.
func NewPlanner(t *expr.Terms, stats Statistics, graphs []store.TermID) *Planner {
	every := func(store.TermID) bool { return true }
	return &Planner{Terms: t, Stats: stats, HasGraph: every, Default: graphs, scopes: map[*sparql.Project]*Scope{}, counts: map[countKey]float64{}}
}

// Plan returns the operators of an algebra tree and the scope in which its variables' slots are found. With
// firstOnly the plan is to find one row soon, as ASK wants.
func (p *Planner) Plan(op sparql.Op, firstOnly bool) (Node, *Scope, error) {
	s := &Scope{names: map[string]int{}, planner: p}
	node, err := p.build(op, site{scope: s, few: firstOnly}, p.unit())
	return node, s, err
}

func (p *Planner) newSlot(name string) int {
	p.Names = append(p.Names, name)
	return len(p.Names) - 1
}

func (p *Planner) unit() Node { return &Unit{Info{Rows: 1}} }

// site is where an operator stands.
type site struct {
	scope *Scope
	graph Graph
	// substitute is set inside EXISTS, where the outer row's variables are visible everywhere.
	substitute bool
	// few is set where only the first rows will be read: probing then beats building a table of all.
	few bool
}

// fewRows is the LIMIT up to which a query counts as reading the first rows only.
const fewRows = 1000

func isUnit(n Node) bool {
	_, ok := n.(*Unit)
	return ok
}

// join returns input joined with op: seeded where that is sound, hashed otherwise.
func (p *Planner) join(op sparql.Op, at site, input Node) (Node, error) {
	if isUnit(input) || at.seedable(op, input.About()) {
		return p.build(op, at, input)
	}
	right, err := p.build(op, at, p.unit())
	if err != nil {
		return nil, err
	}
	return hashJoin(input, right), nil
}

// hashJoin joins two independent nodes; its rows are estimated from the side that is smaller.
func hashJoin(l, r Node) Node {
	on, check := joinSlots(l.About(), r.About())
	a, b := l.About(), r.About()
	rows := a.Rows * b.Rows
	if len(on) > 0 {
		rows = max(a.Rows, b.Rows)
	}
	info := Info{Certain: a.Certain.Union(b.Certain), Possible: a.Possible.Union(b.Possible), Rows: rows}
	return &HashJoin{Info: info, L: l, R: r, On: on, Check: check}
}

// joinSlots returns the shared slots that are bound in every row of both, and the other shared ones.
func joinSlots(l, r *Info) (on, check []int) {
	certain := l.Certain.Intersect(r.Certain)
	for _, slot := range l.Possible.Intersect(r.Possible).Slots() {
		if certain.Has(slot) {
			on = append(on, slot)
		} else {
			check = append(check, slot)
		}
	}
	return on, check
}

// build returns input joined with op. Unless input is Unit, op must be seedable with it.
func (p *Planner) build(op sparql.Op, at site, input Node) (Node, error) {
	switch op := op.(type) {
	case *sparql.BGP, *sparql.PathMatch, *sparql.Join, *sparql.Filter:
		return p.buildGroup(op, at, input)
	case *sparql.Table:
		return p.buildTable(op, at, input)
	case *sparql.LeftJoin:
		return p.buildLeftJoin(op, at, input)
	case *sparql.Union:
		return p.buildUnion(op.Inputs, at, input)
	case *sparql.Minus:
		return p.buildMinus(op, at, input)
	case *sparql.Graph:
		return p.buildGraph(op, at, input)
	case *sparql.Service:
		return p.buildService(op, at, input)
	case *sparql.Extend:
		return p.buildExtend(op, at, input)
	}
	return p.buildModifier(op, at, input)
}

func (p *Planner) buildTable(op *sparql.Table, at site, input Node) (Node, error) {
	b := at.scope.tableVars(op)
	n := &Values{Info: Info{Certain: b.certain, Possible: b.possible, Rows: float64(len(op.Rows))}}
	for _, name := range op.Vars {
		n.Slots = append(n.Slots, at.scope.slot(name))
	}
	for _, row := range op.Rows {
		ids := make([]store.TermID, len(row))
		for i, term := range row {
			var err error
			if ids[i], err = p.Terms.ID(term); err != nil {
				return nil, err
			}
		}
		n.Data = append(n.Data, ids)
	}
	if isUnit(input) {
		return n, nil
	}
	return hashJoin(input, n), nil
}

func (p *Planner) buildExtend(op *sparql.Extend, at site, input Node) (Node, error) {
	in, err := p.build(op.Input, at, input)
	if err != nil {
		return nil, err
	}
	x, err := p.expression(op.Expr, at, in.About())
	if err != nil {
		return nil, err
	}
	slot := at.scope.slot(op.Var)
	info := *in.About()
	info.Possible = info.Possible.With(slot)
	binding := Binding{slot, x}
	if e, ok := in.(*Extend); ok && e != input {
		return &Extend{Info: info, Input: e.Input, Bindings: append(e.Bindings[:len(e.Bindings):len(e.Bindings)], binding)}, nil
	}
	return &Extend{Info: info, Input: in, Bindings: []Binding{binding}}, nil
}

func (p *Planner) buildLeftJoin(op *sparql.LeftJoin, at site, input Node) (Node, error) {
	l, err := p.build(op.L, at, input)
	if err != nil {
		return nil, err
	}
	left := l.About()
	info := Info{Certain: left.Certain, Rows: left.Rows}
	info.Possible = left.Possible.Union(at.scope.vars(op.R).possible)
	both := info
	both.Certain = nil
	conditions, err := p.expressions(op.Conditions, at, &both)
	if err != nil {
		return nil, err
	}
	if at.seedable(op.R, left) {
		seed := &Seed{Info{Certain: left.Certain, Possible: left.Possible, Rows: 1}}
		body, err := p.build(op.R, at, seed)
		if err != nil {
			return nil, err
		}
		info.Rows = left.Rows * max(1, body.About().Rows)
		return &Optional{Info: info, L: l, Body: body, RowSlot: p.newSlot(".row"), Conditions: conditions}, nil
	}
	r, err := p.build(op.R, at, p.unit())
	if err != nil {
		return nil, err
	}
	on, check := joinSlots(left, r.About())
	return &LeftJoin{Info: info, L: l, R: r, On: on, Check: check, Conditions: conditions}, nil
}

func (p *Planner) buildUnion(ops []sparql.Op, at site, input Node) (Node, error) {
	in := input.About()
	info := Info{Certain: nil, Possible: in.Possible}
	u := &Union{Input: input}
	for i, op := range ops {
		seed := p.unit()
		if !isUnit(input) {
			seed = &Seed{Info{Certain: in.Certain, Possible: in.Possible, Rows: 1}}
		}
		branch, err := p.build(op, at, seed)
		if err != nil {
			return nil, err
		}
		b := branch.About()
		if i == 0 {
			info.Certain = b.Certain
		} else {
			info.Certain = info.Certain.Intersect(b.Certain)
		}
		info.Possible = info.Possible.Union(b.Possible)
		info.Rows += in.Rows * b.Rows
		u.Branches = append(u.Branches, branch)
	}
	u.Info = info
	return u, nil
}

func (p *Planner) buildMinus(op *sparql.Minus, at site, input Node) (Node, error) {
	l, err := p.build(op.L, at, input)
	if err != nil {
		return nil, err
	}
	r, err := p.build(op.R, at, p.unit())
	if err != nil {
		return nil, err
	}
	on, check := joinSlots(l.About(), r.About())
	return &Minus{Info: *l.About(), L: l, R: r, On: on, Shared: append(append([]int(nil), on...), check...)}, nil
}

func (p *Planner) buildGraph(op *sparql.Graph, at site, input Node) (Node, error) {
	if !op.Name.IsVar() {
		return p.buildGroup(op, at, input)
	}
	slot := at.scope.slot(op.Name.Var)
	at.graph = Graph{Kind: CurrentGraph, Register: p.Registers}
	p.Registers++
	in := input.About()
	seed := &Seed{Info{Certain: in.Certain.With(slot), Possible: in.Possible.With(slot), Rows: 1}}
	body, err := p.join(op.Input, at, seed)
	if err != nil {
		return nil, err
	}
	info := *body.About()
	info.Rows *= in.Rows
	return &GraphEach{Info: info, Input: input, Body: body, Slot: slot, Register: at.graph.Register}, nil
}

func (p *Planner) constantGraph(name rdf.Term) (Graph, error) {
	if kind, model, ok := JudgedGraph(name.Value); ok {
		return Graph{Kind: kind, Predict: &Prediction{Model: model, K: 10, MinProb: -1, Stated: true, ProbSlot: -1}}, nil
	}
	id, err := p.Terms.ID(name)
	return Graph{Kind: ConstantGraph, ID: id}, err
}

// JudgedGraph returns what a graph's IRI stands for where a model has a say in it: ink:plausible or ink:doubtful, which a
// slash and a model's name, percent-encoded, may follow.
func JudgedGraph(iri string) (kind GraphKind, model string, ok bool) {
	base, model, named := strings.Cut(iri, "/")
	switch base {
	case GraphIRI:
		kind = Plausible
	case DoubtIRI:
		kind = Doubtful
	default:
		return 0, "", false
	}
	if decoded, err := url.PathUnescape(model); err == nil {
		model = decoded
	}
	return kind, model, !named || model != ""
}

// buildModifier builds the operators that always stand alone.
func (p *Planner) buildModifier(op sparql.Op, at site, input Node) (Node, error) {
	if !isUnit(input) {
		right, err := p.buildModifier(op, at, p.unit())
		if err != nil {
			return nil, err
		}
		return hashJoin(input, right), nil
	}
	at.substitute = false
	switch op := op.(type) {
	case *sparql.Project:
		return p.buildProject(op, at)
	case *sparql.Distinct:
		return p.buildDistinct(op.Input, at)
	case *sparql.Reduced:
		return p.buildDistinct(op.Input, at)
	case *sparql.Slice:
		return p.buildSlice(op, at)
	case *sparql.OrderBy:
		return p.buildSort(op, at)
	case *sparql.Group:
		return p.buildAggregation(op, at)
	}
	return nil, fmt.Errorf("plan: no operator for %T", op)
}

func (p *Planner) buildProject(op *sparql.Project, at site) (Node, error) {
	inner := at
	inner.scope = at.scope.within(op)
	in, err := p.build(op.Input, inner, p.unit())
	if err != nil {
		return nil, err
	}
	n := &Project{Info: *in.About(), Input: in}
	var kept Set
	for _, name := range op.Vars {
		slot := inner.scope.slot(name)
		kept = kept.With(slot)
		n.Slots = append(n.Slots, slot)
	}
	n.Certain, n.Possible = n.Certain.Intersect(kept), n.Possible.Intersect(kept)
	return n, nil
}

func (p *Planner) buildDistinct(op sparql.Op, at site) (Node, error) {
	in, err := p.build(op, at, p.unit())
	if err != nil {
		return nil, err
	}
	return &Distinct{Info: *in.About(), Input: in, Slots: in.About().Possible.Slots()}, nil
}

func (p *Planner) buildSlice(op *sparql.Slice, at site) (Node, error) {
	at.few = at.few || op.Limit >= 0 && op.Limit+op.Offset <= fewRows
	in, err := p.build(op.Input, at, p.unit())
	if err != nil {
		return nil, err
	}
	info := *in.About()
	if op.Limit >= 0 {
		info.Rows = min(info.Rows, float64(op.Limit))
		limitSort(in, op.Limit+op.Offset)
	}
	return &Slice{Info: info, Input: in, Offset: op.Offset, Limit: op.Limit}, nil
}

// limitSort tells a sort right below, with at most projections between, that only its first k rows are wanted.
func limitSort(n Node, k int64) {
	switch n := n.(type) {
	case *Project:
		limitSort(n.Input, k)
	case *Sort:
		if n.Limit < 0 || k < n.Limit {
			n.Limit = k
		}
	}
}

func (p *Planner) buildSort(op *sparql.OrderBy, at site) (Node, error) {
	at.few = false // every row is read before the first is given
	in, err := p.build(op.Input, at, p.unit())
	if err != nil {
		return nil, err
	}
	n := &Sort{Info: *in.About(), Input: in, Limit: -1}
	for _, k := range op.Keys {
		x, err := p.expression(k.Expr, at, in.About())
		if err != nil {
			return nil, err
		}
		n.Keys = append(n.Keys, SortKey{x, k.Descending})
	}
	return n, nil
}

func (p *Planner) buildAggregation(op *sparql.Group, at site) (Node, error) {
	at.few = false
	in, err := p.build(op.Input, at, p.unit())
	if err != nil {
		return nil, err
	}
	n := &Group{Input: in}
	n.Rows = 1
	if len(op.Keys) > 0 {
		n.Rows = max(1, in.About().Rows/10)
	}
	for _, k := range op.Keys {
		x, err := p.expression(k.Expr, at, in.About())
		if err != nil {
			return nil, err
		}
		slot := at.scope.slot(k.Var)
		n.Keys = append(n.Keys, Binding{slot, x})
		n.Possible = n.Possible.With(slot)
		if v, ok := k.Expr.(*sparql.Variable); ok && in.About().Certain.Has(at.scope.slot(v.Name)) {
			n.Certain = n.Certain.With(slot)
		}
	}
	for _, a := range op.Aggregates {
		g := Aggregation{Slot: at.scope.slot(a.Var), Aggregate: a.Aggregate}
		if a.Aggregate.Arg != nil {
			x, err := p.expression(a.Aggregate.Arg, at, in.About())
			if err != nil {
				return nil, err
			}
			g.Arg = &x
		}
		n.Aggregates = append(n.Aggregates, g)
		n.Possible = n.Possible.With(g.Slot)
	}
	return n, nil
}

// expression plans the EXISTS patterns of an expression that sees the rows described by in.
func (p *Planner) expression(e sparql.Expr, at site, in *Info) (Expression, error) {
	x := Expression{Expr: e, Scope: at.scope, Visible: in.Possible}
	var failed error
	visit(e, func(sub sparql.Expr) {
		exists, ok := sub.(*sparql.Exists)
		if !ok || failed != nil {
			return
		}
		inside := at
		inside.substitute = true
		seed := &Seed{Info{Certain: in.Certain, Possible: in.Possible, Rows: 1}}
		body, err := p.join(exists.Op, inside, seed)
		if err != nil {
			failed = err
			return
		}
		if x.Exists == nil {
			x.Exists = map[*sparql.Exists]*ExistsPlan{}
		}
		if last, ok := body.(*Scan); ok && !last.Graph.judged() {
			last.Once = true
		}
		x.Exists[exists] = &ExistsPlan{Body: body, RowSlot: p.newSlot(".row")}
	})
	return x, failed
}

func (p *Planner) expressions(list []sparql.Expr, at site, in *Info) ([]Expression, error) {
	var out []Expression
	for _, e := range list {
		x, err := p.expression(e, at, in)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}
