// Package nearest finds the rows of an entity table that score best for a query row. A Table holds the rows a second
// time as bytes, from which a bound of each row's score is read at a quarter of the memory traffic; only rows whose
// bound reaches the best scores found are scored by their floats. The result is exactly that of scoring every row. A
// Table of lists (see Cluster) can leave out the lists that promise least: then the result is approximate, and the
// table says what share of the best ten it finds.
//
// The package knows rows and numbers only: no store, no names, no model family.
package nearest

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/inklingdb/inkling/internal/vec"
)

// segmentBlocks is how many blocks are copied together when a row of theirs changes: 256 rows, 55 KB at 200 numbers.
const segmentBlocks = 16

// noRow is the row of an empty slot.
const noRow = ^uint32(0)

// Table is a table of rows with its quantised copy. It is immutable: Update returns another that shares what is equal.
type Table struct {
	rows     vec.Matrix
	distance *vec.DistanceCodes // of a table of L1 or Moduli; nil for one of the others
	words    int                // of a block
	blocks   int                // in use
	segments [][]uint32         // each of segmentBlocks blocks
	row      []uint32           // by slot; nil when slot i holds row i
	slot     []uint32           // by row; nil likewise
	lists    *lists             // nil without
	moved    int                // rows changed or added since the lists were made: all in no list
}

// New quantises rows so that they can be searched by a similarity. Dot, SquaredL2 and Cosine share a table: any of them
// gives one for all three. The table goes on reading rows, which must not change.
func New(rows vec.Matrix, s Similarity, workers int) *Table {
	t := &Table{rows: rows, words: vec.BlockWords(rows.Cols)}
	if s.distance() {
		t.distance = &vec.DistanceCodes{Width: rows.Cols, Complex: s == Moduli, Scale: distanceScale(rows, workers)}
		t.words = t.distance.BlockWords()
	}
	t.grow(rows.Rows)
	inParallel(len(t.segments), workers, func(s int) {
		t.segments[s] = t.emptySegment()
		for slot := s * segmentRows; slot < min((s+1)*segmentRows, rows.Rows); slot++ {
			t.put(uint32(slot), uint32(slot))
		}
	})
	return t
}

const segmentRows = segmentBlocks * vec.BlockRows

// grow makes room for slots; new segments are nil.
func (t *Table) grow(slots int) {
	t.blocks = (slots + vec.BlockRows - 1) / vec.BlockRows
	for len(t.segments)*segmentBlocks < t.blocks {
		t.segments = append(t.segments, nil)
	}
}

// widest is how many root mean squares of all numbers the codes of distances reach: of normal numbers, one in 150,000
// lies beyond.
const widest = 4.5

// distanceScale returns the scale for the codes of distances.
func distanceScale(rows vec.Matrix, workers int) float32 {
	parts := (rows.Rows + segmentRows - 1) / segmentRows
	largest, squares, counts := make([]float64, parts), make([]float64, parts), make([]int, parts)
	inParallel(parts, workers, func(i int) {
		for row := i * segmentRows; row < min((i+1)*segmentRows, rows.Rows); row++ {
			square := float64(vec.Dot(rows.Row(row), rows.Row(row)))
			if square-square != 0 {
				continue // not finite: it has no bound anyway
			}
			squares[i], counts[i] = squares[i]+square, counts[i]+rows.Cols
			for _, v := range rows.Row(row) {
				largest[i] = math.Max(largest[i], math.Abs(float64(v)))
			}
		}
	})
	top, square, count := 0.0, 0.0, 0
	for i := range parts {
		top, square, count = max(top, largest[i]), square+squares[i], count+counts[i]
	}
	reach := min(top, widest*math.Sqrt(square/float64(max(count, 1))))
	return max(float32(reach/127), shortestScale)
}

// shortestScale is the scale of a table of zeros.
const shortestScale = 1e-30

func (t *Table) emptySegment() []uint32 {
	s := make([]uint32, segmentBlocks*t.words)
	for place := range vec.BlockRows {
		t.clear(s[:t.words], place)
	}
	for at := t.words; at < len(s); at += t.words {
		copy(s[at:], s[:t.words])
	}
	return s
}

// block returns the block of a slot and the place in it.
func (t *Table) block(slot uint32) (block []uint32, place int) {
	at := int(slot) % segmentRows / vec.BlockRows * t.words
	return t.segments[slot/segmentRows][at : at+t.words], int(slot) % vec.BlockRows
}

