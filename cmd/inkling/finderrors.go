package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/store/rdf"
)

type findErrorsCommand struct {
	database
	Model     string   `placeholder:"NAME" help:"The model that judges; without it the default one."`
	Graph     string   `placeholder:"IRI" help:"Judge the triples of this graph instead of those of the model's."`
	Relation  []string `placeholder:"NAME" help:"Only triples of these relations."`
	Limit     int      `default:"20" placeholder:"N" help:"Show so many, the least probable (${default})."`
	Below     float64  `placeholder:"P" help:"Only triples less probable than this; without it the model's threshold; 1 lists those it believes too."`
	Folds     int      `placeholder:"K" help:"Judge each triple by a model trained without it: trains K models, such as 5. Finds more, takes as long as K trainings."`
	Family    string   `placeholder:"FAMILY" help:"With --folds, the family to train: ${families}; without it the model's."`
	Dim       int      `placeholder:"N" help:"With --folds, numbers per embedding; without it the model's."`
	Epochs    int      `placeholder:"N" help:"With --folds, passes over the triples at most; without it the model's."`
	Seed      uint64   `placeholder:"N" help:"With --folds, the seed of parts and trainings; without it the model's."`
	NoReasons bool     `help:"Leave the reasons out."`
	Format    string   `default:"table" enum:"table,json,tsv" placeholder:"NAME" help:"table, json or tsv (head, relation, tail, probability, reasons)."`
	Wait      bool     `help:"Let the models catch up with the latest commits first."`
	Exact     bool     `help:"Search no model approximately."`
}

// Run lists doubtful triples.
func (c *findErrorsCommand) Run(a *app) error {
	if c.Folds == 0 && (c.Family != "" || c.Dim != 0 || c.Epochs != 0 || c.Seed != 0) {
		return usageError{fmt.Errorf("--family, --dim, --epochs and --seed are of the models that --folds trains")}
	}
	request := engine.ErrorRequest{Model: c.Model, Relations: c.Relation, Limit: c.Limit, Below: c.Below, Folds: c.Folds, Exact: c.Exact, Wait: c.Wait}
	request.Train.Family, request.Train.Dim, request.Train.Epochs, request.Train.Seed = c.Family, c.Dim, c.Epochs, c.Seed
	if c.Graph != "" {
		request.Graph = rdf.NewIRI(c.Graph)
	}
	if c.NoReasons {
		request.Reasons = -1
	}
	return c.with(func(db *engine.DB) error {
		b := a.newBar("find errors")
		request.Progress = func(p engine.SearchProgress) { b.set(p.Done, p.Phase) }
		r, err := db.FindErrors(a.ctx, request)
		if err != nil {
			b.fail()
			return err
		}
		b.done(plural(r.Judged, "triple") + " judged")
		a.sayApproximate(r.Versions)
		switch c.Format {
		case "json":
			return printJSON(a.out, r)
		case "tsv":
			return printErrorsTSV(a.out, r)
		}
		printErrors(a.out, r)
		return nil
	})
}

// printErrors writes a table, the reasons below each triple, and what the search can find.
func printErrors(out io.Writer, r engine.ErrorReport) {
	if len(r.Errors) > 0 {
		t := newTable(out, "probability", "head", "relation", "tail", "because")
		for _, d := range r.Errors {
			first := ""
			if len(d.Reasons) > 0 {
				first = d.Reasons[0].Text
			}
			t.AppendRow([]any{figureText(d.Probability), d.Head, d.Relation, d.Tail, first})
			for _, reason := range d.Reasons[min(1, len(d.Reasons)):] {
				t.AppendRow([]any{"", "", "", "", reason.Text})
			}
		}
		t.Render()
	}
	threshold := "its judge's threshold"
	if r.Below > 0 {
		threshold = figureText(r.Below)
	}
	fmt.Fprintf(out, "%s of %s judged (of %s) less probable than %s; method: %s\n", grouped(r.Doubtful), grouped(r.Judged),
		plural(r.Triples, "triple"), threshold, r.Method)
	fmt.Fprintln(out, r.Note)
}

// printErrorsTSV writes a line a triple: names, probability, reasons.
func printErrorsTSV(out io.Writer, r engine.ErrorReport) error {
	w := bufio.NewWriter(out)
	for _, d := range r.Errors {
		var texts []string
		for _, reason := range d.Reasons {
			texts = append(texts, reason.Text)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%.6g\t%s\n", tsvField(d.Head), tsvField(d.Relation), tsvField(d.Tail), d.Probability, tsvField(strings.Join(texts, "; ")))
	}
	return w.Flush()
}

// tsvField keeps a name on its line and in its column; names of nodes have neither tabs nor line ends, texts might.
func tsvField(s string) string {
	return strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(s)
}
