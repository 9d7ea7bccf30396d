package vec

import (
	"math"
	"slices"
)

// DistanceCodes says how rows become bytes whose distances can be bounded: Σ|xᵢ−yᵢ|, or over complex numbers, real parts
// then imaginary parts, Σ√((Re xᵢ−Re yᵢ)² + (Im xᵢ−Im yᵢ)²). All rows share a scale, for distances need one. Rows stand
// in blocks of BlockRows; a block begins with a line of what the codes of each row miss, added up.
type DistanceCodes struct {
	Width   int     // of a row; even where Complex
	Complex bool    // moduli of complex numbers
	Scale   float32 // of a code, above 0; numbers beyond ±127·Scale are cut, at a loss of tightness
}

// BlockWords returns the words of a block.
func (c DistanceCodes) BlockWords() int { return BlockRows * (1 + c.groups()*c.groupWords()) }

// groups returns how many groups of codes a row has: eight numbers each, or two complex ones.
func (c DistanceCodes) groups() int {
	if c.Complex {
		return (c.Width/2 + 1) / 2
	}
	return (c.Width + 7) / 8
}

// groupWords returns the words of a group.
func (c DistanceCodes) groupWords() int {
	if c.Complex {
		return 1
	}
	return 2
}

// ClearRow makes a place of a block empty: its bound is −Inf.
func (c DistanceCodes) ClearRow(block []uint32, place int) { c.fill(block, place, math.Inf(-1)) }

// fill sets codes of 0 and an error.
func (c DistanceCodes) fill(block []uint32, place int, missed float64) {
	block[place] = math.Float32bits(float32(missed))
	for g := range c.groups() {
		for w := range c.groupWords() {
			block[c.at(g, place)+w] = c.zero()
		}
	}
}

// zero is the word of codes of 0: signed ones of complex numbers, otherwise unsigned ones.
func (c DistanceCodes) zero() uint32 {
	if c.Complex {
		return 0
	}
	return codeZero * 0x01010101
}

// at returns the first word of a group of a row.
func (c DistanceCodes) at(group, place int) int {
	return BlockRows + (group*BlockRows+place)*c.groupWords()
}

// QuantiseRow writes a row to a place of a block. A row that is not finite, or too long for its square, gets the bound
// +Inf.
func (c DistanceCodes) QuantiseRow(block []uint32, place int, row []float32) {
	if _, square := extent(row); !(square <= longest*longest) {
		c.fill(block, place, math.Inf(1))
		return
	}
	c.fill(block, place, 0)
	var missed, length float64
	put := func(i int, shift int, v float32) float64 { // returns what the code misses
		code := c.code(v)
		at := c.at(i/4/c.groupWords(), place) + i/4%c.groupWords()
		block[at] ^= uint32(uint8(code)) << shift // x + 128 and x differ, as bytes, in the highest bit
		return float64(v) - float64(c.Scale)*float64(code)
	}
	if c.Complex {
		d := c.Width / 2
		for i := range d {
			re := put(2*i, 8*(2*i%4), row[i])
			im := put(2*i+1, 8*((2*i+1)%4), row[d+i])
			missed += math.Sqrt(re*re + im*im)
			length += math.Hypot(float64(row[i]), float64(row[d+i]))
		}
	} else {
		for i, v := range row {
			missed += math.Abs(put(i, 8*(i%4), v))
			length += math.Abs(float64(v))
		}
	}
	block[place] = math.Float32bits(float32((missed + c.slack()*length) * (1 + 1e-6)))
}

// code returns the signed code of a number.
func (c DistanceCodes) code(v float32) int32 {
	switch scaled := v / c.Scale; {
	case scaled >= 127:
		return 127
	case scaled <= -127:
		return -127
	default:
		return int32(scaled+(codeZero+0.5)) - codeZero // rounds to the nearest: the sum is positive
	}
}

// slack is what a float32 sum of distances may be off by, as a share of the rows' lengths in the metric.
func (c DistanceCodes) slack() float64 { return float64(c.Width+16) * 0x1p-24 }

// DistanceQuery is a query row as bytes, or words of two where numbers are complex.
type DistanceQuery struct {
	// A row's distance from the query is at least Less less than minus its bound.
	Less float64

	words []uint32 // two for each group
}

