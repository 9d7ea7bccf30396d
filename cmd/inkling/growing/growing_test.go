package growing

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/internal/vec"
)

// planted is a graph of groups in which a relation leads from a group to another: each snapshot brings members.
func planted(snapshots int) string {
	random := rand.New(rand.NewPCG(3, 0))
	var b strings.Builder
	const groups, each = 5, 5
	for now := range snapshots {
		for r := range 3 {
			for h := range groups * each * (now + 1) {
				for k := range each * (now + 1) {
					if h < groups*each*now && k < each*now || random.Float64() < 0.4 { // both ends were there before
						continue
					}
					split := [...]string{"train", "train", "train", "valid", "test"}[random.IntN(5)]
					fmt.Fprintf(&b, "%d\t%s\te%d\tr%d\te%d\n", now, split, h, r, k*groups+(h+r+1)%groups)
				}
			}
		}
	}
	return b.String()
}

func plantedStream(t *testing.T, snapshots int) *Stream {
	t.Helper()
	s, err := parseCKGE(strings.NewReader(planted(snapshots)), "ENTITY")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var quick = train.Options{Dim: 16, Epochs: 25, Seed: 1, Workers: 2, ValidEvery: 100}

func TestContinualFollowsAPlantedGraph(t *testing.T) {
	s := plantedStream(t, 3)
	calls := 0
	r, err := Continual(context.Background(), s, ContinualOptions{Train: quick, Commit: 20, Progress: func(share float64, words string) {
		if calls++; share < 0 || share > 1 || words == "" {
			t.Errorf("%v %s", share, words)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Methods) != 3 || r.Family != "complex" || len(r.Published) != 3 || calls == 0 {
		t.Fatalf("%+v", r)
	}
	for _, m := range r.Methods {
		for i, after := range m.Snapshots {
			if len(after.Tests) != i+1 || after.Whole.Triples != after.Among.Triples || after.Among.MRR > after.Whole.MRR+1e-9 {
				t.Errorf("%s, snapshot %d: %+v", m.Method, i, after)
			}
			t.Logf("%s %d: whole %.3f, among all %.3f, tests %+v, before %.3f", m.Method, i, after.Whole.MRR, after.Among.MRR, after.Tests, after.Before)
		}
		var forgetting float64
		for i := range 2 {
			forgetting += (m.Snapshots[i].Tests[i].MRR - m.Snapshots[2].Tests[i].MRR) / 2
		}
		if math.Abs(forgetting-m.Forgetting) > 1e-9 || m.ForwardTransfer != (m.Snapshots[1].Before+m.Snapshots[2].Before)/2 {
			t.Errorf("%s: %+v", m.Method, m)
		}
	}
	kept := r.Methods[0]
	if first, last := kept.Snapshots[0].Whole.MRR, kept.Snapshots[2]; first < 0.3 || last.Whole.MRR < 0.2 || last.Tests[2].MRR < 2*last.Before || last.Commits < 10 ||
		!strings.Contains(kept.Stale, "144 triples trained on") { // it has grown sevenfold
		t.Errorf("maintained: %+v", kept)
	}
	if same := r.Methods[1].Snapshots[0].Whole; same != r.Methods[2].Snapshots[0].Whole {
		t.Errorf("fine-tuning and training anew differ on the first snapshot: %+v", same)
	}
}

func TestContinualRefuses(t *testing.T) {
	ctx, s := context.Background(), plantedStream(t, 2)
	if _, err := Continual(ctx, s, ContinualOptions{Methods: []string{"guess"}}); err == nil || !strings.Contains(err.Error(), "maintain, finetune, retrain") {
		t.Errorf("%v", err)
	}
	if _, err := Continual(ctx, s, ContinualOptions{Train: train.Options{Family: "nosuch"}}); err == nil {
		t.Error("a family that is none")
	}
}

// The ranks by the published convention, found by looking at every candidate.
func TestRanksEqualPlainOnes(t *testing.T) {
	s := plantedStream(t, 2)
	run := continual{stream: s, options: ContinualOptions{Test: 40}}
	v, err := s.vocabulary(s.Snapshots[0].Entities, len(s.Relations)) // the second snapshot's entities are unknown
	if err != nil {
		t.Fatal(err)
	}
	e, err := train.Train(context.Background(), train.Data{Vocabulary: v, Train: s.Snapshots[0].Train}, train.Options{Dim: 4, Epochs: 3})
	if err != nil {
		t.Fatal(err)
	}
	known := map[model.Triple]bool{}
	for _, snapshot := range s.Snapshots {
		for _, split := range [][]model.Triple{snapshot.Train, snapshot.Valid, snapshot.Test} {
			for _, x := range split {
				known[x] = true
			}
		}
	}
	view := s.identity(e)
	for _, snapshot := range []int{0, 1} {
		candidates, test := s.Snapshots[snapshot].Entities, run.test(snapshot)
		var sum float64
		for _, x := range test {
			for _, heads := range []bool{false, true} {
				above, equal := 0.0, 0.0
				for c := range uint32(candidates) {
					wrong := x
					if heads {
						wrong.H = c
					} else {
						wrong.T = c
					}
					if wrong == x || known[wrong] {
						continue
					}
					switch a, b := plainScore(view, wrong, heads), plainScore(view, x, heads); {
					case a > b:
						above++
					case a == b:
						equal++
					}
				}
				sum += 1 / (1 + above + equal/2)
			}
		}
		f, err := run.ranked(context.Background(), view.of(candidates), test, run.known(1))
		if want := sum / float64(2*len(test)); err != nil || math.Abs(f.MRR-want) > 1e-3 {
			t.Errorf("snapshot %d: MRR %v, plainly %v (%v)", snapshot, f.MRR, want, err)
		}
	}
}

// plainScore scores a candidate as the view is said to: of a question about an unknown term all score alike.
func plainScore(v view, x model.Triple, heads bool) float64 {
	asked, answer := x.H, x.T
	if heads {
		asked, answer = x.T, x.H
	}
	if v.entities[asked] < 0 || v.relations[x.R] < 0 {
		return 0
	}
	if v.entities[answer] < 0 {
		return math.Inf(-1)
	}
	out := vec.MatrixOf(make([]float32, v.embedding.Vocabulary.Entities()), 1, v.embedding.Vocabulary.Entities())
	v.embedding.ScoreQueries([]model.Query{{Entity: asked, Relation: x.R, Heads: heads}}, out, 1)
	return float64(out.Row(0)[answer])
}

func TestInductivePlacesNewEntities(t *testing.T) {
	folder := t.TempDir()
	files := map[string]*bytes.Buffer{}
	for text := range strings.Lines(planted(2)) {
		f := strings.SplitN(strings.TrimSpace(text), "\t", 3)
		name := f[1]
		if f[0] == "1" {
			name = "ind_" + name
		}
		if files[name] == nil {
			files[name] = &bytes.Buffer{}
		}
		files[name].WriteString(f[2] + "\n")
	}
	for name, text := range files {
		var zipped bytes.Buffer
		w := gzip.NewWriter(&zipped)
		if _, err := w.Write(text.Bytes()); err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name+".tsv.gz"), zipped.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Inductive(context.Background(), folder, InductiveOptions{Train: quick, Commit: 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", r)
	if len(r.Methods) != 2 || r.New != 25 || r.Known != 25 || r.Negatives != 50 {
		t.Fatalf("%+v", r)
	}
	for _, m := range r.Methods {
		if m.All.MRR < 0.12 || m.Sampled.Hits10 < 0.3 || m.All.Triples != m.Sampled.Triples {
			t.Errorf("%+v", m)
		}
	}
	if _, err := Inductive(context.Background(), t.TempDir(), InductiveOptions{}); err == nil || !strings.Contains(err.Error(), "ind_train") {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestSampledNegativesAreFalse(t *testing.T) {
	d, err := newInductive(plantedStream(t, 2))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	for _, x := range d.test[:20] {
		for _, heads := range []bool{false, true} {
			seen := map[model.Triple]bool{}
			for _, wrong := range d.corrupt(x, heads, 7, random) {
				if d.known.Has(wrong) || seen[wrong] || heads && wrong.T != x.T || !heads && wrong.H != x.H {
					t.Fatalf("%v of %v", wrong, x)
				}
				seen[wrong] = true
			}
			if len(seen) != 7 {
				t.Errorf("%d negatives", len(seen))
			}
		}
	}
}

func TestStreamAmong(t *testing.T) {
	s := plantedStream(t, 3)
	small, err := s.Among(30)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(small.Entities); n > 30 || n < 20 || len(small.Snapshots) != 3 {
		t.Errorf("%d entities, %d snapshots", n, len(small.Snapshots))
	}
	if _, err := s.Among(3); err == nil {
		t.Error("three entities have triples in every snapshot")
	}
}

func TestReadCKGETellsThePlace(t *testing.T) {
	for text, want := range map[string]string{
		"0\ttrain\ta\tr\tb\n0\ttrain\ta\tr\n":                     "line 2: 4 columns",
		"0\ttrain\ta\tr\tb\nx\ttrain\ta\tr\tb\n":                  "line 2: snapshot",
		"0\tdev\ta\tr\tb\n":                                       "line 1: split",
		"0\ttrain\ta\t\tb\n":                                      "line 1: a name is empty",
		"0\ttrain\ta\tr\tb\n":                                     "snapshot 0 has 1 training and 0 test",
		"0\ttrain\ta\tr\tb\n0\ttest\ta\tr\tb\n2\ttest\ta\tr\tb\n": "snapshot 1 has 0",
		"": "no triples",
	} {
		if _, err := parseCKGE(strings.NewReader(text), "x"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if _, err := ReadCKGE(filepath.Join(t.TempDir(), "none.tsv")); !os.IsNotExist(err) {
		t.Errorf("%v", err)
	}
}

func FuzzParseCKGE(f *testing.F) {
	f.Add("0\ttrain\ta\tr\tb\n0\ttest\ta\tr\tc\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseCKGE(strings.NewReader(text), "fuzz")
		if err != nil {
			return
		}
		for _, snapshot := range s.Snapshots {
			for _, x := range append(append(snapshot.Train, snapshot.Valid...), snapshot.Test...) {
				if int(x.H) >= snapshot.Entities || int(x.T) >= snapshot.Entities || int(x.R) >= snapshot.Relations {
					t.Fatalf("%v is outside %d entities and %d relations", x, snapshot.Entities, snapshot.Relations)
				}
			}
		}
		_ = eval.NewKnown(s.upTo(len(s.Snapshots)-1, trainOf))
	})
}
