package exec

import (
	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/store"
)

// rowTable holds rows in columns with a hash index on some slots. Rows are only added.
type rowTable struct {
	cols  [][]store.TermID // by slot; nil while unbound in every row
	on    []int            // the key
	n     int
	hash  []uint32 // of each row's key
	heads []int32  // by hash, the latest row + 1
	next  []int32  // the row before it with the same bucket, + 1
}

func newRowTable(width int, on []int) *rowTable {
	return &rowTable{cols: make([][]store.TermID, width), on: on, heads: make([]int32, 64)}
}

// hashRow mixes the key of a row.
func hashRow(b *expr.Batch, row int, on []int) uint32 {
	h := uint64(0x9E3779B97F4A7C15)
	for _, slot := range on {
		h ^= uint64(b.At(slot, row))
		h *= 0xBF58476D1CE4E5B9
		h ^= h >> 29
	}
	return uint32(h ^ h>>32)
}

// add appends a row of b, with all of its columns.
func (t *rowTable) add(b *expr.Batch, row int, hash uint32) {
	for slot, c := range b.Cols {
		if c == nil && t.cols[slot] == nil {
			continue
		}
		own := t.cols[slot]
		for len(own) < t.n {
			own = append(own, 0)
		}
		t.cols[slot] = append(own, b.At(slot, row))
	}
	if t.n >= len(t.heads) {
		t.grow()
	}
	bucket := hash & uint32(len(t.heads)-1)
	t.hash = append(t.hash, hash)
	t.next = append(t.next, t.heads[bucket])
	t.n++
	t.heads[bucket] = int32(t.n)
}

func (t *rowTable) grow() {
	t.heads = make([]int32, 4*len(t.heads))
	for i, h := range t.hash {
		bucket := h & uint32(len(t.heads)-1)
		t.next[i] = t.heads[bucket]
		t.heads[bucket] = int32(i + 1)
	}
}

// at returns the term in a slot of a row, 0 when unbound.
func (t *rowTable) at(slot, row int) store.TermID {
	if c := t.cols[slot]; row < len(c) {
		return c[row]
	}
	return 0
}

// first returns the first candidate row + 1 for a hash, 0 for none; t.next leads to the others.
func (t *rowTable) first(hash uint32) int32 { return t.heads[hash&uint32(len(t.heads)-1)] }

// sameKey reports that a row of the table has the key of a row of b.
func (t *rowTable) sameKey(own int, b *expr.Batch, row int, hash uint32) bool {
	if t.hash[own] != hash {
		return false
	}
	for _, slot := range t.on {
		if t.at(slot, own) != b.At(slot, row) {
			return false
		}
	}
	return true
}

// find returns the row with the key of a row of b, or -1.
func (t *rowTable) find(b *expr.Batch, row int, hash uint32) int {
	for i := t.first(hash); i != 0; i = t.next[i-1] {
		if t.sameKey(int(i-1), b, row, hash) {
			return int(i - 1)
		}
	}
	return -1
}

// compatible reports that a row of the table and one of b agree on each of slots where both are bound.
func (t *rowTable) compatible(own int, b *expr.Batch, row int, slots []int) bool {
	for _, slot := range slots {
		x, y := t.at(slot, own), b.At(slot, row)
		if x != y && x != 0 && y != 0 {
			return false
		}
	}
	return true
}

// columnsBound returns how many columns the table holds.
func (t *rowTable) columnsBound() int {
	n := 0
	for _, c := range t.cols {
		if c != nil {
			n++
		}
	}
	return n
}

// rowBytes is what a row of the table takes.
func (t *rowTable) rowBytes() int64 { return int64(8*t.columnsBound() + 16) }

// copyTo appends row `from` of the table to out.
func (t *rowTable) copyTo(out *sink, from int) {
	row := out.batch.N
	for slot, c := range out.batch.Cols {
		if c != nil && t.cols[slot] == nil {
			out.batch.Cols[slot] = append(c, 0)
		}
	}
	out.batch.N++
	for slot, c := range t.cols {
		if c != nil {
			out.set(slot, row, t.at(slot, from))
		}
	}
}
