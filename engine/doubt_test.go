package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/engine/factor"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/udf"
)

func TestLeadersEqualSorting(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		limit := 1 + random.IntN(20)
		var all []int
		l := newLeaders(limit, cmp.Compare[int])
		for range random.IntN(100) {
			x := random.IntN(60)
			all = append(all, x)
			l.add(x)
		}
		slices.Sort(all)
		if want := all[:min(limit, len(all))]; !slices.Equal(l.list(), want) {
			t.Fatalf("%v, want %v", l.items, want)
		}
	}
}

// wrongFamilies is families with people who are said to be citizens of another country than they live in, and a city
// that somebody speaks.
func wrongFamilies(people, wrong int) (text string, planted map[string]bool) {
	lines := strings.Split(strings.TrimSpace(families(people, 1)), "\n")
	planted = map[string]bool{}
	for i, line := range lines {
		f := strings.Split(line, "\t")
		if f[1] == "citizen_of" && len(planted) < wrong {
			f[2] = "country" + fmt.Sprint((int(f[2][7]-'0')+5)%10)
			lines[i] = strings.Join(f, "\t")
			planted[strings.Join(f, " ")] = true
		}
	}
	odd := "person0 speaks city3_1"
	planted[odd] = true
	return strings.Join(append(lines, strings.ReplaceAll(odd, " ", "\t")), "\n") + "\n", planted
}

func hits(r ErrorReport, planted map[string]bool, n int) (found int) {
	for _, d := range r.Errors[:min(n, len(r.Errors))] {
		if planted[d.Head+" "+d.Relation+" "+d.Tail] {
			found++
		}
	}
	return found
}

