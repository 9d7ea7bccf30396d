package plan

import (
	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
)

// Assumed where no statistics of distinct terms are at hand: triples per subject and per object of one predicate,
// and predicates in a graph.
const (
	perSubject = 2.0
	perObject  = 8.0
	predicates = 40.0
)

// estimate returns the expected matches of an element for one row of in, and the work of finding them in rows.
func (p *Planner) estimate(e element, in *Info) (rows, work float64) {
	switch {
	case e.triple != nil && e.at.graph.Kind == Doubtful:
		return p.estimateTriple(e, in) * doubtfulShare, judgeWork
	case e.triple != nil && e.at.graph.Kind == Plausible:
		return p.estimatePlausible(e, in)
	case e.triple != nil:
		return p.estimateTriple(e, in), 1
	case e.path != nil:
		return p.estimatePath(e, in), 20
	}
	if t, ok := e.op.(*sparql.Table); ok {
		return float64(len(t.Rows)), 0
	}
	shared := e.at.scope.vars(e.op).certain.Intersect(in.Certain)
	alone := p.estimateOp(e.op, e.at)
	if shared.Empty() {
		return alone, alone
	}
	return max(1, alone/100), 10
}

// estimateOp is a rough number of rows of an operator by itself.
func (p *Planner) estimateOp(op sparql.Op, at site) float64 {
	switch op := op.(type) {
	case *sparql.BGP:
		least := 1e9
		for i := range op.Triples {
			least = min(least, p.estimateTriple(element{triple: &op.Triples[i], at: at}, &Info{}))
		}
		return least
	case *sparql.Join:
		return min(p.estimateOp(op.L, at), p.estimateOp(op.R, at))
	case *sparql.LeftJoin:
		return p.estimateOp(op.L, at)
	case *sparql.Filter:
		return p.estimateOp(op.Input, at) / 3
	case *sparql.Union:
		sum := 0.0
		for _, in := range op.Inputs {
			sum += p.estimateOp(in, at)
		}
		return sum
	case *sparql.Minus:
		return p.estimateOp(op.L, at)
	case *sparql.Extend:
		return p.estimateOp(op.Input, at)
	case *sparql.Table:
		return float64(len(op.Rows))
	case *sparql.Slice:
		if op.Limit >= 0 {
			return float64(op.Limit)
		}
		return 1e4
	case *sparql.Project:
		at.scope = at.scope.within(op)
		return p.estimateOp(op.Input, at)
	}
	return 1e4
}

// estimateTriple divides the matches of the constants by the distinct terms of each position already bound.
func (p *Planner) estimateTriple(e element, in *Info) float64 {
	var pattern store.Pattern
	bound := [3]bool{}
	for i, v := range []sparql.VarOrTerm{e.triple.S, e.triple.P, e.triple.O} {
		target := []*store.TermID{&pattern.S, &pattern.P, &pattern.O}[i]
		if v.IsVar() {
			bound[i] = in.Certain.Has(e.at.scope.slot(v.Var))
			continue
		}
		id, err := p.Terms.ID(v.Term)
		if err != nil || expr.IsLocal(id) {
			return 0
		}
		*target = id
	}
	rows := p.count(e.at.graph, pattern)
	subjects, objects := rows/perSubject, rows/perObject
	if d, ok := p.Stats.(Distincts); ok {
		subjects, objects = d.Distinct(p.graphOf(e.at.graph), pattern.P)
	}
	if pattern.O != 0 && pattern.P != 0 {
		subjects = rows // each match has a subject of its own
	}
	if pattern.S != 0 && pattern.P != 0 {
		objects = rows
	}
	if bound[1] {
		rows /= predicates
	}
	if bound[0] {
		rows /= max(1, subjects)
	}
	if bound[2] {
		rows /= max(1, objects)
	}
	return rows
}

// The work of asking a model, in probes of the index: for a whole triple, and for the best ends of one. A pattern
// with two open ends asks for every subject there is, so it comes when nothing else is left.
const (
	judgeWork   = 3
	predictWork = 50
	openWork    = 1e12

	relationsOfNode = 5.0  // assumed
	doubtfulShare   = 0.05 // of stated triples that a model doubts, assumed
)

// estimatePlausible adds what the model may predict to the stated matches.
func (p *Planner) estimatePlausible(e element, in *Info) (rows, work float64) {
	rows = p.estimateTriple(e, in)
	open := 0
	for _, v := range []sparql.VarOrTerm{e.triple.S, e.triple.O} {
		if v.IsVar() && !in.Certain.Has(e.at.scope.slot(v.Var)) {
			open++
		}
	}
	k := float64(e.at.graph.Predict.K)
	switch {
	case e.triple.P.IsVar() && !in.Certain.Has(e.at.scope.slot(e.triple.P.Var)):
		return p.estimateOpenRelation(rows, open, k)
	case open == 0:
		return max(rows, 0.5), judgeWork
	case open == 1:
		return rows + k, predictWork
	}
	return rows * k, openWork
}

// estimateOpenRelation is of a plausible pattern whose relation is not known: every relation is tried, or those that the
// known end has.
func (p *Planner) estimateOpenRelation(rows float64, open int, k float64) (estimated, work float64) {
	switch open {
	case 0:
		return max(rows, 1), judgeWork * predicates
	case 1:
		return rows + k*relationsOfNode, predictWork * relationsOfNode
	}
	return min(rows, MostQuestions) * k, openWork * predicates
}

func (p *Planner) estimatePath(e element, in *Info) float64 {
	ends := 0
	for _, v := range []sparql.VarOrTerm{e.path.S, e.path.O} {
		if !v.IsVar() || in.Certain.Has(e.at.scope.slot(v.Var)) {
			ends++
		}
	}
	return []float64{1e6, 100, 0.5}[ends]
}

// count asks for each pattern once.
func (p *Planner) count(g Graph, pattern store.Pattern) float64 {
	k := countKey{p.graphOf(g), pattern}
	if n, ok := p.counts[k]; ok {
		return n
	}
	rows, _ := p.Stats.Count(k.g, pattern)
	n := float64(rows)
	p.counts[k] = n
	return n
}
