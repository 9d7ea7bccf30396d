package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store/rdf"
)

// watchQueries are asked of a graph with subjects s0…s5, predicates p0…p3, objects s0…s5 and numbers, in the default graph
// and two named ones.
var watchQueries = []string{
	`SELECT * { ?x :p0 ?y }`,
	`SELECT ?y { ?x :p0 ?y }`, // a row for each way, not for each answer
	`SELECT DISTINCT ?y { ?x :p0 ?y . ?y :p1 ?z }`,
	`SELECT ?x ?n { ?x :p2 ?n FILTER(?n > 3) }`,
	`SELECT ?x { ?x :p2 1.0 }`, // a number by its value
	`SELECT (COUNT(*) AS ?n) { ?x :p1 ?y }`,
	`SELECT ?x (COUNT(?y) AS ?n) (SUM(?v) AS ?sum) { ?x :p0 ?y OPTIONAL { ?x :p2 ?v } } GROUP BY ?x HAVING(COUNT(?y) > 1)`,
	`SELECT * { :s1 ?p ?o }`,
	`SELECT * { ?x :p0 :s2 . OPTIONAL { ?x :p3 ?z } }`,
	`SELECT * { ?x :p0 ?y MINUS { ?y :p1 ?x } }`,
	`SELECT * { ?x :p0 ?y FILTER NOT EXISTS { ?y :p3 ?z } }`,
	`SELECT * { { ?x :p0 ?y } UNION { ?y :p1 ?x } }`,
	`SELECT * { ?x :p0/^:p1 ?y }`,
	`SELECT * { :s0 :p0+ ?y }`,
	`SELECT * { :s0 :p0* ?y }`,
	`SELECT * { ?x :p0? ?x }`,
	`SELECT * { ?x !(:p0|:p1) ?y }`,
	`SELECT * { GRAPH :g1 { ?x :p0 ?y } }`,
	`SELECT * { GRAPH ?g { ?x :p0 ?y } }`,
	`SELECT ?g { GRAPH ?g { } }`,
	`SELECT ?g ?x { GRAPH ?g { OPTIONAL { ?x :p1 :s1 } } }`,
	`SELECT * { ?x :p1 ?y GRAPH :g1 { FILTER NOT EXISTS { ?x :p1 ?y } } }`,
	`SELECT * FROM :g1 { ?x :p0 ?y }`,
	`SELECT * FROM NAMED :g2 { GRAPH ?g { ?x ?p :s1 } }`,
	`SELECT * { ?x :p0 ?y { SELECT ?y (MAX(?n) AS ?most) { ?y :p2 ?n } GROUP BY ?y } }`,
	`SELECT ?x ?d { ?x :p3 ?y BIND(ink:degree(?x) AS ?d) }`,
	`SELECT ?x { VALUES ?x { :s1 :s2 } FILTER(ink:is_stated(?x, :p0, :s0)) }`,
	`SELECT ?x ?y { ?x :p0 ?y } ORDER BY ?x ?y LIMIT 3`,
	`SELECT ?x ?z { ?x :p0 ?y . ?y :never ?z }`,
}

// randomQuads returns a few statements of that graph.
func randomQuads(random *rand.Rand, n int) []rdf.Quad {
	iri := func(name string) rdf.Term { return rdf.NewIRI(rdf.NameIRI(rdf.DefaultBase, name)) }
	quads := make([]rdf.Quad, n)
	for i := range quads {
		q := rdf.Quad{S: iri(fmt.Sprintf("s%d", random.IntN(6))), P: iri(fmt.Sprintf("p%d", random.IntN(4))), O: iri(fmt.Sprintf("s%d", random.IntN(6)))}
		if q.P == iri("p2") {
			q.O = rdf.NewTyped(fmt.Sprint(random.IntN(8)), rdf.XSDInteger)
		}
		if g := random.IntN(4); g > 0 && g < 3 {
			q.G = iri(fmt.Sprintf("g%d", g))
		}
		quads[i] = q
	}
	return quads
}

// commit applies a few random additions and removals.
func commit(t testing.TB, db *DB, random *rand.Rand) {
	t.Helper()
	add, remove := randomQuads(random, random.IntN(4)), randomQuads(random, random.IntN(6))
	if _, err := db.Apply(context.Background(), add, remove, "test"); err != nil {
		t.Fatal(err)
	}
}

// texts returns rows as ask returns them, sorted.
func texts(db *DB, rows [][]rdf.Term) []string {
	list := make([]string, len(rows))
	for i, row := range rows {
		cells := make([]string, len(row))
		for j, term := range row {
			cells[j] = db.Shorten(term)
		}
		list[i] = strings.Join(cells, " ")
	}
	slices.Sort(list)
	return list
}

// less returns a without b, both sorted multisets.
func less(a, b []string) []string {
	list := []string{}
	for _, x := range a {
		if at, ok := slices.BinarySearch(b, x); ok {
			b = slices.Delete(slices.Clone(b), at, at+1)
			continue
		}
		list = append(list, x)
	}
	return list
}

