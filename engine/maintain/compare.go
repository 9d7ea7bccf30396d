package maintain

import (
	"math"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
)

// comparison turns query rows and candidates' rows into the scores that a softmax is taken of, and takes derivatives
// back. It is the family's similarity times sharpness, but for the Euclidean distance, which counts squared: −D² ranks
// alike and has no kink at 0, and −|q|², the same for all candidates of a query, is left out.
type comparison struct {
	similarity model.Similarity
	sharpness  float32
}

func (l *learner) comparison() comparison {
	k := comparison{similarity: l.tables.Family.Similarity, sharpness: 1}
	if l.base.Sharpness > 0 {
		k.sharpness = l.base.Sharpness
	}
	return k
}

// scores sets out[i][j] to the score of query row i and candidate row j.
func (k comparison) scores(out, q, x vec.Matrix) {
	if out.Rows == 0 || out.Cols == 0 {
		return
	}
	switch k.similarity {
	case model.Dot:
		vec.MulNT(out, q, x, false, 1)
	case model.NegL2:
		vec.MulNT(out, q, x, false, 1)
		norms := make([]float32, x.Rows)
		vec.SquaredNorms(x, norms)
		for i := range out.Rows {
			vec.Scale(2, out.Row(i))
			vec.Axpy(-1, norms, out.Row(i))
		}
	default:
		vec.DistancesNT(k.similarity.Metric(), out, q, x, 1)
		for i := range out.Rows {
			vec.Scale(-1, out.Row(i))
		}
	}
	if k.sharpness != 1 {
		for i := range out.Rows {
			vec.Scale(k.sharpness, out.Row(i))
		}
	}
}

// flow takes scores back: g, which it overwrites, holds the derivatives by them. It adds those by the query rows to dq
// and those by the first dx.Rows candidates to dx; an empty matrix is left out.
func (k comparison) flow(g, q, x, dq, dx vec.Matrix) {
	if g.Rows == 0 || g.Cols == 0 {
		return
	}
	factor := k.sharpness
	switch k.similarity {
	case model.Dot:
	case model.NegL2:
		factor *= 2
	default:
		k.flowDistances(g, q, x, dq, dx)
		return
	}
	if factor != 1 {
		for i := range g.Rows {
			vec.Scale(factor, g.Row(i))
		}
	}
	if dq.Rows > 0 {
		vec.MulNN(dq, g, x, true, 1)
	}
	near := g
	near.Cols = dx.Rows
	if dx.Rows > 0 {
		vec.MulTN(dx, near, q, true, 1)
	}
	if k.similarity == model.NegL2 {
		subtractOwn(g, q, x, dq, dx)
	}
}

// subtractOwn takes off what the rows themselves have of the derivative 2(q−x) of a squared distance.
func subtractOwn(g, q, x, dq, dx vec.Matrix) {
	own := make([]float32, dx.Rows)
	for i := range g.Rows {
		if dq.Rows > 0 {
			vec.Axpy(-vec.Sum(g.Row(i)), q.Row(i), dq.Row(i))
		}
		vec.Axpy(1, g.Row(i)[:dx.Rows], own)
	}
	for j, sum := range own {
		vec.Axpy(-sum, x.Row(j), dx.Row(j))
	}
}

// leastShare is below what a derivative counts as 0: few candidates have more of a softmax.
const leastShare = 1e-7

func (k comparison) flowDistances(g, q, x, dq, dx vec.Matrix) {
	rows, kept := make([]uint32, 0, g.Cols), make([]float32, 0, g.Cols)
	for i := range g.Rows {
		rows, kept = rows[:0], kept[:0]
		near := 0 // of rows, those of dx
		for j, v := range g.Row(i) {
			if j == dx.Rows {
				near = len(rows)
			}
			if v > leastShare || v < -leastShare {
				rows, kept = append(rows, uint32(j)), append(kept, -k.sharpness*v)
			}
		}
		if dx.Rows == g.Cols {
			near = len(rows)
		}
		var into []float32
		if dq.Rows > 0 {
			into = dq.Row(i)
		}
		metric := k.similarity.Metric()
		if near > 0 {
			vec.DistanceGatherGrad(metric, kept[:near], x.Data, x.Cols, rows[:near], q.Row(i), into, dx.Data)
		}
		if into != nil && near < len(rows) {
			vec.DistanceGatherGrad(metric, kept[near:], x.Data, x.Cols, rows[near:], q.Row(i), into, nil)
		}
	}
}

// sharpen returns the factor of scores at which the softmax of each row answers best: it makes the mean of
// log Σ exp(b·score+correction) − b·score of the answer least. That is convex in b; its derivative is halved in on.
func sharpen(scores vec.Matrix, answers []int, corrections []float32) float32 {
	slope := func(b float32) (sum float64) {
		row := make([]float32, scores.Cols)
		for i := range scores.Rows {
			copy(row, scores.Row(i))
			vec.Scale(b, row)
			vec.Axpy(1, corrections, row)
			vec.SoftmaxRow(row)
			sum += float64(vec.Dot(row, scores.Row(i)) - scores.Row(i)[answers[i]])
		}
		return sum
	}
	low, high := math.Log(1e-3), math.Log(1e3)
	for range 16 {
		if middle := (low + high) / 2; slope(float32(math.Exp(middle))) < 0 {
			low = middle
		} else {
			high = middle
		}
	}
	return float32(math.Exp((low + high) / 2))
}
