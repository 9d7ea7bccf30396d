package sparql_test

import (
	"os"
	"reflect"
	"testing"

	"github.com/inklingdb/inkling/query/manifest"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store/rdf"
)

var nodeType = reflect.TypeFor[sparql.Node]()

// reachable collects the pointers to nodes below v: the syntax, or, with algebra, the operators and what they hold.
func reachable(v reflect.Value, algebra bool, found map[any]bool) {
	switch v.Kind() {
	case reflect.Interface:
		reachable(v.Elem(), algebra, found)
	case reflect.Pointer:
		if v.IsNil() || found[v.Interface()] {
			return
		}
		if v.Type().Implements(nodeType) {
			found[v.Interface()] = true
		}
		reachable(v.Elem(), algebra, found)
	case reflect.Slice:
		for i := range v.Len() {
			reachable(v.Index(i), algebra, found)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			switch name := v.Type().Field(i).Name; {
			case !algebra && (name == "Algebra" || name == "Op"): // of the other tree
			case algebra && (name == "Group" || name == "Source"):
			default:
				reachable(v.Field(i), algebra, found)
			}
		}
	}
}

// TestWalk compares what Walk visits with what reflection finds, over the queries of the W3C suite.
func TestWalk(t *testing.T) {
	if !manifest.Dir(manifest.Root) {
		t.Skip("the W3C tests are not beside the checkout")
	}
	tests, err := manifest.ReadAll(manifest.Root)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		text, err := os.ReadFile(test.Request.Path)
		if err != nil {
			continue // a test of a protocol
		}
		n, err := read(string(text), test.IsUpdate(), sparql.Options{Base: test.Request.IRI})
		if err != nil {
			continue
		}
		compareWalk(t, test.ID(), n, false)
		if q, ok := n.(*sparql.Query); ok {
			compareWalk(t, test.ID()+" algebra", q.Algebra, true)
		}
	}
}

func compareWalk(t *testing.T, id string, root sparql.Node, algebra bool) {
	t.Helper()
	want, got := map[any]bool{}, map[any]bool{}
	reachable(reflect.ValueOf(root), algebra, want)
	sparql.Walk(root, func(n sparql.Node) bool {
		if reflect.TypeOf(n).Kind() == reflect.Pointer {
			got[n] = true
		}
		return true
	})
	for n := range want {
		if !got[n] {
			t.Errorf("%s: Walk misses %T", id, n)
		}
	}
	for n := range got {
		if !want[n] {
			t.Errorf("%s: Walk visits %T, which is not below", id, n)
		}
	}
}

func TestParseTerm(t *testing.T) {
	opt := sparql.Options{Base: "http://b/x", Prefixes: map[string]string{"p": "http://p/"}}
	for text, want := range map[string]rdf.Term{
		"<y>":                      rdf.NewIRI("http://b/y"),
		"p:a.b":                    rdf.NewIRI("http://p/a.b"),
		" 'it''' ":                 {},
		`"a\n"@EN`:                 rdf.NewLang("a\n", "en"),
		"-1.50":                    rdf.NewTyped("-1.50", rdf.XSDDecimal),
		"- 1":                      {},
		"1e3":                      rdf.NewTyped("1e3", rdf.XSDDouble),
		"true":                     rdf.NewTyped("true", rdf.XSDBoolean),
		"_:a.b":                    rdf.NewBlank("a.b"),
		`"2"^^p:t`:                 rdf.NewTyped("2", "http://p/t"),
		"?x":                       {},
		"p:a p:b":                  {},
		"":                         {},
		"\xff":                     {},
		`'''a'b"''' # and no more`: rdf.NewString(`a'b"`),
	} {
		got, err := sparql.ParseTerm(text, opt)
		if got != want || (err == nil) != (want.Kind != rdf.None) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
		if err == nil {
			if back, err := sparql.ParseTerm(sparql.TermString(got), sparql.Options{}); err != nil || back != got {
				t.Errorf("%v prints as %s, which reads as %v (%v)", got, sparql.TermString(got), back, err)
			}
		}
	}
}

// BenchmarkParse parses a query of everyday size.
func BenchmarkParse(b *testing.B) {
	const text = `PREFIX ex: <http://example.org/>
SELECT ?d ?x (COUNT(?s) AS ?n) WHERE {
  ?d ex:treats ?x ; ex:name ?name . ?x a ex:Rare .
  OPTIONAL { ?d ex:sideEffect ?s FILTER(?s != ex:none) }
  GRAPH <urn:inkling:plausible> { ?d ex:binds ?p }
  FILTER(STRLEN(?name) > 3 && ?p IN (ex:a, ex:b))
} GROUP BY ?d ?x HAVING (?n > 2) ORDER BY DESC(?n) LIMIT 10`
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sparql.Parse(text, sparql.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkInsertData parses 1,000 triples of an INSERT DATA.
func BenchmarkInsertData(b *testing.B) {
	text := "INSERT DATA {\n"
	for range 1000 {
		text += "<http://example.org/subject/123> <http://example.org/knows> \"a literal of some length\" .\n"
	}
	text += "}"
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sparql.ParseUpdate(text, sparql.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
