package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/index/pattern"
	"github.com/inklingdb/inkling/store"
)

// examiner measures an embedding on triples.
type examiner struct {
	embedding  *model.Embedding
	known      *eval.Known
	workers    int
	byRelation bool
	progress   func(done, total int) // of queries; may be nil
}

// examine ranks and classifies test triples. Those of which the model lacks a term, counted by unknown, rank at the
// end of the entities.
func (x *examiner) examine(ctx context.Context, test []model.Triple, unknown int) (Metrics, eval.Report, error) {
	entities := x.embedding.Vocabulary.Entities()
	report, err := eval.Rank(ctx, x.embedding, entities, test, x.known,
		eval.Options{Workers: x.workers, ByRelation: x.byRelation, Progress: x.progress})
	if err != nil {
		return Metrics{}, eval.Report{}, err
	}
	m := metricsOf(report.Ranking)
	if unknown > 0 {
		share := float64(len(test)) / float64(len(test)+unknown)
		last := 1 / float64(max(1, entities))
		m.MRR = m.MRR*share + last*(1-share)
		m.MeanRank = m.MeanRank*share + float64(entities)*(1-share)
		m.Hits1, m.Hits3, m.Hits10 = m.Hits1*share, m.Hits3*share, m.Hits10*share
		m.Triples += unknown
	}
	c := x.classify(test)
	m.AUC, m.AP, m.F1, m.MacroF1, m.Accuracy = c.AUC, c.AP, c.F1, c.MacroF1, c.Accuracy
	return m, report, nil
}

// metricsOf returns the ranking part of the metrics.
func metricsOf(r eval.Ranking) Metrics {
	return Metrics{Triples: r.Queries / 2, MRR: r.MRR, Hits1: r.Hits1, Hits3: r.Hits3, Hits10: r.Hits10, MeanRank: r.MeanRank}
}

// corruptionSeed draws the false triples of classification, the same ones every time.
const corruptionSeed = 11

// classify tells the test triples from as many corrupted ones, one end replaced by a uniformly drawn entity, at the
// model's threshold.
func (x *examiner) classify(test []model.Triple) eval.Classification {
	random := rand.New(rand.NewPCG(corruptionSeed, 0))
	entities := uint32(x.embedding.Vocabulary.Entities())
	var samples []eval.Sample
	for i, t := range test {
		wrong := t
		for range 100 { // a triple true with everything is left out in the end
			if i%2 == 0 {
				wrong.T = random.Uint32N(entities)
			} else {
				wrong.H = random.Uint32N(entities)
			}
			if !x.known.Has(wrong) {
				break
			}
		}
		samples = append(samples, eval.Sample{Score: x.embedding.Prob(t.H, t.R, t.T), True: true, Relation: t.R})
		if !x.known.Has(wrong) {
			samples = append(samples, eval.Sample{Score: x.embedding.Prob(wrong.H, wrong.R, wrong.T), Relation: t.R})
		}
	}
	return eval.Classify(samples, x.embedding.Calibration.ThresholdOf)
}

// names of Metrics in a checkpoint's metadata.
func (m *Metrics) fields() map[string]*float64 {
	return map[string]*float64{"mrr": &m.MRR, "hits1": &m.Hits1, "hits3": &m.Hits3, "hits10": &m.Hits10,
		"mean_rank": &m.MeanRank, "auc": &m.AUC, "ap": &m.AP, "f1": &m.F1, "f1_macro": &m.MacroF1, "accuracy": &m.Accuracy}
}

func (m *Metrics) store(figures map[string]float64) {
	for name, value := range m.fields() {
		figures["test_"+name] = *value
	}
	figures["test_triples"] = float64(m.Triples)
}

// metricsFrom returns the figures that store kept.
func metricsFrom(figures map[string]float64) Metrics {
	var m Metrics
	for name, value := range m.fields() {
		*value = figures["test_"+name]
	}
	m.Triples = int(figures["test_triples"])
	return m
}

// EvaluateRequest says on what a model is measured.
type EvaluateRequest struct {
	Model    string                // "" means the default model
	Test     []string              // files of triples; required
	Known    []string              // further files of true triples to filter by, beside the graph and Test
	Limit    int                   // at most so many triples, evenly spread; 0 means all
	Patterns bool                  // sum up by the patterns that the graph shows of the relations, too
	Progress func(done, total int) // queries ranked so far, from any goroutine; may be nil
}

// Evaluation is a model's figures in all and by relation.
type Evaluation struct {
	Model      string            `json:"model"`
	All        Metrics           `json:"all"`
	ByRelation []RelationMetrics `json:"by_relation"` // most triples first
	ByPattern  []PatternMetrics  `json:"by_pattern,omitempty"`
	Ranks      Ranks             `json:"ranks"`
	Unknown    int               `json:"unknown"` // test triples with a term the model does not know; they rank last
	Elapsed    time.Duration     `json:"elapsed_ns"`
}

