package plan

import (
	"fmt"
	"strings"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store/rdf"
)

func errorAt(n sparql.Node, format string, args ...any) error {
	at := n.Position()
	return &sparql.Error{Line: at.Line, Column: at.Column, Found: fmt.Sprintf(format, args...)}
}

func constantIRI(iri string) sparql.VarOrTerm { return sparql.VarOrTerm{Term: rdf.NewIRI(iri)} }

// buildService plans SERVICE ink:predict; any other service is an error, or with SILENT one empty solution.
func (p *Planner) buildService(op *sparql.Service, at site, input Node) (Node, error) {
	if op.Name.IsVar() || op.Name.Term.Value != ServiceIRI {
		if op.Silent {
			return input, nil
		}
		return nil, errorAt(op, "unknown service %s: Inkling never calls out to other machines; the one service it has is <%s>",
			serviceName(op.Name), ServiceIRI)
	}
	prediction := &Prediction{K: 10, MinProb: -1, ProbSlot: -1}
	at.graph = Graph{Kind: Plausible, Predict: prediction}
	all := &group{}
	p.flatten(op.Input, at, all)
	g := &group{conditions: all.conditions}
	for _, e := range all.elements {
		if e.triple == nil {
			return nil, errorAt(op, "ink:predict takes triple patterns, filters and parameters only")
		}
		name, isParameter := strings.CutPrefix(e.triple.P.Term.Value, ink)
		if !isParameter {
			g.elements = append(g.elements, e)
			continue
		}
		if err := prediction.set(name, e.triple, at.scope); err != nil {
			return nil, err
		}
	}
	if prediction.ProbSlot >= 0 && len(g.elements) != 1 {
		return nil, errorAt(op, "ink:prob belongs to one triple pattern: give each pattern its own SERVICE ink:predict block")
	}
	return p.assemble(g, input)
}

func serviceName(v sparql.VarOrTerm) string {
	if v.IsVar() {
		return "?" + v.Var
	}
	return "<" + v.Term.Value + ">"
}

// set takes one parameter triple: [] ink:NAME value.
func (pr *Prediction) set(name string, t *sparql.TriplePattern, s *Scope) error {
	if name == "prob" {
		if !t.O.IsVar() {
			return errorAt(t, "ink:prob takes a variable; to ask for a least probability write ink:min")
		}
		pr.ProbSlot = s.slot(t.O.Var)
		return nil
	}
	v := expr.FromTerm(t.O.Term)
	number, isNumber := v.Float()
	switch {
	case t.O.IsVar():
		return errorAt(t, "ink:%s takes a constant", name)
	case name == "k" && isNumber && number >= 1:
		pr.K = int(min(number, 1e6))
	case name == "min" && isNumber && number >= 0:
		pr.MinProb = number
	case name == "model" && v.Kind == expr.String:
		pr.Model = v.Text()
	case name == "stated" && v.Kind == expr.Boolean:
		pr.Stated = v.Text() == "true" || v.Text() == "1"
	case name == "exact" && v.Kind == expr.Boolean:
		pr.Exact = v.Text() == "true" || v.Text() == "1"
	default:
		return errorAt(t, "ink:%s is not a parameter of ink:predict with such a value; there are ink:prob ?var, ink:k 10, ink:model \"name\", ink:stated true, ink:min 0.5, ink:exact true", name)
	}
	return nil
}
