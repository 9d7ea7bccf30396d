package model

import "github.com/inklingdb/inkling/internal/vec"

// Query asks for a score of every entity in the missing place of a triple: (Entity, Relation, ?) or, with Heads
// set, (?, Relation, Entity).
type Query struct {
	Entity   uint32
	Relation uint32
	Heads    bool
}

// ScoreTails sets out[e] to the score of (h, r, e); len(out) is the entity count.
func (e *Embedding) ScoreTails(h, r uint32, out []float32) {
	e.ScoreQuery(Query{Entity: h, Relation: r}, out)
}

// ScoreHeads sets out[e] to the score of (e, r, t); len(out) is the entity count.
func (e *Embedding) ScoreHeads(r, t uint32, out []float32) {
	e.ScoreQuery(Query{Entity: t, Relation: r, Heads: true}, out)
}

// ScoreRelations sets out[r] to the score of (h, r, t); len(out) is the vocabulary's relation count.
func (e *Embedding) ScoreRelations(h, t uint32, out []float32) {
	for r := range out {
		out[r] = e.Score(h, uint32(r), t)
	}
}

// ScoreQuery sets out[e] to the score of the query completed by entity e; len(out) is the entity count.
func (e *Embedding) ScoreQuery(q Query, out []float32) {
	if !e.bilinear() {
		e.scoreEach(q, out)
		return
	}
	w, _ := e.Widths()
	row := make([]float32, w)
	e.queryRow(q, row, make([]float32, w))
	vec.GEMV(e.Entities, e.Vocabulary.Entities(), w, row, out)
}

// ScoreQueries sets row i of out, [len(queries) × entities], to the scores of queries[i] completed by every
// entity, as one matrix product over the given number of goroutines.
func (e *Embedding) ScoreQueries(queries []Query, out vec.Matrix, workers int) {
	if !e.bilinear() {
		for i, q := range queries {
			e.scoreEach(q, out.Row(i))
		}
		return
	}
	vec.MulNT(out, e.QueryRows(queries), e.EntityMatrix(), false, workers)
}

// QueryRows returns, for a Bilinear family, one row per query whose inner product with an entity's row is the
// score of the query completed by that entity. The matrix belongs to the caller.
func (e *Embedding) QueryRows(queries []Query) vec.Matrix {
	w, _ := e.Widths()
	rows := vec.MatrixOf(make([]float32, len(queries)*w), len(queries), w)
	scratch := make([]float32, w)
	for i, q := range queries {
		e.queryRow(q, rows.Row(i), scratch)
	}
	return rows
}

func (e *Embedding) bilinear() bool {
	_, ok := e.Family.Interaction.(Bilinear)
	return ok
}

// queryRow sets out to the query's row. A score of both directions is linear in the missing entity too, so with
// reciprocal relations the row is the mean of the two directions' rows and scoring costs no more.
func (e *Embedding) queryRow(q Query, out, scratch []float32) {
	b := e.Family.Interaction.(Bilinear)
	fixed, relation := e.Entity(q.Entity), e.Relation(q.Relation)
	if q.Heads {
		b.HeadQuery(relation, fixed, out)
	} else {
		b.TailQuery(fixed, relation, out)
	}
	if !e.Reciprocal {
		return
	}
	reverse := e.Relation(e.Reverse(q.Relation))
	if q.Heads {
		b.TailQuery(fixed, reverse, scratch)
	} else {
		b.HeadQuery(reverse, fixed, scratch)
	}
	for i := range out {
		out[i] = (out[i] + scratch[i]) / 2
	}
}

func (e *Embedding) scoreEach(q Query, out []float32) {
	for x := range out {
		if q.Heads {
			out[x] = e.Score(uint32(x), q.Relation, q.Entity)
		} else {
			out[x] = e.Score(q.Entity, q.Relation, uint32(x))
		}
	}
}