// EvaluateModel ranks test triples among all entities, filtered by every triple known to be true. It cannot tell
// whether the model was trained on them: keep the files apart from the graph, or name them when training.
func (db *DB) EvaluateModel(ctx context.Context, r EvaluateRequest) (Evaluation, error) {
	start := time.Now()
	out, err := db.evaluate(ctx, r)
	if err != nil {
		return Evaluation{}, fmt.Errorf("engine: evaluate: %w", err)
	}
	out.Elapsed = time.Since(start)
	return out, nil
}

func (db *DB) evaluate(ctx context.Context, r EvaluateRequest) (Evaluation, error) {
	if len(r.Test) == 0 {
		return Evaluation{}, fmt.Errorf("%w: name the files to test on (the figures of the training's own held-out triples are on the model's card)", ErrBadInput)
	}
	if err := checkFiles(append(slices.Clone(r.Test), r.Known...)); err != nil {
		return Evaluation{}, err
	}
	s, err := db.snapshot()
	if err != nil {
		return Evaluation{}, err
	}
	defer s.close()
	p, err := s.model(r.Model)
	if err != nil {
		return Evaluation{}, err
	}
	e := p.embedding
	test, unknown, err := triplesOf(ctx, s.view, e.Vocabulary, r.Test)
	if err != nil {
		return Evaluation{}, err
	}
	more, _, err := triplesOf(ctx, s.view, e.Vocabulary, r.Known)
	if err != nil {
		return Evaluation{}, err
	}
	stated, err := statedRows(ctx, s.view, p.functions.Graph, e.Vocabulary)
	if err != nil {
		return Evaluation{}, err
	}
	known := eval.NewKnown(stated, test, more)
	if r.Limit > 0 && len(test) > r.Limit {
		test = spread(test, r.Limit)
	}
	x := examiner{embedding: e, known: known, workers: runtime.GOMAXPROCS(0), byRelation: true, progress: r.Progress}
	out := Evaluation{Model: p.functions.Name, Unknown: unknown}
	var report eval.Report
	if out.All, report, err = x.examine(ctx, test, unknown); err != nil {
		return Evaluation{}, err
	}
	if r.Patterns {
		if out.ByPattern, err = s.patternMetrics(ctx, p, report.ByRelation); err != nil {
			return Evaluation{}, err
		}
	}
	kept := heldOutOf(report, e.Vocabulary.Entities(), unknown)
	out.Ranks = ranksOf(kept)
	out.ByRelation, err = s.relationMetrics(e, kept.Relations)
	return out, err
}

// PatternMetrics are the figures of the triples whose relation has a pattern. A relation with several counts for each.
type PatternMetrics struct {
	Pattern   string `json:"pattern"`
	Relations int    `json:"relations"`
	Metrics
	TailMRR float64 `json:"tail_mrr"` // of (h, r, ?)
	HeadMRR float64 `json:"head_mrr"` // of (?, r, t)
}

// patternMetrics sums relations' figures up by the patterns that the model's graph shows.
func (s *snapshot) patternMetrics(ctx context.Context, p *published, reports []eval.RelationReport) ([]PatternMetrics, error) {
	found, err := s.relationPatterns(ctx, p.functions.Graph)
	if err != nil {
		return nil, err
	}
	groups := eval.GroupRelations(reports, pattern.GroupNames(), func(relation uint32) []string {
		if e, ok := found.Of(p.embedding.Vocabulary.RelationID(relation)); ok {
			return e.Verdict.Groups()
		}
		return nil
	})
	var list []PatternMetrics
	for _, g := range groups {
		list = append(list, PatternMetrics{g.Group, g.Relations, metricsOf(g.Ranking), g.Tails.MRR, g.Heads.MRR})
	}
	return list, nil
}

// spread returns n of the triples, evenly spaced.
func spread(triples []model.Triple, n int) []model.Triple {
	kept := make([]model.Triple, n)
	for i := range kept {
		kept[i] = triples[i*len(triples)/n]
	}
	return kept
}

// statedRows returns the graph's triples that the vocabulary has rows for.
func statedRows(ctx context.Context, v *store.View, g store.TermID, vocabulary *model.Vocabulary) ([]model.Triple, error) {
	var rows []model.Triple
	err := graph{v}.Match(g, store.Pattern{}, func(t store.Triple) bool {
		if row, ok := vocabulary.Triple(t); ok {
			rows = append(rows, row)
		}
		return ctx.Err() == nil
	})
	if err == nil {
		err = ctx.Err()
	}
	return rows, err
}

// relationMetrics names the relations of a report and sorts it.
func (s *snapshot) relationMetrics(e *model.Embedding, reports []model.HeldOutRelation) ([]RelationMetrics, error) {
	list := make([]RelationMetrics, 0, len(reports))
	for _, r := range reports {
		term, err := s.view.Term(e.Vocabulary.RelationID(r.Relation))
		if err != nil {
			return nil, err
		}
		list = append(list, RelationMetrics{Relation: term, Metrics: Metrics{Triples: r.Triples, MRR: r.MRR,
			Hits1: r.Hits1, Hits3: r.Hits3, Hits10: r.Hits10, MeanRank: r.MeanRank}})
	}
	slices.SortStableFunc(list, func(a, b RelationMetrics) int { return b.Triples - a.Triples })
	return list, nil
}
