package cel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/udf"
	"github.com/inklingdb/inkling/udf/toyworld"
)

func newEnv(t *testing.T, o Options) *Env {
	t.Helper()
	env, err := NewEnv(o)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

func toyRun() *Run {
	return &Run{Host: toyworld.New(), Match: func(_ context.Context, pattern string) ([]map[string]any, error) {
		if pattern != "?c :in :japan" {
			return nil, fmt.Errorf("cannot read %q", pattern)
		}
		return []map[string]any{{"c": "tokyo"}, {"c": "osaka"}}, nil
	}}
}

func eval(t *testing.T, env *Env, source string, variables map[string]any) (any, error) {
	t.Helper()
	p, err := env.Compile(source, Variables(variables))
	if err != nil {
		return nil, err
	}
	return p.Eval(context.Background(), toyRun(), variables)
}

// TestExamples runs what the functions' documentation shows.
func TestExamples(t *testing.T) {
	env := newEnv(t, Options{})
	for _, f := range udf.Functions {
		for _, example := range f.Examples {
			got, err := eval(t, env, example.Call, nil)
			if err != nil {
				t.Errorf("%s: %s: %v", f.Name, example.Call, err)
				continue
			}
			text, err := json.Marshal(got)
			if err != nil || string(text) != example.Answer {
				t.Errorf("%s: %s = %s, documented %s (%v)", f.Name, example.Call, text, example.Answer, err)
			}
		}
	}
}

func TestEval(t *testing.T) {
	env := newEnv(t, Options{})
	cases := []struct {
		source string
		vars   map[string]any
		want   string
	}{
		{`match("?c :in :japan").map(m, m.c)`, nil, `["tokyo","osaka"]`},
		{`match("?c :in :japan").all(m, is_fact(m.c, "in", "japan"))`, nil, `true`},
		{`prob(city, "in", "japan") > 0.9 && size(city) == 5`, map[string]any{"city": "kyoto"}, `true`},
		{`"a-b".split("-") + ["c"]`, nil, `["a","b","c"]`},
		{`{"n": 1, "f": 2.5, "none": null}`, nil, `{"f":2.5,"n":1,"none":null}`},
		{`rank("kyoto", "in", "japan") < 2`, nil, `true`},
		{`true || prob("nowhere", "in", "japan") > 0.5`, nil, `true`},
	}
	for _, c := range cases {
		got, err := eval(t, env, c.source, c.vars)
		text, _ := json.Marshal(got)
		if err != nil || string(text) != c.want {
			t.Errorf("%s = %s (%v), want %s", c.source, text, err, c.want)
		}
	}
}

func TestErrorsShowThePlace(t *testing.T) {
	env := newEnv(t, Options{})
	cases := []struct {
		source string
		column int
		says   []string
	}{
		{`1 + nosuch`, 5, []string{"undeclared reference to 'nosuch'", "\n  1 + nosuch\n      ^"}},
		{`prob("tokyo", "in"`, 0, []string{"line 1"}},
		{`prob("tokyo", 3, "japan")`, 0, []string{"prob"}},
		{`true && prob("Tokio", "in", "japan") > 0.5`, 13, []string{`unknown entity "Tokio"`, "did you mean tokyo"}},
		{`prob("tokyo", "inn", "japan")`, 5, []string{`unknown relation "inn"`, "did you mean in"}},
		{`prob("tokyo", "in", "japan", "toi")`, 5, []string{"did you mean toy"}},
		{`predict_tail("tokyo", "in", 0)`, 13, []string{"k is 0"}},
		{`match("?x")`, 6, []string{"match: cannot read"}},
	}
	for _, c := range cases {
		_, err := eval(t, env, c.source, nil)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v is no *Error", c.source, err)
			continue
		}
		if c.column > 0 && (e.Line != 1 || e.Column != c.column) {
			t.Errorf("%s: at %d:%d, want column %d: %v", c.source, e.Line, e.Column, c.column, err)
		}
		for _, s := range c.says {
			if !strings.Contains(err.Error(), s) {
				t.Errorf("%s: %q lacks %q", c.source, err, s)
			}
		}
	}
	_, err := eval(t, env, "true &&\n  nosuch", nil)
	var e *Error
	if !errors.As(err, &e) || e.Line != 2 || e.Column != 3 || !strings.HasSuffix(err.Error(), "\n    nosuch\n    ^") {
		t.Errorf("second line: %v", err)
	}
}

