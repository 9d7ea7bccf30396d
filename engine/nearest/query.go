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
	L1                          // −Σ|qᵢ−xᵢ|
	Moduli                      // −Σ|qᵢ−xᵢ| over complex numbers: real parts, then imaginary parts

	similarities = iota
)

// distance reports whether a similarity has tables of its own.
func (s Similarity) distance() bool { return s == L1 || s == Moduli }

// Lists reports whether Cluster makes lists that can be searched by the similarity.
func (s Similarity) Lists() bool { return !s.distance() }

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
		return -vec.Distance(vec.SquaredL2, e.query.Row, row)
	case L1:
		return -vec.Distance(vec.L1, e.query.Row, row)
	case Moduli:
		return -vec.Distance(vec.Moduli, e.query.Row, row)
	case Cosine:
		norm := e.norm * math.Sqrt(float64(vec.Dot(row, row)))
		return float32(float64(vec.Dot(e.query.Row, row)) / max(norm, math.SmallestNonzeroFloat32))
	}
	return vec.Dot(e.query.Row, row)
}

// bound is a query as package vec bounds it.
//
// With x = s·c + e for a row and q = z·b + f for the query, where c and b are bytes, q·x = z·s·b·c + f·(s·c) + q·e,
// and by Cauchy and Schwarz the last two are at most |f|·|s·c| + |q|·|e|. −|q−x|² + |q|² = 2q·x − |x|².
type bound struct {
	bytes    vec.ByteQuery
	weights  vec.BoundWeights
	distance vec.DistanceQuery
	// A row scores score at most when its bound is less than score·times + plus, up to what rounding may hide.
	times, plus float64
}

// set makes the bound of a query in a table; false when it cannot be bounded there.
func (b *bound) set(t *Table, q Query) bool {
	if q.Similarity.distance() != (t.distance != nil) {
		return false
	}
	if d := t.distance; d != nil {
		ok := d.Complex == (q.Similarity == Moduli) && b.distance.Set(*d, q.Row)
		b.times, b.plus = 1, -b.distance.Less
		return ok
	}
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

// of sets out to the bounds of a run of blocks of the table.
func (b *bound) of(t *Table, blocks []uint32, out []float32) {
	if t.distance != nil {
		t.distance.Bounds(blocks, &b.distance, out)
		return
	}
	vec.Bounds(blocks, &b.bytes, b.weights, out)
}

// cut returns the number that the bound of every row exceeds whose score is at least score.
func (b *bound) cut(score float32) float32 {
	at := float64(score)*b.times + b.plus
	at -= math.Abs(float64(score)*b.times)*0x1p-20 + math.Abs(b.plus)*0x1p-20
	return math.Nextafter32(float32(at), float32(math.Inf(-1)))
}

// roundUp returns a float32 that is not below x, which is not negative.
func roundUp(x float64) float32 { return float32(x * (1 + 0x1p-22)) }
