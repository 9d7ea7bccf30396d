package model

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// Calibration turns an Embedding's Score into a probability: σ(Slope·score + Intercept) (Platt 1999), or with Knots an
// isotonic curve, fitted on held-out true triples against corruptions of them. What a probability means depends on how
// many of the triples one asks about are true: Prior is the share of true triples in the sample it was fitted on. The
// zero Calibration is unfitted: Prob is then 1/2 for every score.
type Calibration struct {
	Slope     float64
	Intercept float64
	Knots     []Knot  `json:",omitempty"` // of the isotonic curve, scores and probabilities rising; none: Platt's curve alone
	Threshold float64 // the probability from which on a triple counts as a fact: best objective on the sample
	// Thresholds are those of relations, by row, that have one of their own; Threshold is for the rest.
	Thresholds map[uint32]float64 `json:",omitempty"`
	Prior      float64            // share of true triples in the sample
	Samples    int                // triples in the sample, true and false
	F1         float64            // at the thresholds, on the sample
}

// Knot is a point of an isotonic curve.
type Knot struct{ Score, Prob float64 }

// plattShare is the weight of Platt's curve in an isotonic one, so that the flat parts of the latter still order triples
// as scores do and no probability is 0 or 1.
const plattShare = 0.01

// Prob returns the probability that a triple with this score is true, in [0, 1]. It rises with the score.
func (c Calibration) Prob(score float32) float64 {
	platt := 1 / (1 + math.Exp(-(c.Slope*float64(score) + c.Intercept)))
	if len(c.Knots) == 0 {
		return platt
	}
	return plattShare*platt + (1-plattShare)*c.isotonic(float64(score))
}

// isotonic returns the curve through the knots, level outside them.
func (c Calibration) isotonic(score float64) float64 {
	at := sort.Search(len(c.Knots), func(i int) bool { return c.Knots[i].Score >= score })
	switch at {
	case 0:
		return c.Knots[0].Prob
	case len(c.Knots):
		return c.Knots[at-1].Prob
	}
	low, high := c.Knots[at-1], c.Knots[at]
	return low.Prob + (high.Prob-low.Prob)*(score-low.Score)/(high.Score-low.Score)
}

// Score returns the least score whose probability reaches p in (0, 1), as nearly as floats tell; ±Inf when all or none
// do. It is meaningful where Slope > 0.
func (c Calibration) Score(p float64) float32 {
	if len(c.Knots) == 0 {
		return float32((math.Log(p/(1-p)) - c.Intercept) / c.Slope)
	}
	low, high := float32(-math.MaxFloat32), float32(math.MaxFloat32)
	if c.Prob(low) >= p {
		return float32(math.Inf(-1))
	}
	if c.Prob(high) < p {
		return float32(math.Inf(1))
	}
	for {
		middle := low/2 + high/2
		if middle <= low || middle >= high {
			return high
		}
		if c.Prob(middle) >= p {
			high = middle
		} else {
			low = middle
		}
	}
}

// Moved returns the calibration with another slope, above 0, and intercept: the isotonic curve's scores move as Platt's
// do, so that a probability stays with the same value of Slope·score + Intercept.
func (c Calibration) Moved(slope, intercept float64) Calibration {
	was := c
	if slope == c.Slope && intercept == c.Intercept {
		return c
	}
	c.Slope, c.Intercept, c.Knots = slope, intercept, nil
	for _, k := range was.Knots {
		k.Score = (was.Slope*k.Score + was.Intercept - intercept) / slope
		if n := len(c.Knots); n == 0 || k.Score > c.Knots[n-1].Score { // rounding may have brought two together
			c.Knots = append(c.Knots, k)
		}
	}
	return c
}

// ThresholdOf returns the probability from which on a triple of the relation counts as a fact.
func (c Calibration) ThresholdOf(relation uint32) float64 {
	if own, ok := c.Thresholds[relation]; ok {
		return own
	}
	return c.Threshold
}

// Fitted reports whether the calibration was fitted on data.
func (c Calibration) Fitted() bool { return c.Samples > 0 }

// check returns an error unless the curve is one and every threshold is of a relation that exists.
func (c Calibration) check(relations int) error {
	for i, k := range c.Knots {
		if !(k.Prob >= 0 && k.Prob <= 1) || i > 0 && !(k.Score > c.Knots[i-1].Score && k.Prob >= c.Knots[i-1].Prob) {
			return fmt.Errorf("knot %d of the calibration, probability %g at score %g, does not rise", i, k.Prob, k.Score)
		}
	}
	for relation := range c.Thresholds {
		if int(relation) >= relations {
			return fmt.Errorf("a threshold of relation row %d of %d", relation, relations)
		}
	}
	return nil
}

// Equal reports whether two calibrations are the same.
func (c Calibration) Equal(o Calibration) bool {
	if len(c.Thresholds) != len(o.Thresholds) || !slices.Equal(c.Knots, o.Knots) {
		return false
	}
	for relation, threshold := range c.Thresholds {
		if other, ok := o.Thresholds[relation]; !ok || other != threshold {
			return false
		}
	}
	return c.Slope == o.Slope && c.Intercept == o.Intercept && c.Threshold == o.Threshold && c.Prior == o.Prior &&
		c.Samples == o.Samples && c.F1 == o.F1
}
