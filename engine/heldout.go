package engine

import (
	"fmt"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
)

// Ranks is a histogram of filtered ranks over bins of about equal width on a log scale: where the right answers stand
// among all entities. Triples with a term that the model does not know are not in it.
type Ranks struct {
	Entities   int     `json:"entities"` // that an answer competes with
	UpTo       []int   `json:"up_to"`    // bin i holds the ranks above UpTo[i-1] and up to UpTo[i]
	Tails      []int   `json:"tails"`    // questions (h, r, ?) by bin
	Heads      []int   `json:"heads"`    // questions (?, r, t) by bin
	TailMRR    float64 `json:"tail_mrr"`
	HeadMRR    float64 `json:"head_mrr"`
	TailHits10 float64 `json:"tail_hits10"`
	HeadHits10 float64 `json:"head_hits10"`
}

// HeldOut returns the figures of a model on its test triples as they were at the end of its training; "" asks for the
// default model. They cannot be measured again: from then on the model follows the graph, which states those triples.
// The error is ErrBadInput where none were held out or kept.
func (db *DB) HeldOut(name string) (Evaluation, error) {
	s, err := db.snapshot()
	if err != nil {
		return Evaluation{}, fmt.Errorf("engine: held-out figures: %w", err)
	}
	defer s.close()
	p, err := s.model(name)
	if err != nil {
		return Evaluation{}, fmt.Errorf("engine: held-out figures: %w", err)
	}
	e := p.embedding
	kept := e.Metadata.HeldOut
	if kept == nil {
		why := "nothing was held out when it was trained"
		if metricsFrom(e.Metadata.Metrics).Triples > 0 {
			why = "it was trained by a version that did not keep its ranks"
		}
		return Evaluation{}, fmt.Errorf("engine: held-out figures of model %s: %w: %s; name files of test triples, or train it again", p.functions.Name, ErrBadInput, why)
	}
	out := Evaluation{Model: p.functions.Name, All: metricsFrom(e.Metadata.Metrics), Unknown: kept.Unknown, Ranks: ranksOf(kept)}
	if out.ByRelation, err = s.relationMetrics(e, kept.Relations); err != nil {
		return Evaluation{}, fmt.Errorf("engine: held-out figures of model %s: %w", p.functions.Name, err)
	}
	return out, nil
}

// heldOutOf returns what a checkpoint keeps of a report by relation of a model of so many entities.
func heldOutOf(r eval.Report, entities, unknown int) *model.HeldOut {
	h := &model.HeldOut{
		Entities: entities, Unknown: unknown, UpTo: r.Histogram.UpTo, Tails: r.Histogram.Tails, Heads: r.Histogram.Heads,
		TailMRR: r.Tails.MRR, HeadMRR: r.Heads.MRR, TailHits10: r.Tails.Hits10, HeadHits10: r.Heads.Hits10,
	}
	for _, x := range r.ByRelation {
		h.Relations = append(h.Relations, model.HeldOutRelation{Relation: x.Relation, Triples: x.Queries / 2,
			MRR: x.MRR, Hits1: x.Hits1, Hits3: x.Hits3, Hits10: x.Hits10, MeanRank: x.MeanRank})
	}
	return h
}

// ranksOf returns kept ranks as they are told.
func ranksOf(h *model.HeldOut) Ranks {
	return Ranks{Entities: h.Entities, UpTo: h.UpTo, Tails: h.Tails, Heads: h.Heads,
		TailMRR: h.TailMRR, HeadMRR: h.HeadMRR, TailHits10: h.TailHits10, HeadHits10: h.HeadHits10}
}
