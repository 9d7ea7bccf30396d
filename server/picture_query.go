package server

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store/rdf"
)

// inkNamespace holds the words of Inkling's own patterns; a triple with one as its predicate is no edge.
const inkNamespace = "urn:inkling:"

// drawQuery draws the triples that the answers of a query rest on: those its patterns matched, for SELECT and ASK,
// and those it makes, for CONSTRUCT and DESCRIBE. Each is looked up to tell stated edges from plausible ones.
func (d *drawing) drawQuery(ctx context.Context) error {
	parsed, err := sparql.Parse(d.q.Query, sparql.Options{Base: d.s.base(), Prefixes: d.s.db.Prefixes()})
	if err != nil {
		return err
	}
	if parsed.Form == sparql.Select || parsed.Form == sparql.Ask {
		template := edgesOf(parsed.Where)
		if len(template) == 0 {
			return nil
		}
		parsed.Form, parsed.Template, parsed.Items, parsed.Star = sparql.Construct, template, nil, false
		parsed.Distinct, parsed.Reduced, parsed.GroupBy, parsed.Having = false, false, nil, nil
		if parsed.Limit < 0 || parsed.Limit > int64(d.q.Limit) {
			parsed.Limit = int64(d.q.Limit)
		}
	}
	triples, err := d.construct(ctx, parsed.String())
	if err != nil {
		return err
	}
	return d.classify(ctx, triples)
}

// construct returns the first triples that a CONSTRUCT or DESCRIBE makes.
func (d *drawing) construct(ctx context.Context, query string) (triples []rdf.Quad, err error) {
	result, err := d.s.db.Query(ctx, query, engine.QueryOptions{Limits: d.s.engineLimits()})
	if err != nil {
		return nil, err
	}
	defer func() {
		d.out.Versions = result.Versions()
		err = errors.Join(err, result.Close())
	}()
	for quad, err := range result.Quads() {
		if err != nil {
			return nil, err
		}
		if len(triples) == maxPictureEdges {
			d.out.Truncated = true
			break
		}
		triples = append(triples, quad)
	}
	return triples, nil
}

// classify adds triples as edges: stated where a graph states them, otherwise with the model's probability.
func (d *drawing) classify(ctx context.Context, triples []rdf.Quad) error {
	var rows strings.Builder
	open := map[int]bool{}
	for i, q := range triples {
		if q.S.Kind == rdf.Blank || q.O.Kind == rdf.Blank {
			d.edge(q, true, 0) // a blank node cannot be asked for by name, and no model predicts one
			continue
		}
		open[i] = true
		rows.WriteString("(" + strconv.Itoa(i) + " " + text(q.S) + " " + text(q.P) + " " + text(q.O) + ")\n")
	}
	if len(open) == 0 {
		return nil
	}
	values := "VALUES (?i ?s ?p ?o) {\n" + rows.String() + "}"
	stated := "SELECT ?i { " + values + " FILTER(EXISTS { ?s ?p ?o } || EXISTS { GRAPH ?g { ?s ?p ?o } }) }"
	err := d.rows(ctx, stated, func(row []rdf.Term) {
		if i, err := strconv.Atoi(row[0].Value); err == nil {
			d.edge(triples[i], true, 0)
			delete(open, i)
		}
	})
	if err != nil || len(open) == 0 {
		return err
	}
	probable := map[int]float64{}
	if d.out.Model != "" {
		query := "SELECT ?i (ink:prob(?s, ?p, ?o, " + text(rdf.NewString(d.out.Model)) + ") AS ?prob) { " + values + " }"
		err = d.rows(ctx, query, func(row []rdf.Term) {
			if i, err := strconv.Atoi(row[0].Value); err == nil {
				probable[i], _ = strconv.ParseFloat(row[1].Value, 64) // unbound: the model does not know it
			}
		})
	}
	for i, q := range triples {
		if open[i] {
			d.edge(q, false, probable[i])
		}
	}
	return err
}

// edgesOf returns the triple patterns of a group that can be drawn. Blank nodes in them become variables, in the
// group too, so that a template made of them names what they matched.
func edgesOf(group *sparql.GroupPattern) (edges []sparql.TriplePattern) {
	if group == nil {
		return nil
	}
	for _, element := range group.Elements {
		switch e := element.(type) {
		case *sparql.TriplesPattern:
			edges = append(edges, drawable(e.Triples)...)
		case *sparql.GroupPattern:
			edges = append(edges, edgesOf(e)...)
		case *sparql.OptionalPattern:
			edges = append(edges, edgesOf(e.Group)...)
		case *sparql.GraphPattern:
			edges = append(edges, edgesOf(e.Group)...)
		case *sparql.ServicePattern:
			edges = append(edges, edgesOf(e.Group)...)
		case *sparql.UnionPattern:
			for _, alternative := range e.Alternatives {
				edges = append(edges, edgesOf(alternative)...)
			}
		}
	}
	return edges
}

func drawable(triples []sparql.TriplePattern) (edges []sparql.TriplePattern) {
	for i := range triples {
		t := &triples[i]
		if strings.HasPrefix(t.P.Term.Value, inkNamespace) {
			continue
		}
		t.S, t.O = unblank(t.S), unblank(t.O)
		if t.Path == nil {
			edges = append(edges, *t)
		}
	}
	return edges
}

func unblank(v sparql.VarOrTerm) sparql.VarOrTerm {
	if v.Term.Kind != rdf.Blank {
		return v
	}
	label := strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r == '·' {
			return '_'
		}
		return r
	}, v.Term.Value)
	return sparql.VarOrTerm{Pos: v.Pos, Var: "blank_" + label}
}