// Set makes the query of a row, and reports whether it can be bounded.
func (q *DistanceQuery) Set(c DistanceCodes, row []float32) bool {
	if _, square := extent(row); !(square <= longest*longest) {
		return false
	}
	q.words = slices.Grow(q.words[:0], 2*c.groups())[:2*c.groups()]
	q.Less = 0
	top := 127 * c.Scale
	cut := func(v float32) float32 { return max(-top, min(top, v)) }
	if c.Complex {
		q.setComplex(c, row, cut)
		return true
	}
	for i := range q.words {
		q.words[i] = c.zero()
	}
	for i, v := range row {
		inside := cut(v)
		code := c.code(inside)
		q.words[i/4] ^= uint32(uint8(code)) << (8 * (i % 4))
		// A row's number lies inside, or misses its code by as much as it lies outside: what the query's number lies
		// outside adds to the distance.
		q.Less += math.Abs(float64(inside)-float64(c.Scale)*float64(code)) - math.Abs(float64(v)-float64(inside))
		q.Less += c.slack() * math.Abs(float64(v))
	}
	return true
}

// fraction is by how much finer than a row's code a complex query's is.
const fraction = 128

func (q *DistanceQuery) setComplex(c DistanceCodes, row []float32, cut func(float32) float32) {
	clear(q.words)
	d := c.Width / 2
	for i := range d {
		var missed [2]float64
		for part, v := range [2]float32{row[i], row[d+i]} {
			inside := cut(v)
			code := math.Round(fraction * float64(inside) / float64(c.Scale))
			q.words[i] |= uint32(uint16(int16(code))) << (16 * part)
			missed[part] = float64(inside) - float64(c.Scale)*code/fraction
			q.Less += c.slack() * math.Abs(float64(v))
		}
		q.Less += math.Hypot(missed[0], missed[1])
	}
}

// Bounds sets out[i] to a bound of minus the distance of row i of whole blocks from the query, less q.Less: −distance is
// at most out[i] + q.Less.
func (c DistanceCodes) Bounds(blocks []uint32, q *DistanceQuery, out []float32) {
	blocks = blocks[:len(out)/BlockRows*c.BlockWords()]
	if c.Complex {
		// The kernels' square roots have a relative error below 1.5·2⁻¹².
		byteModuli(blocks, q.words, -c.Scale/fraction*(1-0x1p-10), out)
		return
	}
	byteManhattan(blocks, q.words, -c.Scale*(1-0x1p-20), out)
}

// byteManhattanGo is the meaning of its kernels: out[i] = missed + weight·Σ|code−byte|.
func byteManhattanGo(blocks, query []uint32, weight float32, out []float32) {
	size := BlockRows * (1 + len(query))
	for ; len(out) >= BlockRows; out = out[BlockRows:] {
		for i := range BlockRows {
			sum := int32(0)
			for w, q := range query {
				code := blocks[BlockRows+(w/2*BlockRows+i)*2+w%2]
				for shift := 0; shift < 32; shift += 8 {
					d := int32(uint8(code>>shift)) - int32(uint8(q>>shift))
					sum += max(d, -d)
				}
			}
			out[i] = float32(float32(sum)*weight) + math.Float32frombits(blocks[i])
		}
		blocks = blocks[size:]
	}
}

// byteModuliGo is the meaning of its kernels: out[i] = missed + weight·Σ√(re² + im²) of the differences between the
// codes, 128 times, and the query's words.
func byteModuliGo(blocks, query []uint32, weight float32, out []float32) {
	size := BlockRows * (1 + len(query)/2)
	for ; len(out) >= BlockRows; out = out[BlockRows:] {
		for i := range BlockRows {
			sum := float32(0)
			for w, q := range query {
				code := blocks[BlockRows+w/2*BlockRows+i] >> (16 * (w % 2))
				re := fraction*int32(int8(code)) - int32(int16(q))
				im := fraction*int32(int8(code>>8)) - int32(int16(q>>16))
				sum += float32(math.Sqrt(float64(re*re + im*im)))
			}
			out[i] = float32(sum*weight) + math.Float32frombits(blocks[i])
		}
		blocks = blocks[size:]
	}
}
