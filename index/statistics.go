package index

import (
	"math"

	"github.com/inklingdb/inkling/store"
)

// Places is a set of places of a triple.
type Places uint8

// The places of a triple.
const (
	PlaceS Places = 1 << iota
	PlaceP
	PlaceO
)

// Statistics estimates rows for the planner. It reads the block index for patterns and the sets for distinct
// counts; it is cheap to make and lives as long as its view.
type Statistics struct {
	view *store.View
	sets *SetsSnapshot // nil: distinct counts are guessed
}

// NewStatistics returns the statistics of a view.
func NewStatistics(v *store.View) Statistics { return Statistics{v, SetsOf(v)} }

// Estimate returns how many triples of a graph match a pattern for each binding of the places in bound, which the
// pattern leaves open and a join will have filled with values that are not known yet. With bound 0 it is the count
// of matches, exact in most cases. Values are assumed to be spread evenly and independently.
func (s Statistics) Estimate(g store.TermID, p store.Pattern, bound Places) float64 {
	count, _ := s.view.Count(g, p)
	rows := float64(count)
	for _, place := range [3]Places{PlaceS, PlaceP, PlaceO} {
		if bound&place != 0 && isOpen(p, place) {
			rows /= s.Distinct(g, p.P, place)
		}
	}
	return rows
}

// isOpen reports whether a pattern leaves a place open.
func isOpen(p store.Pattern, place Places) bool {
	switch place {
	case PlaceS:
		return p.S == 0
	case PlaceP:
		return p.P == 0
	}
	return p.O == 0
}

// Distinct returns how many different terms stand in a place of a relation; relation 0: of the whole graph. It is
// at least 1.
func (s Statistics) Distinct(g, p store.TermID, place Places) float64 {
	if s.sets == nil {
		// Without sets: between one term (a class) and as many as triples (a key) lies, on a log scale, the middle.
		count, _ := s.view.Count(g, store.Pattern{P: p})
		return math.Max(1, math.Sqrt(float64(count)))
	}
	c := s.sets.Counts(g, p)
	switch place {
	case PlaceS:
		return math.Max(1, float64(c.Subjects))
	case PlaceO:
		return math.Max(1, float64(c.Objects))
	}
	return math.Max(1, float64(s.sets.relationCount(g)))
}

// Degree returns in how many triples of a graph a term is subject, and in how many object.
func Degree(v *store.View, g, term store.TermID) (out, in int64) {
	out, _ = v.Count(g, store.Pattern{S: term})
	in, _ = v.Count(g, store.Pattern{O: term})
	return out, in
}
