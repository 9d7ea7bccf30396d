// Package model holds embedding models of a knowledge graph: the table of families (how a triple of rows is
// scored, with exact gradients), the vocabulary that maps store terms to rows, the immutable published Embedding
// with its calibration and metadata, and the checkpoint file. It neither trains (engine/train) nor ranks
// (engine/eval), and it reads no store: terms come in as identifiers, triples as rows.
package model

// Interaction is all that is particular to one embedding model: how wide its rows are, the score of three rows
// and its exact gradient. Implementations hold no state, so one value serves all goroutines.
//
// A family that implements only Interaction works everywhere, scored row by row. One that also implements
// Bilinear is scored and trained by matrix products.
type Interaction interface {
	// Width returns the floats of an entity row and of a relation row at dimension d.
	Width(d int) (entity, relation int)
	// Score returns the score of a triple, higher is more plausible.
	Score(h, r, t []float32) float32
	// Grad adds g·∂Score/∂h to dh, g·∂Score/∂r to dr and g·∂Score/∂t to dt. A nil dh, dr or dt is left out.
	Grad(g float32, h, r, t, dh, dr, dt []float32)
}

// Bilinear is an Interaction whose score is an inner product between a query row and the missing entity's row.
// The gradient needs no method of its own: Score(h, r, x) = q(h, r)·x for every x, so Grad with x = ∂loss/∂q in
// place of the tail gives the gradients that flow through the query into h and r (likewise for heads).
type Bilinear interface {
	// TailQuery sets q, as wide as an entity row, so that q·t = Score(h, r, t) for every t.
	TailQuery(h, r, q []float32)
	// HeadQuery sets q, as wide as an entity row, so that q·h = Score(h, r, t) for every h.
	HeadQuery(r, t, q []float32)
}

// Triple is a statement by rows: H and T of the entity table, R of the relation table.
type Triple struct{ H, R, T uint32 }
