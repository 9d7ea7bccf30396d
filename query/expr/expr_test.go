package expr_test

import (
	"context"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// dictionary is that of a store with one triple; it also knows the terms whose value is their identifier.
var dictionary = sync.OnceValue(func() expr.Dictionary {
	s, err := store.Open("", store.Options{})
	if err != nil {
		panic(err)
	}
	triple := rdf.Quad{S: rdf.NewIRI("http://x/a"), P: rdf.NewIRI("http://x/1"), O: rdf.NewString("a")}
	if _, err := s.Write(context.Background(), store.Batch{Add: []rdf.Quad{triple}}); err != nil {
		panic(err)
	}
	v, err := s.View()
	if err != nil {
		panic(err)
	}
	return v
})

// failer is a test or a property.
type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// evaluate returns the value of an expression over variables, written as rdf.AppendTerm does, or "error".
func evaluate(t failer, text string, vars map[string]rdf.Term) string {
	t.Helper()
	q, err := sparql.Parse("SELECT (("+text+") AS ?result) {}", sparql.Options{Prefixes: map[string]string{"xsd": rdf.XSD, "": "http://x/"}})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	terms := expr.NewTerms(dictionary())
	batch := &expr.Batch{N: 1}
	slots := map[string]int{}
	for name, term := range vars {
		id, err := terms.ID(term)
		if err != nil {
			t.Fatal(err)
		}
		slots[name] = len(batch.Cols)
		batch.Cols = append(batch.Cols, []store.TermID{id})
	}
	scope := expr.Scope{
		Slot: func(name string) (int, bool) { s, ok := slots[name]; return s, ok },
		Vars: func() []string { return nil },
	}
	rt := expr.NewRuntime(terms, time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC), 1)
	rt.Base = "http://base.example/dir/file"
	p, err := expr.Compile(q.Items[0].Expr, scope, rt)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	out := make([]expr.Value, 1)
	if err := p.Eval(context.Background(), batch, []int32{0}, out); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if !out[0].OK() {
		return "error"
	}
	s := string(rdf.AppendTerm(nil, out[0].Term()))
	return strings.ReplaceAll(strings.ReplaceAll(s, "<"+rdf.XSD, "<"), "^^<string>", "")
}

// TestExpressions checks the value of each line of expressions.
func TestExpressions(t *testing.T) {
	for _, c := range expressions {
		if got := evaluate(t, c[0], nil); got != c[1] {
			t.Errorf("%s = %s, want %s", c[0], got, c[1])
		}
	}
}

// TestArithmetic compares integers and decimals with math/big.
func TestArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) (string, *big.Rat) {
			s := rapid.StringMatching(`-?[0-9]{1,25}(\.[0-9]{1,12})?`).Draw(t, name)
			r, _ := new(big.Rat).SetString(s)
			return s, r
		}
		a, x := draw("a")
		b, y := draw("b")
		value := func(s string) expr.Value {
			if strings.Contains(s, ".") {
				return expr.FromTerm(rdf.NewTyped(s, rdf.XSDDecimal))
			}
			return expr.FromTerm(rdf.NewTyped(s, rdf.XSDInteger))
		}
		v, o := value(a), value(b)
		for name, c := range map[string]struct {
			got  expr.Value
			want *big.Rat
		}{
			"+": {expr.Add(v, o), new(big.Rat).Add(x, y)},
			"-": {expr.Sub(v, o), new(big.Rat).Sub(x, y)},
			"*": {expr.Mul(v, o), new(big.Rat).Mul(x, y)},
		} {
			if got, ok := new(big.Rat).SetString(c.got.Text()); !ok || got.Cmp(c.want) != 0 {
				t.Fatalf("%s %s %s = %s, want %s", a, name, b, c.got.Text(), c.want.FloatString(30))
			}
		}
		if order, ok := expr.Compare(v, o); !ok || order != x.Cmp(y) {
			t.Fatalf("%s compared with %s is %d", a, b, order)
		}
		if y.Sign() != 0 {
			got, _ := new(big.Rat).SetString(expr.Div(v, o).Text())
			difference := new(big.Rat).Sub(got, new(big.Rat).Quo(x, y))
			if difference.Abs(difference).Cmp(big.NewRat(1, 1e18)) > 0 {
				t.Fatalf("%s / %s = %s", a, b, expr.Div(v, o).Text())
			}
		}
	})
}

