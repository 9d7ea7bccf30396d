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
	if !e.bilinear() {
		e.scoreEach(q, out)
		return
	}
	w, _ := e.Widths()
	row := make([]float32, w)
	e.queryRow(q, row)
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
	for i, q := range queries {
		e.queryRow(q, rows.Row(i))
	}
	return rows
}

func (e *Embedding) bilinear() bool {
	_, ok := e.Family.Interaction.(Bilinear)
	return ok
}

// queryRow sets out to the query's row.
func (e *Embedding) queryRow(q Query, out []float32) {
	b := e.Family.Interaction.(Bilinear)
	switch fixed := e.Entity(q.Entity); {
	case !q.Heads:
		b.TailQuery(fixed, e.Relation(q.Relation), out)
	case e.Reciprocal:
		b.TailQuery(fixed, e.Relation(e.Reverse(q.Relation)), out)
	default:
		b.HeadQuery(e.Relation(q.Relation), fixed, out)
	}
}

func (e *Embedding) scoreEach(q Query, out []float32) {
	for x := range out {
		out[x] = e.ScoreCompletion(q, uint32(x))
	}
}
