package model

import "github.com/inklingdb/inkling/internal/vec"

// Query asks for a score of every entity in the missing place of a triple: (Entity, Relation, ?) or, with Heads
// set, (?, Relation, Entity).
type Query struct {
	Entity   uint32
	Relation uint32
	Heads    bool
}

// ScoreCompletion returns the score that ranks an entity among the answers to a query. With reciprocal relations a
// query for heads is scored by the relation's reverse row, as it was trained; that ranks better than Score does
// (FB15k-237, two epochs at rank 100: filtered test MRR 0.313 against 0.306), but scores of different queries do not
// compare as well.
func (e *Embedding) ScoreCompletion(q Query, entity uint32) float32 {
	it := e.Family.Interaction
	switch {
	case !q.Heads:
		return it.Score(e.Entity(q.Entity), e.Relation(q.Relation), e.Entity(entity))
	case e.Reciprocal:
		return it.Score(e.Entity(q.Entity), e.Relation(e.Reverse(q.Relation)), e.Entity(entity))
	default:
		return it.Score(e.Entity(entity), e.Relation(q.Relation), e.Entity(q.Entity))
	}
}

// ScoreTails sets out[e] to the score that ranks e among the tails of (h, r); len(out) is the entity count.
func (e *Embedding) ScoreTails(h, r uint32, out []float32) {
	e.ScoreQuery(Query{Entity: h, Relation: r}, out)
}

// ScoreHeads sets out[e] to the score that ranks e among the heads of (r, t); len(out) is the entity count.
func (e *Embedding) ScoreHeads(r, t uint32, out []float32) {
	e.ScoreQuery(Query{Entity: t, Relation: r, Heads: true}, out)
}

// ScoreRelations sets out[r] to the score of (h, r, t); len(out) is the vocabulary's relation count.
func (e *Embedding) ScoreRelations(h, t uint32, out []float32) {
	for r := range out {
		out[r] = e.Score(h, uint32(r), t)
	}
}

// ScoreQuery sets out[e] to ScoreCompletion(q, e); len(out) is the entity count.
func (e *Embedding) ScoreQuery(q Query, out []float32) {
	if _, ok := e.Family.Interaction.(Projector); ok {
		e.ScoreQueries([]Query{q}, vec.MatrixOf(out, 1, len(out)), 1)
		return
	}
	if _, ok := e.Family.Interaction.(Querier); !ok {
		e.scoreEach(q, out)
		return
	}
	w, _ := e.Widths()
	row := make([]float32, w)
	e.queryRow(q, row)
	n := e.Vocabulary.Entities()
	if e.Family.Similarity == Dot {
		vec.GEMV(e.Entities, n, w, row, out)
		return
	}
	vec.Distances(e.Family.Similarity.Metric(), e.Entities, n, w, row, out)
	e.Family.Similarity.fromDistances(out[:n])
}

// ScoreQueries sets row i of out, [len(queries) × entities], to the scores of queries[i] completed by every
// entity, by matrix kernels over the given number of goroutines.
func (e *Embedding) ScoreQueries(queries []Query, out vec.Matrix, workers int) {
	switch e.Family.Interaction.(type) {
	case Projector:
		e.scoreProjected(queries, out, workers)
	case Querier:
		e.Family.Similarity.scores(out, e.QueryRows(queries), e.EntityMatrix(), workers)
	default:
		for i, q := range queries {
			e.scoreEach(q, out.Row(i))
		}
	}
}

// scores sets out[i][j] to the similarity of query row i and entity row j.
func (s Similarity) scores(out, queries, entities vec.Matrix, workers int) {
	if s == Dot {
		vec.MulNT(out, queries, entities, false, workers)
		return
	}
	vec.DistancesNT(s.Metric(), out, queries, entities, workers)
	for i := range out.Rows {
		s.fromDistances(out.Row(i))
	}
}

// fromDistances turns distances into scores.
func (s Similarity) fromDistances(d []float32) {
	if s != NegL2 {
		vec.Scale(-1, d)
		return
	}
	vec.Scale(-0.5, d) // −√(0 + 0 − 2·(−d/2))
	vec.ExpandDistances(d, 0, make([]float32, len(d)), d)
}

// projectedBlock is how many entities are projected at a time: 1,024 rows of 100 floats are 400 KB.
const projectedBlock = 1024

// scoreProjected scores queries of a Projector, relation by relation: a block of entities is seen through the relation's
// matrix by one product and compared with all its query rows.
func (e *Embedding) scoreProjected(queries []Query, out vec.Matrix, workers int) {
	rows := e.QueryRows(queries)
	byRelation := map[uint32][]int{}
	for i, q := range queries {
		r := e.relationRow(q)
		byRelation[r] = append(byRelation[r], i)
	}
	w, _ := e.Widths()
	seen := vec.MatrixOf(make([]float32, projectedBlock*w), projectedBlock, w)
	for r, of := range byRelation {
		asked := vec.MatrixOf(make([]float32, len(of)*w), len(of), w)
		for i, at := range of {
			copy(asked.Row(i), rows.Row(at))
		}
		m := e.Family.Interaction.(Projector).Projection(e.Relation(r))
		for lo := 0; lo < out.Cols; lo += projectedBlock {
			n := min(projectedBlock, out.Cols-lo)
			vec.MulNT(seen.RowRange(0, n), e.EntityMatrix().RowRange(lo, lo+n), m, false, workers)
			scores := vec.MatrixOf(make([]float32, len(of)*n), len(of), n)
			e.Family.Similarity.scores(scores, asked, seen.RowRange(0, n), workers)
			for i, at := range of {
				copy(out.Row(at)[lo:], scores.Row(i))
			}
		}
	}
}

// relationRow returns the row of the relation table by which a query is asked.
func (e *Embedding) relationRow(q Query) uint32 {
	if q.Heads && e.Reciprocal {
		return e.Reverse(q.Relation)
	}
	return q.Relation
}

// QueryRows returns, for a Querier, one row per query whose similarity to an entity's row is the score of the query
// completed by that entity. The matrix belongs to the caller.
func (e *Embedding) QueryRows(queries []Query) vec.Matrix {
	w, _ := e.Widths()
	rows := vec.MatrixOf(make([]float32, len(queries)*w), len(queries), w)
	for i, q := range queries {
		e.queryRow(q, rows.Row(i))
	}
	return rows
}

// queryRow sets out to the query's row.
func (e *Embedding) queryRow(q Query, out []float32) {
	b := e.Family.Interaction.(Querier)
	fixed, relation := e.Entity(q.Entity), e.Relation(e.relationRow(q))
	if q.Heads && !e.Reciprocal {
		b.HeadQuery(relation, fixed, out)
		return
	}
	b.TailQuery(fixed, relation, out)
}

func (e *Embedding) scoreEach(q Query, out []float32) {
	for x := range out {
		out[x] = e.ScoreCompletion(q, uint32(x))
	}
}
