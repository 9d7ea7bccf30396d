package nearest

import (
	"math"
	"slices"

	"github.com/inklingdb/inkling/internal/vec"
)

// lists divides the slots of a table by centroids, so that a search can leave out the lists that promise least.
type lists struct {
	centroids *Table
	squares   []float32 // by list: |c|²
	radii     []float32 // by list: the root of the mean square distance of its rows from c
	start     []int     // by list: its first block; one more for the end

	outside int // rows that were in no list from the beginning
	tuned   [similarities]tuning
}

// tuning is how lists are searched by one similarity.
type tuning struct {
	reach  float32 // see promises
	budget int     // blocks that a search for ten rows reads; 0 means that no samples were given
	recall float64 // the share of the best ten that it found, when measured
}

func (l *lists) count() int { return len(l.radii) }

// end returns the first slot behind the lists.
func (l *lists) end() int { return l.start[l.count()] * vec.BlockRows }

func (l *lists) bytes() int64 {
	return l.centroids.Bytes() + 4*int64(len(l.centroids.rows.Data)+len(l.squares)+len(l.radii)) + 8*int64(len(l.start))
}

// Approximate returns rows that score well: the best among those of the lists that promise most and of all rows
// without a list, as exact as TopK there. Recall says how good that is. A search for more than ten rows reads more
// lists in proportion; one that would read half the table, or that Approximates does not know, is answered by TopK.
func (t *Table) Approximate(q Query, workers int) (Answer, bool) {
	if !t.Approximates(q.Similarity) {
		return t.TopK(q, workers)
	}
	tuned := t.lists.tuned[q.Similarity]
	budget := tuned.budget * max(1, (q.K+recallAt-1)/recallAt)
	if budget+t.blocks-t.lists.start[t.lists.count()] > t.blocks/2 {
		return t.TopK(q, workers)
	}
	promises, ok := t.lists.promises(q, tuned.reach)
	if !ok {
		return Answer{}, false
	}
	return t.search(q, t.spans(promises, budget), workers)
}

// recallAt is the number of best rows that recall counts.
const recallAt = 10

// Approximates reports whether Approximate may leave rows out: the table has lists, and samples of that similarity were
// given when they were made.
func (t *Table) Approximates(s Similarity) bool { return t.lists != nil && t.lists.tuned[s].budget > 0 }

// Recall returns the share of the best ten rows that Approximate found for queries other than those it was adjusted
// to, when the lists were made. Rows changed or added since are in no list and always looked at. It is 1 where
// Approximate is exact.
func (t *Table) Recall(s Similarity) float64 {
	if !t.Approximates(s) {
		return 1
	}
	return t.lists.tuned[s].recall
}

// Moved returns how many rows changed or came since the lists were made.
func (t *Table) Moved() int {
	if t.lists == nil {
		return 0
	}
	return t.moved - t.lists.outside
}

// promises returns for each list the score that the best of its rows may be expected to have: that of a row at the
// centroid, and reach standard deviations more, where rows are taken to lie around it evenly in all directions, so
// that along the query they spread by radius/√width.
func (l *lists) promises(q Query, reach float32) ([]float32, bool) {
	var bytes vec.ByteQuery
	if !bytes.Set(q.Row) {
		return nil, false
	}
	out := make([]float32, l.centroids.blocks*vec.BlockRows)
	s := scratch{spans: []span{{0, l.centroids.blocks}}, starts: []int{0}, bounds: out}
	s.bound.bytes = bytes
	s.bound.weights = vec.BoundWeights{Product: bytes.Scale, Error: math.SmallestNonzeroFloat32, One: 1}
	l.centroids.scanPart(&s, 0, l.centroids.blocks)
	out = out[:l.count()]
	norm := float32(bytes.Norm)
	spread := reach / float32(math.Sqrt(float64(len(q.Row))))
	switch q.Similarity {
	case Dot:
		vec.Axpy(norm*spread, l.radii, out)
	case Cosine:
		for i, product := range out {
			out[i] = (product + norm*spread*l.radii[i]) / float32(math.Sqrt(float64(max(l.squares[i], math.SmallestNonzeroFloat32))))
		}
	case SquaredL2:
		for i, product := range out {
			distance := max(0, norm*norm-2*product+l.squares[i])
			radius := l.radii[i]
			out[i] = 2*spread*radius*float32(math.Sqrt(float64(distance))) - distance - radius*radius
		}
	}
	return out, true
}

// spans returns the blocks of the most promising lists, about as many as the budget, and of the rows without a list.
// It uses promises up.
func (t *Table) spans(promises []float32, budget int) []span {
	l := t.lists
	var chosen []span
	for n := 32; budget > 0 && n < 2*len(promises); n *= 2 { // most searches read few lists
		top := vec.TopK(nil, promises, min(n, len(promises)), nil)
		for _, r := range top {
			if p := (span{l.start[r.Index], l.start[r.Index+1]}); budget > 0 && p.lo < p.hi {
				chosen = append(chosen, p)
				budget -= p.hi - p.lo
			}
			promises[r.Index] = float32(math.NaN()) // taken
		}
	}
	if p := (span{l.start[l.count()], t.blocks}); p.lo < p.hi {
		chosen = append(chosen, p)
	}
	slices.SortFunc(chosen, func(a, b span) int { return a.lo - b.lo })
	return joined(chosen)
}

// joined joins spans that touch; they are in order.
func joined(spans []span) []span {
	out := spans[:0]
	for _, p := range spans {
		if n := len(out); n > 0 && out[n-1].hi == p.lo {
			out[n-1].hi = p.hi
		} else {
			out = append(out, p)
		}
	}
	return out
}
