package experiment

import "github.com/inklingdb/inkling/engine/train"

// Settings returns how a family is trained in the experiment, the same on every pattern: a family's score with the
// loss that its paper uses, or 1-vs-all for those that score by inner products. A family not named here is trained
// as those are.
func Settings(family string) train.Options {
	o := train.Options{
		Family: family, Dim: 64, Loss: train.AllEntities, Batch: 64, QueryTargets: 1, LearningRate: 0.1, DecayTo: 0.1,
		N3: 0.03, InitScale: 0.5, Epochs: 60, ValidEvery: 5, ValidSample: -1,
	}
	switch family {
	case "transe", "transr":
		o.Loss, o.Negatives, o.N3, o.InitScale, o.Epochs = "margin", 64, -1, 0.1, 200
	case "rotate":
		o.Loss, o.Negatives, o.N3, o.InitScale, o.Epochs = "selfadv", 64, -1, 0.1, 200
	}
	return o
}
