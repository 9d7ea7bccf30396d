package maintain

import "github.com/inklingdb/inkling/engine/model"

// What a step, a gradient and a displacement measure depends on the family: the settings of problem.go were found for
// inner products of rows whose numbers have a root mean square of trainedScale. For distances they are carried over in
// proportion to the scale of the rows and to how steep the scores are.
const trainedScale = 0.3

// stride multiplies the rate of steps.
func (l *learner) stride() float64 {
	if l.tables.Family.Similarity == model.Dot || l.base.Scale == 0 {
		return 1
	}
	return l.base.Scale / trainedScale
}

// steepness multiplies the size of gradients: the derivative of a score by one number of a row.
func (l *learner) steepness() float32 {
	sharp := l.comparison().sharpness
	switch l.tables.Family.Similarity {
	case model.Dot:
		return 1
	case model.NegL2: // counts squared
		return 2 * sharp * float32(l.base.Scale) / trainedScale
	}
	return sharp / trainedScale
}

// stiffness multiplies the weight of a squared displacement: steepness over stride.
func (l *learner) stiffness() float32 { return l.steepness() / float32(l.stride()) }
