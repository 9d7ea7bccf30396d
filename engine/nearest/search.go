package nearest

import (
	"math"
	"slices"
	"sort"
	"sync"

	"github.com/inklingdb/inkling/internal/vec"
)

// Answer is what a search found.
type Answer struct {
	Best    []vec.Ranked // by row, best first, equal ones by row
	Scanned int          // rows whose bytes were read
	Scored  int          // rows scored by their floats
}

// span is a range of blocks, from lo to before hi.
type span struct{ lo, hi int }

// TopK returns the query's best rows, the same as scoring every row would. It is false, without an answer, when the
// table cannot bound the query's scores or when more than a share of all rows would have to be scored: then scoring
// every row in order is the faster way.
func (t *Table) TopK(q Query, workers int) (Answer, bool) {
	return t.search(q, []span{{0, t.blocks}}, workers)
}

// scratch is the memory of one search.
type scratch struct {
	bound     bound
	bounds    []float32
	starts    []int // by span: its first place in bounds
	spans     []span
	top       []vec.Ranked
	selection vec.Selection
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

const (
	// mostScored is the share of scanned rows that a search scores by their floats before it gives up.
	mostScored = 1. / 8
	// firstScored is how many rows beyond K are scored before the bounds are compared with what was found.
	firstScored = 16
	// splitBytes is from how many bytes on a scan is worth another goroutine: some 0.15 ms. Waiting for one takes 10 µs
	// on an idle machine, and milliseconds on a busy one.
	splitBytes = 4 << 20
)

// search finds the best rows among the spans.
func (t *Table) search(q Query, spans []span, workers int) (Answer, bool) {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	if q.K < 1 || !s.bound.set(q) {
		return Answer{}, false
	}
	t.scan(s, spans, workers)
	scanned := len(s.bounds)
	limit := max(int(mostScored*float64(scanned)), 4*(q.K+firstScored))
	exact := newExact(q)
	s.selection.Reset(q.K)
	a := Answer{Scanned: scanned}
	add := func(at int) {
		row := t.rowOf(s.slotAt(at))
		s.selection.Add(vec.Ranked{Index: int(row), Score: exact.score(t.rows.Row(int(row)))})
		a.Scored++
	}
	skip := func(at int) bool {
		row := t.rowOf(s.slotAt(at))
		return row == noRow || q.Skip != nil && q.Skip(int(row))
	}
	s.top = vec.TopK(s.top[:0], s.bounds, q.K+firstScored, skip)
	for _, r := range s.top {
		add(r.Index)
		s.bounds[r.Index] = float32(math.Inf(-1))
	}
	if worst, full := s.selection.Worst(); full {
		cut := s.bound.cut(worst)
		for at := vec.IndexAbove(s.bounds, cut); at < scanned; at += 1 + vec.IndexAbove(s.bounds[at+1:], cut) {
			if skip(at) {
				continue
			}
			if a.Scored == limit {
				return a, false
			}
			add(at)
			worst, _ = s.selection.Worst()
			cut = s.bound.cut(worst)
		}
	} else if len(s.top) == q.K+firstScored {
		return a, false // scores that are no numbers
	}
	a.Best = s.selection.AppendTo(nil)
	return a, true
}

// scan sets s.bounds to the bounds of the spans' slots, one span behind the other.
func (t *Table) scan(s *scratch, spans []span, workers int) {
	s.spans, s.starts = spans, s.starts[:0]
	blocks := 0
	for _, p := range spans {
		s.starts = append(s.starts, blocks*vec.BlockRows)
		blocks += p.hi - p.lo
	}
	size := blocks * vec.BlockRows
	s.bounds = slices.Grow(s.bounds[:0], size)[:size]
	if 4*blocks*t.words < splitBytes {
		workers = 1
	}
	workers = max(1, workers)
	inParallel(workers, workers, func(w int) {
		t.scanPart(s, w*blocks/workers, (w+1)*blocks/workers)
	})
}

// scanPart fills the bounds of the from-th to the to-th block of the spans.
func (t *Table) scanPart(s *scratch, from, to int) {
	i := sort.SearchInts(s.starts, from*vec.BlockRows+1) - 1
	for at := from; at < to; i++ {
		p := s.spans[i]
		block := p.lo + at - s.starts[i]/vec.BlockRows
		for block < p.hi && at < to {
			n := min(segmentBlocks-block%segmentBlocks, p.hi-block, to-at)
			first := block % segmentBlocks * t.words
			vec.Bounds(t.segments[block/segmentBlocks][first:first+n*t.words], &s.bound.bytes, s.bound.weights,
				s.bounds[at*vec.BlockRows:(at+n)*vec.BlockRows])
			block, at = block+n, at+n
		}
	}
}

// slotAt returns the slot whose bound stands at a place.
func (s *scratch) slotAt(place int) int {
	i := 0
	if len(s.starts) > 1 {
		i = sort.SearchInts(s.starts, place+1) - 1
	}
	return s.spans[i].lo*vec.BlockRows + place - s.starts[i]
}
