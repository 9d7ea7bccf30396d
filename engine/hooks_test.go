package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/engine/hook"
)

func addHook(t testing.TB, db *DB, d hook.Definition) HookInfo {
	t.Helper()
	info, err := db.AddHook(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func mustUpdate(t testing.TB, db *DB, text string) UpdateReport {
	t.Helper()
	r, err := db.Update(context.Background(), text, UpdateOptions{Wait: true})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func ready(t testing.TB, name string) hook.Definition {
	t.Helper()
	d, err := hook.ReadyByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestBeforeHookRejects(t *testing.T) {
	dir := t.TempDir()
	db := openDir(t, dir)
	ctx := context.Background()
	importText(t, db, "a\tlikes\tb\n", "tsv")
	addHook(t, db, hook.Definition{Name: "no-self", Action: "reject", Condition: "h == t", Message: "nobody likes themselves"})
	check := func(where string, err error) {
		t.Helper()
		var r *RejectedError
		if !errors.Is(err, ErrRejected) || !errors.As(err, &r) || r.Hook != "no-self" {
			t.Fatalf("%s: %v", where, err)
		}
		for _, part := range []string{"hook no-self", "+(c, likes, c)", "nobody likes themselves"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q lacks %q", where, err, part)
			}
		}
	}
	_, err := db.Update(ctx, "INSERT DATA { :x :likes :y . :c :likes :c }", UpdateOptions{})
	check("update", err)
	_, err = db.Import(ctx, ImportRequest{Reader: strings.NewReader("x\tlikes\ty\nc\tlikes\tc\n"), Format: "tsv"})
	check("import", err)
	var big strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&big, "n%d\tlikes\tm%d\n", i, i)
	}
	_, err = db.Import(ctx, ImportRequest{Reader: strings.NewReader(big.String() + "c\tlikes\tc\n"), Format: "tsv"})
	check("bulk import", err)
	if got := ask(t, db, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"); got[0] != "1" {
		t.Errorf("a rejected commit left %v", got)
	}
	mustUpdate(t, db, "INSERT DATA { :x :likes :y }")
	if r := importText(t, db, big.String(), "tsv"); r.Added != 60_000 {
		t.Errorf("an import that no hook is about: %+v", r)
	}
	runs, counts, err := db.HookLog("no-self")
	if err != nil || counts.Rejected != 3 || len(runs) != 3 || runs[2].Outcome != OutcomeRejected {
		t.Errorf("log: %+v %+v %v", runs, counts, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again := openDir(t, dir)
	if _, counts, err := again.HookLog("no-self"); err != nil || counts.Rejected != 3 {
		t.Errorf("log after reopening: %+v %v", counts, err)
	}
	_, err = again.Update(ctx, "INSERT DATA { :c :likes :c }", UpdateOptions{})
	check("after reopening", err)
	if err := again.RemoveHook(ctx, "no-self"); err != nil {
		t.Fatal(err)
	}
	mustUpdate(t, again, "INSERT DATA { :c :likes :c }")
}

func TestBeforeHookWarnsAndFaults(t *testing.T) {
	db := openDir(t, "")
	importText(t, db, "a\tlikes\tb\n", "tsv")
	addHook(t, db, hook.Definition{Name: "two", When: hook.Before, Action: "warn", Condition: "has_other(h, r, t)", Message: "a second one"})
	r := mustUpdate(t, db, "INSERT DATA { :a :likes :c . :b :likes :c }")
	if len(r.Warnings) != 1 || r.Warnings[0].String() != "hook two: +(a, likes, c): a second one" {
		t.Errorf("warnings: %+v", r.Warnings)
	}
	if r := mustUpdate(t, db, "DELETE DATA { :a :likes :b }"); len(r.Warnings) != 0 {
		t.Errorf("a deletion: %+v", r.Warnings)
	}
	d := hook.Definition{Name: "faulty", When: hook.Before, Action: "warn", Condition: `prob(h, r, t) > 0.5`}
	for policy, want := range map[string]string{hook.Reject: "rejected", hook.Warn: "warned", hook.Ignore: "through"} {
		d.OnError = policy
		addHook(t, db, d)
		r, err := db.Update(context.Background(), fmt.Sprintf("INSERT DATA { :p :%s :c }", policy), UpdateOptions{})
		got := "through"
		switch {
		case errors.Is(err, ErrRejected) && strings.Contains(err.Error(), "no trained model"):
			got = "rejected"
		case err != nil:
			got = err.Error()
		case len(r.Warnings) == 1 && strings.Contains(r.Warnings[0].Problem, "no trained model"):
			got = "warned"
		}
		if got != want {
			t.Errorf("on_error %s: %s, %+v", policy, got, r)
		}
	}
	if _, counts, err := db.HookLog("faulty"); err != nil || counts.Faults != 3 || counts.Warned != 1 || counts.Rejected != 1 {
		t.Errorf("counts: %+v %v", counts, err)
	}
}

func TestBeforeHookLimits(t *testing.T) {
	db := openDir(t, "")
	loop := "[0,1,2,3,4,5,6,7,8,9]"
	deep := "true"
	for i := range 7 {
		deep = fmt.Sprintf("%s.all(x%d, %s)", loop, i, deep)
	}
	addHook(t, db, hook.Definition{Name: "costly", When: hook.Before, Action: "warn", Condition: deep})
	if _, err := db.Update(context.Background(), "INSERT DATA { :a :b :c }", UpdateOptions{}); !errors.Is(err, ErrRejected) || !strings.Contains(err.Error(), "cost limit") {
		t.Errorf("a condition over its cost limit: %v", err)
	}
	addHook(t, db, hook.Definition{Name: "costly", When: hook.Before, Action: "warn", Condition: deep, CostLimit: 1 << 60, TimeLimit: 20e6, OnError: hook.Warn})
	if r, err := db.Update(context.Background(), "INSERT DATA { :a :b :c }", UpdateOptions{}); err != nil || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0].Problem, "time limit") {
		t.Errorf("a condition over its time limit: %+v %v", r, err)
	}
}

func TestHookDefinitionsAreChecked(t *testing.T) {
	db := openDir(t, "")
	for says, d := range map[string]hook.Definition{
		"no action":                  {Name: "x", Action: "explode"},
		"is no name":                 {Name: "X y", Action: "reject"},
		"must be true or false":      {Name: "x", Action: "reject", Condition: "1"},
		"undeclared reference":       {Name: "x", Action: "reject", Condition: "nosuch(h)"},
		"no field":                   {Name: "x", Action: "reject", Condition: "change.x == h"},
		"runs after the commit":      {Name: "x", Action: "tag", When: hook.Before},
		"needs the parameter url":    {Name: "x", Action: "webhook"},
		"needs the parameter secret": {Name: "x", Action: "webhook", Params: map[string]string{"url": "http://localhost/"}},
		"not on this machine":        {Name: "x", Action: "webhook", Params: map[string]string{"url": "http://example.org/", "secret": "0123456789abcdef"}},
		"holds a password":           {Name: "x", Action: "webhook", Params: map[string]string{"url": "http://a:b@localhost/", "secret": "0123456789abcdef"}},
		"no verifier":                {Name: "x", Action: "verify"},
		`no editor "lm"`:             {Name: "x", Action: "edit", Params: map[string]string{"editor": "lm"}},
		"no parameter":               {Name: "x", Action: "tag", Params: map[string]string{"colour": "red"}},
		"not an absolute IRI":        {Name: "x", Action: "tag", Params: map[string]string{"graph": "red"}},
	} {
		if _, err := db.AddHook(context.Background(), d); err == nil || !strings.Contains(err.Error(), says) || !errors.Is(err, ErrBadInput) {
			t.Errorf("%s: %v", says, err)
		}
	}
	if list, err := db.Hooks(); err != nil || len(list) != 0 {
		t.Errorf("hooks: %v %v", list, err)
	}
	if _, err := db.Update(context.Background(), "INSERT DATA {}", UpdateOptions{Source: "hook:x/1"}); !errors.Is(err, ErrBadInput) {
		t.Errorf("a stolen source: %v", err)
	}
	ctx := context.Background()
	if err := db.DefineFunction(ctx, "mine", "x == 'a'"); err != nil {
		t.Fatal(err)
	}
	addHook(t, db, hook.Definition{Name: "uses", Action: "reject", Condition: "mine(h)"})
	if err := db.DropFunction(ctx, "mine"); err == nil || !strings.Contains(err.Error(), "hook uses") {
		t.Errorf("a function that a hook uses: %v", err)
	}
	if err := db.DefineFunction(ctx, "mine", "x == 'b'"); err != nil {
		t.Fatal(err)
	}
	mustUpdate(t, db, "INSERT DATA { :a :r :c }")
	if _, err := db.Update(ctx, "INSERT DATA { :b :r :c }", UpdateOptions{}); !errors.Is(err, ErrRejected) {
		t.Errorf("the function's new meaning: %v", err)
	}
}

func TestTagsFollowTheLog(t *testing.T) {
	db := openDir(t, "")
	addHook(t, db, hook.Definition{Name: "seen", On: hook.Both, Action: "tag", Condition: `r == "likes" && change.graph != "urn:copy"`, Params: map[string]string{"value": "reviewed"}})
	addHook(t, db, hook.Definition{Name: "copy", On: hook.Both, Action: "tag", Relations: []string{"likes"}, Graphs: []string{hook.DefaultGraph},
		Params: map[string]string{"graph": "urn:copy", "style": hook.Member}})
	mustUpdate(t, db, "INSERT DATA { :a :likes :b . :a :knows :b . GRAPH :g { :c :likes :d } }")
	var big strings.Builder
	for i := range 60_000 {
		relation := "knows"
		if i%100 == 0 {
			relation = "likes"
		}
		fmt.Fprintf(&big, "n%d\t%s\tm%d\n", i, relation, i)
	}
	importText(t, db, big.String(), "tsv")
	mustUpdate(t, db, "DELETE DATA { :a :likes :b }")
	if got := ask(t, db, `SELECT (COUNT(DISTINCT ?x) AS ?n) { GRAPH ink:tags { ?x a rdf:Statement ; ink:tag "reviewed" ; rdf:predicate :likes ; ink:op "insert" } }`); got[0] != "602" {
		t.Errorf("%s tagged", got)
	}
	if got := ask(t, db, `SELECT ?s ?v { GRAPH ink:tags { ?x ink:op "delete" ; rdf:subject ?s ; ink:version ?v } }`); len(got) != 1 || !strings.HasPrefix(got[0], "a ") {
		t.Errorf("deleted: %v", got)
	}
	if got := ask(t, db, `SELECT (COUNT(*) AS ?n) { GRAPH <urn:copy> { ?s :likes ?o } }`); got[0] != "600" {
		t.Errorf("%s copied", got)
	}
	list, err := db.Hooks()
	if err != nil || len(list) != 2 || list[1].Name != "seen" || list[1].Counts.Done != 603 || list[1].Lag != 0 {
		t.Errorf("%+v %v", list, err)
	}
}

// TestSupersede moves people from one city to another, in steps that a hook may see late.
func TestSupersede(t *testing.T) {
	db := openDir(t, "")
	var start strings.Builder
	for i := range 600 {
		fmt.Fprintf(&start, "p%d\tlives_in\tcity%d\np%d\tknows\tp%d\np%d\tknows\tp%d\n", i, i%7, i, (i+1)%600, i, (i+2)%600)
	}
	importText(t, db, start.String(), "tsv")
	addHook(t, db, ready(t, "supersede"))
	update := func(text string) {
		t.Helper()
		if _, err := db.Update(context.Background(), text, UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	update("INSERT DATA { :p0 :lives_in :berlin }")
	update("INSERT DATA { :p0 :lives_in :rome }")
	update("INSERT DATA { :p1 :lives_in :oslo , :bern }")                         // both stay: none is newer
	update("INSERT DATA { :p2 :knows :p9 }")                                      // not functional
	update("INSERT DATA { :p3 :lives_in :x } ; DELETE DATA { :p3 :lives_in :x }") // no change
	if err := db.WaitHooks(context.Background()); err != nil {
		t.Fatal(err)
	}
	for q, want := range map[string][]string{
		"SELECT ?c { :p0 :lives_in ?c }": {"rome"},
		"SELECT ?c { :p1 :lives_in ?c }": {"bern", "oslo"},
		"SELECT ?c { :p2 :knows ?c }":    {"p3", "p4", "p9"},
		"SELECT ?c { :p3 :lives_in ?c }": {"city3"},
	} {
		got := ask(t, db, q)
		for i := range got {
			got[i] = strings.TrimPrefix(got[i], db.Base())
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", q, got, want)
		}
	}
}

func TestHooksThatSetEachOtherOff(t *testing.T) {
	db := openDir(t, "")
	// Each copies what the other writes, with a new name each time through its own graph.
	addHook(t, db, hook.Definition{Name: "ping", Action: "tag", Condition: `change.graph != "urn:ping"`, Params: map[string]string{"graph": "urn:ping"}})
	addHook(t, db, hook.Definition{Name: "pong", Action: "tag", Condition: `change.graph != "urn:pong"`, Params: map[string]string{"graph": "urn:pong"}})
	mustUpdate(t, db, "INSERT DATA { :a :b :c }")
	list, err := db.Hooks()
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range list {
		letters, err := db.DeadLetters(h.Name)
		if err != nil || len(letters) == 0 || !strings.Contains(letters[0].Problem, "set each other off") || h.DeadLetters != len(letters) {
			t.Errorf("%s: %+v %v", h.Name, letters, err)
		}
	}
}
