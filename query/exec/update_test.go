package exec_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/inklingdb/inkling/query/exec"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// TestPlainUpdates applies generated requests to the engine and to a slice of quads and compares the outcome.
func TestPlainUpdates(t *testing.T) {
	for i := range 3 { // a hundred cases each
		t.Run(strconv.Itoa(i), rapid.MakeCheck(compareUpdates))
	}
}

func compareUpdates(t *rapid.T) {
	quads := drawQuads(t)
	s, err := memoryStore(quads)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d := &drawer{t: t}
	var operations []string
	for range rapid.IntRange(1, 4).Draw(t, "operations") {
		operations = append(operations, d.operation())
	}
	text := "PREFIX : <http://x/> " + strings.Join(operations, " ;\n")
	request, err := sparql.ParseUpdate(text, sparql.Options{})
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	_, err = s.Update(context.Background(), "test", func(tx *store.Tx) error {
		return exec.Update(context.Background(), exec.FromTx(tx), request, exec.Options{})
	})
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	want := slices.Clone(quads)
	for _, op := range request.Operations {
		want = plainUpdate(want, op)
	}
	got, err := everything(s)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := sortedQuads(got), sortedQuads(want); !slices.Equal(a, b) {
		t.Fatalf("%s\nover %v\n got %v\nwant %v", text, quads, a, b)
	}
}

func (d *drawer) operation() string {
	triple := func(node string) string {
		return fmt.Sprintf("%s %s %s", d.pick("?a", ":m", ":n"), d.pick(":p", ":q"), d.pick("?b", "?c", node))
	}
	quad := func(node string) string {
		if d.chance(3) {
			return "GRAPH " + d.pick(":g", "?d") + " { " + triple(node) + " }"
		}
		return triple(node)
	}
	ground := strings.NewReplacer("?a", ":o", "?b", "2", "?c", ":m", "?d", ":m")
	switch rapid.IntRange(0, 7).Draw(d.t, "operation") {
	case 0:
		return ground.Replace("INSERT DATA { " + quad("1") + " }")
	case 1:
		return ground.Replace("DELETE DATA { " + quad("1") + " }")
	case 2:
		return "DELETE WHERE { " + quad("?e") + " }"
	case 3:
		return d.pick("CLEAR", "DROP") + " SILENT " + d.pick("GRAPH :g", "GRAPH :m", "DEFAULT", "NAMED")
	case 4:
		return d.pick("ADD", "COPY", "MOVE") + " SILENT " + d.pick(":g", "DEFAULT") + " TO " + d.pick(":m", "DEFAULT", ":g")
	}
	with := ""
	if d.chance(3) {
		with = "WITH :g "
	}
	return with + "DELETE { " + quad("?b") + " } INSERT { " + quad("?c") + " . " + triple(":o") + " } WHERE { ?a ?p ?b OPTIONAL { ?b :p ?c } OPTIONAL { GRAPH ?d { ?a :q ?c } } }"
}

// plainUpdate applies an operation to a slice of quads.
func plainUpdate(quads []rdf.Quad, op sparql.Operation) []rdf.Quad {
	in := func(ref sparql.GraphRef) func(rdf.Quad) bool {
		return func(q rdf.Quad) bool {
			switch ref.Kind {
			case sparql.DefaultGraph:
				return q.G.Kind == rdf.None
			case sparql.NamedGraphs:
				return q.G.Kind != rdf.None
			}
			return q.G.Value == ref.IRI
		}
	}
	transfer := func(from, to sparql.GraphRef, replace, remove bool) []rdf.Quad {
		if from == to || !slices.ContainsFunc(quads, in(from)) && from.Kind != sparql.DefaultGraph {
			return quads
		}
		out := slices.Clone(quads)
		if replace {
			out = slices.DeleteFunc(out, in(to))
		}
		for _, q := range quads {
			if in(from)(q) {
				q.G = rdf.Term{}
				if to.Kind == sparql.OneGraph {
					q.G = rdf.NewIRI(to.IRI)
				}
				out = added(out, q)
			}
		}
		if remove {
			out = slices.DeleteFunc(out, in(from))
		}
		return out
	}
	switch op := op.(type) {
	case *sparql.InsertData:
		return added(quads, op.Quads...)
	case *sparql.DeleteData:
		return removed(quads, op.Quads...)
	case *sparql.ClearGraphs:
		return slices.DeleteFunc(quads, in(op.Target))
	case *sparql.DropGraphs:
		return slices.DeleteFunc(quads, in(op.Target))
	case *sparql.AddGraph:
		return transfer(op.From, op.To, false, false)
	case *sparql.CopyGraph:
		return transfer(op.From, op.To, true, false)
	case *sparql.MoveGraph:
		return transfer(op.From, op.To, true, true)
	}
	return plainModify(quads, op.(*sparql.Modify))
}

func plainModify(quads []rdf.Quad, op *sparql.Modify) []rdf.Quad {
	n := datasetOf(quads, &sparql.Query{})
	with := rdf.Term{}
	if op.With != "" {
		with = rdf.NewIRI(op.With)
		n.graph = with
	}
	var removals, additions []rdf.Quad
	for _, r := range n.eval(op.Algebra) {
		removals = append(removals, instances(op.Delete, r, with)...)
		additions = append(additions, instances(op.Insert, r, with)...)
	}
	return added(removed(quads, removals...), additions...)
}

// instances returns the well-formed quads that patterns make of a solution.
func instances(patterns []sparql.QuadPattern, r row, with rdf.Term) (out []rdf.Quad) {
	for _, p := range patterns {
		q, complete := rdf.Quad{G: with}, true
		for _, part := range []struct {
			from sparql.VarOrTerm
			to   *rdf.Term
		}{{p.S, &q.S}, {p.P, &q.P}, {p.O, &q.O}, {p.G, &q.G}} {
			switch {
			case part.from.IsVar():
				*part.to = r[part.from.Var]
				complete = complete && part.to.Kind != rdf.None
			case !part.from.IsZero():
				*part.to = part.from.Term
			}
		}
		if complete && q.S.Kind != rdf.Literal && q.P.Kind == rdf.IRI && q.G.Kind != rdf.Literal {
			out = append(out, q)
		}
	}
	return out
}

func added(quads []rdf.Quad, more ...rdf.Quad) []rdf.Quad {
	for _, q := range more {
		if !slices.Contains(quads, q) {
			quads = append(quads, q)
		}
	}
	return quads
}

func removed(quads []rdf.Quad, less ...rdf.Quad) []rdf.Quad {
	return slices.DeleteFunc(quads, func(q rdf.Quad) bool { return slices.Contains(less, q) })
}

func sortedQuads(quads []rdf.Quad) []string {
	var out []string
	for _, q := range quads {
		out = append(out, show(q.S)+show(q.P)+show(q.O)+show(q.G))
	}
	slices.Sort(out)
	return out
}