// nested takes 10^n steps.
func nested(n int) string {
	list := `[0,1,2,3,4,5,6,7,8,9]`
	body := "true"
	for i := range n {
		body = fmt.Sprintf("%s.all(x%d, %s)", list, i, body)
	}
	return body
}

func TestLimits(t *testing.T) {
	env := newEnv(t, Options{CostLimit: 1000})
	if _, err := eval(t, env, nested(5), nil); err == nil || !strings.Contains(err.Error(), "cost") {
		t.Errorf("a costly expression under a limit: %v", err)
	}
	if _, err := eval(t, env, `similar("kyoto", 1)`, nil); err == nil {
		t.Error("a ranking costs more than 1,000")
	}
	p, err := newEnv(t, Options{}).Compile(nested(7), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := p.Eval(ctx, toyRun(), nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a deadline: %v", err)
	}
}

func TestUserFunctions(t *testing.T) {
	user := []UserFunction{
		{"likely_in", `prob(c, "in", x) > 0.6`},
		{"japanese", `likely_in(c, "japan") && size([1, 2].filter(i, i > 1)) == 1`},
	}
	env := newEnv(t, Options{User: user})
	for source, want := range map[string]bool{
		`likely_in("kyoto", "japan")`: true, `likely_in("kyoto", "france")`: false,
		`japanese("kyoto")`: true, `japanese("lyon")`: false,
		`["kyoto", "osaka"].all(i, japanese(i))`: true,
	} {
		if got, err := eval(t, env, source, nil); err != nil || got != want {
			t.Errorf("%s = %v (%v)", source, got, err)
		}
	}
	parameters, err := newEnv(t, Options{}).Parameters(user[0])
	if err != nil || strings.Join(parameters, ",") != "c,x" {
		t.Errorf("parameters %v (%v)", parameters, err)
	}
	for _, bad := range []UserFunction{{"prob", "1"}, {"Big", "1"}, {"ok", "1 +"}, {"size", "1"}, {"ok", `prob(x)`}} {
		if _, err := newEnv(t, Options{}).Parameters(bad); err == nil {
			t.Errorf("%v must be refused", bad)
		}
	}
}

// dictionary lets the toy world's names stand as IRIs of themselves.
type dictionary struct{ names udf.Names }

func (d dictionary) ID(t rdf.Term) (store.TermID, bool, error) { return 0, false, nil }

func (d dictionary) Term(id store.TermID) (rdf.Term, error) {
	name, err := d.names.Name(id)
	return rdf.NewIRI(name), err
}

// TestColumnsEqualSingleRows evaluates every expression over a batch and row by row.
func TestColumnsEqualSingleRows(t *testing.T) {
	env := newEnv(t, Options{User: []UserFunction{{"likely_in", `prob(c, "in", x) > 0.6`}}})
	run := toyRun()
	cities := []string{"tokyo", "kyoto", "osaka", "paris", "lyon", "stranger"}
	terms := expr.NewTerms(dictionary{run.Host.Names})
	text := make([]store.TermID, len(cities))
	for i, c := range cities {
		var err error
		if text[i], err = terms.ID(rdf.NewString(c)); err != nil {
			t.Fatal(err)
		}
	}
	sources := []string{
		`prob(c, "in", "japan") > 0.5`,
		`prob(c, "in", "japan") > 0.5 && size(c) == 5`,
		`prob(c, "in", "japan") * 2.0 + prob(c, "in", "japan")`,
		`c == "tokyo" ? 1 : degree(c)`,
		`c == "stranger" || is_fact(c, "in", "france")`,
		`predict_tail(c, "in", 2).map(x, x.node)`,
		`size(predict_tail(c, "in", 3, true, "toy"))`,
		`["japan", "france"].exists(x, is_fact(c, "in", x))`,
		`likely_in(c, "japan")`,
		`neighbours(c, "in")`,
	}
	for _, source := range sources {
		compareWithRows(t, env, run, source, cities, expr.NewColumn(text, terms))
	}
}

func compareWithRows(t *testing.T, env *Env, run *Run, source string, cities []string, column expr.Column) {
	t.Helper()
	p, err := env.CompileColumns(source, []string{"c"})
	if err != nil {
		t.Errorf("%s: %v", source, err)
		return
	}
	out := make([]expr.Value, len(cities))
	if err := p.Function(run)(context.Background(), []expr.Column{column}, out); err != nil {
		t.Errorf("%s: %v", source, err)
		return
	}
	single, err := env.Compile(source, []string{"c"})
	if err != nil {
		t.Fatal(err)
	}
	for i, city := range cities {
		want, err := single.Eval(context.Background(), run, map[string]any{"c": city})
		if (err == nil) != out[i].OK() {
			t.Errorf("%s for %s: column %v, row %v %v", source, city, out[i].Term(), want, err)
			continue
		}
		text, _ := json.Marshal(want)
		if got := out[i].Text(); err == nil && !sameText(got, string(text)) {
			t.Errorf("%s for %s: column %s, row %s", source, city, got, text)
		}
	}
}

// sameText compares a term's text with JSON, in which doubles look different.
func sameText(a, b string) bool {
	var x, y float64
	if _, err := fmt.Sscan(a, &x); err == nil {
		if _, err := fmt.Sscan(b, &y); err == nil {
			return x == y
		}
	}
	return a == b
}

func TestHoistingSharesEqualCalls(t *testing.T) {
	env := newEnv(t, Options{})
	p, err := env.CompileColumns(`prob(c, "in", "japan") > 0.5 && prob(c, "in", "japan") < prob(c, "in", d)`, []string{"c", "d"})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.calls) != 2 {
		t.Errorf("%d columns for two different calls", len(p.calls))
	}
	if _, err := env.CompileColumns(`prob(c, "in", q) > 0.5`, []string{"c"}); err == nil || !strings.Contains(err.Error(), "'q'") {
		t.Errorf("an unknown variable: %v", err)
	}
}

