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
	for _, s := range samples {
		if s.True {
			positives++
		}
	}
	n := float64(len(samples))
	c := model.Calibration{Samples: len(samples)}
	if n == 0 {
		return c
	}
	c.Prior = float64(positives) / n
	high := (float64(positives) + 1) / (float64(positives) + 2)
	low := 1 / (n - float64(positives) + 2)
	c.Intercept = math.Log((float64(positives) + 1) / (n - float64(positives) + 1))
	if positives > 0 && positives < len(samples) {
		scores, targets := make([]float64, len(samples)), make([]float64, len(samples))
		for i, s := range samples {
			scores[i], targets[i] = s.Score, low
			if s.True {
				targets[i] = high
			}
		}
		c.Slope, c.Intercept = FitLogistic(scores, targets, 0, c.Intercept)
	}
	return c
}

// FitLogistic returns the slope and the intercept at which σ(slope·score + intercept) has the least cross-entropy to the
// targets, probabilities, by Newton's method from the given ones on. Scores that are all the same leave them as given.
func FitLogistic(scores, targets []float64, slope, intercept float64) (float64, float64) {
	n := float64(len(scores))
	var mean, square float64
	for _, s := range scores {
		mean += s / n
		square += s * s / n
	}
	spread := math.Sqrt(math.Max(square-mean*mean, 0))
	if len(scores) == 0 || !(spread > 0) {
		return slope, intercept
	}
	// On standardised scores, so that the Hessian is well conditioned whatever the scores' scale.
	a, b := newton(logistic{scores, targets, mean, spread}, slope*spread, intercept+slope*mean)
	return a / spread, b - a*mean/spread
}

// logistic is the loss that FitLogistic minimises.
type logistic struct {
	scores, targets []float64
	mean, spread    float64
}

// at returns the loss at (a, b).
func (l logistic) at(a, b float64) float64 {
	var loss float64
	for i, s := range l.scores {
		z := a*(s-l.mean)/l.spread + b
		loss += softplus(z) - l.targets[i]*z
	}
	return loss
}

func softplus(z float64) float64 { return math.Max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))) }

// newton minimises the loss from (a, b) with halved steps where a full one does not descend.
func newton(l logistic, a, b float64) (float64, float64) {
	loss := l.at(a, b)
	for range 100 {
		var ga, gb, haa, hab, hbb float64
		for i, s := range l.scores {
			x := (s - l.mean) / l.spread
			p := 1 / (1 + math.Exp(-(a*x + b)))
			g, h := p-l.targets[i], p*(1-p)+1e-12
			ga, gb = ga+g*x, gb+g
			haa, hab, hbb = haa+h*x*x, hab+h*x, hbb+h
		}
		det := haa*hbb - hab*hab
		if math.Abs(ga)+math.Abs(gb) < 1e-8*float64(len(l.scores)) || det <= 0 {
			break
		}
		da, db := (hbb*ga-hab*gb)/det, (haa*gb-hab*ga)/det
		step, next := 1.0, 0.0
		for ; step > 1e-8; step /= 2 {
			if next = l.at(a-step*da, b-step*db); next < loss {
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
