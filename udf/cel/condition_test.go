package cel

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/store"
)

// toyChanges are an insertion of a stated triple, one of an unstated and a deletion.
func toyChanges(t *testing.T, run *Run) []store.Change {
	t.Helper()
	triple := func(h, r, o string) store.Triple {
		var ids [3]store.TermID
		for i, name := range []string{h, r, o} {
			id, known, err := run.Host.Names.ID(name)
			if err != nil || !known {
				t.Fatal(name, err)
			}
			ids[i] = id
		}
		return store.Triple{S: ids[0], P: ids[1], O: ids[2]}
	}
	return []store.Change{
		{Triple: triple("tokyo", "in", "japan")},
		{Triple: triple("kyoto", "in", "japan")},
		{Triple: triple("kyoto", "twin_of", "lyon"), Removed: true},
	}
}

func TestCondition(t *testing.T) {
	run := toyRun()
	env := newEnv(t, Options{User: []UserFunction{{"likely_in", `prob(c, "in", x) > 0.6`}}})
	changes := toyChanges(t, run)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	cases := []struct {
		source string
		want   string // a letter a change: t, f or e for an error
	}{
		{`true`, "ttt"},
		{`is_stated(h, r, t)`, "tft"},
		{`is_stated(change.h, change.r, change.t) && change.op == "insert"`, "tff"},
		{`change.op == "delete" || r == "in"`, "ttt"},
		{`h == "kyoto" && has(change.graph) && change.graph == ""`, "ftt"},
		{`change.time > timestamp("2026-01-01T00:00:00Z") && change.source.startsWith("imp")`, "ttt"},
		{`change["op"] == "delete"`, "fft"},
		{`["a"].exists(change, change == "a")`, "ttt"},
		{`likely_in(h, t)`, "ttf"},
		{`prob(h, "nosuch", t) > 0.5`, "eee"},
		{`r == "twin_of" && prob(h, "nosuch", t) > 0.5`, "ffe"},
		{`match("?c :in :japan").exists(m, m.c == h)`, "tff"},
		{`change["nosuch"] == 1`, "eee"},
	}
	for _, c := range cases {
		p, err := env.CompileCondition(c.source, 0)
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		match, errs := make([]bool, 3), make([]error, 3)
		b := Batch{Changes: changes, Time: at, Source: "import:x", Terms: expr.NewTerms(dictionary{run.Host.Names})}
		if err := p.Eval(context.Background(), run, b, match, errs); err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		got := ""
		for i := range match {
			switch {
			case errs[i] != nil:
				got += "e"
			case match[i]:
				got += "t"
			default:
				got += "f"
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s (%v)", c.source, got, c.want, errs)
		}
	}
}

func TestConditionFaults(t *testing.T) {
	env := newEnv(t, Options{})
	for source, says := range map[string]string{
		`1 + 1`:                            "must be true or false",
		`change.nosuch == 1`:               `no field "nosuch"`,
		`h > 3`:                            "no matching overload",
		`h ==`:                             "Syntax error",
		`nosuch(h)`:                        "undeclared reference",
		`predict_tail(h, r, 5).size() > 0`: "over the limit of 1000",
	} {
		_, err := env.CompileCondition(source, 1000)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", source, err, says)
		}
	}
}

func TestConditionLimits(t *testing.T) {
	run := toyRun()
	env := newEnv(t, Options{})
	changes := toyChanges(t, run)
	b := Batch{Changes: changes, Terms: expr.NewTerms(dictionary{run.Host.Names})}
	p, err := env.CompileCondition(nested(5), 1000)
	if err != nil {
		t.Fatal(err)
	}
	match, errs := make([]bool, 3), make([]error, 3)
	if err := p.Eval(context.Background(), run, b, match, errs); err != nil || errs[0] == nil || !strings.Contains(errs[0].Error(), "cost limit") {
		t.Errorf("cost: %v %v", err, errs)
	}
	if p, err = env.CompileCondition(nested(8), 1<<62); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := p.Eval(ctx, run, b, match, errs); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("deadline: %v", err)
	}
}

func TestConditionFilter(t *testing.T) {
	env := newEnv(t, Options{})
	for source, want := range map[string]Filter{
		`r == "in" && h == "x"`:                           {Relations: []string{"in"}},
		`"in" == change.r && change.op == "insert"`:       {Relations: []string{"in"}, Ops: []string{"insert"}},
		`r in ["a", "b"] && (change.graph == "" && true)`: {Relations: []string{"a", "b"}, Graphs: []string{""}},
		`r == "in" || h == "x"`:                           {},
		`r == h`:                                          {},
		`!(r == "in")`:                                    {},
		`r in ["a", h]`:                                   {},
		`r == "a" && r == "b"`:                            {Relations: []string{"a"}},
	} {
		p, err := env.CompileCondition(source, 0)
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		if !slices.Equal(p.Filter.Relations, want.Relations) || !slices.Equal(p.Filter.Ops, want.Ops) || !slices.Equal(p.Filter.Graphs, want.Graphs) {
			t.Errorf("%s: %+v, want %+v", source, p.Filter, want)
		}
	}
}

// FuzzCondition compiles what may come: an error or a condition that evaluates without a panic.
func FuzzCondition(f *testing.F) {
	for _, s := range []string{`r == "in"`, `change.op`, `change.x.y`, `has(change.h)`, `[1].all(change, change > 0)`, `prob(h,r,t) < 0.1 && change["r"] in ["a"]`} {
		f.Add(s)
	}
	env, err := NewEnv(Options{CostLimit: 10_000})
	if err != nil {
		f.Fatal(err)
	}
	run := toyRun()
	f.Fuzz(func(t *testing.T, source string) {
		p, err := env.CompileCondition(source, 0)
		if err != nil {
			return
		}
		changes := toyChanges(t, run)
		b := Batch{Changes: changes, Terms: expr.NewTerms(dictionary{run.Host.Names})}
		match, errs := make([]bool, 3), make([]error, 3)
		if err := p.Eval(context.Background(), run, b, match, errs); err != nil {
			t.Error(err)
		}
		for i := range changes { // a filter never keeps out what the whole condition lets in
			name, _ := run.Host.Names.Name(changes[i].Triple.P)
			if match[i] && p.Filter.Relations != nil && !slices.Contains(p.Filter.Relations, name) {
				t.Errorf("%s: the filter %v keeps out %s", source, p.Filter, name)
			}
		}
	})
}
