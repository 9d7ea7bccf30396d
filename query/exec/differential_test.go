package exec_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/inklingdb/inkling/query/exec"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store/rdf"
)

// TestPlainEvaluator compares the engine with the plain evaluator on generated queries over generated graphs.
func TestPlainEvaluator(t *testing.T) {
	for i := range 15 { // a hundred cases each
		t.Run(strconv.Itoa(i), rapid.MakeCheck(compareWithPlain))
	}
}

func compareWithPlain(t *rapid.T) {
	quads := drawQuads(t)
	text := drawQuery(t)
	q, err := sparql.Parse(text, sparql.Options{})
	var syntax *sparql.Error
	if errors.As(err, &syntax) {
		return // a scope rule that the generator does not know of
	}
	want, err := plainly(quads, q)
	if errors.Is(err, errTooMany) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	got, plan, err := engineRows(quads, q)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("query %s\nover %v\nplan\n%s\n got %q\nwant %q", text, quads, plan, got, want)
	}
}

func plainly(quads []rdf.Quad, q *sparql.Query) (out []string, err error) {
	defer func() {
		if r := recover(); r == errTooMany {
			err = errTooMany
		} else if r != nil {
			panic(r)
		}
	}()
	for _, r := range datasetOf(quads, q).eval(q.Algebra) {
		line := ""
		for _, v := range q.Vars {
			line += show(r[v])
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out, nil
}

// datasetOf returns the evaluator over the dataset that FROM and FROM NAMED make of a store.
func datasetOf(quads []rdf.Quad, q *sparql.Query) naive {
	var n naive
	if len(q.Dataset) == 0 {
		n.quads = quads
		for _, quad := range quads {
			if quad.G.Kind != rdf.None && !slices.Contains(n.named, quad.G) {
				n.named = append(n.named, quad.G)
			}
		}
		return n
	}
	for _, c := range q.Dataset {
		if c.Named {
			n.named = append(n.named, rdf.NewIRI(c.IRI))
		}
		for _, quad := range quads {
			if quad.G.Value != c.IRI {
				continue
			}
			if !c.Named {
				quad.G = rdf.Term{}
			}
			if !slices.Contains(n.quads, quad) {
				n.quads = append(n.quads, quad)
			}
		}
	}
	return n
}

func show(t rdf.Term) string {
	if t.Kind == rdf.None {
		return " -"
	}
	return " " + t.Value[strings.LastIndexByte(t.Value, '/')+1:]
}

func engineRows(quads []rdf.Quad, q *sparql.Query) (out []string, plan string, err error) {
	s, err := memoryStore(quads)
	if err != nil {
		return nil, "", err
	}
	defer s.Close()
	v, err := s.View()
	if err != nil {
		return nil, "", err
	}
	defer v.Close()
	r, err := exec.Run(context.Background(), exec.FromView(v), q, exec.Options{})
	if err != nil {
		return nil, "", err
	}
	defer r.Close()
	for row, err := range r.Rows() {
		if err != nil {
			return nil, r.Explain(), err
		}
		line := ""
		for _, t := range row {
			line += show(t)
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out, r.Explain(), nil
}

func drawQuads(t *rapid.T) []rdf.Quad {
	iri := func(s string) rdf.Term { return rdf.NewIRI("http://x/" + s) }
	seen := map[rdf.Quad]bool{}
	var out []rdf.Quad
	for range rapid.IntRange(0, 18).Draw(t, "triples") {
		q := rdf.Quad{
			S: iri(rapid.SampledFrom([]string{"m", "n", "o"}).Draw(t, "s")),
			P: iri(rapid.SampledFrom([]string{"p", "q"}).Draw(t, "p")),
			O: iri(rapid.SampledFrom([]string{"m", "n", "o"}).Draw(t, "o")),
		}
		if rapid.IntRange(0, 3).Draw(t, "literal") == 0 {
			q.O = rdf.NewTyped(rapid.SampledFrom([]string{"1", "2"}).Draw(t, "number"), rdf.XSDInteger)
		}
		if g := rapid.IntRange(0, 5).Draw(t, "graph"); g < 2 {
			q.G = iri([]string{"g", "m"}[g])
		}
		if !seen[q] {
			seen[q] = true
			out = append(out, q)
		}
	}
	return out
}

// drawer writes a random query.
type drawer struct {
	t     *rapid.T
	fresh int
}

func drawQuery(t *rapid.T) string {
	d := &drawer{t: t}
	modifier := ""
	if d.chance(4) {
		modifier = "DISTINCT "
	}
	body := d.group(3)
	from := ""
	if d.chance(6) {
		from = d.pick("FROM :g ", "FROM :g FROM :m ", "FROM NAMED :g ", "FROM :m FROM NAMED :g FROM NAMED :m ") + "WHERE "
	}
	text := "PREFIX : <http://x/> SELECT " + modifier + "?a ?b ?c ?d ?v1 ?v2 " + from + body
	if d.chance(4) {
		text += " ORDER BY ?a ?b DESC(?c) ?d ?v1 ?v2 LIMIT " + d.pick("1", "3", "7") + " OFFSET " + d.pick("0", "1", "4")
	}
	return text
}

func (d *drawer) pick(list ...string) string { return rapid.SampledFrom(list).Draw(d.t, "pick") }
func (d *drawer) chance(n int) bool          { return rapid.IntRange(1, n).Draw(d.t, "chance") == 1 }
func (d *drawer) variable() string           { return d.pick("?a", "?b", "?c", "?d") }
func (d *drawer) node() string {
	return d.pick("?a", "?b", "?c", "?d", "?a", "?b", ":m", ":n", "1")
}

func (d *drawer) triples() string {
	var b strings.Builder
	for range rapid.IntRange(1, 2).Draw(d.t, "patterns") {
		predicate := d.pick(":p", ":q", ":p", ":q", "?d", ":p+", ":q*", ":p?", "^:q", ":p/:q", ":p|:q", "!:p", "!(^:p|:q)", "(:p/^:q)*", "(:p|^:q)+")
		subject := d.pick("?a", "?b", "?c", ":m")
		fmt.Fprintf(&b, "%s %s %s . ", subject, predicate, d.node())
	}
	return b.String()
}

func (d *drawer) condition() string {
	switch rapid.IntRange(0, 6).Draw(d.t, "condition") {
	case 0:
		return d.variable() + d.pick(" = ", " != ", " < ") + d.node()
	case 1:
		return "BOUND(" + d.variable() + ")"
	case 2:
		return "!BOUND(" + d.variable() + ")"
	case 3:
		return d.variable() + d.pick(" > ", " = ") + d.pick("1", "2") + d.pick(" && ", " || ") + d.variable() + " != " + d.node()
	case 4:
		return "ISIRI(" + d.variable() + ")"
	case 5:
		return d.pick("EXISTS", "NOT EXISTS") + " { " + d.simple() + " }"
	}
	return "COALESCE(" + d.variable() + ", " + d.variable() + ") = " + d.node()
}

// simple is triples with single predicates and perhaps a filter.
func (d *drawer) simple() string {
	s := fmt.Sprintf("%s %s %s . ", d.pick("?a", "?b", "?e"), d.pick(":p", ":q", "?d"), d.node())
	if d.chance(3) {
		s += "FILTER(" + d.variable() + d.pick(" = ", " != ") + d.node() + ")"
	}
	return s
}

func (d *drawer) group(depth int) string {
	var b strings.Builder
	b.WriteString("{ ")
	for range rapid.IntRange(1, 3).Draw(d.t, "elements") {
		b.WriteString(d.element(depth))
		b.WriteByte(' ')
	}
	b.WriteString("}")
	return b.String()
}

func (d *drawer) element(depth int) string {
	kind := rapid.IntRange(0, 13).Draw(d.t, "element")
	if depth == 0 && kind > 6 {
		kind %= 3
	}
	switch kind {
	case 3:
		return "FILTER(" + d.condition() + ")"
	case 4:
		d.fresh++
		return fmt.Sprintf("BIND(%s AS ?v%d)", d.pick("?a", "?b", "COALESCE(?c, 1)", "?a + 1", "1", "IF(BOUND(?b), ?a, ?c)"), d.fresh)
	case 5:
		return "VALUES (?a ?b) { (" + d.pick(":m", "UNDEF", "1") + " " + d.pick(":n", "UNDEF", "2") + ") (:n :o) }"
	case 6:
		return "VALUES ?c { :m 1 }"
	case 7, 8:
		return "OPTIONAL " + d.group(depth-1)
	case 9:
		return d.group(depth-1) + " UNION " + d.group(depth-1)
	case 10:
		return "MINUS " + d.group(depth-1)
	case 11:
		return "GRAPH " + d.pick("?a", "?c", ":g", ":m") + " " + d.group(depth-1)
	case 12:
		return d.group(depth - 1)
	case 13:
		return d.subselect(depth)
	}
	return d.triples()
}

func (d *drawer) subselect(depth int) string {
	switch rapid.IntRange(0, 2).Draw(d.t, "subselect") {
	case 0:
		return "{ SELECT ?a ?b " + d.group(depth-1) + " }"
	case 1:
		d.fresh++
		return fmt.Sprintf("{ SELECT ?a (%s AS ?v%d) %s GROUP BY ?a }",
			d.pick("COUNT(*)", "COUNT(DISTINCT ?b)", "SUM(?c)", "MIN(?b)", "MAX(?c)", "COUNT(DISTINCT *)"), d.fresh, d.group(depth-1))
	}
	return "{ SELECT DISTINCT ?b ?c " + d.group(depth-1) + " }"
}
