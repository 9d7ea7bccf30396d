package vec

import (
	"math"
	"slices"
)

// BlockRows is how many rows a block of quantised rows holds.
const BlockRows = 16

// Lines of a block: sixteen words, one for each row. The codes follow, four dimensions a line.
const (
	scaleLine   = iota // s, float32
	errorLine          // at least |x − s·c|, where x is the row and c its codes
	normLine           // at least |s·c|
	offsetLine         // −|x|²
	inverseLine        // 1/|x|; 0 for a row of zeros
	codeLines
)

// codeZero is the byte that stands for 0: codes are kept unsigned, as VPDPBUSD wants one side to be.
const codeZero = 128

// Rows whose length lies outside are not bounded: their squares would leave the range of float32.
const (
	shortest = 1e-18
	longest  = 1e18
)

// BlockWords returns the words of a block of rows of a width: five for each row, and a byte for each number, the
// width rounded up to four.
func BlockWords(width int) int { return BlockRows * (codeLines + (width+3)/4) }

// ClearRow makes a place of a block empty: its bound is −Inf.
func ClearRow(block []uint32, place int) {
	for at := place; at < len(block); at += BlockRows {
		block[at] = codeZero * 0x01010101
	}
	setLines(block, place, [codeLines]float64{errorLine: math.Inf(-1), inverseLine: 1})
}

// QuantiseRow writes a row to a place of a block as codes of a byte, from −127 to 127 times the row's own scale, and
// with them how far the codes are from the row. A row that is not finite, or too long or short to be bounded, gets the
// bound +Inf.
func QuantiseRow(block []uint32, place int, row []float32) {
	largest, square := extent(row)
	norm := math.Sqrt(square)
	if norm == 0 {
		ClearRow(block, place)
		setLines(block, place, [codeLines]float64{})
		return
	}
	if !(norm >= shortest && norm <= longest) {
		ClearRow(block, place)
		setLines(block, place, [codeLines]float64{errorLine: math.Inf(1), inverseLine: 1})
		return
	}
	scale := largest / 127
	missed, kept := quantise(row, scale, block[codeLines*BlockRows+place:], BlockRows)
	setLines(block, place, [codeLines]float64{
		scaleLine:  float64(scale),
		errorLine:  missed * (1 + 1e-6), // float32 must not round it below the truth
		normLine:   kept * (1 + 1e-6),
		offsetLine: -square * (1 - 1e-6), inverseLine: 1 / norm,
	})
}

// extent returns the largest |v| of a row, and Σv²; without use where a number is not finite, which the sum shows.
func extent(row []float32) (largest float32, square float64) {
	var bits [4]uint32
	var squares [4]float64
	for ; len(row) >= 4; row = row[4:] {
		for i, v := range (*[4]float32)(row) {
			bits[i] = max(bits[i], math.Float32bits(v)&^(1<<31)) // in the order of the numbers without their sign
			squares[i] += float64(v) * float64(v)
		}
	}
	for i, v := range row {
		bits[i] = max(bits[i], math.Float32bits(v)&^(1<<31))
		squares[i] += float64(v) * float64(v)
	}
	return math.Float32frombits(max(bits[0], bits[1], bits[2], bits[3])), squares[0] + squares[1] + squares[2] + squares[3]
}

// quantise writes the codes of a row, four to a word, to every stride-th word of to. It returns the lengths of what the
// codes miss and of what they stand for.
func quantise(row []float32, scale float32, to []uint32, stride int) (missed, kept float64) {
	var missedSquares [4]float64
	var keptSquare int64
	inverse, whole := 1/scale, len(row)&^3
	for at := 0; at < whole; at += 4 {
		four := (*[4]float32)(row[at:])
		var word uint32
		for i, v := range four {
			shifted := int32(v*inverse + (codeZero + 0.5)) // the code + 128; rounds to the nearest, for it is positive
			code := shifted - codeZero
			miss := float64(v) - float64(scale)*float64(code)
			missedSquares[i] += miss * miss
			keptSquare += int64(code * code)
			word |= uint32(shifted) << (8 * i)
		}
		to[at/4*stride] = word
	}
	if whole < len(row) {
		var rest [4]float32
		copy(rest[:], row[whole:])
		restMissed, restKept := quantise(rest[:], scale, to[whole/4*stride:], stride)
		missedSquares[0] += restMissed * restMissed
		keptSquare += int64(math.Round(restKept * restKept / float64(scale) / float64(scale)))
	}
	missedSquare := missedSquares[0] + missedSquares[1] + missedSquares[2] + missedSquares[3]
	return math.Sqrt(missedSquare), float64(scale) * math.Sqrt(float64(keptSquare))
}

