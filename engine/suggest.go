package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/inklingdb/inkling/index"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/udf"
)

// SuggestRequest says which missing triples to look for.
type SuggestRequest struct {
	Model       string   // "" means the default model; its graph is completed
	Relations   []string // names; none means all
	PerRelation int      // of a relation at most so many; 0 means 10, at most 1,000
	Limit       int      // in all at most so many; 0 means 100, at most 10,000
	Least       float64  // only at least so probable; 0 means the model's threshold
	Heads       int      // heads of a relation that are asked about at most, evenly spread; 0 means 10,000
	Exact       bool     // no approximate search
	Wait        bool     // let the models catch up with the log first

	Progress func(SearchProgress) // from one goroutine; may be nil
}

// SuggestReport lists triples that a model takes to be true and the graph does not state.
type SuggestReport struct {
	Model       string        `json:"model"`
	Graph       string        `json:"graph,omitempty"` // its IRI; "" for the default graph
	Least       float64       `json:"least"`           // probability asked for
	Relations   int           `json:"relations"`       // asked about
	Asked       int64         `json:"asked"`           // heads, summed over the relations
	Skipped     int64         `json:"skipped"`         // further heads beyond SuggestRequest.Heads
	Suggestions []Suggestion  `json:"suggestions"`     // most probable first
	Versions    Versions      `json:"versions"`
	Elapsed     time.Duration `json:"elapsed_ns"`
}

// Suggestion is a triple that may be missing, by the shortest names that expressions understand.
type Suggestion struct {
	Head        string  `json:"head"`
	Relation    string  `json:"relation"`
	Tail        string  `json:"tail"`
	Probability float64 `json:"probability"`
}

const (
	mostSuggestions    = 10_000
	mostOfRelation     = 1000
	defaultOfRelation  = 10
	defaultHeads       = 10_000
	suggestHeadsAtOnce = 512
	// Nodes that do not stand at the head of a relation are asked about where, of the nodes in one of their roles, so many
	// do: a person without a birthplace is like those who have one.
	likeHeads      = 0.5
	likeHeadsLeast = 3
)

// complete returns the request with its defaults.
func (r SuggestRequest) complete() (SuggestRequest, error) {
	r.PerRelation, r.Limit, r.Heads = cmp.Or(r.PerRelation, defaultOfRelation), cmp.Or(r.Limit, 100), cmp.Or(r.Heads, defaultHeads)
	switch {
	case r.PerRelation < 1 || r.PerRelation > mostOfRelation:
		return r, fmt.Errorf("%w: %d suggestions a relation: take from 1 to %d", ErrBadInput, r.PerRelation, mostOfRelation)
	case r.Limit < 1 || r.Limit > mostSuggestions:
		return r, fmt.Errorf("%w: a limit of %d: take from 1 to %d", ErrBadInput, r.Limit, mostSuggestions)
	case r.Heads < 1:
		return r, fmt.Errorf("%w: %d heads a relation: take at least 1", ErrBadInput, r.Heads)
	case !(r.Least >= 0 && r.Least <= 1):
		return r, fmt.Errorf("%w: a probability of %g: take one from 0 to 1", ErrBadInput, r.Least)
	}
	return r, nil
}

// Suggest ranks triples that the graph does not state by their probability. Of each relation it asks for the best tails of
// the heads that have it already (of a functional relation, as is_functional says, those are complete) and of nodes that
// are like them: those in a role (head or tail of another relation) that half of its nodes share with the relation's heads.
// Heads are asked a few hundred at a time and only the best suggestions are kept; it stops within one such batch when ctx
// is cancelled.
func (db *DB) Suggest(ctx context.Context, r SuggestRequest) (SuggestReport, error) {
	started := time.Now()
	report, err := db.suggest(ctx, r)
	if err != nil {
		return SuggestReport{}, fmt.Errorf("engine: suggest: %w", err)
	}
	report.Elapsed = time.Since(started)
	return report, nil
}

// suggestion is one by terms.
type suggestion struct {
	triple store.Triple
	prob   float64
}

// byPromise puts the most probable first.
func byPromise(a, b suggestion) int {
	return cmp.Or(cmp.Compare(b.prob, a.prob), cmp.Compare(a.triple.P, b.triple.P), cmp.Compare(a.triple.S, b.triple.S), cmp.Compare(a.triple.O, b.triple.O))
}

// suggester is one search under way.
type suggester struct {
	request  SuggestRequest
	snapshot *snapshot
	model    *udf.Model
	sets     *index.SetsSnapshot
	report   SuggestReport
}

