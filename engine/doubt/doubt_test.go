package doubt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/store"
)

// countries is a graph whose triples follow from each other: people live in a city of the country they are citizens of
// and speak its language.
func countries(people int) (*model.Vocabulary, []model.Triple) {
	random := rand.New(rand.NewPCG(1, 1))
	country := func(c int) uint32 { return uint32(c) }
	language := func(c int) uint32 { return uint32(10 + c) }
	city := func(c, i int) uint32 { return uint32(20 + 5*c + i) }
	var triples []model.Triple
	for c := range 10 {
		triples = append(triples, model.Triple{H: country(c), R: 0, T: language(c)})
		for i := range 5 {
			triples = append(triples, model.Triple{H: city(c, i), R: 1, T: country(c)})
		}
	}
	for p := range people {
		c, person := random.IntN(10), uint32(70+p)
		triples = append(triples, model.Triple{H: person, R: 2, T: city(c, random.IntN(5))},
			model.Triple{H: person, R: 3, T: language(c)}, model.Triple{H: person, R: 4, T: country(c)})
	}
	ids := func(from, n int) (list []store.TermID) {
		for i := range n {
			list = append(list, store.TermID(from+i))
		}
		return list
	}
	v, err := model.NewVocabulary(ids(1, 70+people), ids(1000, 5))
	if err != nil {
		panic(err)
	}
	return v, triples
}

func TestPlantedErrorsAreErrors(t *testing.T) {
	_, triples := countries(80)
	known := eval.NewKnown(triples)
	for _, kind := range Kinds {
		for _, share := range []float64{0.01, 0.05, 0.5} {
			planted, wrong := Plant(triples, known, kind, share, 3)
			made, seen := 0, map[model.Triple]bool{}
			for i, x := range planted {
				if seen[x] {
					t.Fatalf("%s: %v is there twice", kind, x)
				}
				seen[x] = true
				if !wrong[i] {
					if x != triples[i] {
						t.Fatalf("%s: triple %d changed but is not called wrong", kind, i)
					}
					continue
				}
				made++
				ends := 0
				if x.H != triples[i].H {
					ends++
				}
				if x.T != triples[i].T {
					ends++
				}
				if known.Has(x) || ends != 1 || x.R != triples[i].R {
					t.Fatalf("%s: %v came of %v", kind, x, triples[i])
				}
				fits := func(is func(model.Triple) bool) bool { return slices.ContainsFunc(triples, is) }
				if kind == Fitting && !(fits(func(y model.Triple) bool { return y.R == x.R && y.H == x.H }) &&
					fits(func(y model.Triple) bool { return y.R == x.R && y.T == x.T })) {
					t.Fatalf("%v does not fit its relation", x)
				}
			}
			if want := share * float64(len(triples)); math.Abs(float64(made)-want) > 1+want/10 {
				t.Errorf("%s: %d planted, want about %g", kind, made, want)
			}
			again, _ := Plant(triples, known, kind, share, 3)
			if !slices.Equal(planted, again) {
				t.Error("the same seed plants other errors")
			}
		}
	}
}

// TestDetectEqualsReference counts pairs and ranks one by one.
func TestDetectEqualsReference(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	for range 200 {
		n := 2 + random.IntN(40)
		verdicts, wrong := make([]Verdict, n), make([]bool, n)
		for i := range verdicts {
			verdicts[i] = Verdict{random.IntN(8) > 0, float64(random.IntN(10)) / 10, 0.35}
			wrong[i] = random.IntN(3) == 0
		}
		got := Detect(verdicts, wrong)
		var better, pairs, doubted, right, planted float64
		for i, v := range verdicts {
			if wrong[i] {
				planted++
			}
			if v.Judged && v.Prob < 0.35 {
				doubted++
				if wrong[i] {
					right++
				}
			}
			for j, w := range verdicts {
				if v.Judged && w.Judged && !wrong[i] && wrong[j] {
					pairs++
					if v.Prob > w.Prob {
						better++
					} else if v.Prob == w.Prob {
						better += 0.5
					}
				}
			}
		}
		auc := 0.0
		if pairs > 0 {
			auc = better / pairs
		}
		if math.Abs(got.AUC-auc) > 1e-12 || got.Precise != right/max(1, doubted) || got.Recalled != right/max(1, planted) || got.Wrong != int(planted) {
			t.Fatalf("%+v, want AUC %g, %g of %g doubted", got, auc, right, doubted)
		}
	}
	tied := Detect([]Verdict{{true, 0.1, 0.5}, {true, 0.1, 0.5}}, []bool{true, false})
	if tied.AtN != 0 || tied.AUC != 0.5 {
		t.Errorf("a tie counts for the errors: %+v", tied)
	}
	best := Detect([]Verdict{{true, 0.1, 0.5}, {true, 0.9, 0.5}}, []bool{true, false})
	if best.AtN != 1 || best.Average != 1 || best.AUC != 1 || best.Precise != 1 || best.Recalled != 1 {
		t.Errorf("a perfect ranking: %+v", best)
	}
}

