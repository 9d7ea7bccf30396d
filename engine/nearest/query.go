package nearest

import (
	"math"

	"github.com/inklingdb/inkling/internal/vec"
)

// Similarity says how a query row and a row make a score. Higher is nearer.
type Similarity uint8

// Similarities that rows can be searched by.
const (
	Dot       Similarity = iota // q·x
	SquaredL2                   // −|q−x|²
	Cosine                      // q·x / (|q|·|x|)

	similarities = iota
)

// Query asks for the rows of the highest scores.
type Query struct {
	Row        []float32 // as wide as the table's rows
	Similarity Similarity
	K          int                // how many
	Skip       func(row int) bool // rows to leave out; nil for none
}

// exact scores rows by their floats.
type exact struct {
	query Query
	norm  float64 // of the query's row
}

func newExact(q Query) exact {
	return exact{query: q, norm: math.Sqrt(float64(vec.Dot(q.Row, q.Row)))}
}

// score is the score of a row, the number that decides.
func (e exact) score(row []float32) float32 {
	switch e.query.Similarity {
	case SquaredL2:
		return -squaredDistance(e.query.Row, row)
	case Cosine:
		norm := e.norm * math.Sqrt(float64(vec.Dot(row, row)))
		return float32(float64(vec.Dot(e.query.Row, row)) / max(norm, math.SmallestNonzeroFloat32))
	}
	return vec.Dot(e.query.Row, row)
}

// squaredDistance returns |x−y|².
func squaredDistance(x, y []float32) float32 {
	var sums [4]float32
	y = y[:len(x)]
	i := 0
	for ; i+4 <= len(x); i += 4 {
		for j := range sums {
			d := x[i+j] - y[i+j]
			sums[j] += d * d
		}
	}
	for ; i < len(x); i++ {
		sums[0] += (x[i] - y[i]) * (x[i] - y[i])
	}
	return sums[0] + sums[1] + sums[2] + sums[3]
}

// bound is a query as vec.Bounds takes it.
//
// With x = s·c + e for a row and q = z·b + f for the query, where c and b are bytes, q·x = z·s·b·c + f·(s·c) + q·e,
// and by Cauchy and Schwarz the last two are at most |f|·|s·c| + |q|·|e|. −|q−x|² + |q|² = 2q·x − |x|².
type bound struct {
	bytes   vec.ByteQuery
	weights vec.BoundWeights
	// A row scores score at most when its bound is less than score·times + plus, up to what rounding may hide.
	times, plus float64
}

// set makes the bound of a query; false when it cannot be bounded.
func (b *bound) set(q Query) bool {
	if !b.bytes.Set(q.Row) {
		return false
	}
	// What float32 sums of d products may be off by, as a share of |q|·|x|; thrice, for a cosine has three of them.
	slack := 3 * float64(len(q.Row)+16) * 0x1p-24
	norm := b.bytes.Norm
	product, missed, kept := float64(b.bytes.Scale), norm*(1+slack), b.bytes.Error+norm*slack
	b.times, b.plus = 1, 0
	b.weights = vec.BoundWeights{One: 1}
	switch q.Similarity {
	case SquaredL2:
		product, missed, kept = 2*product, 2*missed, 2*kept
		b.weights.Offset = float32(1 - 2*slack)
		b.plus = norm * norm * (1 - 2*slack)
	case Cosine:
		b.weights.One, b.weights.Inverse = 0, 1
		b.times = norm
	}
	b.weights.Product = float32(product)
	b.weights.Error, b.weights.Norm = roundUp(missed), roundUp(kept)
	return true
}

// cut returns the number that the bound of every row exceeds whose score is at least score.
func (b *bound) cut(score float32) float32 {
	at := float64(score)*b.times + b.plus
	at -= math.Abs(float64(score)*b.times)*0x1p-20 + math.Abs(b.plus)*0x1p-20
	return math.Nextafter32(float32(at), float32(math.Inf(-1)))
}

// roundUp returns a float32 that is not below x, which is not negative.
func roundUp(x float64) float32 { return float32(x * (1 + 0x1p-22)) }
