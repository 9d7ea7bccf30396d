package pattern

import "strings"

// Set is a set of patterns.
type Set uint16

// The patterns. Exactly one of the last four holds of a relation that has a triple.
const (
	Symmetric Set = 1 << iota
	Antisymmetric
	Reflexive
	InverseOf
	Composed
	OneToOne
	OneToN
	NToOne
	NToN
)

// Cardinalities are the four patterns of which each relation has one.
const Cardinalities = OneToOne | OneToN | NToOne | NToN

// All lists the patterns in the order in which reports show them.
var All = []Set{Symmetric, Antisymmetric, Reflexive, InverseOf, Composed, OneToOne, OneToN, NToOne, NToN}

var names = map[Set]string{
	Symmetric: "symmetric", Antisymmetric: "antisymmetric", Reflexive: "reflexive", InverseOf: "inverse",
	Composed: "composition", OneToOne: "1-to-1", OneToN: "1-to-N", NToOne: "N-to-1", NToN: "N-to-N",
}

// Has reports whether all patterns of other are in the set.
func (s Set) Has(other Set) bool { return s&other == other }

// Names returns the patterns' names in the order of All.
func (s Set) Names() []string {
	list := []string{}
	for _, p := range All {
		if s&p != 0 {
			list = append(list, names[p])
		}
	}
	return list
}

func (s Set) String() string { return strings.Join(s.Names(), ", ") }

// Thresholds of the verdicts. The shares are of what a graph states: a data set usually keeps a tenth to a fifth of
// its triples apart, so that a pattern without exception shows a share of 0.8 to 0.9 in what is left.
const (
	leastSupport       = 10   // pairs, reversible pairs or nodes without which there is no verdict
	symmetricShare     = 0.8  // of pairs reversed
	antisymmetricShare = 0.95 // of reversible pairs not reversed
	reflexiveShare     = 0.8  // of nodes with a loop
	inverseShare       = 0.8  // of pairs, both ways
	composedShare      = 0.5  // of joined pairs stated, being a rule's confidence
	composedLift       = 2    // times what chance states
	leastCoverage      = 0.1  // of the relation's pairs joined
	// manyTails is from how many tails a head, or heads a tail, on average a side counts as N. Bordes et al. 2013, §4.3.
	manyTails = 1.5
)

// verdict draws the conclusions from the counts.
func verdict(e *Evidence) (s Set) {
	if e.Triples == 0 {
		return 0
	}
	s = cardinality(e)
	if e.Pairs() >= leastSupport && e.Symmetric() >= symmetricShare {
		s |= Symmetric
	}
	if e.Reversible >= leastSupport && e.Antisymmetric() >= antisymmetricShare {
		s |= Antisymmetric
	}
	if e.Nodes >= leastSupport && e.Reflexive() >= reflexiveShare {
		s |= Reflexive
	}
	if e.Inverse.Support >= leastSupport && min(e.Inverse.Share, e.Inverse.Back) >= inverseShare {
		s |= InverseOf
	}
	for _, c := range e.Compositions {
		if c.Holds() {
			s |= Composed
		}
	}
	return s
}

// Holds reports whether the composition is a rule: enough joined pairs, most of them stated, and not by chance.
func (c *Composition) Holds() bool {
	return c.Joined >= leastSupport && c.Share >= composedShare && c.Lift >= composedLift && c.Coverage >= leastCoverage
}

func cardinality(e *Evidence) Set {
	switch manyT, manyH := e.TailsPerHead() >= manyTails, e.HeadsPerTail() >= manyTails; {
	case manyT && manyH:
		return NToN
	case manyT:
		return OneToN
	case manyH:
		return NToOne
	}
	return OneToOne
}

// Shares returns, by pattern in the order of All, the share of the graph's triples whose relation has it.
func (r *Report) Shares() []float64 {
	shares := make([]float64, len(All))
	for i, p := range All {
		n := 0
		for _, e := range r.Relations {
			if e.Verdict.Has(p) {
				n += e.Triples
			}
		}
		shares[i] = ratio(n, r.Triples)
	}
	return shares
}
