package tune

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/internal/generate"
	"github.com/inklingdb/inkling/store"
)

// patternData returns a generated graph of one pattern as the trainer takes it.
func patternData(t testing.TB, name string) train.Data {
	t.Helper()
	p, err := generate.PatternByName(name)
	if err != nil {
		t.Fatal(err)
	}
	g := p.Graph(1)
	ids := make([]store.TermID, g.Entities+len(g.Relations))
	for i := range ids {
		ids[i] = store.TermID(i + 1)
	}
	v, err := model.NewVocabulary(ids[:g.Entities], ids[g.Entities:])
	if err != nil {
		t.Fatal(err)
	}
	return train.Data{Vocabulary: v, Train: triplesOf(g.Train), Valid: triplesOf(g.Valid), Test: triplesOf(g.Test)}
}

func triplesOf(rows []generate.Row) []model.Triple {
	list := make([]model.Triple, len(rows))
	for i, r := range rows {
		list[i] = model.Triple(r)
	}
	return list
}

// TestChosenFamilyExpressesThePattern searches graphs of one pattern each. The sets hold the families whose equation
// can express it, as engine/experiment measures them.
func TestChosenFamilyExpressesThePattern(t *testing.T) {
	for name, able := range map[string][]string{
		"symmetric":     {"distmult", "complex", "rotate-l2", "rotate", "rescal"},
		"antisymmetric": {"transe", "complex", "rotate-l2", "rotate", "rescal", "cp"},
		"inverse":       {"complex", "rotate-l2", "rotate", "rescal", "cp"},
		"composition":   {"rotate", "rotate-l2", "transe"},
		"1-to-N":        {"complex", "distmult", "rotate-l2", "rotate", "rescal", "cp", "transr"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, r, err := Search(context.Background(), patternData(t, name), Options{Rungs: []Rung{{Dim: 16, Epochs: 6}, {Dim: 32, Epochs: 12}}})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(able, e.Family.Name) {
				t.Errorf("chose %s: %s\n%+v", r.Chosen, r.Why, r.Rungs)
			}
			if !strings.HasPrefix(r.Chosen, e.Family.Name+" ") || r.MRR != e.Metadata.Metrics["valid_mrr"] {
				t.Errorf("the report tells of %s with MRR %g, the model is %s with %g", r.Chosen, r.MRR, e.Family.Name, e.Metadata.Metrics["valid_mrr"])
			}
		})
	}
}

// TestSameSeedSameModel runs a schedule with variants twice, with other numbers of workers, and trains the options it
// reports once more.
func TestSameSeedSameModel(t *testing.T) {
	d := patternData(t, "1-to-N")
	schedule := []Rung{{Dim: 8, Epochs: 2}, {Dim: 16, Epochs: 2, Vary: true}, {Dim: 16, Epochs: 4}}
	var files [][]byte
	var reports []Report
	for _, workers := range []int{1, 3} {
		e, r, err := Search(context.Background(), d, Options{Base: train.Options{Seed: 7, Workers: workers}, Rungs: schedule})
		if err != nil {
			t.Fatal(err)
		}
		again, err := ReportOf(e)
		if err != nil || !reflect.DeepEqual(plain(*again), plain(*r)) {
			t.Errorf("the report in the metadata, %v:\n%+v\nreturned:\n%+v", err, plain(*again), plain(*r))
		}
		if again.Seconds == 0 || again.Rungs[0].Trials[0].Seconds == 0 {
			t.Error("the seconds are lost")
		}
		e.Timing = model.Timing{}
		var b bytes.Buffer
		if _, err := e.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		files, reports = append(files, b.Bytes()), append(reports, *r)
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("another number of workers gave another model or report")
	}
	if e, err := train.Train(context.Background(), d, reports[0].Options); err != nil || e.Metadata.Metrics["valid_mrr"] != reports[0].MRR {
		t.Errorf("the reported options reach %g, the report says %g: %v", e.Metadata.Metrics["valid_mrr"], reports[0].MRR, err)
	}
	if len(reports[0].Rungs) != 3 || len(reports[0].Rungs[2].Trials) != 1 || len(reports[0].Rungs[1].Trials) < 2+3 {
		t.Errorf("%+v", reports[0].Rungs)
	}
}

// plain returns a report as JSON, without its seconds.
func plain(r Report) string {
	data, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	var m any
	if err := json.Unmarshal(data, &m); err != nil {
		panic(err)
	}
	var strip func(x any)
	strip = func(x any) {
		switch x := x.(type) {
		case map[string]any:
			delete(x, "seconds")
			for _, inner := range x {
				strip(inner)
			}
		case []any:
			for _, inner := range x {
				strip(inner)
			}
		}
	}
	strip(m)
	data, _ = json.Marshal(m)
	return string(data)
}

