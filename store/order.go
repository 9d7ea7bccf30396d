package store

import "cmp"

// Order is a sort order of triples. Values are written to disk.
type Order uint8

const (
	Any Order = 0 // whichever serves the pattern best
	SPO Order = 1
	POS Order = 2
	OSP Order = 3
)

// orders lists the orders that are stored.
var orders = [3]Order{SPO, POS, OSP}

func (o Order) String() string {
	switch o {
	case SPO:
		return "SPO"
	case POS:
		return "POS"
	case OSP:
		return "OSP"
	}
	return "any"
}

// tuple is a triple's three terms in some order.
type tuple [3]TermID

const maxID = ^TermID(0)

func (a tuple) compare(b tuple) int {
	if c := cmp.Compare(a[0], b[0]); c != 0 {
		return c
	}
	if c := cmp.Compare(a[1], b[1]); c != 0 {
		return c
	}
	return cmp.Compare(a[2], b[2])
}

func (a tuple) less(b tuple) bool {
	if a[0] != b[0] {
		return a[0] < b[0]
	}
	if a[1] != b[1] {
		return a[1] < b[1]
	}
	return a[2] < b[2]
}

// arrange returns a triple's terms in an order.
func (o Order) arrange(t Triple) tuple {
	switch o {
	case POS:
		return tuple{t.P, t.O, t.S}
	case OSP:
		return tuple{t.O, t.S, t.P}
	}
	return tuple{t.S, t.P, t.O}
}

// triple is the inverse of arrange.
func (o Order) triple(t tuple) Triple {
	switch o {
	case POS:
		return Triple{S: t[2], P: t[0], O: t[1]}
	case OSP:
		return Triple{S: t[1], P: t[2], O: t[0]}
	}
	return Triple{S: t[0], P: t[1], O: t[2]}
}

// best returns an order in which all matches of the pattern are adjacent.
func (p Pattern) best() Order {
	switch {
	case p.S != 0 && (p.P != 0 || p.O == 0):
		return SPO
	case p.O != 0 && p.P == 0:
		return OSP
	case p.P != 0:
		return POS
	}
	return SPO
}

// span returns the first and last tuple that matches can be between, and whether the span holds nothing else.
func (o Order) span(p Pattern) (low, high tuple, exact bool) {
	want := o.arrange(Triple(p))
	high = tuple{maxID, maxID, maxID}
	n := 0
	for ; n < 3 && want[n] != 0; n++ {
		low[n], high[n] = want[n], want[n]
	}
	for i := n; i < 3; i++ {
		if want[i] != 0 {
			return low, high, false
		}
	}
	return low, high, true
}

// matches reports whether a triple fits the pattern.
func (p Pattern) matches(t Triple) bool {
	return (p.S == 0 || p.S == t.S) && (p.P == 0 || p.P == t.P) && (p.O == 0 || p.O == t.O)
}
