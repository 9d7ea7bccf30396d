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

// dictionary is that of an empty store: it knows the terms whose value is their identifier.
var dictionary = sync.OnceValue(func() expr.Dictionary {
	s, err := store.Open("", store.Options{})
	if err != nil {
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

// TestExpressions states the value of one expression a line.
func TestExpressions(t *testing.T) {
	for _, c := range [][2]string{
		// Numbers and their promotion.
		{`1 + 2`, `"3"^^<integer>`},
		{`9223372036854775807 + 1`, `"9223372036854775808"^^<integer>`},
		{`9223372036854775807 * 9223372036854775807`, `"85070591730234615847396907784232501249"^^<integer>`},
		{`9223372036854775808 - 1`, `"9223372036854775807"^^<integer>`},
		{`-(-9223372036854775808)`, `"9223372036854775808"^^<integer>`},
		{`7 / 2`, `"3.5"^^<decimal>`},
		{`1 / 3`, `"0.333333333333333333"^^<decimal>`},
		{`2 / 3`, `"0.666666666666666667"^^<decimal>`},
		{`1 / 0`, `error`},
		{`1.0 / 0.0`, `error`},
		{`1 / 0e0`, `"INF"^^<double>`},
		{`0e0 / 0`, `"NaN"^^<double>`},
		{`0.1 + 0.2`, `"0.3"^^<decimal>`},
		{`0.1 + 0.2e0`, `"0.30000000000000004"^^<double>`},
		{`xsd:float(1.5) + 1`, `"2.5"^^<float>`},
		{`xsd:float(1.5) + 1e0`, `"2.5"^^<double>`},
		{`1e3 * 1e6`, `"1.0E9"^^<double>`},
		{`"1" + 1`, `error`},
		{`xsd:byte("1") + xsd:byte("2")`, `"3"^^<integer>`},
		{`ROUND(2.5)`, `"3"^^<decimal>`},
		{`ROUND(-2.5)`, `"-2"^^<decimal>`},
		{`CEIL(-2.5)`, `"-2"^^<decimal>`},
		{`FLOOR(-2.5)`, `"-3"^^<decimal>`},
		{`ABS(-9223372036854775808)`, `"9223372036854775808"^^<integer>`},
		{`1 = 1.0 && 1.0 = 1e0`, `"true"^^<boolean>`},
		{`9007199254740993 = 9007199254740992.0`, `"false"^^<boolean>`},
		// Logic with errors.
		{`false && (1/0 = 1)`, `"false"^^<boolean>`},
		{`(1/0 = 1) && false`, `"false"^^<boolean>`},
		{`(1/0 = 1) && true`, `error`},
		{`(1/0 = 1) || true`, `"true"^^<boolean>`},
		{`(1/0 = 1) || false`, `error`},
		{`!(1/0)`, `error`},
		{`1 IN (1/0, 1)`, `"true"^^<boolean>`},
		{`2 IN (1/0, 1)`, `error`},
		{`2 NOT IN (1, 3)`, `"true"^^<boolean>`},
		{`COALESCE(?unbound, 1/0, "x")`, `"x"`},
		{`COALESCE()`, `error`},
		{`IF(1/0, 1, 2)`, `error`},
		{`IF("", 1, 1/0)`, `error`},
		{`IF(true, 1, 1/0)`, `"1"^^<integer>`},
		{`BOUND(?unbound)`, `"false"^^<boolean>`},
		// Equality and order.
		{`"a" = "a"@en`, `"false"^^<boolean>`},
		{`"a"@en = "a"@EN`, `"true"^^<boolean>`},
		{`"a"^^:t = "a"^^:t`, `"true"^^<boolean>`},
		{`"a"^^:t = "b"^^:t`, `error`},
		{`"x"^^xsd:integer = 1`, `error`},
		{`:a = "a"`, `"false"^^<boolean>`},
		{`"NaN"^^xsd:double = "NaN"^^xsd:double`, `"false"^^<boolean>`},
		{`1 < "NaN"^^xsd:double`, `"false"^^<boolean>`},
		{`"a" < "b"`, `"true"^^<boolean>`},
		{`"a" < 1`, `error`},
		{`:a < :b`, `error`},
		{`false < true`, `"true"^^<boolean>`},
		{`sameTerm(1, 1.0)`, `"false"^^<boolean>`},
		{`sameTerm("1"^^xsd:integer, 1)`, `"true"^^<boolean>`},
		// Dates.
		{`"2026-01-01T00:00:00Z"^^xsd:dateTime = "2026-01-01T01:00:00+01:00"^^xsd:dateTime`, `"true"^^<boolean>`},
		{`"2026-01-01T00:00:00Z"^^xsd:dateTime < "2026-01-01T00:00:00"^^xsd:dateTime`, `error`},
		{`"2026-01-01T00:00:00Z"^^xsd:dateTime < "2026-01-03T00:00:00"^^xsd:dateTime`, `"true"^^<boolean>`},
		{`"2026-02-29"^^xsd:date = "2026-02-29"^^xsd:date`, `"true"^^<boolean>`}, // ill-typed: the same term
		{`"2024-02-29"^^xsd:date < "2024-03-01"^^xsd:date`, `"true"^^<boolean>`},
		{`YEAR("2026-11-20T15:04:05.250-08:00"^^xsd:dateTime)`, `"2026"^^<integer>`},
		{`HOURS("2026-11-20T15:04:05.250-08:00"^^xsd:dateTime)`, `"15"^^<integer>`},
		{`SECONDS("2026-11-20T15:04:05.250-08:00"^^xsd:dateTime)`, `"5.25"^^<decimal>`},
		{`TIMEZONE("2026-11-20T15:04:05-08:00"^^xsd:dateTime)`, `"-PT8H"^^<dayTimeDuration>`},
		{`TIMEZONE("2026-11-20T15:04:05Z"^^xsd:dateTime)`, `"PT0S"^^<dayTimeDuration>`},
		{`TIMEZONE("2026-11-20T15:04:05"^^xsd:dateTime)`, `error`},
		{`TZ("2026-11-20T15:04:05"^^xsd:dateTime)`, `""`},
		{`NOW()`, `"2026-11-20T15:00:00Z"^^<dateTime>`},
		{`xsd:date("2026-11-20T15:04:05Z"^^xsd:dateTime)`, `"2026-11-20Z"^^<date>`},
		{`xsd:dateTime("2026-11-20T24:00:00"^^xsd:string) = "2026-11-21T00:00:00"^^xsd:dateTime`, `"true"^^<boolean>`},
		// Strings.
		{`SUBSTR("foobar", 4)`, `"bar"`},
		{`SUBSTR("foobar"@en, 0, 3)`, `"fo"@en`},
		{`SUBSTR("żółw", 2, 2)`, `"ół"`},
		{`STRLEN("żółw")`, `"4"^^<integer>`},
		{`STRBEFORE("abc"@en, "b")`, `"a"@en`},
		{`STRBEFORE("abc", "b"@en)`, `error`},
		{`STRBEFORE("abc"@en, "z")`, `""`},
		{`STRAFTER("abc"@en, "")`, `"abc"@en`},
		{`CONCAT("a"@en, "b"@en)`, `"ab"@en`},
		{`CONCAT("a"@en, "b")`, `"ab"`},
		{`CONCAT()`, `""`},
		{`UCASE("straße"@de)`, `"STRASSE"@de`},
		{`ENCODE_FOR_URI("a b/ü")`, `"a%20b%2F%C3%BC"`},
		{`REGEX("Hello", "^h", "i")`, `"true"^^<boolean>`},
		{`REGEX("a.c", "a.c", "q")`, `"true"^^<boolean>`},
		{`REGEX("abc", "a.c", "q")`, `"false"^^<boolean>`},
		{`REGEX("abc", "a b c", "x")`, `"true"^^<boolean>`},
		{`REGEX("abc", "(")`, `error`},
		{`REGEX(1, "1")`, `error`},
		{`REPLACE("abcd", "b(.)", "[$1]")`, `"a[c]d"`},
		{`REPLACE("abcd", "b(.)", "$1x\\$")`, `"acx$d"`},
		{`REPLACE("abcd", "b", "$12")`, `"a2cd"`},
		{`REPLACE("abc", "x*", "-")`, `error`},
		{`LANGMATCHES(LANG("a"@en-gb), "EN")`, `"true"^^<boolean>`},
		{`LANGMATCHES("", "*")`, `"false"^^<boolean>`},
		{`STRLANG("a", "EN")`, `"a"@en`},
		{`STRDT("1", xsd:integer) + 1`, `"2"^^<integer>`},
		{`STRDT("1"@en, xsd:integer)`, `error`},
		{`DATATYPE("a"@en)`, `<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString>`},
		{`MD5("abc")`, `"900150983cd24fb0d6963f7d28e17f72"`},
		{`SHA1("abc")`, `"a9993e364706816aba3e25717850c26c9cd0d89d"`},
		{`IRI("../x?q")`, `<http://base.example/x?q>`},
		{`STR(1.50)`, `"1.50"`},
		{`STR(1.50 + 0)`, `"1.5"`},
		{`ISNUMERIC("x"^^xsd:integer)`, `"false"^^<boolean>`},
		// Casts.
		{`xsd:integer("12")`, `"12"^^<integer>`},
		{`xsd:integer("1.5")`, `error`},
		{`xsd:integer(-1.9)`, `"-1"^^<integer>`},
		{`xsd:integer(1e30)`, `"1000000000000000000000000000000"^^<integer>`},
		{`xsd:decimal("1e0")`, `error`},
		{`xsd:decimal(1.5e0)`, `"1.5"^^<decimal>`},
		{`xsd:boolean("1")`, `"true"^^<boolean>`},
		{`xsd:boolean(0.0)`, `"false"^^<boolean>`},
		{`xsd:double("INF")`, `"INF"^^<double>`},
		{`xsd:double("0x10")`, `error`},
		{`xsd:string(1e6)`, `"1.0E6"`},
		{`xsd:string(:a)`, `"http://x/a"`},
		{`xsd:unsignedByte("256")`, `error`},
		{`xsd:integer("a"@en)`, `error`},
	} {
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
		if rapid.Bool().Draw(t, "mirrored") {
			left, right = right, left
		}
		vars := map[string]rdf.Term{"v": term}
		fast := evaluate(t, left+" "+operator+" "+right, vars)
		// Under IF the operands are no longer a variable and a constant.
		slow := evaluate(t, "IF(true, "+left+", 0) "+operator+" IF(true, "+right+", 0)", vars)
		if fast != slow {
			t.Fatalf("%v: %s %s %s is %s, and %s the long way", term, left, operator, right, fast, slow)
		}
	})
}
