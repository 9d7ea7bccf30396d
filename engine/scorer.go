package engine

import (
	"math"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/udf"
)

// scorer is an embedding as functions see it. It is a udf.Finder.
type scorer struct {
	*model.Embedding
	served *served // whose tables can be searched; nil for none
}

// ScoreTriples sets out[i] to the score of triples[i].
func (s scorer) ScoreTriples(triples []udf.Rows, out []float32) {
	for i, t := range triples {
		out[i] = s.Score(t.H, t.R, t.T)
	}
}

// scoreWorkers is how many goroutines one product of a query uses: the machine serves other queries too.
const scoreWorkers = 2

// ScoreEntities sets row i of out to the scores of questions[i] completed by every entity.
func (s scorer) ScoreEntities(questions []udf.Question, out []float32) {
	queries := make([]model.Query, len(questions))
	for i, q := range questions {
		queries[i] = model.Query{Entity: q.Entity, Relation: q.Relation, Heads: q.Heads}
	}
	s.ScoreQueries(queries, vec.MatrixOf(out, len(queries), s.Vocabulary.Entities()), scoreWorkers)
}

// Similarities sets out[e] to the cosine of the rows of e and the given entity.
func (s scorer) Similarities(entity uint32, out []float32) {
	own := s.Entity(entity)
	w, _ := s.Widths()
	vec.GEMV(s.Entities, s.Vocabulary.Entities(), w, own, out)
	norm := math.Sqrt(dot(own, own))
	for e := range out {
		row := s.Entity(uint32(e))
		out[e] = float32(float64(out[e]) / max(norm*math.Sqrt(dot(row, row)), math.SmallestNonzeroFloat32))
	}
}

func dot(a, b []float32) float64 { return float64(vec.Dot(a, b)) }

// Prob turns a score into a calibrated probability.
func (s scorer) Prob(score float32) float64 { return s.Calibration.Prob(score) }
