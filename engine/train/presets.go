package train

import (
	"fmt"
	"strings"

	"github.com/inklingdb/inkling/engine/model"
)

// Preset is a set of options with a name, and what it reached where it was measured.
type Preset struct {
	Name     string
	Measured string // filtered test figures and time, on which machine
	Options  Options
}

// Presets lists the settings that were measured, by the data set they were measured on and, where it is not the default
// one, the family. The figures are of seed 0 on two cores of an Intel Xeon with tile registers (bfloat16 products), unless
// another machine is named; docs/benchmarks.md has the times.
var Presets = []Preset{
	{
		Name:     "fb15k-237",
		Measured: "test MRR 0.3539, Hits@1 0.2605, @3 0.3875, @10 0.5433",
		Options: Options{
			Family: "complex", Dim: 256, Loss: AllEntities, Batch: 512, LearningRate: 0.2, N3: 0.05, Epochs: 12, ValidEvery: 3, Patience: 10,
		},
	},
	{
		Name:     "fb15k-237-fast",
		Measured: "test MRR 0.3432, Hits@1 0.2518, @3 0.3764, @10 0.5269",
		Options: Options{
			Family: "complex", Dim: 100, Loss: AllEntities, Batch: 256, LearningRate: 0.2, N3: 0.05, Epochs: 10, ValidEvery: 2, Patience: 10,
		},
	},
	{
		Name:     "fb15k-237-distmult",
		Measured: "test MRR 0.3491, Hits@1 0.2569, @3 0.3833, @10 0.5334",
		Options: Options{
			Family: "distmult", Dim: 400, Loss: AllEntities, Batch: 512, LearningRate: 0.2, N3: 0.05, Epochs: 10, ValidEvery: 3, Patience: 10,
		},
	},
	{
		Name:     "fb15k-237-rescal",
		Measured: "test MRR 0.3507, Hits@1 0.2583, @3 0.3865, @10 0.5335",
		Options: Options{
			Family: "rescal", Dim: 512, Loss: AllEntities, Batch: 1024, LearningRate: 0.1, RelationRate: 0.1, Dura: 0.07, InitScale: 0.03,
			Epochs: 24, ValidEvery: 6, Patience: 10,
		},
	},
	{
		Name:     "fb15k-237-transe",
		Measured: "test MRR 0.3077, Hits@1 0.2185, @3 0.3415, @10 0.4857",
		Options: Options{
			Family: "transe", Dim: 256, Loss: AllEntities, Batch: 512, LearningRate: 0.2, Dropout: 0.3, Epochs: 6, ValidEvery: 2, Patience: 10,
		},
	},
	{
		Name:     "fb15k-237-transe-l1",
		Measured: "test MRR 0.3140, Hits@1 0.2158, @3 0.3523, @10 0.5093",
		Options: Options{
			Family: "transe-l1", Dim: 300, Loss: SelfAdversarial, Batch: 1024, Negatives: 128, Margin: 9, Temperature: 1, Subsample: true,
			NoReciprocal: true, Optimiser: Adam, LearningRate: 0.001, Epochs: 18, ValidEvery: 6, Patience: 10,
		},
	},
	{
		Name:     "fb15k-237-rotate-l2",
		Measured: "test MRR 0.3327, Hits@1 0.2434, @3 0.3648, @10 0.5118",
		Options: Options{
			Family: "rotate-l2", Dim: 256, Loss: AllEntities, Batch: 512, LearningRate: 0.2, L2: 0.16, Epochs: 14, ValidEvery: 7, Patience: 10,
		},
	},
	{
		Name:     "wn18rr",
		Measured: "test MRR 0.4753, Hits@1 0.4320, @3 0.4906, @10 0.5614",
		Options: Options{
			Family: "complex", Dim: 400, Loss: AllEntities, Batch: 512, LearningRate: 0.2, Dura: 0.1, Epochs: 18, ValidEvery: 6, Patience: 10,
		},
	},
	{
		Name:     "wn18rr-distmult",
		Measured: "test MRR 0.4524, Hits@1 0.4105, @3 0.4641, @10 0.5380",
		Options: Options{
			Family: "distmult", Dim: 400, Loss: AllEntities, Batch: 512, LearningRate: 0.2, Dura: 0.1, Epochs: 12, ValidEvery: 6, Patience: 10,
		},
	},
	{
		Name:     "wn18rr-rescal",
		Measured: "test MRR 0.4667, Hits@1 0.4338, @3 0.4812, @10 0.5260",
		Options: Options{
			Family: "rescal", Dim: 256, Loss: AllEntities, Batch: 512, LearningRate: 0.2, RelationRate: 0.1, Dura: 0.1, InitScale: 0.03,
			Epochs: 20, ValidEvery: 10, Patience: 10,
		},
	},
	{
		Name:     "wn18rr-transe",
		Measured: "test MRR 0.1941, Hits@1 0.0147, @3 0.3502, @10 0.4708",
		Options: Options{
			Family: "transe", Dim: 256, Loss: Softmax, Batch: 512, Negatives: 512, Shared: true, LearningRate: 0.2, N3: -1, Epochs: 12, ValidEvery: 3,
			Patience: 10,
		},
	},
	{
		Name:     "wn18rr-rotate",
		Measured: "test MRR 0.4777, Hits@1 0.4304, @3 0.4949, @10 0.5702",
		Options: Options{
			Family: "rotate", Dim: 200, Loss: SelfAdversarial, Batch: 512, Negatives: 256, Margin: 6, Temperature: 0.5, Subsample: true,
			NoReciprocal: true, Optimiser: Adam, LearningRate: 0.001, Epochs: 50, ValidEvery: 10, Patience: 10,
		},
	},
}

// PresetName returns the name that the settings of a family on a data set have, if there are any: the data set's own
// for the default family.
func PresetName(dataset, family string) string {
	if family == "" || family == model.Families[0].Name {
		return dataset
	}
	return dataset + "-" + family
}

// PresetByName returns the options of a preset, in any letter case.
func PresetByName(name string) (Options, error) {
	names := make([]string, len(Presets))
	for i, p := range Presets {
		if strings.EqualFold(p.Name, name) {
			return p.Options, nil
		}
		names[i] = p.Name
	}
	return Options{}, fmt.Errorf("train: %w: no preset %q (there are %s)", ErrOptions, name, strings.Join(names, ", "))
}
