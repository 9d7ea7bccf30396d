package engine

import (
	"context"
	"fmt"
	"github.com/inklingdb/inkling/engine/train"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/udf"
)

// scanned is what Complete and Neighbours answer when all entities are scored.
func scanned(s scorer, q *udf.Question, entity uint32, search udf.Search) []vec.Ranked {
	scores := make([]float32, s.Vocabulary.Entities())
	if q != nil {
		s.ScoreEntities([]udf.Question{*q}, scores)
	} else {
		s.Similarities(entity, scores)
	}
	return vec.TopK(nil, scores, search.K, search.Skip)
}

// alike reports whether two answers have the same scores but for rounding; equal scores may then change places.
func alike(a, b []vec.Ranked) bool {
	return slices.EqualFunc(a, b, func(x, y vec.Ranked) bool {
		return math.Abs(float64(x.Score-y.Score)) <= 1e-5*(1+math.Abs(float64(y.Score)))
	})
}

// checkSearches compares searches of a model's present version with scans; some must be answered by a search.
func checkSearches(t *testing.T, m *served, random *rand.Rand) {
	t.Helper()
	s := m.current().functions.Scorer.(scorer)
	found := 0
	for range 200 {
		entity := uint32(random.IntN(s.Vocabulary.Entities()))
		q := udf.Question{Entity: entity, Relation: uint32(random.IntN(s.Vocabulary.Relations())), Heads: random.IntN(2) == 0}
		search := udf.Search{K: 1 + random.IntN(12), Exact: true, Skip: func(row int) bool { return row%5 == 0 }}
		if got, ok := s.Complete(q, search); ok {
			found++
			if want := scanned(s, &q, 0, search); !alike(got.Best, want) || got.Approximate {
				t.Fatalf("%+v: got %v, want %v", q, got.Best, want)
			}
		}
		if got, ok := s.Neighbours(entity, search); ok {
			found++
			if want := scanned(s, nil, entity, search); !alike(got.Best, want) || got.Approximate {
				t.Fatalf("like %d: got %v, want %v", entity, got.Best, want)
			}
		}
	}
	if found < 200 {
		t.Errorf("only %d of 400 searches were answered", found)
	}
}

// Searches answer like scans, of the version they were asked of, while a model is carried over commits.
func TestSearchesFollowTheModel(t *testing.T) {
	for _, approximateFrom := range []int{-1, 1} {
		t.Run(fmt.Sprint(approximateFrom), func(t *testing.T) {
			db, err := Open(t.TempDir(), Options{ApproximateFrom: approximateFrom})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			importText(t, db, families(300, 1), "tsv")
			trainSmall(t, db, TrainRequest{Options: train.Options{Epochs: 5}, Name: "m"})
			m, err := db.models.find("m")
			if err != nil {
				t.Fatal(err)
			}
			random := rand.New(rand.NewPCG(1, 2))
			checkSearches(t, m, random)
			if approximateFrom > 0 {
				waitForLists(t, db, "m")
			}
			for commit := range 6 {
				before := m.current().functions.Scorer.(scorer)
				if _, err := db.Update(context.Background(), fmt.Sprintf("INSERT DATA { :new%d :lives_in :city1_%d ; :speaks :language1 }", commit, commit%5), UpdateOptions{}); err != nil {
					t.Fatal(err)
				}
				if err := db.Wait(context.Background()); err != nil {
					t.Fatal(err)
				}
				checkSearches(t, m, random)
				if now := m.embedding(); now.Vocabulary.Entities() != before.Vocabulary.Entities()+1 {
					t.Fatalf("%d entities, before %d", now.Vocabulary.Entities(), before.Vocabulary.Entities())
				}
				// A query that began before the commit still holds the former version: it scans.
				if _, ok := before.Complete(udf.Question{}, udf.Search{K: 3}); ok {
					t.Error("a former version was answered from the present table")
				}
			}
		})
	}
}

