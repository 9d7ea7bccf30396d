package model

import "github.com/inklingdb/inkling/internal/vec"

const (
	transESource = "Bordes, Usunier, García-Durán, Weston, Yakhnenko: Translating Embeddings for Modeling Multi-relational Data, NIPS 2013, eq. 1"
	transELayout = "entity [d]; relation [d]"
)

var transE = Family{
	Name:        "transe",
	Title:       "TransE",
	Equation:    "−√Σᵢ (hᵢ + rᵢ − tᵢ)²",
	Source:      transESource,
	Layout:      transELayout,
	Modulus:     1,
	Similarity:  NegL2,
	Interaction: transEInteraction{NegL2},
}

var transEL1 = Family{
	Name:        "transe-l1",
	Title:       "TransE-L1",
	Equation:    "−Σᵢ |hᵢ + rᵢ − tᵢ|",
	Source:      transESource,
	Layout:      transELayout,
	Modulus:     1,
	Similarity:  NegL1,
	Interaction: transEInteraction{NegL1},
}

// transEInteraction: Score = −‖h + r − t‖ in the L1 or the L2 norm. Bordes et al. 2013, eq. 1. Rows [d].
type transEInteraction struct{ similarity Similarity }

func (transEInteraction) Width(d int) (entity, relation int) { return d, d }

func (i transEInteraction) Score(h, r, t []float32) float32 {
	return queried{i, i.similarity}.score(h, r, t)
}

func (i transEInteraction) Grad(g float32, h, r, t, dh, dr, dt []float32) {
	queried{i, i.similarity}.grad(g, h, r, t, dh, dr, dt)
}

func (transEInteraction) TailQuery(h, r, q []float32) {
	copy(q, h)
	vec.Axpy(1, r, q)
}

func (transEInteraction) HeadQuery(r, t, q []float32) {
	copy(q, t)
	vec.Axpy(-1, r, q)
}

func (transEInteraction) TailBackward(_, _, dq, dh, dr []float32) {
	addTo(dh, 1, dq)
	addTo(dr, 1, dq)
}

func (transEInteraction) HeadBackward(_, _, dq, dr, dt []float32) {
	addTo(dr, -1, dq)
	addTo(dt, 1, dq)
}
