package store

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// blockSize is the number of triples in a block; only the last block of an order and graph has fewer.
const blockSize = 128

// A block holds up to blockSize tuples, ascending:
//
//	count, flags, [least b], [least c], then per tuple one uvarint (delta<<2 | level) and what follows it:
//	level 0: c grew by delta; level 1: b grew by delta, c follows; level 2: a grew by delta, b and c follow.
//
// A following b or c is its distance from the column's least when all of the column's terms are of one kind
// (the flag is set), else the term rotated so that its kind lies in the low bits: both keep varints short.
const (
	flagOffsetB = 1 << 0
	flagOffsetC = 1 << 1
)

// rotate moves the kind of an identifier to its low four bits.
func rotate(id TermID) uint64 { return uint64(id)&payloadMask<<4 | uint64(id>>kindShift) }

func unrotate(x uint64) TermID { return TermID(x>>4 | x&15<<kindShift) }

// column says how one column's terms are written.
type column struct {
	offset bool
	least  TermID
}

func newColumn(tuples []tuple, i int) column {
	least, kind := maxID, tuples[0][i].Kind()
	for _, t := range tuples {
		if t[i].Kind() != kind {
			return column{}
		}
		least = min(least, t[i])
	}
	return column{offset: true, least: least}
}

func (c column) append(b []byte, id TermID) []byte {
	if c.offset {
		return binary.AppendUvarint(b, uint64(id-c.least))
	}
	return binary.AppendUvarint(b, rotate(id))
}

// appendBlock appends the encoding of 1 to blockSize ascending, distinct tuples. The first is not encoded:
// it is in the block's key.
func appendBlock(out []byte, tuples []tuple) []byte {
	b, c := newColumn(tuples, 1), newColumn(tuples, 2)
	var flags byte
	if b.offset {
		flags |= flagOffsetB
	}
	if c.offset {
		flags |= flagOffsetC
	}
	out = append(out, byte(len(tuples)), flags)
	if b.offset {
		out = binary.AppendUvarint(out, rotate(b.least))
	}
	if c.offset {
		out = binary.AppendUvarint(out, rotate(c.least))
	}
	last := tuples[0]
	for _, t := range tuples[1:] {
		switch {
		case t[0] != last[0]:
			out = binary.AppendUvarint(out, uint64(t[0]-last[0])<<2|2)
			out = c.append(b.append(out, t[1]), t[2])
		case t[1] != last[1]:
			out = binary.AppendUvarint(out, uint64(t[1]-last[1])<<2|1)
			out = c.append(out, t[2])
		default:
			out = binary.AppendUvarint(out, uint64(t[2]-last[2])<<2)
		}
		last = t
	}
	return out
}

// blockReader takes fields off an encoded block; after an error they are zero.
type blockReader struct {
	data  []byte
	at    int
	count int // tuples, the first included
	b, c  column
	bad   bool
}

// newBlockReader starts after the first tuple of a block, which its key holds.
func newBlockReader(data []byte) (r blockReader, err error) {
	if len(data) < 2 || data[0] == 0 || data[0] > blockSize || data[1]&^(flagOffsetB|flagOffsetC) != 0 {
		return r, fmt.Errorf("block header: %w", ErrCorrupt)
	}
	r = blockReader{data: data, at: 2, count: int(data[0])}
	if data[1]&flagOffsetB != 0 {
		r.b = column{offset: true, least: unrotate(r.uvarint())}
	}
	if data[1]&flagOffsetC != 0 {
		r.c = column{offset: true, least: unrotate(r.uvarint())}
	}
	if r.bad {
		return r, fmt.Errorf("block header: %w", ErrCorrupt)
	}
	return r, nil
}

func (r *blockReader) uvarint() uint64 {
	if r.at < len(r.data) && r.data[r.at] < 0x80 {
		x := uint64(r.data[r.at])
		r.at++
		return x
	}
	if len(r.data)-r.at >= 8 { // up to eight bytes at once: gather seven bits of each up to the last
		word := binary.LittleEndian.Uint64(r.data[r.at:])
		if stop := ^word & 0x8080808080808080; stop != 0 {
			n := bits.TrailingZeros64(stop)>>3 + 1
			word &= 1<<(8*n-1) - 1 // the last byte's top bit is zero
			r.at += n
			return gather(word)
		}
	}
	x, n := binary.Uvarint(r.data[r.at:])
	if n <= 0 {
		r.bad, r.at = true, len(r.data)
		return 0
	}
	r.at += n
	return x
}

// gather packs the low seven bits of each byte of a word.
func gather(w uint64) uint64 {
	w = w&0x007f007f007f007f | w&0x7f007f007f007f00>>1
	w = w&0x00003fff00003fff | w&0x3fff00003fff0000>>2
	return w&0x000000000fffffff | w&0x0fffffff00000000>>4
}

func (r *blockReader) id(c *column) TermID {
	x := r.uvarint()
	if c.offset {
		return c.least + TermID(x)
	}
	return unrotate(x)
}

// decodeBlock writes a block's tuples to out, up to the first that is after last, and returns how many.
func decodeBlock(data []byte, first, last tuple, out *[blockSize]tuple) (n int, err error) {
	r, err := newBlockReader(data)
	if err != nil {
		return 0, err
	}
	t := first
	out[0] = t
	for n = 1; n < r.count; n++ {
		// One-byte deltas are read here, and the tuple kept in registers: most of the time goes by here.
		var x uint64
		if r.at < len(data) && data[r.at] < 0x80 {
			x = uint64(data[r.at])
			r.at++
		} else {
			x = r.uvarint()
		}
		delta := TermID(x >> 2)
		switch x & 3 {
		case 0:
			t[2] += delta
		case 1:
			t[1] += delta
			t[2] = r.id(&r.c)
		case 2:
			t[0] += delta
			t[1] = r.id(&r.b)
			t[2] = r.id(&r.c)
			if t[0] > last[0] {
				out[n] = t
				return n + 1, r.err(n)
			}
		default:
			r.bad = true
		}
		out[n] = t
	}
	if r.at != len(data) {
		r.bad = true
	}
	return n, r.err(n)
}

func (r *blockReader) err(n int) error {
	if r.bad {
		return fmt.Errorf("block near triple %d: %w", n, ErrCorrupt)
	}
	return nil
}

// blockHas reports whether a block holds a tuple, reading no further than it must.
func blockHas(data []byte, first, want tuple) (bool, error) {
	r, err := newBlockReader(data)
	if err != nil {
		return false, err
	}
	t := first
	for n := 1; n < r.count && t.less(want); n++ {
		var x uint64 // as in decodeBlock
		if r.at < len(data) && data[r.at] < 0x80 {
			x = uint64(data[r.at])
			r.at++
		} else {
			x = r.uvarint()
		}
		delta := TermID(x >> 2)
		switch x & 3 {
		case 0:
			t[2] += delta
		case 1:
			t[1] += delta
			t[2] = r.id(&r.c)
		case 2:
			t[0] += delta
			t[1] = r.id(&r.b)
			t[2] = r.id(&r.c)
		default:
			r.bad = true
		}
	}
	return t == want, r.err(0)
}
