package index

import "math"

// Functionality is how nearly a relation gives one value: the share of its triples that are the first of their head (or,
// for the inverse, of their tail). 1 is a function; a relation of three tails a head has 1/3. It is what Suchanek,
// Abiteboul and Senellart 2011 (PARIS) call functionality, the reciprocal of the mean tails per head.
//
// Low and High are the ends of Wilson's interval (1927) of that share, so that a relation of a few triples is not called
// a function on their strength: each end holds with a confidence of 95%, were the triples drawn independently.
type Functionality struct {
	Triples   int64
	Share     float64 // 0 without triples
	Low, High float64 // 0 and 1 without triples
}

// FunctionalLeast is the least Low from which a relation counts as functional where nothing else is said. Without an
// exception 25 triples reach it, and of 1,000 triples 84 may be further ones of their head.
const FunctionalLeast = 0.9

// oneSided is the standard normal quantile of 95%.
const oneSided = 1.6448536269514722

// Functionality returns how nearly the relation has one tail per head.
func (c RelationCounts) Functionality() Functionality { return functionality(c.Subjects, c.Triples) }

// InverseFunctionality returns how nearly the relation has one head per tail.
func (c RelationCounts) InverseFunctionality() Functionality {
	return functionality(c.Objects, c.Triples)
}

// functionality returns the share of first triples with Wilson's interval.
func functionality(first, triples int64) Functionality {
	if triples == 0 {
		return Functionality{High: 1}
	}
	n := float64(triples)
	p := float64(first) / n
	const square = oneSided * oneSided
	centre := p + square/(2*n)
	half := oneSided * math.Sqrt(p*(1-p)/n+square/(4*n*n))
	return Functionality{Triples: triples, Share: p,
		Low: math.Max(0, (centre-half)/(1+square/n)), High: math.Min(1, (centre+half)/(1+square/n))}
}

// Functional reports whether the interval lies above least; 0 means FunctionalLeast.
func (f Functionality) Functional(least float64) bool {
	if least == 0 {
		least = FunctionalLeast
	}
	return f.Triples > 0 && f.Low >= least
}