func (db *DB) suggest(ctx context.Context, r SuggestRequest) (SuggestReport, error) {
	r, err := r.complete()
	if err != nil {
		return SuggestReport{}, err
	}
	if r.Wait {
		if err := db.Wait(ctx); err != nil {
			return SuggestReport{}, err
		}
	}
	s, err := db.snapshot()
	if err != nil {
		return SuggestReport{}, err
	}
	defer s.close()
	s.exact = r.Exact
	p, err := s.model(r.Model)
	if err != nil {
		return SuggestReport{}, err
	}
	x := suggester{request: r, snapshot: s, model: p.functions}
	x.report = SuggestReport{Model: p.functions.Name, Graph: p.embedding.Metadata.Graph, Least: cmp.Or(r.Least, p.functions.Threshold), Suggestions: []Suggestion{}}
	if x.sets, err = s.sets(ctx); err != nil {
		return SuggestReport{}, err
	}
	relations, err := s.relationIDs(r.Relations)
	if err != nil {
		return SuggestReport{}, err
	}
	if len(r.Relations) == 0 {
		relations = x.sets.Relations(x.model.Graph)
	}
	best := newLeaders(r.Limit, byPromise)
	for i, relation := range relations {
		if r.Progress != nil {
			r.Progress(SearchProgress{"asking", float64(i) / float64(len(relations))})
		}
		of, err := x.of(ctx, relation, best)
		if err != nil {
			return SuggestReport{}, err
		}
		for _, found := range of {
			best.add(found)
		}
	}
	for _, found := range best.list() {
		named, err := s.names.triple(found.triple)
		if err != nil {
			return SuggestReport{}, err
		}
		x.report.Suggestions = append(x.report.Suggestions, Suggestion{named[0], named[1], named[2], found.prob})
	}
	x.report.Versions = s.versions()
	return x.report, nil
}

// of returns the best suggestions of a relation that can still be among the best in all.
func (x *suggester) of(ctx context.Context, relation store.TermID, overall *leaders[suggestion]) ([]suggestion, error) {
	if _, known := x.model.Vocabulary.Relation(relation); !known {
		return nil, nil
	}
	x.report.Relations++
	best := newLeaders(x.request.PerRelation, byPromise)
	heads := x.heads(relation)
	for part := range slices.Chunk(heads, suggestHeadsAtOnce) {
		least := cmp.Or(x.request.Least, x.model.ThresholdFor(relation))
		for _, board := range []*leaders[suggestion]{best, overall} {
			if worst, full := board.worst(); full {
				least = max(least, worst.prob)
			}
		}
		asks := make([]udf.Ask, len(part))
		for i, h := range part {
			asks[i] = udf.Ask{Node: h, Relation: relation}
		}
		wanted := udf.Wanted{K: x.request.PerRelation, MinProb: least, Exact: x.request.Exact, Approximated: x.snapshot.approximated}
		err := udf.Predict(ctx, graph{x.snapshot.view}, x.model, asks, wanted, func(i int, found []udf.Item) error {
			for _, item := range found {
				best.add(suggestion{store.Triple{S: part[i], P: relation, O: item.Node}, item.Prob})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return best.list(), nil
}

// heads returns the nodes that a relation is asked about and the model knows.
func (x *suggester) heads(relation store.TermID) []store.TermID {
	g := x.model.Graph
	have := x.sets.Subjects(g, relation)
	heads := like(x.sets, g, relation)
	if x.sets.Counts(g, relation).Functionality().Functional(0) {
		heads.AndNot(have)
	} else {
		heads.Or(have)
	}
	known := slices.DeleteFunc(x.sets.IDs(heads, nil), func(id store.TermID) bool {
		_, ok := x.model.Vocabulary.Entity(id)
		return !ok
	})
	if over := len(known) - x.request.Heads; over > 0 {
		x.report.Skipped += int64(over)
		for i := range x.request.Heads {
			known[i] = known[i*len(known)/x.request.Heads]
		}
		known = known[:x.request.Heads]
	}
	x.report.Asked += int64(len(known))
	return known
}

// like returns the nodes in the roles of which at least half the nodes are heads of a relation, these included.
func like(sets *index.SetsSnapshot, g, relation store.TermID) *roaring.Bitmap {
	have := sets.Subjects(g, relation)
	nodes := roaring.New()
	for _, q := range sets.Relations(g) {
		for _, role := range []*roaring.Bitmap{sets.Subjects(g, q), sets.Objects(g, q)} {
			shared := have.AndCardinality(role)
			if shared >= likeHeadsLeast && float64(shared) >= likeHeads*float64(role.GetCardinality()) {
				nodes.Or(role)
			}
		}
	}
	return nodes
}
