package train

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
)

// adagradEps keeps the first step of a coordinate with a zero gradient finite; the others are Kingma and Ba's.
const (
	adagradEps = 1e-10
	adamBeta1  = 0.9
	adamBeta2  = 0.999
	adamEps    = 1e-8
)

// parameters are the tables being learnt and what the optimiser keeps beside them.
type parameters struct {
	model.Tables
	querier      model.Querier
	entityWidth  int
	relWidth     int
	optimiser    Optimiser
	relationRate float32
	entities     state
	relations    state
	adam         vec.AdamStep
	steps        int
	norms        []float32 // squared norms of the entity rows, where scores are Euclidean distances
	moving       int       // how many entities, the first, may move
}

// state is the optimiser's of one table: sums of squared gradients for Adagrad, the two moments for Adam.
type state struct{ first, second []float32 }

func newParameters(family model.Family, o Options, vocabulary *model.Vocabulary) *parameters {
	p := &parameters{Tables: model.Tables{Family: family, Dim: o.Dim, Vocabulary: vocabulary, Reciprocal: !o.NoReciprocal}}
	p.querier, _ = family.Interaction.(model.Querier)
	p.entityWidth, p.relWidth = p.Widths()
	p.moving = vocabulary.Entities()
	p.Entities = make([]float32, vocabulary.Entities()*p.entityWidth)
	p.Relations = make([]float32, p.RelationRows()*p.relWidth)
	p.optimiser, p.relationRate = o.Optimiser, float32(o.RelationRate)
	for table, s := range map[*state][]float32{&p.entities: p.Entities, &p.relations: p.Relations} {
		table.second = make([]float32, len(s))
		if o.Optimiser == Adam {
			table.first = make([]float32, len(s))
		}
	}
	if family.Similarity == model.NegL2 {
		p.norms = make([]float32, vocabulary.Entities())
	}
	return p
}

// initialise draws every parameter from a normal distribution and lets the family change the relations' rows.
func (p *parameters) initialise(scale float64, random *rand.Rand) {
	for _, table := range [][]float32{p.Entities, p.Relations} {
		for i := range table {
			table[i] = float32(scale * random.NormFloat64())
		}
	}
	if start := p.Family.StartRelation; start != nil {
		for r := range p.RelationRows() {
			start(p.Relation(uint32(r)))
		}
	}
	p.renorm()
}

// renorm renews the squared norms of the entity rows where they are kept.
func (p *parameters) renorm() {
	if p.norms != nil {
		vec.SquaredNorms(p.EntityMatrix(), p.norms)
	}
}

// goOn takes the rows of the terms that an embedding knows from it, those of reverse relations too.
func (p *parameters) goOn(from *model.Embedding) {
	for row, id := range p.Vocabulary.EntityIDs() {
		if old, ok := from.Vocabulary.Entity(id); ok {
			copy(p.Entity(uint32(row)), from.Entity(old))
		}
	}
	for row, id := range p.Vocabulary.RelationIDs() {
		old, ok := from.Vocabulary.Relation(id)
		if !ok {
			continue
		}
		copy(p.Relation(uint32(row)), from.Relation(old))
		if p.Reciprocal {
			copy(p.Relation(uint32(row+p.Vocabulary.Relations())), from.Relation(old+uint32(from.Vocabulary.Relations())))
		}
	}
	if p.norms != nil {
		vec.SquaredNorms(p.EntityMatrix(), p.norms)
	}
}

// take sets the tables to others, their entities in another order, of which the first ones move.
func (p *parameters) take(from model.Tables, order []uint32, moving int) {
	for i, e := range order {
		copy(p.Entity(uint32(i)), from.Entity(e))
	}
	copy(p.Relations, from.Relations)
	p.moving = moving
	p.renorm()
}

// give returns tables with the entities back where take had them from.
func (p *parameters) give(to model.Tables, order []uint32) model.Tables {
	to.Entities, to.Relations = slices.Clone(to.Entities), slices.Clone(p.Relations)
	for i, e := range order[:p.moving] {
		copy(to.Entity(e), p.Entity(uint32(i)))
	}
	return to
}

// snapshot returns a copy of the tables.
func (p *parameters) snapshot() model.Tables {
	t := p.Tables
	t.Entities, t.Relations = slices.Clone(t.Entities), slices.Clone(t.Relations)
	return t
}

// beginStep counts a batch and sets the rate of its steps.
func (p *parameters) beginStep(rate float32) {
	p.steps++
	correction := func(beta float64) float32 { return float32(1 / (1 - math.Pow(beta, float64(p.steps)))) }
	p.adam = vec.AdamStep{
		Rate: rate, Beta1: adamBeta1, Beta2: adamBeta2, Eps: adamEps,
		Correction1: correction(adamBeta1), Correction2: correction(adamBeta2),
	}
}

// stepEntity takes one step on an entity's row.
func (p *parameters) stepEntity(row uint32, grad []float32) {
	if int(row) >= p.moving {
		return
	}
	at := int(row) * p.entityWidth
	w := p.Entities[at : at+p.entityWidth]
	p.step(w, grad, p.entities, at, p.adam)
	if p.norms != nil {
		p.norms[row] = vec.Dot(w, w)
	}
}

func (p *parameters) stepRelation(row uint32, grad []float32) {
	at := int(row) * p.relWidth
	step := p.adam
	step.Rate *= p.relationRate
	p.step(p.Relations[at:at+p.relWidth], grad, p.relations, at, step)
}

// step moves a row whose state begins at the given place.
func (p *parameters) step(w, grad []float32, s state, at int, step vec.AdamStep) {
	if p.optimiser == Adam {
		vec.Adam(w, grad, s.first[at:at+len(w)], s.second[at:at+len(w)], step)
		return
	}
	vec.Adagrad(w, grad, s.second[at:at+len(w)], step.Rate, adagradEps)
}
