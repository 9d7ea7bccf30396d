package train

import (
	"math"
	"math/rand/v2"
	"slices"
)

// sampler draws the negatives of a paired loss.
type sampler struct {
	entities  int
	sampling  Sampling
	answers   map[question][]uint32 // stated answers, ascending; nil where negatives are not filtered
	threshold []float64             // alias table of Degree: keep the drawn entity below it,
	alias     []uint32              // else take this one
}

// question is a query without its answer.
type question struct {
	entity, relation uint32
	heads            bool
}

func (g group) question() question { return question{g.entity, g.relation, g.heads} }

// newSampler prepares the draws; whole holds each query of the training triples with all its answers.
func newSampler(o Options, whole []group, entities int) *sampler {
	s := &sampler{entities: entities, sampling: o.Sampling}
	if !o.Unfiltered {
		s.answers = make(map[question][]uint32, len(whole))
		for _, g := range whole {
			s.answers[g.question()] = g.targets
		}
	}
	if o.Sampling == Degree {
		degrees := make([]float64, entities)
		for _, g := range whole {
			for _, t := range g.targets {
				degrees[t]++ // both directions are queries, so each triple counts at both its ends
			}
		}
		s.aliases(degrees)
	}
	return s
}

// aliases prepares draws in proportion to degree^¾ in constant time each (Walker 1977).
func (s *sampler) aliases(degrees []float64) {
	var total float64
	for i, d := range degrees {
		degrees[i] = math.Pow(d, 0.75)
		total += degrees[i]
	}
	s.threshold, s.alias = make([]float64, len(degrees)), make([]uint32, len(degrees))
	var small, large []uint32
	for i := range degrees {
		degrees[i] *= float64(len(degrees)) / total
		s.alias[i] = uint32(i)
		if degrees[i] < 1 {
			small = append(small, uint32(i))
		} else {
			large = append(large, uint32(i))
		}
	}
	for len(small) > 0 && len(large) > 0 {
		low, high := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		s.threshold[low], s.alias[low] = degrees[low], high
		if degrees[high] -= 1 - degrees[low]; degrees[high] < 1 {
			large = large[:len(large)-1]
			small = append(small, high)
		}
	}
	for _, i := range append(small, large...) {
		s.threshold[i] = 1
	}
}

// redraws bounds how often a stated answer is drawn again: a crowded query may have no false answer.
const redraws = 8

// draw fills out with entities that do not answer the query as far as is stated.
func (s *sampler) draw(g group, out []uint32, random *rand.Rand) {
	answers := s.answers[g.question()]
	var told sketch
	told.add(answers)
	for i := range out {
		for range redraws {
			out[i] = s.one(random)
			if !told.holds(out[i]) || !among(answers, out[i]) {
				break
			}
		}
	}
}

// sketch holds rows by their last bits: most draws are told from the answers by it, without a search.
type sketch [16]uint64

func (s *sketch) add(rows []uint32) {
	for _, row := range rows {
		s[row/64%uint32(len(s))] |= 1 << (row % 64)
	}
}

// holds is true of every row added and of some others.
func (s *sketch) holds(row uint32) bool { return s[row/64%uint32(len(s))]>>(row%64)&1 != 0 }

// among reports whether an ascending list holds a row; most answers are few.
func among(rows []uint32, row uint32) bool {
	if len(rows) > 8 {
		_, found := slices.BinarySearch(rows, row)
		return found
	}
	return slices.Contains(rows, row)
}

func (s *sampler) one(random *rand.Rand) uint32 {
	e := uint32(random.Uint64() >> 32 * uint64(s.entities) >> 32) // off even by less than entities/2³²
	if s.sampling == Degree && random.Float64() >= s.threshold[e] {
		return s.alias[e]
	}
	return e
}

// keepSides chooses which ends of the triples are asked for in Bernoulli sampling, one a triple on average: of a query with
// m answers whose triples' other ends have n on average, the crowded side is asked for less. Groups have one target each;
// it returns the questions to keep.
func (c crowds) keepSides(groups []group, reverse uint32, random *rand.Rand) []group {
	kept := groups[:0:0]
	for _, g := range groups {
		r, heads := g.relation, g.heads
		if reverse > 0 && r >= reverse {
			r, heads = r-reverse, true
		}
		// The head is replaced with probability tph/(tph+hpt): tails a head has over the sum of both.
		headShare := c.perHead[r] / (c.perHead[r] + c.perTail[r])
		if heads {
			headShare = 1 - headShare
		}
		if random.Float64() >= headShare {
			kept = append(kept, g)
		}
	}
	return kept
}

// crowds are, by relation, the mean number of heads a tail has and of tails a head has.
type crowds struct{ perTail, perHead map[uint32]float64 }

func crowdsOf(groups []group, reverse uint32) crowds {
	triples := map[uint32]float64{}
	heads, tails := map[uint32]map[uint32]bool{}, map[uint32]map[uint32]bool{}
	for _, g := range groups {
		r, asked := g.relation, heads
		if g.heads || reverse > 0 && r >= reverse {
			asked = tails
			if reverse > 0 {
				r -= reverse
			}
		}
		if asked[r] == nil {
			asked[r] = map[uint32]bool{}
		}
		asked[r][g.entity] = true
		triples[r] += float64(len(g.targets)) / 2
	}
	c := crowds{map[uint32]float64{}, map[uint32]float64{}}
	for r, n := range triples {
		c.perTail[r], c.perHead[r] = n/float64(max(1, len(tails[r]))), n/float64(max(1, len(heads[r])))
	}
	return c
}