// TestWatchEqualsAskingAgain compares each delta with asking before and after, and so shows that no commit was passed
// over wrongly.
func TestWatchEqualsAskingAgain(t *testing.T) {
	ctx := context.Background()
	db := openDir(t, "")
	random := rand.New(rand.NewPCG(4, 0))
	watches, answers := make([]*Watch, len(watchQueries)), make([][]string, len(watchQueries))
	for i, text := range watchQueries {
		w, err := db.Watch(ctx, text, WatchOptions{})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		first, err := w.Next(ctx)
		if err != nil || !first.Initial {
			t.Fatalf("%s: %+v %v", text, first, err)
		}
		watches[i], answers[i] = w, texts(db, first.Added)
	}
	passed, evaluated := 0, 0
	for range 120 {
		commit(t, db, random)
		for i, w := range watches {
			text := watchQueries[i]
			before := w.rested
			delta, err := w.Poll(ctx)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			touched := w.rested != before
			if touched {
				evaluated++
			} else {
				passed++
			}
			now := ask(t, db, text)
			if got, want := texts(db, delta.Added), less(now, answers[i]); !reflect.DeepEqual(got, want) {
				t.Fatalf("%s at %d (touched %v)\nadded %q\n want %q", text, db.Version(), touched, got, want)
			}
			if got, want := texts(db, delta.Removed), less(answers[i], now); !reflect.DeepEqual(got, want) {
				t.Fatalf("%s at %d (touched %v)\nremoved %q\n   want %q", text, db.Version(), touched, got, want)
			}
			if at := w.Versions().Graph; at != db.Version() {
				t.Fatalf("%s: at version %d of %d", text, at, db.Version())
			}
			answers[i] = now
		}
	}
	t.Logf("%d evaluations, %d commits passed over", evaluated, passed)
	if passed < evaluated/4 {
		t.Errorf("only %d of %d commits were passed over", passed, passed+evaluated)
	}
}

