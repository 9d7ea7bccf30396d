package nearest

import (
	"math"
	"slices"
	"sort"
	"sync"
	"sync/atomic"

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
	// partBlocks is how many blocks are scanned at a time when several goroutines do: 1,024 rows, some 7 µs.
	partBlocks = 64
	// splitBytes is from how many bytes on a scan is worth another goroutine: some 35 µs.
	splitBytes = 1 << 20
)

// search finds the best rows among the spans.
func (t *Table) search(q Query, spans []span, workers int) (Answer, bool) {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	if q.K < 1 || !s.bound.set(t, q) {
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
	if workers <= 1 {
		t.scanPart(s, 0, blocks)
		return
	}
	withHelp((blocks+partBlocks-1)/partBlocks, workers, func(part int) {
		t.scanPart(s, part*partBlocks, min((part+1)*partBlocks, blocks))
	})
}

// withHelp calls do with 0 to n−1 and returns when all calls have. Other goroutines take what calls they come to; one
// that the busy processors never run is not waited for, and does nothing when it runs after all.
func withHelp(n, workers int, do func(i int)) {
	var shared struct {
		next, left atomic.Int64
		done       chan struct{}
	}
	help := &shared
	help.done = make(chan struct{})
	help.left.Store(int64(n))
	work := func() {
		for i := int(help.next.Add(1)) - 1; i < n; i = int(help.next.Add(1)) - 1 {
			do(i)
			if help.left.Add(-1) == 0 {
				close(help.done)
			}
		}
	}
	for range workers - 1 {
		go work()
	}
	work()
	<-help.done
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
			s.bound.of(t, t.segments[block/segmentBlocks][first:first+n*t.words], s.bounds[at*vec.BlockRows:(at+n)*vec.BlockRows])
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