func TestFixedSettings(t *testing.T) {
	d := patternData(t, "symmetric")
	e, r, err := Search(context.Background(), d, Options{
		Base: train.Options{Family: "TransE", Loss: train.Margin, Dim: 6, Epochs: 3, Negatives: 5}, Rungs: []Rung{{Dim: 4, Epochs: 9}, {Epochs: 9}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if e.Family.Name != "transe" || e.Dim > 6 || r.Options.Loss != train.Margin || r.Options.Negatives != 5 || r.Epochs > 3 {
		t.Errorf("%s of dimension %d: %+v", e.Family.Name, e.Dim, r.Options)
	}
	for _, rung := range r.Rungs {
		for _, trial := range rung.Trials {
			if trial.Epochs > 3 || !strings.HasPrefix(trial.Candidate, "transe margin") {
				t.Errorf("%+v", trial)
			}
		}
	}
}

func TestBadInput(t *testing.T) {
	d := patternData(t, "symmetric")
	unheld := d
	unheld.Valid = nil
	two := []Rung{{Epochs: 1}, {Epochs: 1}}
	for _, c := range []struct {
		what string
		d    train.Data
		o    Options
		want error
		text string
	}{
		{"no data", train.Data{}, Options{}, train.ErrNoData, "nothing to train on"},
		{"no validation triples", unheld, Options{Rungs: two}, ErrNoValidation, "hold some out"},
		{"one rung", d, Options{Rungs: two[:1]}, train.ErrOptions, "1 rungs"},
		{"no epochs", d, Options{Rungs: []Rung{{}, {Epochs: 1}}}, train.ErrOptions, "rung 1"},
		{"variants in the end", d, Options{Rungs: []Rung{{Epochs: 1}, {Epochs: 1, Vary: true}}}, train.ErrOptions, "last rung"},
		{"negative budget", d, Options{Base: train.Options{Budget: -1}}, train.ErrOptions, "budget"},
		{"unknown family", d, Options{Rungs: two, Base: train.Options{Family: "transh"}}, train.ErrOptions, "transh"},
		{"loss that no family takes", d, Options{Rungs: two, Base: train.Options{Loss: "hinge"}}, train.ErrOptions, "hinge"},
		{"family and loss", d, Options{Rungs: two, Base: train.Options{Family: "transr", Loss: train.KvsAll}}, train.ErrOptions, "TransR"},
		{"bad setting", d, Options{Rungs: two, Base: train.Options{Dropout: 2}}, train.ErrOptions, "dropout"},
	} {
		if _, _, err := Search(context.Background(), c.d, c.o); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	_, _, err := Search(ctx, d, Options{Rungs: two, Progress: func(p Progress) {
		if p.Trial == 2 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled in the second trial: %v", err)
	}
}

func TestEvidenceDecidesWhatIsTried(t *testing.T) {
	names := func(pattern string) []string {
		d := patternData(t, pattern)
		e, err := look(context.Background(), d, 1)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, c := range candidates(e, d, train.Options{}) {
			if c.Why == "" || c.Refused != "" {
				t.Errorf("%s: %+v", pattern, c)
			}
			list = append(list, c.Name)
		}
		return list
	}
	for pattern, wanted := range map[string][2]string{
		"symmetric":   {"distmult 1vsall", "transe 1vsall"},
		"inverse":     {"rotate-l2 1vsall", "rotate selfadv"},
		"composition": {"rotate selfadv", "rescal 1vsall"},
		"1-to-N":      {"complex 1vsall", "rotate selfadv"},
	} {
		list := names(pattern)
		if list[0] != "complex 1vsall" || len(list) < fewest || !slices.Contains(list, wanted[0]) || slices.Contains(list, wanted[1]) {
			t.Errorf("%s: %v, want %s and no %s", pattern, list, wanted[0], wanted[1])
		}
	}
	// A large table makes losses over all entities too dear.
	large := Evidence{Triples: 1e6, Entities: 2e5, PerEntity: 5, Reversed: 0.9, Answers: 9}
	ids := make([]store.TermID, 200_001)
	for i := range ids {
		ids[i] = store.TermID(i + 1)
	}
	v, err := model.NewVocabulary(ids[:200_000], ids[200_000:])
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range candidates(large, train.Data{Vocabulary: v, Train: []model.Triple{{}}}, train.Options{}) {
		if !strings.HasSuffix(c.Name, " sampled") {
			t.Errorf("%s: %s", c.Name, c.Why)
		}
	}
}

func TestRungsAreReadAsWritten(t *testing.T) {
	want := []Rung{{Dim: 16, Epochs: 5}, {Dim: 32, Epochs: 10, Vary: true, Keep: 3}, {Epochs: 40}}
	got, err := ParseRungs("16x5, 32x10+:3,40")
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v %v", got, err)
	}
	for _, bad := range []string{"", "5", "0,5", "x5,5", "5x,5", "-1,5", "5,5+", "5:,5", "5+x,5", "16x5,,5", "5,99999999999999"} {
		if rungs, err := ParseRungs(bad); !errors.Is(err, train.ErrOptions) {
			t.Errorf("%q: %v %v", bad, rungs, err)
		}
	}
}

func FuzzParseRungs(f *testing.F) {
	f.Add("16x5,32x10+:3,40")
	f.Fuzz(func(t *testing.T, text string) {
		rungs, err := ParseRungs(text)
		if err != nil {
			return
		}
		var parts []string
		for _, r := range rungs {
			parts = append(parts, r.String())
		}
		again, err := ParseRungs(strings.Join(parts, ","))
		if err != nil || !slices.Equal(again, rungs) {
			t.Errorf("%q: %+v, written and read: %+v %v", text, rungs, again, err)
		}
	})
}
