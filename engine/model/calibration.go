package model

import "math"

// Calibration turns an Embedding's Score into a probability: σ(Slope·score + Intercept) (Platt 1999), fitted on held-out true
// triples against corruptions of them. What a probability means depends on how many of the triples one asks
// about are true: Prior is the share of true triples in the sample it was fitted on. The zero Calibration is
// unfitted: Prob is then 1/2 for every score.
type Calibration struct {
	Slope     float64
	Intercept float64
	Threshold float64 // the probability from which on a triple counts as a fact: best F1 on the sample
	Prior     float64 // share of true triples in the sample
	Samples   int     // triples in the sample, true and false
	F1        float64 // at Threshold, on the sample
}

// Prob returns the probability that a triple with this score is true, in [0, 1].
func (c Calibration) Prob(score float32) float64 {
	return 1 / (1 + math.Exp(-(c.Slope*float64(score) + c.Intercept)))
}

// Score returns the least score whose probability reaches p in (0, 1); it is meaningful where Slope > 0.
func (c Calibration) Score(p float64) float32 {
	return float32((math.Log(p/(1-p)) - c.Intercept) / c.Slope)
}

// Fitted reports whether the calibration was fitted on data.
func (c Calibration) Fitted() bool { return c.Samples > 0 }
