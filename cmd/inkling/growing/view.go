package growing

import (
	"math"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
)

// view is an embedding as seen by the numbers of a stream. An entity that the embedding does not know scores below all
// others; of a question with a term that it does not know all answers score alike. It is an eval.Scorer of the first
// candidates entities.
type view struct {
	embedding           *model.Embedding
	entities, relations []int32 // the embedding's row of each number; -1 for none
	candidates          int
}

// of returns the view with another number of candidates.
func (v view) of(candidates int) view {
	v.candidates = candidates
	return v
}

// ScoreQueries sets row i of out to the scores of queries[i] completed by every candidate.
func (v view) ScoreQueries(queries []model.Query, out vec.Matrix, workers int) {
	var asked []model.Query
	var places []int
	for i, q := range queries {
		e, r := v.entities[q.Entity], v.relations[q.Relation]
		if e < 0 || r < 0 {
			clear(out.Row(i))
			continue
		}
		asked = append(asked, model.Query{Entity: uint32(e), Relation: uint32(r), Heads: q.Heads})
		places = append(places, i)
	}
	if len(asked) == 0 {
		return
	}
	n := v.embedding.Vocabulary.Entities()
	scores := vec.MatrixOf(make([]float32, len(asked)*n), len(asked), n)
	v.embedding.ScoreQueries(asked, scores, workers)
	for k, i := range places {
		from, to := scores.Row(k), out.Row(i)
		for number := range to {
			to[number] = float32(math.Inf(-1))
			if row := v.entities[number]; row >= 0 {
				to[number] = from[row]
			}
		}
	}
}

// identity returns the view of an embedding whose rows are the stream's numbers.
func (s *Stream) identity(e *model.Embedding) view {
	count := func(known, all int) []int32 {
		rows := make([]int32, all)
		for i := range rows {
			rows[i] = int32(i)
			if i >= known {
				rows[i] = -1
			}
		}
		return rows
	}
	return view{embedding: e, entities: count(e.Vocabulary.Entities(), len(s.Entities)), relations: count(e.Vocabulary.Relations(), len(s.Relations))}
}
