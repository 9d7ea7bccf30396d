package figure

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/experiment"
	"github.com/inklingdb/inkling/engine/plot"
	"github.com/inklingdb/inkling/store/rdf"
)

// Similarity returns a heat map of how alike the relations of a graph are; see engine.RelationSimilarity.
func Similarity(ctx context.Context, db *engine.DB, graph rdf.Term, similarity string, relations int) (plot.Drawing, error) {
	s, err := db.RelationSimilarity(ctx, graph, similarity, relations)
	if err != nil {
		return nil, err
	}
	out := &plot.Heat{Title: "Relations alike by " + s.Similarity, Below: "row k, column l: what " + s.Doc + " have in common of their union; most triples first",
		Values: s.Values, Scale: "0 nothing in common, 1 the same sets"}
	if s.More > 0 {
		out.Below += fmt.Sprintf("; %s with fewer triples not shown", plot.Count(s.More, "relation"))
	}
	shorten := db.Shortener()
	for _, r := range s.Relations {
		out.Names = append(out.Names, shorten(r))
	}
	return out, nil
}

// FactResults reads what `inkling bench facts --json` wrote; ErrBadInput where it is something else.
func FactResults(r io.Reader, name string) ([]experiment.FactResult, error) {
	var results []experiment.FactResult
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(&results); err != nil {
		return nil, fmt.Errorf("figure: %w: %s holds no results of bench facts --json: byte %d: %w", engine.ErrBadInput, name, d.InputOffset(), err)
	}
	if len(results) == 0 {
		return nil, fmt.Errorf("figure: %w: %s holds no result", engine.ErrBadInput, name)
	}
	return results, nil
}

// FactRequest says which results to draw.
type FactRequest struct {
	Set       string   // a folder's name; "" means the first
	Models    []string // none means all but the constant; FactBars takes one, and the best by ROC-AUC unless named
	Relations int      // FactBars: at most so many; 0 means 40
	Metric    string   // Density: a name in FactMetrics; "" means the first
}

// chosen returns the results of the request's set and models, in their order.
func (q FactRequest) chosen(results []experiment.FactResult) ([]experiment.FactResult, error) {
	set := q.Set
	if set == "" {
		set = results[0].Set
	}
	var list []experiment.FactResult
	var there []string
	for _, r := range results {
		there = append(there, r.Set+" "+r.Model)
		if strings.EqualFold(r.Set, set) && r.Settings != "" && (len(q.Models) == 0 || slices.Contains(q.Models, r.Model)) {
			list = append(list, r)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("figure: %w: no result of %v on %s; there are %s", engine.ErrBadInput, q.Models, set, strings.Join(slices.Compact(there), ", "))
	}
	return list, nil
}

// FactBars returns precision, recall and F1 of one model by relation, most facts first.
func FactBars(results []experiment.FactResult, q FactRequest) (plot.Drawing, error) {
	list, err := q.chosen(results)
	if err != nil {
		return nil, err
	}
	r := slices.MaxFunc(list, func(a, b experiment.FactResult) int {
		switch {
		case a.Mean.AUC < b.Mean.AUC:
			return -1
		case a.Mean.AUC > b.Mean.AUC:
			return 1
		}
		return 0
	})
	limit := q.Relations
	if limit == 0 {
		limit = 40
	}
	out := &plot.Bars{Title: fmt.Sprintf("Facts of %s by %s", r.Set, r.Model), Series: []string{"precision", "recall", "F1"},
		Below: fmt.Sprintf("%s facts, mean of %s; F1 %.3f in all, %.3f as mean over relations", r.Protocol, plot.Count(len(r.Folds), "fold"), r.Mean.F1, r.Mean.MacroF1)}
	relations := slices.Clone(r.Relations)
	slices.SortStableFunc(relations, func(a, b experiment.FactsOf) int { return int(b.Facts) - int(a.Facts) })
	if len(relations) > limit {
		out.Below += fmt.Sprintf("; %s not shown", plot.Count(len(relations)-limit, "relation"))
		relations = relations[:limit]
	}
	for _, m := range relations {
		out.Rows = append(out.Rows, plot.Bar{Name: m.Relation, Values: []float64{m.Precision, m.Recall, m.F1}})
	}
	return out, nil
}

// FactMetrics are the figures that Density draws.
var FactMetrics = []string{"roc_auc", "ap", "f1_micro", "f1_macro", "accuracy", "step_pr_auc"}

// Density returns a figure of each model over the share of the subjects that was kept.
func Density(results []experiment.FactResult, q FactRequest) (plot.Drawing, error) {
	list, err := q.chosen(results)
	if err != nil {
		return nil, err
	}
	if q.Metric == "" {
		q.Metric = FactMetrics[0]
	}
	metric, ok := map[string]func(experiment.Averages) float64{
		"roc_auc": func(a experiment.Averages) float64 { return a.AUC }, "ap": func(a experiment.Averages) float64 { return a.AP },
		"f1_micro": func(a experiment.Averages) float64 { return a.F1 }, "f1_macro": func(a experiment.Averages) float64 { return a.MacroF1 },
		"accuracy": func(a experiment.Averages) float64 { return a.Accuracy }, "step_pr_auc": func(a experiment.Averages) float64 { return a.StepPRArea },
	}[q.Metric]
	if !ok {
		return nil, fmt.Errorf("figure: %w: there is no figure %q; there are %v", engine.ErrBadInput, q.Metric, FactMetrics)
	}
	out := &plot.Lines{Title: "Facts of " + list[0].Set + " as subjects are left out", X: "subjects kept, %",
		Y: map[string]string{"roc_auc": "ROC-AUC", "ap": "average precision", "f1_micro": "F1, all facts", "f1_macro": "F1, mean over relations", "accuracy": "accuracy", "step_pr_auc": "the source's AUC"}[q.Metric]}
	lines := map[string]int{}
	dense := map[int]float64{}
	for _, r := range list {
		if _, ok := lines[r.Model]; !ok {
			lines[r.Model] = len(out.Lines)
			out.Lines = append(out.Lines, plot.Line{Name: r.Model})
		}
		l := &out.Lines[lines[r.Model]]
		l.Points = append(l.Points, plot.LinePoint{X: float64(r.Subjects), Y: metric(r.Mean), Spread: metric(r.Spread)})
		dense[r.Subjects] = r.Density
	}
	for i := range out.Lines {
		slices.SortFunc(out.Lines[i].Points, func(a, b plot.LinePoint) int { return int(a.X - b.X) })
	}
	points := out.Lines[0].Points
	low, high := int(points[0].X), int(points[len(points)-1].X)
	out.Below = fmt.Sprintf("mean of %s, bars are a standard deviation; density (triples over entities squared) %.2g at %d %%, %.2g at %d %%",
		plot.Count(len(list[0].Folds), "fold"), dense[low], low, dense[high], high)
	return out, nil
}
