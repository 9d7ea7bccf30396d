package train

import (
	"math"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
)

// Platt fits σ(slope·score + intercept) to samples by Newton's method on the logistic loss, with Platt's smoothed targets,
// which keep the parameters finite when the classes separate. Platt: Probabilistic Outputs for Support Vector
// Machines, 1999; Lin, Lin, Weng 2007 for the targets. Threshold and F1 are left unset; without both kinds of
// sample the result is the prior for every score.
func Platt(samples []eval.Sample) model.Calibration {
	positives := 0
	var mean, square float64
	for _, s := range samples {
		if s.True {
			positives++
		}
		mean += s.Score
		square += s.Score * s.Score
	}
	n := float64(len(samples))
	c := model.Calibration{Samples: len(samples)}
	if n == 0 {
		return c
	}
	c.Prior = float64(positives) / n
	high := (float64(positives) + 1) / (float64(positives) + 2)
	low := 1 / (n - float64(positives) + 2)
	mean /= n
	spread := math.Sqrt(math.Max(square/n-mean*mean, 0))
	a, b := 0.0, math.Log((float64(positives)+1)/(n-float64(positives)+1))
	if spread > 0 && positives > 0 && positives < len(samples) {
		// On standardised scores, so that the Hessian is well conditioned whatever the scores' scale.
		a, b = newton(samples, logistic{mean: mean, spread: spread, high: high, low: low}, a, b)
		c.Slope, c.Intercept = a/spread, b-a*mean/spread
		return c
	}
	c.Intercept = b
	return c
}

// logistic is the loss that Platt minimises.
type logistic struct{ mean, spread, high, low float64 }

// at returns the loss at (a, b).
func (l logistic) at(samples []eval.Sample, a, b float64) float64 {
	var loss float64
	for _, s := range samples {
		z := a*(s.Score-l.mean)/l.spread + b
		loss += softplus(z) - l.target(s)*z
	}
	return loss
}

func (l logistic) target(s eval.Sample) float64 {
	if s.True {
		return l.high
	}
	return l.low
}

func softplus(z float64) float64 { return math.Max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))) }

// newton minimises the loss from (a, b) with halved steps where a full one does not descend.
func newton(samples []eval.Sample, l logistic, a, b float64) (float64, float64) {
	loss := l.at(samples, a, b)
	for range 100 {
		var ga, gb, haa, hab, hbb float64
		for _, s := range samples {
			x := (s.Score - l.mean) / l.spread
			p := 1 / (1 + math.Exp(-(a*x + b)))
			g, h := p-l.target(s), p*(1-p)+1e-12
			ga, gb = ga+g*x, gb+g
			haa, hab, hbb = haa+h*x*x, hab+h*x, hbb+h
		}
		det := haa*hbb - hab*hab
		if math.Abs(ga)+math.Abs(gb) < 1e-8*float64(len(samples)) || det <= 0 {
			break
		}
		da, db := (hbb*ga-hab*gb)/det, (haa*gb-hab*ga)/det
		step, next := 1.0, 0.0
		for ; step > 1e-8; step /= 2 {
			if next = l.at(samples, a-step*da, b-step*db); next < loss {
				break
			}
		}
		if next >= loss {
			break
		}
		a, b, loss = a-step*da, b-step*db, next
	}
	return a, b
}
