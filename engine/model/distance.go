package model

import (
	"math"

	"github.com/inklingdb/inkling/internal/vec"
)

// What the families that measure a distance share.

func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// addSimilarityGrad adds g·∂s/∂q to dq and g·∂s/∂x to dx, s being a similarity other than Dot; nil is left out.
func addSimilarityGrad(s Similarity, g float32, q, x, dq, dx []float32) {
	g = -g
	if s == NegL2 {
		d := sqrt(vec.Distance(vec.SquaredL2, q, x))
		if d == 0 || math.IsInf(float64(d), 0) {
			return
		}
		g /= 2 * d // the gradient of the square is 2·(q−x)
	}
	vec.DistanceGatherGrad(s.Metric(), []float32{g}, x, len(x), []uint32{0}, q, dq, dx)
}

// queried scores and differentiates a triple by way of its tail's query, for families whose Score is nothing else.
type queried struct {
	querier    Querier
	similarity Similarity
}

func (i queried) score(h, r, t []float32) float32 {
	q := make([]float32, len(h))
	i.querier.TailQuery(h, r, q)
	return i.similarity.Of(q, t)
}

func (i queried) grad(g float32, h, r, t, dh, dr, dt []float32) {
	q, dq := make([]float32, len(h)), make([]float32, len(h))
	i.querier.TailQuery(h, r, q)
	addSimilarityGrad(i.similarity, g, q, t, dq, dt)
	i.querier.TailBackward(h, r, dq, dh, dr)
}

// addTo adds g·x to y where y is wanted.
func addTo(y []float32, g float32, x []float32) {
	if y != nil {
		vec.Axpy(g, x, y)
	}
}