// drawTerm returns any sort of term.
func drawTerm(t *rapid.T, name string) rdf.Term {
	lexical := rapid.SampledFrom([]string{"", "0", "1", "-1", "1.5", "2e3", "NaN", "INF", "true", "a", "b",
		"2026-01-01", "2026-01-01Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00Z", "2026-01-01T05:00:00+05:00",
		"10:00:00", "P1M", "PT30H", "P31D", "9223372036854775808"}).Draw(t, name)
	switch rapid.IntRange(0, 3).Draw(t, name+" kind") {
	case 0:
		return rdf.NewIRI("http://x/" + lexical)
	case 1:
		return rdf.NewLang("x"+lexical, rapid.SampledFrom([]string{"en", "de"}).Draw(t, name+" language"))
	}
	return rdf.NewTyped(lexical, rdf.XSD+rapid.SampledFrom([]string{"string", "integer", "int", "decimal", "double",
		"float", "boolean", "date", "dateTime", "time", "duration", "dayTimeDuration"}).Draw(t, name+" type"))
}

// TestOrderIsTotal checks that ORDER BY's order is antisymmetric, transitive and agrees with <.
func TestOrderIsTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := expr.FromTerm(drawTerm(t, "a")), expr.FromTerm(drawTerm(t, "b")), expr.FromTerm(drawTerm(t, "c"))
		if expr.Order(a, b) != -expr.Order(b, a) {
			t.Fatalf("%v and %v: %d and %d", a.Term(), b.Term(), expr.Order(a, b), expr.Order(b, a))
		}
		if expr.Order(a, b) <= 0 && expr.Order(b, c) <= 0 && expr.Order(a, c) > 0 {
			t.Fatalf("%v ≤ %v ≤ %v, but not the first and last", a.Term(), b.Term(), c.Term())
		}
		if less, ok := expr.Compare(a, b); ok && less*expr.Order(a, b) < 0 {
			t.Fatalf("< and ORDER BY differ on %v and %v", a.Term(), b.Term())
		}
	})
}

// TestTermsRoundTrip checks that decoding and encoding a term gives it back, and that casts give their datatype.
func TestTermsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		term := drawTerm(t, "term")
		v := expr.FromTerm(term)
		if v.Term() != term {
			t.Fatalf("%v came back as %v", term, v.Term())
		}
		datatype := rdf.XSD + rapid.SampledFrom([]string{"string", "integer", "int", "decimal", "double", "boolean", "date", "dateTime"}).Draw(t, "datatype")
		out, ok := expr.Cast(v, datatype)
		if !ok || out.OK() && (out.Term().Datatype != datatype || expr.FromTerm(out.Term()).Kind != out.Kind) {
			t.Fatalf("%v as %s is %v", term, datatype, out.Term())
		}
	})
}

// TestFastComparisons compares the shortcuts for constants with the general operators.
func TestFastComparisons(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		term := drawTerm(t, "term")
		constant := rapid.SampledFrom([]string{"1", "0", "-1", "<http://x/a>", "<http://x/1>"}).Draw(t, "constant")
		operator := rapid.SampledFrom([]string{"=", "!=", "<", ">", "<=", ">="}).Draw(t, "operator")
		left, right := "?v", constant
		if rapid.Bool().Draw(t, "two variables") {
			right = "?w"
		}
		if rapid.Bool().Draw(t, "mirrored") {
			left, right = right, left
		}
		vars := map[string]rdf.Term{"v": term, "w": drawTerm(t, "other")}
		fast := evaluate(t, left+" "+operator+" "+right, vars)
		// Under IF the operands are no longer a variable and a constant.
		slow := evaluate(t, "IF(true, "+left+", 0) "+operator+" IF(true, "+right+", 0)", vars)
		if fast != slow {
			t.Fatalf("%v: %s %s %s is %s, and %s the long way", term, left, operator, right, fast, slow)
		}
	})
}
