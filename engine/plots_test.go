package engine

import (
	"context"
	"errors"
	"github.com/inklingdb/inkling/engine/train"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func total(counts []int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// upTo returns the share of the questions in the bins up to a rank.
func upTo(r Ranks, counts []int, rank int) float64 {
	n := 0
	for i, edge := range r.UpTo {
		if edge <= rank {
			n += counts[i]
		}
	}
	return float64(n) / float64(max(1, total(counts)))
}

// What was measured at training is kept by relation and by rank, through edits and a reopening, and agrees with the card.
func TestHeldOutFiguresAreKept(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	db := openDir(t, dir)
	importText(t, db, families(150, 1), "tsv")
	card := trainSmall(t, db, TrainRequest{})
	first, err := db.HeldOut("")
	if err != nil {
		t.Fatal(err)
	}
	if first.All != card.HeldOut || first.Model != "complex" || first.All.Triples == 0 {
		t.Errorf("%+v, the card says %+v", first.All, card.HeldOut)
	}
	r := first.Ranks
	if total(r.Tails) != card.HeldOut.Triples || total(r.Heads) != card.HeldOut.Triples || r.Entities != card.Entities {
		t.Errorf("%d and %d ranks among %d of %d triples", total(r.Tails), total(r.Heads), r.Entities, card.HeldOut.Triples)
	}
	if mean := (r.TailMRR + r.HeadMRR) / 2; math.Abs(mean-card.HeldOut.MRR) > 1e-12 {
		t.Errorf("MRR %g of tails and heads, the card says %g", mean, card.HeldOut.MRR)
	}
	for k, want := range map[int]float64{1: card.HeldOut.Hits1, 3: card.HeldOut.Hits3, 10: card.HeldOut.Hits10} {
		if got := (upTo(r, r.Tails, k) + upTo(r, r.Heads, k)) / 2; math.Abs(got-want) > 1e-12 {
			t.Errorf("Hits@%d %g by the histogram, the card says %g", k, got, want)
		}
	}
	var triples int
	var sum float64
	for _, m := range first.ByRelation {
		triples += m.Triples
		sum += m.MRR * float64(m.Triples)
	}
	if triples != card.HeldOut.Triples || math.Abs(sum/float64(triples)-card.HeldOut.MRR) > 1e-9 {
		t.Errorf("%d triples by relation, MRR %g; the card says %d, %g", triples, sum/float64(triples), card.HeldOut.Triples, card.HeldOut.MRR)
	}
	if _, err := db.Update(ctx, "INSERT DATA { :new :speaks :language1 }", UpdateOptions{Wait: true}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := openDir(t, dir).HeldOut("complex")
	if err != nil || !slices.Equal(again.Ranks.Tails, r.Tails) || !slices.Equal(again.ByRelation, first.ByRelation) || again.Ranks.Entities != r.Entities {
		t.Errorf("after an edit and a reopening: %+v %v", again, err)
	}
}

func TestHeldOutFiguresThatAreNotThere(t *testing.T) {
	db := openDir(t, t.TempDir())
	if _, err := db.HeldOut(""); !errors.Is(err, ErrNoModel) {
		t.Errorf("without a model: %v", err)
	}
	importText(t, db, "a\tr\tb\nc\ts\td\n", "tsv") // no triple can be spared
	trainSmall(t, db, TrainRequest{Options: train.Options{Epochs: 2}})
	if _, err := db.HeldOut(""); !errors.Is(err, ErrBadInput) || !strings.Contains(err.Error(), "nothing was held out") {
		t.Errorf("nothing held out: %v", err)
	}
	if _, err := db.HeldOut("nosuch"); !errors.Is(err, ErrUnknownModel) {
		t.Errorf("unknown: %v", err)
	}
}

// Files are ranked by the same measure, those with unknown names aside.
func TestEvaluationHasRanks(t *testing.T) {
	db := openDir(t, t.TempDir())
	importText(t, db, families(100, 1), "tsv")
	trainSmall(t, db, TrainRequest{})
	path := filepath.Join(t.TempDir(), "test.tsv")
	if err := os.WriteFile(path, []byte("person1\tspeaks\tlanguage3\nperson2\tspeaks\tlanguage4\nnobody\tspeaks\tlanguage4\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := db.EvaluateModel(context.Background(), EvaluateRequest{Test: []string{path}})
	if err != nil || total(e.Ranks.Tails) != 2 || total(e.Ranks.Heads) != 2 || e.Unknown != 1 || len(e.ByRelation) != 1 || e.ByRelation[0].Triples != 2 {
		t.Errorf("%+v %v", e, err)
	}
}

func TestEntityVectorsAndTheirTypes(t *testing.T) {
	ctx := context.Background()
	db := openDir(t, t.TempDir())
	importText(t, db, families(60, 1), "tsv")
	trainSmall(t, db, TrainRequest{Options: train.Options{Epochs: 3}})
	v, err := db.EntityVectors(ctx, VectorsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	typeOf := func(v EntityVectors, name string) string { return v.Types[slices.Index(v.Names, name)] }
	if v.TypedBy != "" || typeOf(v, "country3") != "citizen_of" && typeOf(v, "country3") != "in" || typeOf(v, "language3") != "speaks" || typeOf(v, "person3") != "" {
		t.Errorf("without types: by %q, %s, %s, %s", v.TypedBy, typeOf(v, "country3"), typeOf(v, "language3"), typeOf(v, "person3"))
	}
	if v.Entities != len(v.Names) || len(v.Vectors) != v.Entities*v.Width || v.Degrees[slices.Index(v.Names, "person3")] != 3 {
		t.Errorf("%d entities, %d names, %d numbers of %d", v.Entities, len(v.Names), len(v.Vectors), v.Width)
	}
	by, err := db.EntityVectors(ctx, VectorsRequest{TypeRelation: "in"})
	if err != nil || by.TypedBy != "in" || typeOf(by, "city2_1") != "country2" || typeOf(by, "person1") != "" {
		t.Errorf("by in: %v, %q", err, by.TypedBy)
	}
	if _, err := db.EntityVectors(ctx, VectorsRequest{TypeRelation: "spekas"}); err == nil || !strings.Contains(err.Error(), "did you mean speaks") {
		t.Errorf("a misspelt relation: %v", err)
	}
	if _, err := db.Update(ctx, `INSERT DATA { :person1 a :Human, :Rare . :person2 a :Human . :country1 a :Country ; rdfs:label "Erstland"@de, "First land"@en }`, UpdateOptions{Wait: true}); err != nil {
		t.Fatal(err)
	}
	typed, err := db.EntityVectors(ctx, VectorsRequest{})
	if err != nil || typed.TypedBy != "rdf:type" || typeOf(typed, "person1") != "Human" || typeOf(typed, "First land") != "Country" || typeOf(typed, "person7") != "" {
		t.Errorf("with types: %v, %q", err, typed.TypedBy)
	}
}

func TestEntityVectorsAreDrawnBySeed(t *testing.T) {
	db := openDir(t, t.TempDir())
	importText(t, db, families(60, 1), "tsv")
	trainSmall(t, db, TrainRequest{Options: train.Options{Epochs: 2}})
	drawn := func(seed uint64) []string {
		v, err := db.EntityVectors(context.Background(), VectorsRequest{Max: 20, Seed: seed})
		if err != nil || len(v.Names) != 20 || v.Entities <= 20 {
			t.Fatalf("%v, %d of %d", err, len(v.Names), v.Entities)
		}
		return v.Names
	}
	if a := drawn(1); !slices.Equal(a, drawn(1)) || slices.Equal(a, drawn(2)) {
		t.Error("the seed does not decide what is drawn")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := db.EntityVectors(ctx, VectorsRequest{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
