package main

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/inklingdb/inkling/engine/experiment"
	"github.com/inklingdb/inkling/engine/train"
)

type benchFacts struct {
	Folder      []string `arg:"" help:"Benchmark folders: train, valid and test, or all, as .tsv or .tsv.gz; with folds, padia_folds, valid_labelled and test_labelled, or valid_negatives and test_negatives where the protocol wants them."`
	Model       []string `placeholder:"NAME" help:"Families, or factorizations, which with -authors behind the name take the settings of the source's authors; without it ${factmodels}."`
	Protocol    string   `enum:"uniform,weighted,published,labelled," default:"" placeholder:"NAME" help:"uniform, weighted (drawn by seed), published or labelled (files); without it labelled or published where the folder has the files, else uniform."`
	Folds       int      `default:"5" placeholder:"N" help:"Folds (${default}); of files at most those that they have."`
	PerRelation int      `placeholder:"N" help:"Facts a relation; without it the source's 200 for WN18, WN18RR, FB13 and WN11, 10 elsewhere."`
	Seed        uint64   `default:"1" placeholder:"N" help:"Seed of draws and trainings (${default})."`
	Subjects    string   `placeholder:"LIST" help:"Keep such shares of the subjects, in percent, such as 2,10,25,50,100: how density matters (uniform only)."`
	Refit       bool     `help:"Train once more with the validation facts, when they have chosen calibration and threshold: twice the time."`
	Relations   bool     `help:"Show every relation, too."`
	JSON        string   `placeholder:"FILE" help:"Write all figures as JSON, - for standard output: what inkling plot facts and density draw."`
	trainFlags
	factorFlags
}

// Run measures every model on every folder.
func (c *benchFacts) Run(a *app) error {
	subjects, err := c.subjects()
	if err != nil {
		return usageError{err}
	}
	if len(subjects) > 0 && c.Protocol != "" && c.Protocol != string(experiment.Uniform) {
		return usageError{fmt.Errorf("--subjects draws its facts: it goes with --protocol uniform, not %s", c.Protocol)}
	}
	if c.Folds < 1 || c.PerRelation < 0 {
		return usageError{fmt.Errorf("--folds %d and --per-relation %d must be positive", c.Folds, c.PerRelation)}
	}
	report := reportTo(a.out, c.JSON)
	if report == a.out {
		a.machine()
	}
	var all []experiment.FactResult
	for _, folder := range c.Folder {
		results, err := c.measure(a, folder, subjects)
		if err != nil {
			return err
		}
		all = append(all, results...)
		printFacts(report, results, c.Relations)
	}
	return saveJSON(a.out, c.JSON, all)
}

// subjects returns the shares asked for.
func (c *benchFacts) subjects() (list []int, err error) {
	if c.Subjects == "" {
		return nil, nil
	}
	for _, word := range strings.Split(c.Subjects, ",") {
		percent, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || percent < 1 || percent > 100 {
			return nil, fmt.Errorf("--subjects %s: %q is no share from 1 to 100", c.Subjects, word)
		}
		list = append(list, percent)
	}
	return list, nil
}

func (c *benchFacts) measure(a *app, folder string, subjects []int) ([]experiment.FactResult, error) {
	b := a.newBar("facts")
	o := experiment.FactOptions{
		Folder: folder, Models: c.Model, Protocol: experiment.Protocol(c.Protocol), Folds: c.Folds, PerRelation: c.PerRelation,
		Seed: c.Seed, Refit: c.Refit, Subjects: subjects, Workers: cmp.Or(c.Workers, runtime.GOMAXPROCS(0)), Base: c.options("", c.Seed),
	}
	file := ""
	if o.Factor, file = c.settings(); file != "" {
		return nil, usageError{fmt.Errorf("--similarity %s: a file has the similarities of one graph; name one of them", file)}
	}
	if len(subjects) > 0 {
		o.Protocol = experiment.Uniform
	}
	words, begun, share := "", 0.0, 0.0
	o.Step = func(model string, fold, done, total int) {
		words = fmt.Sprintf("%s: %s, fold %d", filepath.Base(folder), model, fold)
		begun, share = float64(done)/float64(total), 1/float64(total)
		b.set(begun, words)
	}
	o.Progress = func(p train.Progress) {
		b.set(begun+share*float64(p.Epoch-1)/float64(max(1, p.Epochs)), fmt.Sprintf("%s, epoch %d/%d", words, p.Epoch, p.Epochs))
	}
	results, err := experiment.Facts(a.ctx, o)
	if err != nil {
		b.fail()
		return nil, err
	}
	b.done(words)
	return results, nil
}

