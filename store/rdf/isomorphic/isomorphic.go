// Package isomorphic tells whether two RDF graphs, or two tables of terms, are equal up to the names of their blank
// nodes. It is meant for tests: exact, fast on what people write, exponential on graphs built to defeat it.
package isomorphic

import (
	"hash/maphash"
	"slices"
	"strconv"

	"github.com/inklingdb/inkling/store/rdf"
)

// Quads reports whether a and b, as sets, are isomorphic: some one-to-one renaming of blank nodes makes them equal.
func Quads(a, b []rdf.Quad) bool {
	return equal(newTable(quadRows(a), true), newTable(quadRows(b), true))
}

// Rows reports whether a and b, as multisets of rows, are equal up to one renaming of blank nodes over all rows.
// A zero Term stands for an unbound cell.
func Rows(a, b [][]rdf.Term) bool {
	return equal(newTable(a, false), newTable(b, false))
}

func quadRows(quads []rdf.Quad) [][]rdf.Term {
	rows := make([][]rdf.Term, len(quads))
	for i, q := range quads {
		rows[i] = []rdf.Term{q.S, q.P, q.O, q.G}
	}
	return rows
}

// table is a multiset of rows whose blank nodes are numbers.
type table struct {
	rows   [][]rdf.Term // each distinct row once
	counts []int
	nodes  map[string]int // label → number
	uses   [][]int        // node → rows that hold it
	colour []uint64       // node → what is known of its surroundings
}

func newTable(rows [][]rdf.Term, set bool) *table {
	t := &table{nodes: map[string]int{}}
	seen := map[string]int{}
	for _, row := range rows {
		key := rowKey(row, func(r rdf.Term) string { return "_:" + r.Value })
		if at, ok := seen[key]; ok {
			if !set {
				t.counts[at]++
			}
			continue
		}
		at := len(t.rows)
		seen[key] = at
		t.rows, t.counts = append(t.rows, row), append(t.counts, 1)
		for _, term := range row {
			if term.Kind != rdf.Blank {
				continue
			}
			n, ok := t.nodes[term.Value]
			if !ok {
				n = len(t.nodes)
				t.nodes[term.Value] = n
				t.uses = append(t.uses, nil)
			}
			if u := t.uses[n]; len(u) == 0 || u[len(u)-1] != at {
				t.uses[n] = append(u, at)
			}
		}
	}
	t.colour = make([]uint64, len(t.nodes))
	return t
}

// rowKey joins a row's terms; blank gives the text of a blank node.
func rowKey(row []rdf.Term, blank func(rdf.Term) string) string {
	var key []byte
	for _, term := range row {
		if term.Kind == rdf.Blank {
			key = append(key, blank(term)...)
		} else {
			key = rdf.AppendTerm(key, term)
		}
		key = append(key, '\n')
	}
	return string(key)
}

var seed = maphash.MakeSeed()

// refine recolours the nodes by the rows they stand in until no new difference shows.
func (t *table) refine() {
	for classes := t.classes(); ; {
		next := make([]uint64, len(t.colour))
		for label, n := range t.nodes {
			sum := maphash.Comparable(seed, t.colour[n])
			for _, at := range t.uses[n] {
				key := rowKey(t.rows[at], func(r rdf.Term) string {
					own := ""
					if r.Value == label {
						own = "self"
					}
					return own + strconv.FormatUint(t.colour[t.nodes[r.Value]], 36)
				})
				sum += maphash.String(seed, key+strconv.Itoa(t.counts[at]))
			}
			next[n] = sum
		}
		t.colour = next
		now := t.classes()
		if now == classes {
			return
		}
		classes = now
	}
}

func (t *table) classes() int {
	distinct := map[uint64]bool{}
	for _, c := range t.colour {
		distinct[c] = true
	}
	return len(distinct)
}

// keys returns the rows with colours for blank nodes, sorted.
func (t *table) keys() []string {
	keys := make([]string, len(t.rows))
	for i, row := range t.rows {
		keys[i] = strconv.Itoa(t.counts[i]) + " " + rowKey(row, func(r rdf.Term) string {
			return "_:" + strconv.FormatUint(t.colour[t.nodes[r.Value]], 36)
		})
	}
	slices.Sort(keys)
	return keys
}

// equal refines both tables alike and, where nodes stay indistinct, tries each pairing of one with the others.
func equal(a, b *table) bool {
	if len(a.rows) != len(b.rows) || len(a.nodes) != len(b.nodes) {
		return false
	}
	a.refine()
	b.refine()
	if !slices.Equal(a.keys(), b.keys()) {
		return false
	}
	n := a.indistinct()
	if n < 0 {
		return true // one node a colour: the colours are the renaming
	}
	colour := a.colour[n]
	savedA, savedB := slices.Clone(a.colour), slices.Clone(b.colour)
	for m, c := range savedB {
		if c != colour {
			continue
		}
		b.colour = slices.Clone(savedB)
		a.colour = slices.Clone(savedA)
		a.colour[n], b.colour[m] = colour+1, colour+1
		if equal(a, b) {
			return true
		}
	}
	return false
}

// indistinct returns a node that shares its colour with another, -1 when there is none.
func (t *table) indistinct() int {
	seen := map[uint64]bool{}
	for n, c := range t.colour {
		if seen[c] {
			return n
		}
		seen[c] = true
	}
	return -1
}