// TestWatchKeepsUp lets a writer outrun several standing queries: what they tell adds up to the answer in the end.
func TestWatchKeepsUp(t *testing.T) {
	ctx := context.Background()
	db := openDir(t, "")
	const watchers, commits = 4, 200
	done := make(chan error, watchers)
	for i := range watchers {
		text := `SELECT ?x ?y { { ?x :p0 ?y } UNION { ?x :ended ?y } }`
		w, err := db.Watch(ctx, text, WatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		go func() { done <- follow(ctx, db, w, i) }()
	}
	random := rand.New(rand.NewPCG(5, 0))
	for range commits {
		commit(t, db, random)
	}
	if _, err := db.Update(ctx, `INSERT DATA { :it :ended :now }`, UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	for range watchers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// follow adds deltas up until the end is announced, and compares the sum with the answer.
func follow(ctx context.Context, db *DB, w *Watch, number int) error {
	var rows []string
	for deltas := 1; ; deltas++ {
		delta, err := w.Next(ctx)
		if err != nil {
			return err
		}
		removed := texts(db, delta.Removed)
		if left := less(removed, rows); len(left) > 0 {
			return fmt.Errorf("watch %d: rows %q were removed and had never been added", number, left)
		}
		rows = append(less(rows, removed), texts(db, delta.Added)...)
		slices.Sort(rows)
		if !slices.Contains(rows, "it now") {
			continue
		}
		r, err := db.Query(ctx, `SELECT ?x ?y { { ?x :p0 ?y } UNION { ?x :ended ?y } }`, QueryOptions{})
		if err != nil {
			return err
		}
		defer r.Close()
		var want [][]rdf.Term
		for row, err := range r.Rows() {
			if err != nil {
				return err
			}
			want = append(want, slices.Clone(row))
		}
		if !reflect.DeepEqual(rows, texts(db, want)) {
			return fmt.Errorf("watch %d after %d deltas\n got %q\nwant %q", number, deltas, rows, texts(db, want))
		}
		return nil
	}
}

func TestWatchTellsPredictionsThatMaintenanceChanges(t *testing.T) {
	ctx := context.Background()
	db := openDir(t, "")
	importText(t, db, families(60, 1), "tsv")
	trainSmall(t, db, TrainRequest{Options: train.Options{Seed: 1}})
	query := `SELECT ?l { GRAPH ink:plausible { :newcomer :speaks ?l } }`
	if _, err := db.Update(ctx, `INSERT DATA { :newcomer :lives_in :city1_1 }`, UpdateOptions{Wait: true}); err != nil {
		t.Fatal(err)
	}
	w, err := db.Watch(ctx, query, WatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	first, err := w.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	rows := texts(db, first.Added)
	r, err := db.Update(ctx, `DELETE DATA { :newcomer :lives_in :city1_1 } ;
		INSERT DATA { :newcomer :lives_in :city7_2 ; :citizen_of :country7 . :person1 :lives_in :city7_1 }`, UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for {
		delta, err := w.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(less(rows, texts(db, delta.Removed)), texts(db, delta.Added)...)
		slices.Sort(rows)
		if delta.Versions.Models["complex"] >= r.Version {
			break // the model has followed the commit, whose triples are not those asked about
		}
	}
	if want := ask(t, db, query); !reflect.DeepEqual(rows, want) || slices.Equal(rows, texts(db, first.Added)) {
		t.Errorf("got %q, first %q, want %q", rows, texts(db, first.Added), want)
	}
}

func TestWatchSeesModelsComeAndGo(t *testing.T) {
	ctx := context.Background()
	db := openDir(t, "")
	importText(t, db, families(30, 1), "tsv")
	trainSmall(t, db, TrainRequest{Options: train.Options{Seed: 1, Epochs: 1}})
	w, err := db.Watch(ctx, `SELECT ?p { BIND(ink:prob(:city1_1, :in, :country1) AS ?p) }`, WatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	first, err := w.Next(ctx)
	if err != nil || len(first.Added) != 1 {
		t.Fatalf("%+v %v", first, err)
	}
	trainSmall(t, db, TrainRequest{Options: train.Options{Seed: 2}, Replace: true})
	second, err := w.Next(ctx)
	if err != nil || len(second.Added) != 1 || len(second.Removed) != 1 {
		t.Fatalf("%+v %v", second, err)
	}
	if reflect.DeepEqual(second.Added, first.Added) || !reflect.DeepEqual(second.Removed, first.Added) {
		t.Errorf("%v then %v, %v", first.Added, second.Removed, second.Added)
	}
	if err := db.DropModel(ctx, "complex"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Next(ctx); !errors.Is(err, ErrNoModel) {
		t.Errorf("a dropped model: %v", err)
	}
}

func TestWatchRefuses(t *testing.T) {
	ctx := context.Background()
	db := openDir(t, "")
	importText(t, db, families(30, 1), "tsv")
	for _, text := range []string{"SELECT ?x { ?x :p }", "SELECT ?x { ?x :in ?y FILTER(NOW() > ?x) }", "SELECT (RAND() AS ?r) {}"} {
		var syntax *sparql.Error
		if _, err := db.Watch(ctx, text, WatchOptions{}); !errors.As(err, &syntax) || syntax.Line != 1 {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"ASK {}", "CONSTRUCT { ?x :a ?y } { ?x :b ?y }"} {
		if _, err := db.Watch(ctx, text, WatchOptions{}); !errors.Is(err, ErrBadInput) {
			t.Errorf("%s: %v", text, err)
		}
	}
	w, err := db.Watch(ctx, "SELECT ?x { ?x :in :country1 }", WatchOptions{Limits: Limits{Rows: 5}})
	if err != nil {
		t.Fatal(err)
	}
	first, err := w.Next(ctx)
	if err != nil || len(first.Added) != 5 {
		t.Fatalf("%+v %v", first, err)
	}
	change := func(update string) {
		if _, err := db.Update(ctx, update, UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	change("INSERT DATA { :a :in :country1 . :b :in :country1 }")
	if _, err := w.Next(ctx); !errors.Is(err, ErrLimit) || !strings.Contains(err.Error(), "at most 5 rows") {
		t.Errorf("six rows: %v", err)
	}
	change("DELETE DATA { :a :in :country1 . :city1_1 :in :country1 . :city1_2 :in :country1 }")
	delta, err := w.Next(ctx)
	if err != nil || !reflect.DeepEqual(texts(db, delta.Added), []string{"b"}) || !reflect.DeepEqual(texts(db, delta.Removed), []string{"city1_1", "city1_2"}) {
		t.Errorf("after the limit: %+v %v", delta, err)
	}
	w, err = db.Watch(ctx, "SELECT ?x { ?x :in ?y }", WatchOptions{Limits: Limits{Memory: 2000}})
	if err == nil {
		_, err = w.Next(ctx)
	}
	if !errors.Is(err, ErrLimit) {
		t.Errorf("2000 bytes: %v", err)
	}
}

func TestWatchEndsWithTheDatabase(t *testing.T) {
	ctx := context.Background()
	db, err := Open("", Options{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := db.Watch(ctx, "SELECT ?x { ?x :in ?y }", WatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Next(ctx); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		_, err := w.Next(ctx)
		ended <- err
	}()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	stopped, stop := context.WithCancel(ctx)
	stop()
	if _, err := w.Next(stopped); err == nil {
		t.Error("a closed database gives rows")
	}
}

func FuzzWatchRow(f *testing.F) {
	f.Add("a", "b", "en", uint8(3), uint8(0))
	f.Add("", "x", "", uint8(1), uint8(2))
	f.Fuzz(func(t *testing.T, value, datatype, lang string, k1, k2 uint8) {
		term := func(k uint8) rdf.Term {
			switch kind := rdf.Kind(k % 4); kind {
			case rdf.None:
				return rdf.Term{}
			case rdf.Literal:
				return rdf.Term{Kind: kind, Value: value, Datatype: datatype, Lang: lang}
			default:
				return rdf.Term{Kind: kind, Value: value}
			}
		}
		row := []rdf.Term{term(k1), term(k2)}
		if got := decodeRow(string(appendRow(nil, row))); !slices.Equal(got, row) {
			t.Errorf("%v came back as %v", row, got)
		}
	})
}
