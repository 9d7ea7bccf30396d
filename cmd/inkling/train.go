package main

import (
	"fmt"
	"io"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/tune"
	"github.com/inklingdb/inkling/store/rdf"
)

type trainCommand struct {
	database
	Model   string   `placeholder:"FAMILY" help:"${families}, or a factorization: ${methods}; without it the preset's, or complex."`
	Preset  string   `placeholder:"NAME" help:"Settings that were measured, one of ${presets}; of a factorization, ${factorpresets}; other flags go before them."`
	Auto    bool     `help:"Look at the graph and search for family, loss and settings within --budget; other flags are kept as given."`
	Rungs   string   `placeholder:"PLAN" help:"The search's schedule in epochs, which repeats, instead of by the clock, such as 16x5,32x10+,40: DIMxEPOCHS, + where variants join, the last one the training in full."`
	Name    string   `placeholder:"NAME" help:"The model's name; without it the family's, or auto."`
	Graph   string   `placeholder:"IRI" help:"Learn this named graph instead of the default one."`
	HoldOut float64  `placeholder:"SHARE" help:"Share of triples held out for stopping, calibration and metrics; without it 0.1."`
	Valid   []string `placeholder:"FILE" help:"Triples to stop by and calibrate on instead of held-out ones."`
	Test    []string `placeholder:"FILE" help:"Triples to measure on instead of held-out ones."`
	Seed    uint64   `default:"1" placeholder:"N" help:"Seed of all randomness (${default})."`
	Replace bool     `help:"Replace a model of that name once the new one is ready."`
	JSON    bool     `help:"Print the model's card as JSON."`
	trainFlags
	factorFlags
}

// Run trains a model and prints its card.
func (c *trainCommand) Run(a *app) error {
	var rungs []tune.Rung
	if c.Rungs != "" {
		var err error
		if rungs, err = tune.ParseRungs(c.Rungs); err != nil {
			return usageError{err}
		}
	}
	request := engine.TrainRequest{
		Name: c.Name, Preset: c.Preset, Auto: c.Auto, Rungs: rungs, HoldOut: c.HoldOut, Valid: c.Valid, Test: c.Test, Replace: c.Replace,
		Options: c.options(c.Model, c.Seed),
	}
	request.Settings, request.SimilarityFile = c.settings()
	if c.Graph != "" {
		request.Graph = rdf.NewIRI(c.Graph)
	}
	return c.with(func(db *engine.DB) error {
		info, err := a.train(db, request)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.out, info)
		}
		if info.Auto != nil {
			printReport(a.out, info.Auto)
		}
		printCard(a.out, info)
		return nil
	})
}

// train trains with a bar.
func (a *app) train(db *engine.DB, r engine.TrainRequest) (engine.ModelInfo, error) {
	b := a.newBar("train")
	r.Progress = func(p engine.TrainProgress) {
		words := p.Phase
		share := p.Done
		if p.Step != "" {
			words = p.Step
			if p.MRR > 0 {
				words += fmt.Sprintf(" best MRR %.3f", p.MRR)
			}
		} else if p.Phase == "training" {
			words = fmt.Sprintf("epoch %d/%d loss %.3f", p.Epoch, p.Epochs, p.Loss) + withMRR(p.MRR)
			share *= 0.95 // the rest is measuring
		} else if p.Phase != "reading" {
			share = 0.95 + share*0.05
		}
		b.set(share, words)
	}
	info, err := db.Train(a.ctx, r)
	if err != nil {
		b.fail()
		return info, err
	}
	b.done(fmt.Sprintf("%s, %d epochs", info.Name, len(info.Curve)))
	return info, nil
}

// printCard writes a model's card.
func printCard(out io.Writer, m engine.ModelInfo) {
	graph := "the default graph"
	if m.Graph != "" {
		graph = "<" + m.Graph + ">"
	}
	fmt.Fprintf(out, "model %s (%s, dimension %d) of %s\n", m.Name, m.Family, m.Dim, graph)
	if m.Imported != "" {
		fmt.Fprintf(out, "  imported   %s and %s, from %s\n", plural(int64(m.Entities), "node"), plural(int64(m.Relations), "relation"), m.Imported)
	} else {
		fmt.Fprintf(out, "  learnt     %s about %s and %s, in %s\n", plural(int64(m.TrainTriples), "triple"),
			plural(int64(m.Entities), "node"), plural(int64(m.Relations), "relation"),
			shortTime(time.Duration(m.TrainSeconds*float64(time.Second))))
	}
	if h := m.HeldOut; h.Triples > 0 {
		fmt.Fprintf(out, "  held out   %s it had not seen: MRR %.3f, Hits@1 %.3f, Hits@3 %.3f, Hits@10 %.3f (filtered)\n",
			plural(int64(h.Triples), "triple"), h.MRR, h.Hits1, h.Hits3, h.Hits10)
		fmt.Fprintf(out, "  true/false ROC-AUC %.3f, AP %.3f, F1 %.3f (macro %.3f), accuracy %.3f against random corruptions\n", h.AUC, h.AP, h.F1, h.MacroF1, h.Accuracy)
	}
	fmt.Fprintf(out, "  fact       from probability %.2f on", m.Threshold)
	if m.OwnThresholds > 0 {
		fmt.Fprintf(out, "; %s with its own", plural(int64(m.OwnThresholds), "relation"))
	}
	fmt.Fprintln(out)
	if s := m.Search; s.Method == "approximate" {
		fmt.Fprintf(out, "  search     approximate, recall@10 %.3f; lists made in %s, %s held\n", s.Recall, shortTime(s.Built), megabytes(s.Bytes))
	} else if s.Working != "" {
		fmt.Fprintf(out, "  search     %s; lists are being made: %s\n", s.Method, s.Working)
	}
	fmt.Fprintf(out, "  version    %d", m.Version)
	if m.Lag > 0 {
		fmt.Fprintf(out, ", %s behind", plural(int64(m.Lag), "commit"))
	}
	if m.Maintained > 0 {
		fmt.Fprintf(out, ", %s applied since training, drift %.3f", plural(m.Maintained, "change"), m.Drift)
	}
	fmt.Fprintln(out)
	if w := m.Watermark; w != nil {
		fmt.Fprintf(out, "  watermark  of key %s (%s), graph %s\n", w.Key, w.KeyID, w.Graph)
		if w.Frozen != "" {
			fmt.Fprintf(out, "             %s\n", w.Frozen)
		}
	}
	if m.Stale {
		fmt.Fprintf(out, "  stale      %s: train it again\n", m.StaleBecause)
	}
}

// withMRR returns what a progress line says of the last validation: nothing before the first one.
func withMRR(mrr float64) string {
	if mrr == 0 {
		return ""
	}
	return fmt.Sprintf(" MRR %.3f", mrr)
}
