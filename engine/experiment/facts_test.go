package experiment

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/factor"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// clans writes a graph whose relations join the members of six groups, split by a tenth each, and returns its folder.
// Facts of it are easy: whom a member is related to is whom others of its group are related to.
func clans(t *testing.T, more map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	splits := map[string]*strings.Builder{"train": {}, "valid": {}, "test": {}}
	names, n := []string{"train", "train", "train", "train", "train", "train", "train", "train", "valid", "test"}, 0
	for h := range 48 {
		for r := range 3 {
			for x := range 48 {
				if (h/8+r+1)%6 == x/8 {
					line := strings.Join([]string{"e" + string(rune('A'+h)), "r" + string(rune('0'+r)), "e" + string(rune('A'+x))}, "\t")
					splits[names[(n*7)%10]].WriteString(line + "\n")
					n++
				}
			}
		}
	}
	for name, text := range splits {
		write(t, folder, name, text.String())
	}
	for name, text := range more {
		write(t, folder, name, text)
	}
	return folder
}

func write(t *testing.T, folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name+".tsv"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFactsByEveryProtocol(t *testing.T) {
	folder := clans(t, map[string]string{
		"folds":          "0\teA\tr0\teI\t1\n0\teB\tr0\teJ\t1\n0\teB\tr0\teA\t0\n0\teC\tr0\teK\t1\n1\teA\tr1\teQ\t1\n1\teA\tr1\teA\t0\n",
		"valid_labelled": "eA\tr0\teI\t1\neA\tr0\teA\t-1\n", "test_labelled": "eA\tr1\teQ\t1\neA\tr1\teB\t-1\neB\tr1\teB\t-1\n",
	})
	for _, protocol := range Protocols {
		steps := 0
		results, err := Facts(context.Background(), FactOptions{Folder: folder, Protocol: protocol, Models: []string{"linear-reg", "distmult"}, Folds: 2,
			Base: train.Options{Dim: 8, Epochs: 12}, Step: func(string, int, int, int) { steps++ }})
		if err != nil || len(results) != 3 || results[0].Model != constant {
			t.Fatalf("%s: %d results, %v", protocol, len(results), err)
		}
		c := results[0].Mean
		if c.AUC != 0.5 || results[0].Settings != "" {
			t.Errorf("%s: the constant has ROC-AUC %g", protocol, c.AUC)
		}
		want := map[Protocol]int{Labelled: 1, Published: 2, Uniform: 2, Weighted: 2}[protocol]
		if len(results[2].Folds) != want {
			t.Errorf("%s: %d folds, want %d", protocol, len(results[2].Folds), want)
		}
		trainings := map[Protocol]int{Labelled: 2, Published: 4, Uniform: 4, Weighted: 2}[protocol]
		if steps != trainings {
			t.Errorf("%s: %d trainings, want %d: one for folds of the same training facts", protocol, steps, trainings)
		}
		if m := results[2]; m.Mean.AUC < 0.8 && protocol != Published && protocol != Labelled || m.Settings == "" || len(m.Relations) == 0 {
			t.Errorf("%s: %+v", protocol, m.Mean)
		}
		if d := results[1].Doubtful; (protocol == Published) != (d == 1) || (results[1].Certain != nil) != (d == 1) {
			t.Errorf("%s: %d doubtful facts", protocol, d)
		}
	}
}

// No fact that is asked may be learnt from, nor serve validation; and validation is not learnt from.
func TestFactsAreMasked(t *testing.T) {
	s, err := readFactSet(clans(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, protocol := range []Protocol{Uniform, Weighted} {
		folds, err := s.problems(FactOptions{Protocol: protocol, Folds: 3, PerRelation: 20})
		if err != nil || len(folds) != 3 {
			t.Fatalf("%s: %d folds, %v", protocol, len(folds), err)
		}
		stated := eval.NewKnown(s.graph)
		for i, p := range folds {
			learnt := eval.NewKnown(p.train)
			valid := map[model.Triple]bool{}
			for _, f := range p.valid {
				valid[f.Triple] = true
				if learnt.Has(f.Triple) || stated.Has(f.Triple) != f.True {
					t.Errorf("%s, fold %d: validation fact %+v", protocol, i, f)
				}
			}
			for _, f := range p.test {
				if learnt.Has(f.Triple) || valid[f.Triple] || stated.Has(f.Triple) != f.True {
					t.Errorf("%s, fold %d: test fact %+v: learnt %v", protocol, i, f, learnt.Has(f.Triple))
				}
			}
			if len(p.test) < 50 || len(p.valid) < 30 {
				t.Errorf("%s, fold %d: %d facts, %d of validation", protocol, i, len(p.test), len(p.valid))
			}
			if i > 0 && slices.Equal(p.test, folds[0].test) {
				t.Errorf("%s: folds 0 and %d are the same", protocol, i)
			}
		}
	}
}

// With fewer subjects than before, and the same objects, the graph is denser, and has no row that nothing states.
func TestFewerSubjectsAreDenser(t *testing.T) {
	var text strings.Builder
	for h := range 80 {
		for r := range 2 {
			fmt.Fprintf(&text, "s%d\tr%d\to%d\n", h, r, (h+r)%4)
		}
	}
	folder := t.TempDir()
	write(t, folder, "all", text.String())
	s, err := readFactSet(folder)
	if err != nil {
		t.Fatal(err)
	}
	fewer, err := s.reduced(25, 3)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[uint32]bool{}
	for _, x := range fewer.graph {
		seen[x.H], seen[x.T] = true, true
	}
	if n := len(subjectsOf(fewer.graph)); n != 20 || len(fewer.graph) != 40 || len(seen) != 24 || fewer.vocabulary.Entities() != 24 {
		t.Errorf("%d subjects, %d triples, %d of %d entities", n, len(fewer.graph), len(seen), fewer.vocabulary.Entities())
	}
	if s.density() != 160.0/(84*84) || fewer.density() != 40.0/(24*24) || !slices.Equal(fewer.relations, s.relations) {
		t.Errorf("density %g, of the whole %g", fewer.density(), s.density())
	}
	for _, percent := range []int{0, 101, 1} {
		if _, err := s.reduced(percent, 1); err == nil {
			t.Errorf("%d %% are taken", percent)
		}
	}
}

// A second training sees the validation facts too, and is asked with the calibration of the first.
func TestRefit(t *testing.T) {
	o := FactOptions{Folder: clans(t, nil), Protocol: Uniform, Models: []string{"rescal-als"}, Folds: 1, Factor: factor.Settings{Iterations: 20}}
	once, err := Facts(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	o.Refit = true
	twice, err := Facts(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	a, b := once[1].Folds[0], twice[1].Folds[0]
	if a.Threshold != b.Threshold || a.Samples != b.Samples || b.AUC < 0.9 || a.AUC < 0.9 {
		t.Errorf("%+v and again %+v", a, b)
	}
}

func TestFactsRefuseWhatTheyCannotDo(t *testing.T) {
	ctx := context.Background()
	plain := clans(t, nil)
	for want, o := range map[string]FactOptions{
		"no folds.tsv":                      {Folder: plain, Protocol: Published},
		"no valid_labelled":                 {Folder: plain, Protocol: Labelled},
		`no protocol "random"`:              {Folder: plain, Protocol: "random"},
		`unknown model family "transh"`:     {Folder: plain, Models: []string{"transh"}},
		"neither train.tsv(.gz) nor all":    {Folder: t.TempDir()},
		"folds.tsv line 2: 3 columns, 5":    {Folder: clans(t, map[string]string{"folds": "0\ta\tr0\tb\t1\na\tr0\tb\n"})},
		`folds.tsv line 1: fold "x"`:        {Folder: clans(t, map[string]string{"folds": "x\ta\tr0\tb\t1\n"})},
		`valid_labelled.tsv line 1: truth`:  {Folder: clans(t, map[string]string{"valid_labelled": "a\tr0\tb\ttrue\n"})},
		`test_labelled.tsv line 3: 3 colum`: {Folder: clans(t, map[string]string{"test_labelled": "a\tr0\tb\t-1\n\na\tr0\tb\n"})},
	} {
		if _, err := Facts(ctx, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}

// The published folds hold what the note counts: 21 and 4 facts drawn as false that are true.
func TestPublishedFoldsHaveDoubtfulFacts(t *testing.T) {
	for name, want := range map[string][3]int{"Padia-Kinship": {21, 1300, 801}, "Padia-UMLS": {4, 2450, 1474}, "WN18RR": {0, 11000, 6600}} {
		folder := filepath.Join("..", "..", "..", "..", "shared", "data", name)
		if _, err := os.Stat(folder); err != nil {
			t.Skip("no ", folder)
		}
		s, err := readFactSet(folder)
		if err != nil {
			t.Fatal(err)
		}
		facts := slices.Concat(s.folds...)
		doubtful := 0
		for _, f := range facts {
			if f.Doubtful {
				doubtful++
			}
		}
		if got := [3]int{doubtful, len(facts), len(eval.Truths(facts))}; got != want {
			t.Errorf("%s: doubtful, all and true facts %v, want %v", name, got, want)
		}
	}
}

func TestPublishedTablesAreWhole(t *testing.T) {
	for set, row := range table4 {
		for _, model := range []string{"rescal-als", "nn-rescal", "linear-reg", "quadratic-reg", "linear-con", "quadratic-con"} {
			if p := row[model]; p.AUC < 50 || p.F1 == 0 || p.MacroF1 == 0 {
				t.Errorf("%s has no figures of %s: %+v", set, model, p)
			}
		}
	}
	if _, ok := PublishedFactsOf("Padia-Kinship", "quadratic-reg"); !ok || len(PublishedAccuracyOf("CoDEx-S")) != 5 {
		t.Error("a set is not found by its folder's name")
	}
}
