package eval

import (
	"math"
	"math/rand/v2"

	"github.com/inklingdb/inkling/engine/model"
)

// Fact is a triple with its truth.
type Fact struct {
	model.Triple
	True bool
	// Doubtful says that the triple was drawn as a false one and the graph states it all the same.
	Doubtful bool
}

// Corruption says how a false triple is made.
type Corruption int

// The corruptions.
const (
	ReplaceObject Corruption = iota // of a true triple, by any entity
	ReplaceBoth                     // both ends by any entities: a cell of the relation's matrix
)

// trueShare is the share of true facts in the stratified samples of Padia et al. 2019, §4.3.
const trueShare = 0.6

// UniformOptions says how UniformFacts draws.
type UniformOptions struct {
	PerRelation int     // facts a relation, 60 % of them true
	Most        float64 // of a relation's triples at most this share is drawn, rounded down; 0 means 1/2
	Corruption  Corruption
	Seed        uint64
}

// UniformFacts draws the stratified-uniform sample of Padia et al. 2019, §4.3: of each relation as many facts, 60 % of them
// triples, 40 % not. No fact is drawn twice, and a relation keeps half of its triples to be learnt from, so that small
// relations have fewer facts (in the same proportion) and those of a single triple none; the authors draw small relations
// with repetition and mask all they have. known must hold the triples.
func UniformFacts(triples []model.Triple, known *Known, entities int, o UniformOptions) []Fact {
	if o.Most == 0 {
		o.Most = 0.5
	}
	groups := make(map[uint32][]model.Triple)
	last := uint32(0)
	for _, t := range triples {
		groups[t.R] = append(groups[t.R], t)
		last = max(last, t.R)
	}
	d := drawer{known: known, entities: entities, random: rand.New(rand.NewPCG(o.Seed, 21)), taken: map[model.Triple]bool{}}
	var facts []Fact
	for r := range last + 1 {
		group := groups[r]
		trues := min(int(math.Round(trueShare*float64(o.PerRelation))), int(o.Most*float64(len(group))))
		var own []Fact
		for _, at := range d.random.Perm(len(group))[:trues] {
			own = append(own, Fact{Triple: group[at], True: true})
		}
		falses := int(math.Round(float64(trues) * (1 - trueShare) / trueShare))
		for range falses {
			if wrong, ok := d.wrong(group[d.random.IntN(len(group))], o.Corruption); ok {
				own = append(own, Fact{Triple: wrong})
			}
		}
		facts = append(facts, own...)
	}
	return facts
}

// WeightedFacts draws the stratified-weighted sample of Padia et al. 2019, §4.3: 60 % of the given true triples as they
// are, the other 40 % with their objects replaced, so that relations have the shares that they have among the triples.
func WeightedFacts(trues []model.Triple, known *Known, entities int, seed uint64) []Fact {
	d := drawer{known: known, entities: entities, random: rand.New(rand.NewPCG(seed, 22)), taken: map[model.Triple]bool{}}
	facts := make([]Fact, 0, len(trues))
	border := int(math.Round(trueShare * float64(len(trues))))
	for i, at := range d.random.Perm(len(trues)) {
		if i < border {
			facts = append(facts, Fact{Triple: trues[at], True: true})
		} else if wrong, ok := d.wrong(trues[at], ReplaceObject); ok {
			facts = append(facts, Fact{Triple: wrong})
		}
	}
	return facts
}

// drawer draws false triples, each once.
type drawer struct {
	known    *Known
	entities int
	random   *rand.Rand
	taken    map[model.Triple]bool
}

// corruptionTries is how often an unknown triple is looked for before a crowded question is given up.
const corruptionTries = 1000

func (d *drawer) wrong(t model.Triple, c Corruption) (model.Triple, bool) {
	for range corruptionTries {
		t.T = uint32(d.random.IntN(d.entities))
		if c == ReplaceBoth {
			t.H = uint32(d.random.IntN(d.entities))
		}
		if !d.taken[t] && !d.known.Has(t) {
			d.taken[t] = true
			return t, true
		}
	}
	return t, false
}

// MarkDoubtful marks the true facts that stand, within their relation, beyond the first 60 % of its facts: published samples
// list the triples drawn as true first.
func MarkDoubtful(facts []Fact) {
	total, seen := map[uint32]int{}, map[uint32]int{}
	for _, f := range facts {
		total[f.R]++
	}
	for i, f := range facts {
		seen[f.R]++
		facts[i].Doubtful = f.True && seen[f.R] > int(math.Round(trueShare*float64(total[f.R])))
	}
}

// Truths returns the true triples of facts, each as often as it is there.
func Truths(facts []Fact) []model.Triple {
	var list []model.Triple
	for _, f := range facts {
		if f.True {
			list = append(list, f.Triple)
		}
	}
	return list
}

// FactSamples scores facts. Doubtful ones are left out with certain.
func FactSamples(facts []Fact, score func(h, r, t uint32) float32, certain bool) []Sample {
	samples := make([]Sample, 0, len(facts))
	for _, f := range facts {
		if !certain || !f.Doubtful {
			samples = append(samples, Sample{Score: float64(score(f.H, f.R, f.T)), True: f.True, Relation: f.R})
		}
	}
	return samples
}
