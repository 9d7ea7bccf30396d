package experiment

import "github.com/inklingdb/inkling/engine/train"

// Settings returns how a family is trained in the experiment, the same on every pattern. Without reciprocal relations:
// with them even a symmetric score learns a direction, by having a row for each. Families that score by inner products
// take 1-vs-all and start wide, since a relation near 0 grows weights of one sign, with which an entity is its own best
// answer. Distances take Adam and sampled negatives. A family not named here is trained as the first group.
func Settings(family string) train.Options {
	o := train.Options{
		Family: family, Dim: 64, NoReciprocal: true, Loss: train.AllEntities, Batch: 64, QueryTargets: 1,
		LearningRate: 0.1, DecayTo: 0.1, N3: 0.03, InitScale: 0.5, Epochs: 60, ValidEvery: 5, ValidSample: -1, Patience: 1000,
	}
	switch family {
	case "rescal": // d² wide random weights of a relation fit any triples without a pattern
		o.InitScale, o.RelationRate, o.Epochs = 0.01, 1, 120
	case "transe": // hard negatives, for it is the entity asked about that comes too near
		o.Loss, o.Negatives, o.Sampling, o.Margin = train.SelfAdversarial, 128, train.Hard, 3
		o.Optimiser, o.LearningRate, o.N3, o.InitScale, o.Epochs = train.Adam, 0.01, -1, 0.3, 100
	case "transe-l1", "rotate", "rotate-l2":
		o.Loss, o.Negatives, o.Margin = train.SelfAdversarial, 64, 6
		o.Optimiser, o.LearningRate, o.N3, o.InitScale, o.Epochs = train.Adam, 0.01, -1, 0.3, 100
	case "transr":
		o.Loss, o.Negatives, o.Sampling, o.Dim = train.Softmax, 32, train.Hard, 16
		o.Optimiser, o.LearningRate, o.N3, o.InitScale, o.Epochs = train.Adam, 0.01, -1, 0.03, 60
	}
	return o
}
