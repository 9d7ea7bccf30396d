package engine

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/store/rdf"
)

// ring returns a database of entities in a ring, r one on and s one back, and a model of it.
func ring(t *testing.T) *DB {
	t.Helper()
	db, err := Open("", Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	var text strings.Builder
	for i := range 30 {
		a, b := "e"+string(rune('A'+i)), "e"+string(rune('A'+(i+1)%30))
		text.WriteString(a + "\tr\t" + b + "\n" + b + "\ts\t" + a + "\n")
	}
	text.WriteString("x\tq\ty\n")
	ctx := context.Background()
	if _, err := db.Import(ctx, ImportRequest{Reader: strings.NewReader(text.String()), Format: "tsv"}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Train(ctx, TrainRequest{HoldOut: 0.1, Options: train.Options{Dim: 16, Epochs: 30, Seed: 1}}); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestEvaluateFacts(t *testing.T) {
	db, ctx := ring(t), context.Background()
	file := filepath.Join(t.TempDir(), "labelled.tsv")
	text := "eA\tr\teB\t1\neB\tr\teC\t1\neA\tr\teK\t-1\neA\ts\teK\t-1\neB\ts\teA\t1\neA\tr\tnobody\t1\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := db.EvaluateFacts(ctx, LabelledRequest{Files: []string{file}})
	if err != nil {
		t.Fatal(err)
	}
	if e.All.Samples != 5 || e.All.Positives != 3 || e.Unknown != 1 || len(e.ByRelation) != 2 || e.All.AUC < 0.99 {
		t.Errorf("%+v", e)
	}
	if r := e.ByRelation[0]; r.Samples != 3 || !strings.HasSuffix(r.Relation.Value, "r") {
		t.Errorf("most samples first: %+v", r)
	}
	// is_fact says the same as the evaluation counted.
	right := 0
	for _, line := range strings.Split(strings.TrimSpace(text), "\n")[:5] {
		f := strings.Split(line, "\t")
		said, err := db.Eval(ctx, "is_fact(h, r, t)", map[string]any{"h": f[0], "r": f[1], "t": f[2]})
		if err != nil {
			t.Fatal(err)
		}
		if said == (f[3] == "1") {
			right++
		}
	}
	if math.Abs(float64(right)/5-e.All.Accuracy) > 1e-9 {
		t.Errorf("is_fact is right %d times of 5, accuracy %g", right, e.All.Accuracy)
	}
	for _, r := range []LabelledRequest{{}, {Files: []string{"nosuch.tsv"}}} {
		if _, err := db.EvaluateFacts(ctx, r); !errors.Is(err, ErrBadInput) {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

func TestRelationSimilarity(t *testing.T) {
	db, ctx := ring(t), context.Background()
	s, err := db.RelationSimilarity(ctx, rdf.Term{}, "agency", 0)
	if err != nil || len(s.Relations) != 3 || s.Triples[0] != 30 || s.Triples[2] != 1 {
		t.Fatalf("%+v %v", s, err)
	}
	for k, row := range s.Values {
		for l, v := range row {
			want := 0.0
			if k == l || k < 2 && l < 2 { // r and s have the same subjects, q its own
				want = 1
			}
			if v != want {
				t.Errorf("%d, %d: %g, want %g", k, l, v, want)
			}
		}
	}
	if few, err := db.RelationSimilarity(ctx, rdf.Term{}, "", 2); err != nil || len(few.Values) != 2 || few.More != 1 || few.Similarity != "transitivity" {
		t.Errorf("%+v %v", few, err)
	}
	if _, err := db.RelationSimilarity(ctx, rdf.Term{}, "cosine", 0); !errors.Is(err, ErrBadInput) {
		t.Errorf("an unknown similarity: %v", err)
	}
	if _, err := db.RelationSimilarity(ctx, rdf.NewIRI("http://no/"), "", 0); !errors.Is(err, ErrBadInput) {
		t.Errorf("an unknown graph: %v", err)
	}
}