// printFacts writes the results of one folder.
func printFacts(out io.Writer, results []experiment.FactResult, relations bool) {
	first := results[0]
	fmt.Fprintf(out, "\n%s, %s, %d folds of %.0f facts, %.0f %% true by seed %d; × 100, mean ± standard deviation\n", first.Set, first.Protocol,
		len(first.Folds), first.Mean.Facts, 100*float64(first.Folds[0].Positives)/float64(max(1, first.Folds[0].Samples)), first.Seed)
	header := []string{"model", "ROC-AUC", "AP", "F1 micro", "F1 macro", "accuracy", "source's AUC", "seconds", "Table 4: AUC, acc., F1 macro", "authors' code: AUC, ROC, AP"}
	several := slices.ContainsFunc(results, func(r experiment.FactResult) bool { return r.Subjects != 100 })
	if several {
		header = append([]string{"subjects", "density"}, header...)
	}
	t := newTable(out, header...)
	for _, r := range results {
		row := []any{r.Model}
		m, s := r.Mean, r.Spread
		for _, pair := range [][2]float64{{m.AUC, s.AUC}, {m.AP, s.AP}, {m.F1, s.F1}, {m.MacroF1, s.MacroF1}, {m.Accuracy, s.Accuracy}, {m.StepPRArea, s.StepPRArea}} {
			text := fmt.Sprintf("%.1f", 100*pair[0])
			if len(r.Folds) > 1 {
				text += fmt.Sprintf(" ± %.1f", 100*pair[1])
			}
			row = append(row, text)
		}
		row = append(row, secondsText(m.Seconds), "", "")
		if p, ok := experiment.PublishedFactsOf(r.Set, r.Model); ok && !several {
			row[8] = fmt.Sprintf("%.1f, %.1f, %.1f", p.AUC, p.F1, p.MacroF1)
			if p.CodeROC > 0 {
				row[9] = fmt.Sprintf("%.1f, %.1f, %.1f", p.CodeAUC, p.CodeROC, p.CodeAP)
			}
		}
		if several {
			row = append([]any{fmt.Sprintf("%d %%", r.Subjects), fmt.Sprintf("%.2g", r.Density)}, row...)
		}
		t.AppendRow(row)
	}
	t.Render()
	printDoubtful(out, results)
	printAccuracies(out, first)
	for _, r := range results[1:] {
		fmt.Fprintf(out, "%s: %s; %.0f facts' thresholds from probability %.2f\n", r.Model, r.Settings, r.Mean.Facts, r.Folds[0].Threshold)
		if relations {
			printFactRelations(out, r)
		}
	}
}

// printDoubtful writes the figures without the facts that were drawn as false and are true.
func printDoubtful(out io.Writer, results []experiment.FactResult) {
	for _, r := range results {
		if r.Certain != nil && r.Model != results[0].Model {
			fmt.Fprintf(out, "%s without the %d facts that were drawn as false and are true (counted as true above): ROC-AUC %.1f, AP %.1f, accuracy %.1f\n",
				r.Model, r.Doubtful, 100*r.Certain.AUC, 100*r.Certain.AP, 100*r.Certain.Accuracy)
		}
	}
}

// printAccuracies writes the published accuracies of a labelled set.
func printAccuracies(out io.Writer, r experiment.FactResult) {
	if r.Protocol != experiment.Labelled {
		return
	}
	for _, p := range experiment.PublishedAccuracyOf(r.Set) {
		text := fmt.Sprintf("published: %s accuracy %.1f", p.Model, p.Accuracy)
		if p.F1 > 0 {
			text += fmt.Sprintf(", F1 %.1f", p.F1)
		}
		fmt.Fprintf(out, "%s (%s)\n", text, p.Source)
	}
}

func printFactRelations(out io.Writer, r experiment.FactResult) {
	t := newTable(out, "relation of "+r.Model, "facts", "precision", "recall", "F1", "accuracy", "ROC-AUC", "AP")
	for _, m := range r.Relations {
		row := []any{m.Relation, fmt.Sprintf("%.0f", m.Facts)}
		for _, v := range []float64{m.Precision, m.Recall, m.F1, m.Accuracy, m.AUC, m.AP} {
			row = append(row, fmt.Sprintf("%.1f", 100*v))
		}
		t.AppendRow(row)
	}
	t.Render()
}

// secondsText writes a training's time.
func secondsText(seconds float64) string {
	if seconds < 10 {
		return fmt.Sprintf("%.2f", seconds)
	}
	return fmt.Sprintf("%.0f", seconds)
}
