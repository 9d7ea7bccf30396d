package main

import (
	"fmt"
	"io"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/store/rdf"
)

type evalModelCommand struct {
	database
	Test      []string `arg:"" optional:"" placeholder:"FILE" help:"Files of test triples; without one, the figures of the triples held out when it was trained."`
	Model     string   `placeholder:"NAME" help:"The model; without it the default one."`
	Known     []string `placeholder:"FILE" help:"Further files of true triples that do not count against a test triple (the graph's do not either)."`
	Limit     int      `placeholder:"N" help:"Rank at most so many triples, evenly spread."`
	Relations int      `default:"10" placeholder:"N" help:"Show so many relations, most triples first (${default})."`
	ByPattern bool     `help:"Sum up by the relations' patterns in the graph (inkling patterns shows them)."`
	Labelled  []string `placeholder:"FILE" help:"Ask whether triples are facts: TSV of head, relation, tail and 1 or -1. Instead of ranking test triples."`
	JSON      bool     `help:"Print everything as JSON."`
}

// Run ranks the test triples. Without files there is nothing left to rank that the model has not followed since, so
// it shows what was measured at its training.
func (c *evalModelCommand) Run(a *app) error {
	if len(c.Labelled) > 0 && (len(c.Test) > 0 || len(c.Known) > 0 || c.Limit > 0 || c.ByPattern) {
		return usageError{fmt.Errorf("--labelled asks for no ranking: leave test files, --known, --limit and --by-pattern out")}
	}
	return c.with(func(db *engine.DB) error {
		if len(c.Labelled) > 0 {
			return c.facts(a, db)
		}
		if len(c.Test) == 0 {
			card, err := db.Model(c.Model)
			if err == nil {
				printCard(a.out, card)
			}
			return err
		}
		b := a.newBar("rank")
		request := engine.EvaluateRequest{Model: c.Model, Test: c.Test, Known: c.Known, Limit: c.Limit, Patterns: c.ByPattern,
			Progress: func(done, total int) {
				b.set(float64(done)/float64(total), fmt.Sprintf("%s of %s questions", grouped(int64(done)), grouped(int64(total))))
			}}
		e, err := db.EvaluateModel(a.ctx, request)
		if err != nil {
			b.fail()
			return err
		}
		b.done(plural(int64(e.All.Triples), "triple"))
		if c.JSON {
			return printJSON(a.out, e)
		}
		printEvaluation(a.out, e, c.Relations, db.Shortener())
		return nil
	})
}

// facts asks the model about labelled triples.
func (c *evalModelCommand) facts(a *app, db *engine.DB) error {
	e, err := db.EvaluateFacts(a.ctx, engine.LabelledRequest{Model: c.Model, Files: c.Labelled})
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(a.out, e)
	}
	row := func(name string, m eval.Classification) []any {
		row := []any{name, m.Samples, m.Positives}
		for _, v := range []float64{m.Accuracy, m.Precision, m.Recall, m.F1, m.AUC, m.AP} {
			row = append(row, fmt.Sprintf("%.4f", v))
		}
		return row
	}
	t := newTable(a.out, "relation", "triples", "true", "accuracy", "precision", "recall", "F1", "ROC-AUC", "AP")
	t.AppendRow(row("all", e.All))
	shorten := db.Shortener()
	for _, r := range e.ByRelation[:max(0, min(c.Relations, len(e.ByRelation)))] {
		t.AppendRow(row(shorten(r.Relation), r.Classification))
	}
	t.Render()
	fmt.Fprintf(a.out, "F1 micro %.4f, macro %.4f over %s, at the model's threshold\n", e.All.F1, e.All.MacroF1, plural(int64(len(e.ByRelation)), "relation"))
	if e.Unknown > 0 {
		fmt.Fprintf(a.out, "%s with a name the model does not know left out\n", plural(int64(e.Unknown), "triple"))
	}
	return nil
}

// printEvaluation writes the figures in all, of the largest relations and by pattern.
func printEvaluation(out io.Writer, e engine.Evaluation, relations int, shorten func(rdf.Term) string) {
	row := func(name string, m engine.Metrics) []any {
		return []any{name, m.Triples, fmt.Sprintf("%.4f", m.MRR), fmt.Sprintf("%.4f", m.Hits1),
			fmt.Sprintf("%.4f", m.Hits3), fmt.Sprintf("%.4f", m.Hits10), fmt.Sprintf("%.1f", m.MeanRank)}
	}
	t := newTable(out, "relation", "triples", "MRR", "Hits@1", "Hits@3", "Hits@10", "mean rank")
	t.AppendRow(row("all", e.All))
	for _, r := range e.ByRelation[:max(0, min(relations, len(e.ByRelation)))] {
		t.AppendRow(row(shorten(r.Relation), r.Metrics))
	}
	t.Render()
	if len(e.ByPattern) > 0 {
		t := newTable(out, "pattern", "triples", "MRR", "Hits@1", "Hits@3", "Hits@10", "mean rank", "MRR of tails", "of heads", "relations")
		for _, p := range e.ByPattern {
			t.AppendRow(append(row(p.Pattern, p.Metrics), fmt.Sprintf("%.4f", p.TailMRR), fmt.Sprintf("%.4f", p.HeadMRR), p.Relations))
		}
		t.Render()
	}
	fmt.Fprintf(out, "filtered; ROC-AUC %.4f, AP %.4f, F1 %.4f (macro %.4f), accuracy %.4f against random corruptions\n", e.All.AUC, e.All.AP, e.All.F1, e.All.MacroF1, e.All.Accuracy)
	if e.Unknown > 0 {
		fmt.Fprintf(out, "%s with a name the model does not know ranked last\n", plural(int64(e.Unknown), "triple"))
	}
}
