package figure

import (
	"errors"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/experiment"
	"github.com/inklingdb/inkling/engine/plot"
)

func factResults() []experiment.FactResult {
	result := func(model, settings string, percent int, auc float64) experiment.FactResult {
		return experiment.FactResult{Set: "UMLS", Model: model, Settings: settings, Subjects: percent, Density: 0.5 / float64(percent), Folds: make([]experiment.FactFold, 2),
			Mean: experiment.Averages{AUC: auc, AP: auc + 0.01}, Spread: experiment.Averages{AUC: 0.01},
			Relations: []experiment.FactsOf{{Relation: "few", Averages: experiment.Averages{Facts: 5, Precision: 0.5}}, {Relation: "many", Averages: experiment.Averages{Facts: 10, Recall: auc}}}}
	}
	return []experiment.FactResult{result("constant", "", 100, 0.5), result("complex", "x", 100, 0.8), result("rescal", "x", 100, 0.9), result("complex", "x", 10, 0.95)}
}

func TestFactFigures(t *testing.T) {
	d, err := FactBars(factResults()[:3], FactRequest{Relations: 1})
	b, ok := d.(*plot.Bars)
	if err != nil || !ok || !strings.Contains(b.Title, "rescal") || len(b.Rows) != 1 || b.Rows[0].Name != "many" || b.Rows[0].Values[1] != 0.9 {
		t.Errorf("the best model's bars, most facts first: %+v %v", d, err)
	}
	if d, err := FactBars(factResults(), FactRequest{Models: []string{"complex"}, Set: "umls"}); err != nil || !strings.Contains(d.Describe(), "complex") {
		t.Errorf("%+v %v", d, err)
	}
	d, err = Density(factResults(), FactRequest{Metric: "ap"})
	l, ok := d.(*plot.Lines)
	if err != nil || !ok || len(l.Lines) != 2 || len(l.Lines[0].Points) != 2 || l.Lines[0].Points[0].X != 10 || l.Lines[0].Points[1].Y != 0.81 || l.Lines[1].Name != "rescal" {
		t.Errorf("lines over shares: %+v %v", d, err)
	}
	for _, q := range []FactRequest{{Set: "FB13"}, {Models: []string{"constant"}}, {Metric: "mcc"}} {
		if _, err := Density(factResults(), q); !errors.Is(err, engine.ErrBadInput) {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

// FuzzFactResults feeds the reader of results: it answers with results or says that the file holds none.
func FuzzFactResults(f *testing.F) {
	for _, text := range []string{`[{"set":"UMLS","model":"complex","mean":{"roc_auc":0.9},"relations":[]}]`, `[]`, `{`, `[{"set":1}]`, `[{"nothing":1}]`, "null", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		results, err := FactResults(strings.NewReader(text), "x.json")
		if (err == nil) != (len(results) > 0) || err != nil && (!errors.Is(err, engine.ErrBadInput) || !strings.Contains(err.Error(), "x.json")) {
			t.Fatalf("%d results, %v", len(results), err)
		}
	})
}
