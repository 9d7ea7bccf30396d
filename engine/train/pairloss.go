package train

import (
	"math"

	"github.com/inklingdb/inkling/internal/vec"
)

// lowest is the score of a negative that is hidden.
var lowest = float32(math.Inf(-1))

// pairLoss is a loss of one triple's score and its negatives' scores. It returns the loss and the derivative by the
// triple's score, and replaces the negatives' scores by the derivatives by them. Means are over all negatives drawn, the
// hidden ones (−Inf) with them.
type pairLoss func(positive float32, negatives []float32) (loss float64, dPositive float32)

func (o Options) pairLoss() pairLoss {
	margin, temperature := float32(o.Margin), float32(o.Temperature)
	switch o.Loss {
	case Margin:
		return func(p float32, n []float32) (float64, float32) { return marginLoss(margin, p, n) }
	case Logistic:
		return func(p float32, n []float32) (float64, float32) { return logisticLoss(margin, p, n, nil) }
	case SelfAdversarial:
		return func(p float32, n []float32) (float64, float32) {
			weights := make([]float32, len(n))
			if vec.Max(n) > lowest { // else every negative is hidden, as an answer: none weighs anything
				vec.Axpy(temperature, n, weights)
				vec.SoftmaxRow(weights)
			}
			return logisticLoss(margin, p, n, weights)
		}
	}
	return softmaxLoss
}

// marginLoss is the mean over the negatives of max(0, margin − positive + negative).
func marginLoss(margin, positive float32, negatives []float32) (loss float64, dPositive float32) {
	each := 1 / float32(len(negatives))
	for i, s := range negatives {
		short := margin - positive + s
		negatives[i] = 0
		if !(short <= 0) { // NaN is told by the loss
			loss += float64(short * each)
			negatives[i] = each
			dPositive -= each
		}
	}
	return loss, dPositive
}

// logisticLoss is ½·(−log σ(positive + margin) − Σ wᵢ·log σ(−negativeᵢ − margin)); without weights they are alike and
// sum to 1.
func logisticLoss(margin, positive float32, negatives, weights []float32) (loss float64, dPositive float32) {
	each := 1 / float32(len(negatives))
	small := make([]float32, len(negatives)) // exp(−|s + margin|)
	for i, s := range negatives {
		small[i] = -abs(s + margin)
	}
	vec.ExpSum(small, 0, small)
	for i, s := range negatives {
		w := each
		if weights != nil {
			w = weights[i]
		}
		e := small[i]
		p := e / (1 + e)
		if s+margin > 0 {
			p = 1 / (1 + e)
			loss += 0.5 * float64(w*(s+margin))
		}
		loss += 0.5 * float64(w*log1p(e))
		negatives[i] = 0.5 * w * p
	}
	e := float32(math.Exp(-float64(abs(positive + margin))))
	loss += 0.5 * (math.Log1p(float64(e)) + float64(max(0, -positive-margin)))
	p := e / (1 + e)
	if positive+margin < 0 {
		p = 1 / (1 + e)
	}
	return loss, -0.5 * p
}

// log1p returns log(1+x) of 0 ≤ x ≤ 1, right to 4e-7 of it: 2·artanh(x/(2+x)), whose argument is at most a third. A step takes
// a quarter of a million of them, for the loss that is shown alone.
func log1p(x float32) float32 {
	s := x / (2 + x)
	q := s * s
	return 2 * s * (1 + q*(1./3+q*(1./5+q*(1./7+q*(1./9+q*(1./11))))))
}

func abs(x float32) float32 { return float32(math.Abs(float64(x))) }

// softmaxLoss is −log of the positive's softmax among itself and the negatives.
func softmaxLoss(positive float32, negatives []float32) (loss float64, dPositive float32) {
	top := max(positive, vec.Max(negatives))
	others := vec.ExpSum(negatives, top, negatives)
	own := float32(math.Exp(float64(positive - top)))
	total := own + others
	vec.Scale(1/total, negatives)
	return math.Log(float64(total)) - float64(positive-top), own/total - 1
}
