package model

import (
	"math"

	"github.com/inklingdb/inkling/internal/vec"
)

var transR = Family{
	Name:          "transr",
	Title:         "TransR",
	Equation:      "−√Σᵢ ((M·h)ᵢ + rᵢ − (M·t)ᵢ)², a matrix M for each relation",
	Source:        "Lin, Liu, Sun, Liu, Zhu: Learning Entity and Relation Embeddings for Knowledge Graph Completion, AAAI 2015, eq. 8",
	Layout:        "entity [d]; relation [d + d²]: the translation r, then M row by row",
	Modulus:       1,
	Similarity:    NegL2,
	Interaction:   transRInteraction{},
	StartRelation: startAtIdentity,
}

// transRInteraction: Score = −‖M·h + r − M·t‖, M and r of the relation. Lin et al. 2015, eq. 8, with the space of the
// relation as wide as that of the entities. Rows: entity [d], relation [d + d²].
type transRInteraction struct{}

// startAtIdentity makes a fresh relation's matrix the identity, as the authors do, so that it begins as TransE.
func startAtIdentity(row []float32) {
	d := int(math.Sqrt(float64(len(row)))) // d + d² lies between d² and (d+1)²
	clear(row[d:])
	for i := range d {
		row[d+i*d+i] = 1
	}
}

func (transRInteraction) Width(d int) (entity, relation int) { return d, d + d*d }

// Projection implements Projector.
func (transRInteraction) Projection(r []float32) vec.Matrix {
	d := int(math.Sqrt(float64(len(r))))
	return vec.MatrixOf(r[d:], d, d)
}

func (i transRInteraction) Score(h, r, t []float32) float32 {
	d := len(h)
	q, x := make([]float32, d), make([]float32, d)
	i.TailQuery(h, r, q)
	project(i.Projection(r), t, x)
	return NegL2.Of(q, x)
}

func (i transRInteraction) Grad(g float32, h, r, t, dh, dr, dt []float32) {
	d := len(h)
	work := make([]float32, 4*d)
	q, x, dq, dx := work[:d], work[d:2*d], work[2*d:3*d], work[3*d:]
	i.TailQuery(h, r, q)
	m := i.Projection(r)
	project(m, t, x)
	addSimilarityGrad(NegL2, g, q, x, dq, dx)
	i.TailBackward(h, r, dq, dh, dr)
	projectBackward(m, t, dx, dt, matrixPart(dr, d))
}

func (i transRInteraction) TailQuery(h, r, q []float32) {
	project(i.Projection(r), h, q)
	vec.Axpy(1, r[:len(h)], q)
}

func (i transRInteraction) HeadQuery(r, t, q []float32) {
	project(i.Projection(r), t, q)
	vec.Axpy(-1, r[:len(t)], q)
}

func (i transRInteraction) TailBackward(h, r, dq, dh, dr []float32) {
	if dr != nil {
		vec.Axpy(1, dq, dr[:len(h)])
	}
	projectBackward(i.Projection(r), h, dq, dh, matrixPart(dr, len(h)))
}

func (i transRInteraction) HeadBackward(r, t, dq, dr, dt []float32) {
	if dr != nil {
		vec.Axpy(-1, dq, dr[:len(t)])
	}
	projectBackward(i.Projection(r), t, dq, dt, matrixPart(dr, len(t)))
}

// matrixPart returns the matrix of a relation's gradient, an empty one where it is not wanted.
func matrixPart(dr []float32, d int) vec.Matrix {
	if dr == nil {
		return vec.Matrix{}
	}
	return vec.MatrixOf(dr[d:], d, d)
}

// project sets out to M·x.
func project(m vec.Matrix, x, out []float32) { vec.GEMV(m.Data, m.Rows, m.Cols, x, out) }

// projectBackward adds to dx and dm what flows back from ∂loss/∂(M·x); nil and empty are left out.
func projectBackward(m vec.Matrix, x, dout, dx []float32, dm vec.Matrix) {
	for i, g := range dout {
		addTo(dx, g, m.Row(i))
		if dm.Rows > 0 {
			vec.Axpy(g, x, dm.Row(i))
		}
	}
}
