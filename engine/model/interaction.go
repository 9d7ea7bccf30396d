// Package model holds embedding models of a knowledge graph: the table of families (how a triple of rows is
// scored, with exact gradients), the vocabulary that maps store terms to rows, the immutable published Embedding
// with its calibration and metadata, and the checkpoint file. It neither trains (engine/train) nor ranks
// (engine/eval), and it reads no store: terms come in as identifiers, triples as rows.
package model

import "github.com/inklingdb/inkling/internal/vec"

// Interaction is all that is particular to one embedding model: how wide its rows are, the score of three rows
// and its exact gradient. Implementations hold no state, so one value serves all goroutines.
//
// A family that implements only Interaction can be served, scored row by row. One that also implements Querier is
// scored and trained by products of matrices or tiles of distances.
type Interaction interface {
	// Width returns the floats of an entity row and of a relation row at dimension d.
	Width(d int) (entity, relation int)
	// Score returns the score of a triple, higher is more plausible.
	Score(h, r, t []float32) float32
	// Grad adds g·∂Score/∂h to dh, g·∂Score/∂r to dr and g·∂Score/∂t to dt. A nil dh, dr or dt is left out. Where the
	// score has a kink (a distance of 0, an absolute value at 0) the gradient there is 0.
	Grad(g float32, h, r, t, dh, dr, dt []float32)
}

// Querier is an Interaction whose score compares a query row, made of the two given rows, with the row of the missing
// entity: Score(h, r, x) = s(q(h, r), x) and Score(x, r, t) = s(q(r, t), x), where s is the family's Similarity. A query
// row is as wide as an entity row.
type Querier interface {
	// TailQuery sets q to the row that asks for the tail of (h, r).
	TailQuery(h, r, q []float32)
	// HeadQuery sets q to the row that asks for the head of (r, t).
	HeadQuery(r, t, q []float32)
	// TailBackward adds (∂q/∂h)ᵀ·dq to dh and (∂q/∂r)ᵀ·dq to dr, for q of TailQuery. A nil dh or dr is left out.
	TailBackward(h, r, dq, dh, dr []float32)
	// HeadBackward adds (∂q/∂r)ᵀ·dq to dr and (∂q/∂t)ᵀ·dq to dt, for q of HeadQuery. A nil dr or dt is left out.
	HeadBackward(r, t, dq, dr, dt []float32)
}

// Projector is a Querier whose query rows are compared with entities as the relation sees them, M·x instead of x.
type Projector interface {
	Querier
	// Projection returns the matrix M of a relation's row, [entity width × entity width]; not a copy.
	Projection(r []float32) vec.Matrix
}

// Similarity says how a query row and an entity's row make a score.
type Similarity uint8

// The similarities. Distances count negative: nearer is more plausible.
const (
	Dot       Similarity = iota // Σ qᵢ·xᵢ
	NegL1                       // −Σ |qᵢ−xᵢ|
	NegL2                       // −√Σ (qᵢ−xᵢ)²
	NegModuli                   // −Σ |qᵢ−xᵢ| over complex numbers, real parts then imaginary parts
)

// String returns the similarity's name as metadata shows it.
func (s Similarity) String() string {
	return [...]string{"dot", "L1", "L2", "moduli"}[s]
}

// Metric returns the distance that a similarity other than Dot negates; NegL2 takes the root of SquaredL2.
func (s Similarity) Metric() vec.Metric {
	return [...]vec.Metric{vec.SquaredL2, vec.L1, vec.SquaredL2, vec.Moduli}[s]
}

// Of returns the similarity of a query row and an entity's row.
func (s Similarity) Of(q, x []float32) float32 {
	if s == Dot {
		return vec.Dot(q, x)
	}
	return s.fromDistance(vec.Distance(s.Metric(), q, x))
}

func (s Similarity) fromDistance(d float32) float32 {
	if s == NegL2 {
		return -sqrt(d)
	}
	return -d
}

// Triple is a statement by rows: H and T of the entity table, R of the relation table.
type Triple struct{ H, R, T uint32 }
