package model

import (
	"math"

	"github.com/inklingdb/inkling/internal/vec"
)

var rescal = Family{
	Name:          "rescal",
	Title:         "RESCAL",
	Equation:      "Σᵢⱼ hᵢ·Rᵢⱼ·tⱼ, a matrix R for each relation",
	Source:        "Nickel, Tresp, Kriegel: A Three-Way Model for Collective Learning on Multi-Relational Data, ICML 2011, eq. 2; trained by gradient as in Ruffinelli, Broscheit, Gemulla, ICLR 2020",
	Layout:        "entity [d]; relation [d²]: R row by row",
	Modulus:       1,
	Interaction:   rescalInteraction{},
	StartRelation: startAsRotation,
}

// startAsRotation scales a fresh relation's random matrix so that it keeps the length of a row on average, as a rotation
// does: small matrices pass hardly any gradient on to the entities, and the identity ranks each entity as its own answer.
func startAsRotation(row []float32) {
	length := math.Sqrt(float64(vec.Dot(row, row)))
	if length > 0 {
		vec.Scale(float32(math.Pow(float64(len(row)), 0.25)/length), row) // to √d, the length of a rotation's rows together
	}
}

// rescalInteraction: Score = hᵀ·R·t. Nickel et al. 2011, eq. 2. Rows: entity [d], relation [d²].
type rescalInteraction struct{}

func (rescalInteraction) Width(d int) (entity, relation int) { return d, d * d }

func (i rescalInteraction) Score(h, r, t []float32) float32 {
	q := make([]float32, len(h))
	i.HeadQuery(r, t, q)
	return vec.Dot(h, q)
}

func (i rescalInteraction) Grad(g float32, h, r, t, dh, dr, dt []float32) {
	if dt != nil {
		for k, v := range h {
			vec.Axpy(g*v, r[k*len(t):(k+1)*len(t)], dt)
		}
	}
	if dh == nil && dr == nil {
		return
	}
	dq := make([]float32, len(t))
	vec.Axpy(g, t, dq)
	i.TailBackward(h, r, dq, dh, dr)
}

func (rescalInteraction) TailQuery(h, r, q []float32) {
	clear(q)
	for k, v := range h {
		vec.Axpy(v, r[k*len(q):(k+1)*len(q)], q)
	}
}

func (rescalInteraction) HeadQuery(r, t, q []float32) { vec.GEMV(r, len(t), len(t), t, q) }

func (rescalInteraction) TailBackward(h, r, dq, dh, dr []float32) {
	d := len(h)
	for k, v := range h {
		if dh != nil {
			dh[k] += vec.Dot(r[k*d:(k+1)*d], dq)
		}
		if dr != nil {
			vec.Axpy(v, dq, dr[k*d:(k+1)*d])
		}
	}
}

func (rescalInteraction) HeadBackward(r, t, dq, dr, dt []float32) {
	d := len(t)
	for k, v := range dq {
		if dt != nil {
			vec.Axpy(v, r[k*d:(k+1)*d], dt)
		}
		if dr != nil {
			vec.Axpy(v, t, dr[k*d:(k+1)*d])
		}
	}
}
