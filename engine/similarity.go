package engine

import (
	"cmp"
	"context"
	"fmt"

	"github.com/inklingdb/inkling/engine/factor"
	"github.com/inklingdb/inkling/index"
	"github.com/inklingdb/inkling/store/rdf"
)

// RelationSimilarity is how alike a graph's relations are, by what stands at their ends.
type RelationSimilarity struct {
	Similarity string      // its name
	Doc        string      // its definition
	Relations  []rdf.Term  // most triples first
	Triples    []int64     // of each
	Values     [][]float64 // row k, column l: relation k compared with relation l; from 0 to 1
	More       int         // relations left out
}

// RelationSimilarity compares the relations of a graph, the zero Term for the default one, straight from its sets of
// subjects and objects: at most so many relations, those with most triples; 0 means all. similarity is a name in
// factor.Similarities, "" for transitivity.
func (db *DB) RelationSimilarity(ctx context.Context, graph rdf.Term, similarity string, limit int) (RelationSimilarity, error) {
	kind, err := factor.SimilarityByName(cmp.Or(similarity, factor.Transitivity.Name))
	if err != nil {
		return RelationSimilarity{}, fmt.Errorf("engine: similarity of relations: %w: %w", ErrBadInput, err)
	}
	s, err := db.snapshot()
	if err != nil {
		return RelationSimilarity{}, err
	}
	defer s.close()
	id, err := graphID(s.view, graph)
	if err != nil {
		return RelationSimilarity{}, fmt.Errorf("engine: similarity of relations: %w", err)
	}
	sets := index.SetsOf(s.view)
	if sets == nil {
		return RelationSimilarity{}, fmt.Errorf("engine: similarity of relations: the index of sets failed and could not be rebuilt: run inkling check")
	}
	relations := sets.Relations(id)
	out := RelationSimilarity{Similarity: kind.Name, Doc: kind.Doc}
	if limit > 0 && len(relations) > limit {
		out.More, relations = len(relations)-limit, relations[:limit]
	}
	var ends []factor.Ends
	for _, p := range relations {
		term, err := s.view.Term(p)
		if err != nil {
			return RelationSimilarity{}, err
		}
		out.Relations, out.Triples = append(out.Relations, term), append(out.Triples, sets.Counts(id, p).Triples)
		ends = append(ends, factor.Ends{Subjects: sets.Subjects(id, p), Objects: sets.Objects(id, p)})
	}
	c := kind.Of(ends)
	for k := range ends {
		row := make([]float64, len(ends))
		for l := range row {
			row[l] = c.At(k, l)
		}
		out.Values = append(out.Values, row)
	}
	return out, ctx.Err()
}
