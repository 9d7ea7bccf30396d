package model

import (
	"math"

	"github.com/inklingdb/inkling/internal/vec"
)

const (
	rotatESource = "Sun, Deng, Nie, Tang: RotatE: Knowledge Graph Embedding by Relational Rotation in Complex Space, ICLR 2019, eq. 3"
	rotatELayout = "entity [2d]: d real parts, d imaginary parts; relation [2d]: the same, read by direction alone (r/|r|; 0 counts as 1)"
)

var rotatE = Family{
	Name:          "rotate",
	Title:         "RotatE",
	Equation:      "−Σᵢ |hᵢ·r̂ᵢ − tᵢ|, hᵢ, tᵢ ∈ ℂ, r̂ᵢ = rᵢ/|rᵢ|",
	Source:        rotatESource,
	Layout:        rotatELayout,
	Modulus:       2,
	Similarity:    NegModuli,
	Interaction:   rotatEInteraction{NegModuli},
	Directions:    true,
	StartRelation: startOnCircle,
}

var rotatEL2 = Family{
	Name:          "rotate-l2",
	Title:         "RotatE-L2",
	Equation:      "−√Σᵢ |hᵢ·r̂ᵢ − tᵢ|², hᵢ, tᵢ ∈ ℂ, r̂ᵢ = rᵢ/|rᵢ|",
	Source:        rotatESource,
	Layout:        rotatELayout,
	Modulus:       2,
	Similarity:    NegL2,
	Interaction:   rotatEInteraction{NegL2},
	Directions:    true,
	StartRelation: startOnCircle,
}

// startOnCircle gives a fresh relation's numbers the modulus 1, so that a step of an optimiser turns it by about the
// learning rate, in radians.
func startOnCircle(row []float32) { copy(row, units(row)) }

// rotatEInteraction: Score = −‖h∘r̂ − t‖, r̂ᵢ on the unit circle. Sun et al. 2019, eq. 3; summed over moduli as in the
// authors' code, or the Euclidean norm. A relation is held as complex numbers of which only the direction counts, not as
// angles: a step needs no sine. Rows [2d].
type rotatEInteraction struct{ similarity Similarity }

func (rotatEInteraction) Width(d int) (entity, relation int) { return 2 * d, 2 * d }

func (i rotatEInteraction) Score(h, r, t []float32) float32 {
	return queried{i, i.similarity}.score(h, r, t)
}

func (i rotatEInteraction) Grad(g float32, h, r, t, dh, dr, dt []float32) {
	queried{i, i.similarity}.grad(g, h, r, t, dh, dr, dt)
}

func (rotatEInteraction) TailQuery(h, r, q []float32) {
	unit := units(r)
	vec.ComplexMul(h, unit, q, len(h)/2)
}

// HeadQuery turns the tail back: |h·r̂ − t| = |h − t·conj(r̂)|.
func (rotatEInteraction) HeadQuery(r, t, q []float32) {
	unit := units(r)
	vec.ComplexMulConj(unit, t, q, len(t)/2)
}

func (rotatEInteraction) TailBackward(h, r, dq, dh, dr []float32) {
	unit := units(r)
	if dh != nil {
		addConjugateProduct(1, unit, dq, dh)
	}
	if dr != nil {
		turned := make([]float32, len(r))
		vec.ComplexMulConj(h, dq, turned, len(r)/2)
		addTangent(r, unit, turned, dr)
	}
}

func (rotatEInteraction) HeadBackward(r, t, dq, dr, dt []float32) {
	unit := units(r)
	if dt != nil {
		addProduct(1, unit, dq, dt)
	}
	if dr != nil {
		turned := make([]float32, len(r))
		vec.ComplexMulConj(dq, t, turned, len(r)/2)
		addTangent(r, unit, turned, dr)
	}
}

// units returns the complex numbers of a row divided by their moduli; 0 becomes 1.
func units(r []float32) []float32 {
	out := make([]float32, len(r))
	re, im := halves(r)
	outRe, outIm := halves(out)
	for i := range re {
		a, b := re[i], im[i]
		m := float64(a)*float64(a) + float64(b)*float64(b)
		if m == 0 {
			outRe[i] = 1
			continue
		}
		inverse := 1 / math.Sqrt(m)
		outRe[i], outIm[i] = float32(float64(a)*inverse), float32(float64(b)*inverse)
	}
	return out
}

// addTangent adds to dr the gradient of a loss by r that is dunit by r/|r|: what is along r̂ falls away, the rest is
// divided by |r|. It is 0 where r is 0.
func addTangent(r, unit, dunit, dr []float32) {
	re, im := halves(r)
	ur, ui := halves(unit)
	gr, gi := halves(dunit)
	outRe, outIm := halves(dr)
	for i := range re {
		m := float64(re[i])*float64(re[i]) + float64(im[i])*float64(im[i])
		if m == 0 {
			continue
		}
		across := float64(ur[i]*gi[i]-ui[i]*gr[i]) / math.Sqrt(m)
		outRe[i] -= float32(float64(ui[i]) * across)
		outIm[i] += float32(float64(ur[i]) * across)
	}
}