func BenchmarkColumns(b *testing.B) {
	env, err := NewEnv(Options{})
	if err != nil {
		b.Fatal(err)
	}
	run := toyRun()
	terms := expr.NewTerms(dictionary{run.Host.Names})
	ids := make([]store.TermID, 1024)
	for i := range ids {
		if ids[i], err = terms.ID(rdf.NewString([]string{"tokyo", "kyoto", "osaka"}[i%3])); err != nil {
			b.Fatal(err)
		}
	}
	p, err := env.CompileColumns(`prob(c, "in", "japan") > 0.8 && size(c) == 5`, []string{"c"})
	if err != nil {
		b.Fatal(err)
	}
	f, out := p.Function(run), make([]expr.Value, len(ids))
	columns := []expr.Column{expr.NewColumn(ids, terms)}
	for b.Loop() {
		if err := f(context.Background(), columns, out); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/row")
}

// A program compiled before is returned again, for the same source and variables; room is made for new ones.
func TestProgramsAreKept(t *testing.T) {
	env := newEnv(t, Options{})
	compile := func(source string, variables ...string) *Program {
		t.Helper()
		p, err := env.Compile(source, variables)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first := compile("a + b", "a", "b")
	if compile("a + b", "a", "b") != first || compile("a + b", "a", "b", "c") == first || compile("a + a", "a", "b") == first {
		t.Error("the kept program is not that of the source and variables")
	}
	if _, err := env.Compile("a + b", []string{"a"}); err == nil {
		t.Error("a variable that is not declared passes")
	}
	for i := range 2 * keptPrograms {
		compile(strings.Repeat(" ", i) + "1")
	}
	if len(env.programs) > keptPrograms {
		t.Errorf("%d programs are kept", len(env.programs))
	}
	before := len(env.programs)
	compile(strings.Repeat(" ", longestKept) + "2")
	if len(env.programs) != before {
		t.Error("a long expression is kept")
	}
}
