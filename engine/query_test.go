package engine

import (
	"context"
	"errors"
	"fmt"
	"github.com/inklingdb/inkling/engine/train"
	"reflect"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/inklingdb/inkling/store/rdf"
)

// ask returns the rows of a query as text, names shortened, sorted.
func ask(t testing.TB, db *DB, query string) []string {
	t.Helper()
	r, err := db.Query(context.Background(), query, QueryOptions{Wait: true})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer r.Close()
	if r.Kind == Boolean {
		return []string{fmt.Sprint(r.Bool)}
	}
	var rows []string
	for row, err := range r.Rows() {
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		var cells []string
		for _, term := range row {
			cells = append(cells, db.Shorten(term))
		}
		rows = append(rows, strings.Join(cells, " "))
	}
	sort.Strings(rows)
	return rows
}

func expect(t *testing.T, db *DB, query string, want ...string) {
	t.Helper()
	if got := ask(t, db, query); !reflect.DeepEqual(got, want) {
		t.Errorf("%s\n got %q\nwant %q", query, got, want)
	}
}

func TestQueryAndUpdate(t *testing.T) {
	db := openDir(t, "")
	importText(t, db, families(20, 1), "tsv")
	ctx := context.Background()
	expect(t, db, `SELECT ?c { :city3_1 :in ?c }`, "country3")
	expect(t, db, `SELECT (COUNT(?x) AS ?n) { ?x :in :country3 }`, "5")
	expect(t, db, `ASK { :city1_1 :in :country2 }`, "false")
	report, err := db.Update(ctx, `DELETE DATA { :city1_1 :in :country1 } ; INSERT DATA { :city1_1 :in :country2 . :newtown :in :country2 }`, UpdateOptions{})
	if err != nil || report.Added != 2 || report.Removed != 1 {
		t.Errorf("update: %+v %v", report, err)
	}
	expect(t, db, `SELECT ?x { ?x :in :country2 }`, "city1_1", "city2_0", "city2_1", "city2_2", "city2_3", "city2_4", "newtown")
	if _, err := db.Update(ctx, `INSERT DATA { :a :b :c } ; LOAD <file:///etc/hostname>`, UpdateOptions{}); err == nil {
		t.Error("LOAD without leave must fail")
	}
	expect(t, db, `ASK { :a :b :c }`, "false")
	again, err := db.Apply(ctx, []rdf.Quad{{S: rdf.NewIRI("http://a/"), P: rdf.NewIRI("http://b/"), O: rdf.NewString("c")}}, nil, "test")
	if err != nil || again.Added != 1 || again.Version <= report.Version {
		t.Errorf("apply: %+v %v", again, err)
	}
	r, err := db.Query(ctx, `CONSTRUCT { ?c :has ?x } WHERE { ?x :in ?c }`, QueryOptions{Explain: true})
	if err != nil {
		t.Fatal(err)
	}
	quads := 0
	for _, err := range r.Quads() {
		if err != nil {
			t.Fatal(err)
		}
		quads++
	}
	if quads != 51 || r.Kind != Graph || r.Plan() == "" || r.Versions().Graph != again.Version {
		t.Errorf("construct: %d quads, plan %q, %+v", quads, r.Plan(), r.Versions())
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestQueryErrorsAreClear(t *testing.T) {
	db := openDir(t, "")
	importText(t, db, families(20, 1), "tsv")
	for query, says := range map[string]string{
		`SELECT ?x { ?x :in`: "line 1, column",
		`SELECT ?x { ?x :in ?y FILTER(ink:prop(?x,:in,?y)) }`:       "ink:prob",
		`SELECT ?x { ?x :in ?y FILTER(ink:prob(?x,:in,?y) > 0.5) }`: "no trained model",
		`SELECT ?x { GRAPH ink:plausible { ?x :in ?y } }`:           "no trained model",
		`SELECT ?x { ?x :in ?y FILTER(ink:cel("x >")) }`:            "line 1, column",
	} {
		r, err := db.Query(context.Background(), query, QueryOptions{})
		if err == nil {
			for _, e := range r.Rows() {
				if e != nil {
					err = e
				}
			}
			r.Close()
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v lacks %q", query, err, says)
		}
	}
}

func TestQueryLimits(t *testing.T) {
	db := openDir(t, "")
	importText(t, db, families(200, 1), "tsv")
	cross := `SELECT * { ?a :speaks ?b . ?c :speaks ?d . ?e :speaks ?f . ?g :speaks ?h }`
	for name, l := range map[string]Limits{"time": {Time: 50 * time.Millisecond}, "rows": {Rows: 1000}} {
		r, err := db.Query(context.Background(), cross, QueryOptions{Limits: l})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range r.Rows() {
			err = e
		}
		r.Close()
		if err == nil || !errors.Is(err, ErrLimit) && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// modelled returns a database whose model has learnt that people speak their country's language.
func modelled(t testing.TB, dir string) *DB {
	t.Helper()
	db := openDir(t, dir)
	text := families(200, 1)
	text = strings.Replace(text, "person7\tspeaks\t", "person7\tknows_of\t", 1) // leaves a gap to fill
	importText(t, db, text, "tsv")
	trainSmall(t, db, TrainRequest{Options: train.Options{Seed: 3, Epochs: 60, Dim: 32}})
	return db
}

func TestModelInQueriesAndExpressions(t *testing.T) {
	db := modelled(t, "")
	ctx := context.Background()
	of := ask(t, db, `SELECT ?l { :person7 :knows_of ?l }`)[0]
	best := ask(t, db, `SELECT ?l { SERVICE ink:predict { :person7 :speaks ?l . [] ink:k 1 } }`)
	if len(best) != 1 || best[0] != of {
		t.Errorf("person7 should speak %s, predicted %v", of, best)
	}
	value, err := db.Eval(ctx, `predict_tail("person7", "speaks", 1)[0].node`, nil)
	if err != nil || value != of {
		t.Errorf("CEL predicts %v (%v), SPARQL %s", value, err, of)
	}
	joined := ask(t, db, `SELECT ?c { GRAPH ink:plausible { :person7 :speaks ?l } ?c :language ?l }`)
	if len(joined) == 0 || !strings.HasPrefix(joined[0], "country") {
		t.Errorf("plausible joined with stated: %v", joined)
	}
	expect(t, db, `SELECT (ink:is_stated(:person7, :speaks, :`+of+`) AS ?s) {}`, "false")
	single, err := db.Eval(ctx, `prob(p, "speaks", l)`, map[string]any{"p": "person7", "l": of})
	if err != nil {
		t.Fatal(err)
	}
	rows := ask(t, db, `SELECT ?p { VALUES ?l { :`+of+` } BIND(ink:prob(:person7, :speaks, ?l) AS ?p) }`)
	if len(rows) != 1 || fmt.Sprint(single) == "" || !closeTo(rows[0], single.(float64)) {
		t.Errorf("prob: CEL %v, SPARQL %v", single, rows)
	}
	a := ask(t, db, `SELECT ?x { ?x :citizen_of :country1 FILTER(ink:cel("prob(x, 'speaks', 'language1') > 0.5 && size(x) >= 7")) }`)
	b := ask(t, db, `SELECT ?x { ?x :citizen_of :country1 FILTER(ink:prob(?x, :speaks, :language1) > 0.5 && STRLEN(STRAFTER(STR(?x), "example/")) >= 7) }`)
	if len(a) == 0 || !reflect.DeepEqual(a, b) {
		t.Errorf("CEL column %v\nSPARQL      %v", a, b)
	}
	if err := db.DefineFunction(ctx, "speaker", `prob(p, "speaks", l) > 0.5`); err != nil {
		t.Fatal(err)
	}
	c := ask(t, db, `SELECT ?x { ?x :citizen_of :country1 FILTER(ink:speaker(?x, :language1)) }`)
	d := ask(t, db, `SELECT ?x { ?x :citizen_of :country1 FILTER(ink:prob(?x, :speaks, :language1) > 0.5) }`)
	if !reflect.DeepEqual(c, d) {
		t.Errorf("a user's function %v, its body %v", c, d)
	}
	n, err := db.Eval(ctx, `match("?x :in :country3").map(m, m.x).filter(x, is_stated(x, "in", "country3")).size()`, nil)
	if err != nil || n != int64(5) {
		t.Errorf("match: %v %v", n, err)
	}
	if _, err := db.Eval(ctx, `prob("person7", "speeks", "language1")`, nil); err == nil || !strings.Contains(err.Error(), "speaks") {
		t.Errorf("a misspelt relation: %v", err)
	}
}

func closeTo(text string, want float64) bool {
	var got float64
	_, err := fmt.Sscan(text, &got)
	return err == nil && got-want < 1e-6 && want-got < 1e-6
}

// TestQueriesDuringTraining asks, updates and trains at the same time; run it with -race.
func TestQueriesDuringTraining(t *testing.T) {
	db := modelled(t, t.TempDir())
	ctx := context.Background()
	var work sync.WaitGroup
	done := make(chan struct{})
	for i := range 3 {
		work.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				ask(t, db, `SELECT ?x { ?x :citizen_of :country1 FILTER(ink:prob(?x, :speaks, :language1) > 0.5) }`)
				if i == 0 {
					q := fmt.Sprintf(`INSERT DATA { :visitor%d :citizen_of :country%d }`, n, n%10)
					if _, err := db.Update(ctx, q, UpdateOptions{}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	trainSmall(t, db, TrainRequest{Options: train.Options{Family: "distmult", Epochs: 20}, Name: "second"})
	trainSmall(t, db, TrainRequest{Options: train.Options{Epochs: 20}, Replace: true})
	close(done)
	work.Wait()
	if err := db.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	for _, m := range db.Models() {
		if m.Lag != 0 {
			t.Errorf("%s lags by %d after Wait", m.Name, m.Lag)
		}
	}
}
