package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/store/rdf"
)

// LabelledRequest says of which triples a model is asked whether they are facts.
type LabelledRequest struct {
	Model string   // "" means the default model
	Files []string // TSV: head, relation, tail, 1 or -1; required
}

// RelationFacts is how well a model tells the facts of one relation.
type RelationFacts struct {
	Relation rdf.Term `json:"relation"`
	eval.Classification
}

// FactEvaluation is how well a model tells true triples from false ones, at its own threshold.
type FactEvaluation struct {
	Model      string              `json:"model"`
	All        eval.Classification `json:"all"`
	ByRelation []RelationFacts     `json:"by_relation"` // most samples first
	Unknown    int                 `json:"unknown"`     // triples with a term that the model has no row for; in no figure
	Elapsed    time.Duration       `json:"elapsed_ns"`
}

// EvaluateFacts asks a model about triples whose truth files tell. ROC-AUC and average precision are of raw scores, the
// rest of is_fact's answers. It cannot tell whether the model was trained on them.
func (db *DB) EvaluateFacts(ctx context.Context, r LabelledRequest) (FactEvaluation, error) {
	start := time.Now()
	out, err := db.evaluateFacts(ctx, r)
	if err != nil {
		return FactEvaluation{}, fmt.Errorf("engine: evaluate facts: %w", err)
	}
	out.Elapsed = time.Since(start)
	return out, nil
}

func (db *DB) evaluateFacts(ctx context.Context, r LabelledRequest) (FactEvaluation, error) {
	if len(r.Files) == 0 {
		return FactEvaluation{}, fmt.Errorf("%w: name a file of labelled triples", ErrBadInput)
	}
	s, err := db.snapshot()
	if err != nil {
		return FactEvaluation{}, err
	}
	defer s.close()
	p, err := s.model(r.Model)
	if err != nil {
		return FactEvaluation{}, err
	}
	out := FactEvaluation{Model: p.functions.Name}
	var facts []eval.Fact
	for _, path := range r.Files {
		found, unknown, err := s.labelledTriples(ctx, p, path)
		if err != nil {
			return FactEvaluation{}, err
		}
		facts, out.Unknown = append(facts, found...), out.Unknown+unknown
	}
	e := p.embedding
	raw := eval.FactSamples(facts, e.Score, false)
	probable := slices.Clone(raw)
	for i := range probable {
		probable[i].Score = e.Calibration.Prob(float32(raw[i].Score))
	}
	out.All = eval.Classify(probable, e.Calibration.ThresholdOf)
	out.All.AUC, out.All.AP = eval.AUC(raw), eval.AveragePrecision(raw)
	for _, c := range eval.ClassifyByRelation(probable, e.Calibration.ThresholdOf) {
		term, err := s.view.Term(e.Vocabulary.RelationID(c.Relation))
		if err != nil {
			return FactEvaluation{}, err
		}
		out.ByRelation = append(out.ByRelation, RelationFacts{term, c.Classification})
	}
	slices.SortStableFunc(out.ByRelation, func(a, b RelationFacts) int { return b.Samples - a.Samples })
	return out, nil
}

// labelledTriples reads a file of triples with their truth; unknown counts those with a term that the model does not know.
func (s *snapshot) labelledTriples(ctx context.Context, p *published, path string) (facts []eval.Fact, unknown int, err error) {
	if err := checkFiles([]string{path}); err != nil {
		return nil, 0, err
	}
	reader, err := rdf.OpenFile(path, rdf.TSV, rdf.Options{Base: baseOf(s.view), Labelled: true})
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	buf := make([]rdf.Quad, importBatch)
	for {
		n, err := reader.Read(buf)
		if err != nil && err != io.EOF {
			return nil, 0, err
		}
		for _, q := range buf[:n] {
			t, known, err := knownTriple(s.view, q)
			if err != nil {
				return nil, 0, err
			}
			row, inModel := p.embedding.Vocabulary.Triple(t)
			if !known || !inModel {
				unknown++
				continue
			}
			facts = append(facts, eval.Fact{Triple: row, True: q.G.Value == "1"})
		}
		if err == io.EOF {
			return facts, unknown, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
	}
}
