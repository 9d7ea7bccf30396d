package train

import "math"

// rateAt returns the learning rate when done epochs, a fraction of one included, have passed; halvings counts the
// validations without progress.
func (o Options) rateAt(done float64, halvings int) float32 {
	rate, left := o.LearningRate, 1-done/float64(o.Epochs)
	switch o.Schedule {
	case Linear:
		rate *= o.DecayTo + (1-o.DecayTo)*left
	case Cosine:
		rate *= o.DecayTo + (1-o.DecayTo)*(1+math.Cos(math.Pi*(1-left)))/2
	case Plateau:
		rate *= math.Max(o.DecayTo, math.Pow(0.5, float64(halvings)))
	}
	if done < o.Warmup {
		rate *= (done + 1/float64(1<<20)) / o.Warmup
	}
	return float32(rate)
}