// waitForLists waits until no lists are being made.
func waitForLists(t *testing.T, db *DB, name string) SearchInfo {
	t.Helper()
	for {
		info, err := db.Model(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Search.Working == "" {
			return info.Search
		}
		time.Sleep(time.Millisecond)
	}
}

// An approximate answer says so, with its recall, in queries, plans and expressions, unless exact ones are asked for.
func TestApproximateAnswersSaySo(t *testing.T) {
	dir := t.TempDir()
	db, err := Open(dir, Options{ApproximateFrom: 100})
	if err != nil {
		t.Fatal(err)
	}
	importText(t, db, families(1500, 1), "tsv")
	trainSmall(t, db, TrainRequest{Options: train.Options{Epochs: 12}, Name: "m"})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = Open(dir, Options{ApproximateFrom: 100}); err != nil { // lists are made when a model is loaded too
		t.Fatal(err)
	}
	defer db.Close()
	info := waitForLists(t, db, "m")
	if info.Method != "approximate" || info.Recall < leastRecall || info.Recall > 1 || info.Bytes == 0 || info.Built == 0 {
		t.Fatalf("card: %+v", info)
	}
	query := `SELECT ?c { SERVICE ink:predict { :person7 :citizen_of ?c . [] ink:k 3 ; ink:stated true ; ink:exact %t } }`
	for _, c := range []struct {
		query string
		exact bool
		want  bool
	}{
		{fmt.Sprintf(query, false), false, true},
		{fmt.Sprintf(query, false), true, false},
		{fmt.Sprintf(query, true), false, false},
		{"SELECT (ink:predict_tail(:person7, :citizen_of) AS ?l) {}", false, true},
		{"SELECT (ink:similar(:person7) AS ?l) {}", false, true},
		{"SELECT (ink:similar(:person7) AS ?l) {}", true, false},
	} {
		versions, plan := versionsOf(t, db, c.query, c.exact)
		if _, said := versions.Approximate["m"]; said != c.want || strings.Contains(plan, "recall@10") != c.want {
			t.Errorf("%s, exact %v: %+v\n%s", c.query, c.exact, versions, plan)
		}
	}
	for _, exact := range []bool{false, true} {
		value, versions, err := db.Evaluate(context.Background(), `predict_tail("person7", "citizen_of", 1, true)[0].node`, nil, EvalOptions{Exact: exact})
		if err != nil || !strings.HasPrefix(fmt.Sprint(value), "country") {
			t.Errorf("%v, %v", value, err)
		}
		if recall, said := versions.Approximate["m"]; said == exact || said && recall != info.Recall {
			t.Errorf("exact %v: %+v", exact, versions)
		}
	}
}

func versionsOf(t *testing.T, db *DB, query string, exact bool) (Versions, string) {
	t.Helper()
	r, err := db.Query(context.Background(), query, QueryOptions{Exact: exact})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, err := range r.Rows() {
		if err != nil {
			t.Fatal(err)
		}
	}
	return r.Versions(), r.Plan()
}

// Close ends the making of lists.
func TestCloseEndsClustering(t *testing.T) {
	dir := t.TempDir()
	db := openDir(t, dir)
	importText(t, db, families(1500, 1), "tsv")
	trainSmall(t, db, TrainRequest{Options: train.Options{Epochs: 1}, Name: "m"})
	db.Close()
	for range 3 {
		again, err := Open(dir, Options{ApproximateFrom: 1})
		if err != nil {
			t.Fatal(err)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// randomServed returns a model of a family with random rows, as Open would serve it unmaintained.
func randomServed(t *testing.T, family model.Family, random *rand.Rand) *served {
	t.Helper()
	ids := make([]store.TermID, 700)
	for i := range ids {
		ids[i] = store.TermID(i + 1)
	}
	vocabulary, err := model.NewVocabulary(ids, ids[:5])
	if err != nil {
		t.Fatal(err)
	}
	e := &model.Embedding{Tables: model.Tables{Family: family, Dim: 6, Vocabulary: vocabulary}}
	we, wr := e.Widths()
	e.Entities, e.Relations = make([]float32, we*len(ids)), make([]float32, wr*5)
	for _, table := range [][]float32{e.Entities, e.Relations} {
		for i := range table {
			table[i] = float32(random.NormFloat64())
		}
	}
	return &served{name: family.Name, fixed: e}
}

// Every family is searched like it is scanned, or not at all.
func TestSearchesOfEveryFamily(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, family := range model.Families {
		m := randomServed(t, family, random)
		s := m.current().functions.Scorer.(scorer)
		found := 0
		for range 100 {
			q := udf.Question{Entity: uint32(random.IntN(700)), Relation: uint32(random.IntN(5)), Heads: random.IntN(2) == 0}
			search := udf.Search{K: 5, Skip: func(row int) bool { return row == int(q.Entity) }}
			got, ok := s.Complete(q, search)
			if !ok {
				continue
			}
			found++
			scores := make([]float32, 700)
			s.ScoreEntities([]udf.Question{q}, scores)
			for i, want := range scanned(s, &q, 0, search) { // equal scores but for rounding may change places
				if math.Abs(float64(scores[got.Best[i].Index]-want.Score)) > 1e-4 {
					t.Fatalf("%s %+v: got %v, want %v at place %d", family.Name, q, got.Best, want, i)
				}
			}
		}
		if _, searchable := similarityOf(s.Embedding); searchable && found < 50 {
			t.Errorf("%s: %d of 100 searches were answered", family.Name, found)
		}
		t.Logf("%s: %d of 100", family.Name, found)
	}
}