// put quantises a row into a slot.
func (t *Table) put(slot, row uint32) {
	block, place := t.block(slot)
	if t.distance != nil {
		t.distance.QuantiseRow(block, place, t.rows.Row(int(row)))
		return
	}
	vec.QuantiseRow(block, place, t.rows.Row(int(row)))
}

// clear empties a place of a block.
func (t *Table) clear(block []uint32, place int) {
	if t.distance != nil {
		t.distance.ClearRow(block, place)
		return
	}
	vec.ClearRow(block, place)
}

// Rows returns how many rows the table has.
func (t *Table) Rows() int { return t.rows.Rows }

// Bytes returns the memory that the table holds beside the rows themselves.
func (t *Table) Bytes() int64 {
	n := 4 * (int64(len(t.segments))*int64(segmentBlocks*t.words) + int64(len(t.row)) + int64(len(t.slot)))
	if t.lists != nil {
		n += t.lists.bytes()
	}
	return n
}

// Update returns the table of rows, which differ from the table's own in the changed ones and may be more. Segments
// without a changed row are shared. With lists, changed and new rows leave theirs and are looked at by every search.
func (t *Table) Update(rows vec.Matrix, changed []uint32) *Table {
	old := t.rows.Rows
	if rows.Cols != t.rows.Cols || rows.Rows < old {
		panic(fmt.Sprintf("nearest: update of %d×%d rows by %d×%d", old, t.rows.Cols, rows.Rows, rows.Cols))
	}
	u := &update{next: *t, own: map[int]bool{}}
	u.next.rows, u.next.segments = rows, slices.Clone(t.segments)
	if t.lists == nil {
		u.next.grow(rows.Rows)
		for _, row := range changed {
			u.put(row, row)
		}
		for row := old; row < rows.Rows; row++ {
			u.put(uint32(row), uint32(row))
		}
		return &u.next
	}
	u.next.row, u.next.slot = slices.Clone(t.row), slices.Clone(t.slot)
	for _, row := range changed {
		if int(row) < old {
			u.move(row)
		}
	}
	for row := old; row < rows.Rows; row++ {
		u.next.slot = append(u.next.slot, noRow)
		u.move(uint32(row))
	}
	return &u.next
}

// update is a table that is being made from another.
type update struct {
	next Table
	own  map[int]bool // segments that are not shared
}

// put quantises a row into a slot of a segment of its own.
func (u *update) put(slot, row uint32) {
	u.ownSegment(slot)
	u.next.put(slot, row)
}

func (u *update) ownSegment(slot uint32) {
	s := int(slot / segmentRows)
	if u.own[s] {
		return
	}
	u.own[s] = true
	if u.next.segments[s] == nil {
		u.next.segments[s] = u.next.emptySegment()
	} else {
		u.next.segments[s] = slices.Clone(u.next.segments[s])
	}
}

// move takes a row out of its list, if it is in one, and puts it behind the lists.
func (u *update) move(row uint32) {
	t := &u.next
	at := t.slot[row]
	if at != noRow && int(at) >= t.lists.end() {
		u.put(at, row)
		return
	}
	if at != noRow {
		u.ownSegment(at)
		block, place := t.block(at)
		t.clear(block, place)
		t.row[at] = noRow
	}
	slot := uint32(t.lists.end() + t.moved)
	t.moved++
	t.grow(int(slot) + 1)
	for len(t.row) < t.blocks*vec.BlockRows {
		t.row = append(t.row, noRow)
	}
	t.row[slot], t.slot[row] = row, slot
	u.put(slot, row)
}

// rowOf returns the row that a slot holds, noRow for none.
func (t *Table) rowOf(slot int) uint32 {
	if t.row != nil {
		return t.row[slot]
	}
	if slot >= t.rows.Rows {
		return noRow
	}
	return uint32(slot)
}

// inParallel calls do with 0 to n−1 from as many goroutines as workers, this one among them, and waits for all.
func inParallel(n, workers int, do func(i int)) {
	var next atomic.Int64
	work := func() {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			do(i)
		}
	}
	var wait sync.WaitGroup
	for range min(workers, n) - 1 {
		wait.Go(work)
	}
	work()
	wait.Wait()
}

// Differences returns the rows of a that differ in b, which may have more.
func Differences(a, b vec.Matrix, workers int) []uint32 {
	parts := (a.Rows + segmentRows - 1) / segmentRows
	found := make([][]uint32, parts)
	inParallel(parts, workers, func(i int) {
		for row := i * segmentRows; row < min((i+1)*segmentRows, a.Rows); row++ {
			if !slices.Equal(a.Row(row), b.Row(row)) {
				found[i] = append(found[i], uint32(row))
			}
		}
	})
	return slices.Concat(found...)
}