// setLines sets what a block says of a row beside its codes.
func setLines(block []uint32, place int, lines [codeLines]float64) {
	for i, v := range lines {
		block[i*BlockRows+place] = math.Float32bits(float32(v))
	}
}

// ByteQuery is a query row as bytes. It belongs to one goroutine while Set runs.
type ByteQuery struct {
	Scale float32 // of the bytes
	Norm  float64 // |q|
	Error float64 // at least |q − Scale·bytes|

	words []uint32 // four signed bytes each
	bias  int32    // codeZero times their sum
}

// Set makes the query of a row, and reports whether it can be bounded: it is finite, not zero, and its length is in
// the range of what a square fits.
func (q *ByteQuery) Set(row []float32) bool {
	largest, square := extent(row)
	q.Norm = math.Sqrt(square)
	if !(q.Norm >= shortest && q.Norm <= longest) {
		return false
	}
	groups := (len(row) + 3) / 4
	q.words = slices.Grow(q.words[:0], groups)[:groups]
	q.Scale, q.bias = largest/127, 0
	missed, _ := quantise(row, q.Scale, q.words, 1)
	for i, codes := range q.words {
		for shift := 0; shift < 32; shift += 8 {
			q.bias += int32(uint8(codes>>shift)) - codeZero
		}
		q.words[i] ^= codeZero * 0x01010101 // x + 128 and x differ, as bytes, in the highest bit
	}
	q.bias *= codeZero
	q.Error = missed * (1 + 1e-6)
	return true
}

// BoundWeights says how Bounds turns a row's inner product with the query into a number:
// (Product·(scale·codes·bytes) + Error·error + Norm·norm + Offset·offset)·(One + Inverse·inverse).
type BoundWeights struct{ Product, Error, Norm, Offset, One, Inverse float32 }

// Bounds sets out[i] to the bound of row i of whole blocks, len(out) rows of the query's width.
// Weights.Error must be positive.
func Bounds(blocks []uint32, q *ByteQuery, w BoundWeights, out []float32) {
	blocks = blocks[:len(out)/BlockRows*BlockRows*(codeLines+len(q.words))]
	weights := [6]float32{w.Product, w.Error, w.Norm, w.Offset, w.One, w.Inverse}
	quantisedBounds(blocks, q.words, q.bias, &weights, out)
}

// quantisedBoundsGo is the meaning of the kernels: out[i] is the bound of row i.
func quantisedBoundsGo(blocks, query []uint32, _ int32, weights *[6]float32, out []float32) {
	size := BlockRows * (codeLines + len(query))
	for ; len(out) >= BlockRows; out = out[BlockRows:] {
		var sums [BlockRows]int32
		codes := blocks[codeLines*BlockRows : size]
		for group, q := range query {
			q0, q1, q2, q3 := int32(int8(q)), int32(int8(q>>8)), int32(int8(q>>16)), int32(int8(q>>24))
			line := codes[group*BlockRows : (group+1)*BlockRows]
			for i, c := range line {
				sums[i] += q0*(int32(uint8(c))-codeZero) + q1*(int32(uint8(c>>8))-codeZero) +
					q2*(int32(uint8(c>>16))-codeZero) + q3*(int32(c>>24)-codeZero)
			}
		}
		header := func(line, i int) float32 { return math.Float32frombits(blocks[line*BlockRows+i]) }
		for i, sum := range sums {
			bound := float32(float32(sum)*header(scaleLine, i)) * weights[0]
			bound += float32(header(errorLine, i) * weights[1])
			bound += float32(header(normLine, i) * weights[2])
			bound += float32(header(offsetLine, i) * weights[3])
			out[i] = bound * (weights[4] + float32(header(inverseLine, i)*weights[5]))
		}
		blocks = blocks[size:]
	}
}