// TestCrossScoreFindsPlantedErrors holds that models that have not seen the errors find most of them, and that one that
// was trained on them finds fewer: the reason for cross-scoring.
func TestCrossScoreFindsPlantedErrors(t *testing.T) {
	v, triples := countries(150)
	planted, wrong := Plant(triples, eval.NewKnown(triples), Uniform, 0.04, 2)
	o := Options{Folds: 4, Seed: 1, Train: train.Options{Dim: 16, Epochs: 40}}
	steps := 0
	o.Progress = func(p Progress) {
		steps++
		if d := p.Done(); d < 0 || d > 1 || p.Folds != 4 {
			t.Errorf("progress %+v", p)
		}
	}
	verdicts, err := CrossScore(context.Background(), v, planted, o)
	if err != nil {
		t.Fatal(err)
	}
	o.Progress = nil
	across := Detect(verdicts, wrong)
	seen, err := inSample(context.Background(), train.Data{Vocabulary: v}, planted, o)
	if err != nil {
		t.Fatal(err)
	}
	within := Detect(seen, wrong)
	if across.AUC < 0.9 || across.AtN < 0.5 || across.AUC <= within.AUC || steps == 0 {
		t.Errorf("across folds %+v\nwithin %+v, %d steps", across, within, steps)
	}
	chance := Detect(byLot(len(planted), 0.04, 1), wrong)
	if across.AtN <= 2*chance.AtN {
		t.Errorf("precision %g, by lot %g", across.AtN, chance.AtN)
	}
	again, err := CrossScore(context.Background(), v, planted, o)
	if err != nil || !slices.Equal(again, verdicts) {
		t.Errorf("the same seed judges otherwise (%v)", err)
	}
}

func TestCrossScoreRefusesAndStops(t *testing.T) {
	v, triples := countries(10)
	for _, folds := range []int{-1, 0, 1, len(triples) + 1} {
		if _, err := CrossScore(context.Background(), v, triples, Options{Folds: folds}); !errors.Is(err, train.ErrOptions) {
			t.Errorf("%d folds: %v", folds, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := CrossScore(ctx, v, triples, Options{Folds: 2}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestMeasureReadsAFolder(t *testing.T) {
	_, triples := countries(60)
	var text bytes.Buffer
	for _, x := range triples {
		fmt.Fprintf(&text, "e%d\tr%d\te%d\n", x.H, x.R, x.T)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "train.tsv"), text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	var got []Result
	o := MeasureOptions{Folds: []int{0, 2}, Kinds: []Kind{Uniform}, Share: 0.05, Options: Options{Train: train.Options{Dim: 8, Epochs: 10}}}
	if err := Measure(context.Background(), folder, o, func(r Result) { got = append(got, r) }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0].Method != "random" || got[2].Method != "2 folds" || got[2].Triples != len(triples) || got[2].Wrong == 0 {
		t.Errorf("%+v", got)
	}
	o.Share = 0.9
	if err := Measure(context.Background(), folder, o, nil); !errors.Is(err, train.ErrOptions) {
		t.Errorf("a share of 0.9: %v", err)
	}
	if _, err := KindByName("odd"); err == nil {
		t.Error("an unknown kind is refused")
	}
}