func TestFindErrorsFindsPlantedOnes(t *testing.T) {
	db := openDir(t, "")
	text, planted := wrongFamilies(120, 8)
	importText(t, db, text, "tsv")
	trainSmall(t, db, TrainRequest{})
	ctx := context.Background()
	phases := map[string]bool{}
	r, err := db.FindErrors(ctx, ErrorRequest{Folds: 4, Limit: 30, Progress: func(p SearchProgress) {
		phases[p.Phase] = true
		if p.Done < 0 || p.Done > 1 {
			t.Errorf("%+v", p)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := hits(r, planted, len(planted)); got < len(planted)/2 {
		t.Errorf("%d of %d among the first: %+v", got, len(planted), r.Errors)
	}
	if r.Method != "4 folds" || r.Triples != int64(60+3*120+1) || r.Judged < 400 || !phases["training"] || !phases["explaining"] {
		t.Errorf("%+v, phases %v", r, phases)
	}
	for i, d := range r.Errors {
		if d.Probability >= d.Threshold || i > 0 && d.Probability < r.Errors[i-1].Probability {
			t.Errorf("place %d: %+v", i, d)
		}
		if d.Tail == "city3_1" && !slices.ContainsFunc(d.Reasons, func(x ErrorReason) bool { return x.Reason == string(udf.UnlikeTail) }) {
			t.Errorf("that a city is no language is not said: %+v", d.Reasons)
		}
	}
	if !slices.ContainsFunc(r.Errors, func(d DoubtfulTriple) bool { return d.Tail == "city3_1" }) {
		t.Error("a spoken city is not doubted")
	}
}

// TestFindErrorsEqualsAScan compares the model's own verdicts with prob asked of every triple.
func TestFindErrorsEqualsAScan(t *testing.T) {
	db := openDir(t, "")
	text, _ := wrongFamilies(100, 5)
	importText(t, db, text+"person1\tnote\t\"a text\"\n", "tsv")
	trainSmall(t, db, TrainRequest{})
	ctx := context.Background()
	for _, request := range []ErrorRequest{{Below: 1, Limit: 1000}, {Limit: 7}, {Below: 0.9, Limit: 5000, Relations: []string{"speaks", "in"}}} {
		r, err := db.FindErrors(ctx, request)
		if err != nil {
			t.Fatal(err)
		}
		want := improbable(t, db, request)
		if int(r.Doubtful) != len(want) {
			t.Errorf("%d doubtful, want %d", r.Doubtful, len(want))
		}
		if len(r.Errors) != min(len(want), request.Limit) {
			t.Fatalf("%d errors of %d", len(r.Errors), len(want))
		}
		for i, d := range r.Errors {
			if d.Probability != want[i] {
				t.Fatalf("place %d has %g, want %g", i, d.Probability, want[i])
			}
		}
	}
}

// improbable returns the probabilities of all triples that a request asks for, ascending.
func improbable(t *testing.T, db *DB, r ErrorRequest) (probs []float64) {
	t.Helper()
	s, err := db.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	p, err := s.model("")
	if err != nil {
		t.Fatal(err)
	}
	below := cmp.Or(r.Below, p.functions.Threshold)
	err = graph{s.view}.Match(0, store.Pattern{}, func(x store.Triple) bool {
		named, err := s.names.triple(x)
		if err != nil {
			t.Fatal(err)
		}
		row, ok := p.embedding.Vocabulary.Triple(x)
		if !ok || len(r.Relations) > 0 && !slices.Contains(r.Relations, named[1]) {
			return true
		}
		if prob := p.embedding.Prob(row.H, row.R, row.T); prob < below || below == 1 {
			probs = append(probs, prob)
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(probs)
	return probs
}

// TestErrorsOfAnotherGraph judges a graph that the model was not trained on.
func TestErrorsOfAnotherGraph(t *testing.T) {
	db := openDir(t, "")
	importText(t, db, families(100, 1), "tsv")
	trainSmall(t, db, TrainRequest{})
	ctx := context.Background()
	news := rdf.NewIRI("http://news/")
	if _, err := db.Update(ctx, `INSERT DATA { GRAPH <http://news/> { :city1_1 :in :country1 . :city2_2 :in :country7 . :city2_2 :in :atlantis } }`, UpdateOptions{Wait: true}); err != nil {
		t.Fatal(err)
	}
	r, err := db.FindErrors(ctx, ErrorRequest{Graph: news, Below: 1})
	if err != nil {
		t.Fatal(err)
	}
	if r.Graph != news.Value || r.Triples != 3 || r.Judged != 2 || len(r.Errors) != 2 || r.Errors[0].Tail != "country7" || r.Errors[0].Probability >= r.Errors[1].Probability {
		t.Errorf("%+v", r)
	}
}

// TestFoldsOfAFactorization holds that the models of folds are made as the model was: by least squares, whose iterations are
// told as epochs, and not by gradient because the result is of family rescal.
func TestFoldsOfAFactorization(t *testing.T) {
	db := openDir(t, "")
	importText(t, db, families(60, 1), "tsv")
	trainSmall(t, db, TrainRequest{Options: train.Options{Family: "quadratic-reg", Dim: 12, Epochs: 17}, Settings: factor.Settings{Tolerance: -1}})
	judged := func(o train.Options) (r ErrorReport, steps int) {
		r, err := db.FindErrors(context.Background(), ErrorRequest{Folds: 2, Limit: 20, Reasons: -1, Train: o, Progress: func(p SearchProgress) {
			if p.Phase == "training" {
				steps++
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		return r, steps
	}
	r, steps := judged(train.Options{})
	if steps != 2*17 || r.Method != "2 folds" || r.Judged == 0 {
		t.Errorf("%d steps: %+v", steps, r)
	}
	if _, steps := judged(train.Options{Epochs: 5}); steps != 2*5 {
		t.Errorf("%d steps where 5 iterations are asked for", steps)
	}
	if r, _ := judged(train.Options{Family: "linear-reg", Dim: 4, Epochs: 3}); r.Judged == 0 {
		t.Errorf("by another method: %+v", r)
	}
	if _, err := db.FindErrors(context.Background(), ErrorRequest{Folds: 2, Train: train.Options{Negatives: 5}}); !errors.Is(err, ErrBadInput) {
		t.Errorf("negatives of a factorization: %v", err)
	}
}

func TestFindErrorsRefusesAndStops(t *testing.T) {
	db := openDir(t, "")
	importText(t, db, families(60, 1), "tsv")
	ctx := context.Background()
	if _, err := db.FindErrors(ctx, ErrorRequest{}); !errors.Is(err, ErrNoModel) {
		t.Errorf("without a model: %v", err)
	}
	trainSmall(t, db, TrainRequest{Options: train.Options{Epochs: 2}})
	for _, r := range []ErrorRequest{{Limit: -1}, {Limit: 20_000}, {Below: 1.5}, {Below: -1}, {Folds: 1}, {Folds: -2}, {Folds: 100_000}, {Relations: []string{"spaeks"}}, {Graph: rdf.NewIRI("http://none/")}} {
		if _, err := db.FindErrors(ctx, r); !errors.Is(err, ErrBadInput) {
			t.Errorf("%+v: %v", r, err)
		}
	}
	_, err := db.FindErrors(ctx, ErrorRequest{Relations: []string{"spaeks"}})
	if err == nil || !strings.Contains(err.Error(), "did you mean speaks") {
		t.Errorf("a misspelt relation: %v", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	for _, r := range []ErrorRequest{{}, {Folds: 2}} {
		if _, err := db.FindErrors(cancelled, r); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	}
	if _, err := db.Suggest(cancelled, SuggestRequest{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for _, r := range []SuggestRequest{{Limit: -1}, {PerRelation: 5000}, {Least: 2}, {Heads: -1}, {Relations: []string{"nowhere"}}} {
		if _, err := db.Suggest(ctx, r); !errors.Is(err, ErrBadInput) {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

// TestSuggestFindsWhatIsMissing leaves citizenships out; who lives where tells them.
func TestSuggestFindsWhatIsMissing(t *testing.T) {
	db := openDir(t, "")
	missing := map[string]string{}
	var kept []string
	for _, line := range strings.Split(strings.TrimSpace(families(200, 1)), "\n") {
		f := strings.Split(line, "\t")
		if f[1] == "citizen_of" && len(missing) < 30 {
			missing[f[0]] = f[2]
			continue
		}
		kept = append(kept, line)
	}
	importText(t, db, strings.Join(kept, "\n")+"\n", "tsv")
	trainSmall(t, db, TrainRequest{Options: train.Options{Epochs: 60}})
	r, err := db.Suggest(context.Background(), SuggestRequest{Relations: []string{"citizen_of"}, PerRelation: 30})
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for i, s := range r.Suggestions {
		if missing[s.Head] == s.Tail {
			right++
		}
		if s.Relation != "citizen_of" || s.Probability < r.Least || i > 0 && s.Probability > r.Suggestions[i-1].Probability {
			t.Errorf("place %d: %+v", i, s)
		}
		if missing[s.Head] == "" {
			t.Errorf("%+v: the relation is functional, and its head has a tail", s)
		}
	}
	if right < 20 || r.Asked != 30 || r.Relations != 1 {
		t.Errorf("%d of %d suggestions are what was left out; %+v", right, len(r.Suggestions), r)
	}
	all, err := db.Suggest(context.Background(), SuggestRequest{Limit: 40, PerRelation: 8})
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]int{}
	for _, s := range all.Suggestions {
		of[s.Relation]++
		has := ask(t, db, fmt.Sprintf("ASK { :%s :%s :%s }", s.Head, s.Relation, s.Tail))
		if has[0] != "false" {
			t.Errorf("%+v is stated", s)
		}
	}
	for relation, n := range of {
		if n > 8 {
			t.Errorf("%d suggestions of %s", n, relation)
		}
	}
	few, err := db.Suggest(context.Background(), SuggestRequest{Relations: []string{"citizen_of"}, Heads: 10})
	if err != nil || few.Asked != 10 || few.Skipped != 20 {
		t.Errorf("%+v (%v)", few, err)
	}
}

// TestFunctionalFollowsCommits holds that functions see what each commit made of a relation.
func TestFunctionalFollowsCommits(t *testing.T) {
	db := openDir(t, "")
	importText(t, db, families(40, 1), "tsv")
	ctx := context.Background()
	value := func(expression string) any {
		t.Helper()
		v, err := db.Eval(ctx, expression, nil)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if value(`is_functional("citizen_of")`) != true || value(`functionality("citizen_of")`) != 1.0 {
		t.Error("citizen_of has one tail a head")
	}
	expect(t, db, `SELECT ?c { BIND(ink:conflicts(:person1, :citizen_of, :language1) AS ?x) BIND(STRLEN(STR(?x)) > 2 AS ?c) }`, "true")
	for i := range 20 {
		if _, err := db.Update(ctx, fmt.Sprintf(`INSERT DATA { :person%d :citizen_of :country77 }`, i), UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if value(`is_functional("citizen_of")`) != false || value(`functionality("citizen_of") < 0.7`) != true || value(`size(conflicts("person1", "citizen_of", "country77"))`) != int64(0) {
		t.Error("twenty of forty have two tails")
	}
	if value(`is_functional("citizen_of", 0.5)`) != true || value(`size(conflicts("person1", "citizen_of", "country77", 0.5))`) != int64(1) {
		t.Error("a smaller least is not heard")
	}
	expect(t, db, `SELECT ?f { BIND(ink:is_functional(:citizen_of, 0.5) AS ?f) }`, "true")
	if _, err := db.Update(ctx, `DELETE { ?p :citizen_of :country77 } INSERT { ?p :was ?f } WHERE { ?p :citizen_of :country77 BIND(ink:is_functional(:citizen_of) AS ?f) }`, UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	expect(t, db, `SELECT DISTINCT ?f { ?p :was ?f }`, "false") // in a transaction, of the commit before
	if value(`is_functional("citizen_of")`) != true {
		t.Error("the second tails are gone")
	}
}

// TestJudgedGraphsAgree compares ink:doubtful with FindErrors, and open relations of ink:plausible with each relation
// asked by itself.
func TestJudgedGraphsAgree(t *testing.T) {
	db := openDir(t, "")
	text, _ := wrongFamilies(60, 6)
	importText(t, db, text, "tsv")
	trainSmall(t, db, TrainRequest{Options: train.Options{Epochs: 15}})
	r, err := db.FindErrors(context.Background(), ErrorRequest{Limit: 10_000, Reasons: -1})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, d := range r.Errors {
		want = append(want, d.Head+" "+d.Relation+" "+d.Tail)
	}
	slices.Sort(want)
	if len(want) == 0 {
		t.Fatal("the model doubts nothing: the test shows nothing")
	}
	for _, graph := range []string{"ink:doubtful", "<urn:inkling:doubtful/complex>"} {
		expect(t, db, `SELECT ?s ?p ?o { GRAPH `+graph+` { ?s ?p ?o } }`, want...)
	}
	relations := []string{"in", "language", "lives_in", "speaks", "citizen_of"}
	var tails, heads, whole []string
	for _, relation := range relations {
		for _, o := range ask(t, db, `SELECT ?o { FILTER EXISTS { :person1 :`+relation+` ?any } GRAPH ink:plausible { :person1 :`+relation+` ?o } }`) {
			tails = append(tails, relation+" "+o)
		}
		for _, s := range ask(t, db, `SELECT ?s { FILTER EXISTS { ?any :`+relation+` :country3 } GRAPH ink:plausible { ?s :`+relation+` :country3 } }`) {
			heads = append(heads, s+" "+relation)
		}
		if ask(t, db, `ASK { GRAPH ink:plausible { :person1 :`+relation+` :country3 } }`)[0] == "true" {
			whole = append(whole, relation)
		}
	}
	slices.Sort(tails)
	slices.Sort(heads)
	slices.Sort(whole)
	if len(tails) < 4 || len(heads) < 5 {
		t.Errorf("only %d tails and %d heads", len(tails), len(heads))
	}
	expect(t, db, `SELECT ?r ?o { GRAPH ink:plausible { :person1 ?r ?o } }`, tails...)
	expect(t, db, `SELECT ?s ?r { GRAPH ink:plausible { ?s ?r :country3 } }`, heads...)
	expect(t, db, `SELECT ?r { GRAPH ink:plausible { :person1 ?r :country3 } }`, whole...)
	all := len(ask(t, db, `SELECT ?s ?r ?o { GRAPH ink:plausible { ?s ?r ?o } }`))
	each := 0
	for _, relation := range relations {
		each += len(ask(t, db, `SELECT ?s ?o { GRAPH ink:plausible { ?s :`+relation+` ?o } }`))
	}
	if all != each || all <= 60*3+60 {
		t.Errorf("%d plausible triples, %d by relation", all, each)
	}
}
