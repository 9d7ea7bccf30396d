package train

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
)

// adagradEps keeps the first step of a coordinate with a zero gradient finite.
const adagradEps = 1e-10

// parameters are the tables being learnt and the sums of squared gradients that Adagrad keeps beside them
// (Duchi, Hazan, Singer 2011).
type parameters struct {
	model.Tables
	bilinear     model.Bilinear
	entityWidth  int
	relWidth     int
	entitySums   []float32
	relationSums []float32
}

func newParameters(family model.Family, dim int, vocabulary *model.Vocabulary) *parameters {
	p := &parameters{Tables: model.Tables{Family: family, Dim: dim, Vocabulary: vocabulary, Reciprocal: true}}
	p.bilinear, _ = family.Interaction.(model.Bilinear)
	p.entityWidth, p.relWidth = p.Widths()
	p.Entities = make([]float32, vocabulary.Entities()*p.entityWidth)
	p.Relations = make([]float32, p.RelationRows()*p.relWidth)
	p.entitySums = make([]float32, len(p.Entities))
	p.relationSums = make([]float32, len(p.Relations))
	return p
}

// initialise draws every parameter from a normal distribution.
func (p *parameters) initialise(scale float64, random *rand.Rand) {
	for _, table := range [][]float32{p.Entities, p.Relations} {
		for i := range table {
			table[i] = float32(scale * random.NormFloat64())
		}
	}
}

// snapshot returns a copy of the tables.
func (p *parameters) snapshot() model.Tables {
	t := p.Tables
	t.Entities, t.Relations = slices.Clone(t.Entities), slices.Clone(t.Relations)
	return t
}

// step takes one Adagrad step on an entity's row.
func (p *parameters) stepEntity(row uint32, grad []float32, rate float32) {
	at := int(row) * p.entityWidth
	vec.Adagrad(p.Entities[at:at+p.entityWidth], grad, p.entitySums[at:at+p.entityWidth], rate, adagradEps)
}

func (p *parameters) stepRelation(row uint32, grad []float32, rate float32) {
	at := int(row) * p.relWidth
	vec.Adagrad(p.Relations[at:at+p.relWidth], grad, p.relationSums[at:at+p.relWidth], rate, adagradEps)
}

// addN3 adds the gradient of weight·Σᵢ|xᵢ|³ to grad; |xᵢ| is the modulus of a complex number when modulus is 2 and
// the row holds real parts, then imaginary parts. Lacroix, Usunier, Obozinski: Canonical Tensor Decomposition for
// Knowledge Base Completion, ICML 2018, eq. 5.
func addN3(weight float32, x, grad []float32, modulus int) {
	weight *= 3
	if modulus == 1 {
		grad = grad[:len(x)]
		for i, v := range x {
			grad[i] += weight * float32(math.Abs(float64(v))) * v
		}
		return
	}
	d := len(x) / 2
	re, im := x[:d:d], x[d:2*d:2*d]
	gr, gi := grad[:d:d], grad[d:2*d:2*d]
	for i := range re {
		a := weight * float32(math.Sqrt(float64(re[i]*re[i]+im[i]*im[i])))
		gr[i] += a * re[i]
		gi[i] += a * im[i]
	}
}
